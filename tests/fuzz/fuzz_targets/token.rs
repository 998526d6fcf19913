//! Any text is a token or is refused; one with a genuine signature over any header and claims is
//! judged by what it says, and never accepted once a bit of it has changed.
#![no_main]

use std::sync::LazyLock;

use credentials::{Algorithm, Expected, Key, LEEWAY_S_MAX, Token, TokenError};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use ring::signature::{Ed25519KeyPair, KeyPair};

const NOW_S: u64 = 1_752_400_800;

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes"));

fuzz_target!(|bytes: &[u8]| {
    let keys = [Key {
        kid: "k".into(),
        alg: Algorithm::EdDsa,
        public_key: PAIR.public_key().as_ref().into(),
    }];
    let expected = Expected { issuer: "i", audience: "a", now_s: NOW_S, leeway_s: 30 };
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(token) = Token::parse(text)
    {
        drop(token.verify(&keys, &expected));
    }

    // Header and claims of the fuzzer's, signed by a key that is known.
    let at = bytes.iter().position(|it| *it == 0).unwrap_or(0);
    let (header, claims) = bytes.split_at(at);
    let default = br#"{"alg":"EdDSA"}"#;
    let header = if header.is_empty() { &default[..] } else { header };
    let claims = claims.strip_prefix(b"\0").unwrap_or(claims);
    let signed = format!("{}.{}", BASE64URL_NOPAD.encode(header), BASE64URL_NOPAD.encode(claims));
    let signature = PAIR.sign(signed.as_bytes());
    let mut signature = signature.as_ref().to_vec();
    let text = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
    if let Ok(token) = Token::parse(&text)
        && let Ok(claims) = token.verify(&keys, &expected)
    {
        assert!(NOW_S < claims.expires_s.saturating_add(u64::from(LEEWAY_S_MAX)));
        assert_eq!(claims.text("iss"), Some("i"));
        assert!(
            claims.words("aud").is_some_and(|it| it.contains(&"a"))
                || claims.text("aud") == Some("a")
        );
    }
    signature[usize::from(header[0]) % 64] ^= 1;
    let text = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
    if let Ok(token) = Token::parse(&text) {
        assert_eq!(token.verify(&keys, &expected).err(), Some(TokenError::Invalid));
    }
});
