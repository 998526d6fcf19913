//! Tokens: genuine ones, and those of forgers.

use credentials::{
    Algorithm, Claims, Expected, Key, NewToken, Signer, TOKEN_BYTES_MAX, Token, TokenError,
};
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use ring::hmac;
use ring::signature::Ed25519KeyPair;

const NOW_S: u64 = 1_800_000_000;
const SEED: [u8; 32] = [7; 32];

fn key() -> Key {
    let public_key = Signer::new("k", &SEED).public_key().to_vec();
    Key { kid: "k".to_owned(), alg: Algorithm::EdDsa, public_key }
}

fn expected() -> Expected<'static> {
    Expected { issuer: "https://box", audience: "quoin", now_s: NOW_S, leeway_s: 30 }
}

fn verify(text: &str) -> Result<Claims, TokenError> {
    Token::parse(text)?.verify(&[key()], &expected())
}

/// A token of our key with this header and these claims.
fn sign(header: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let text = format!("{}.{}", encode(header), encode(claims));
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
    let signature = pair.sign(text.as_bytes());
    format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

const HEADER: &str = r#"{"alg":"EdDSA","kid":"k"}"#;
const CLAIMS: &str = r#"{"iss":"https://box","aud":"quoin","sub":"ann","exp":1800000600}"#;

#[test]
fn an_issued_token_verifies_and_says_what_was_put_in() {
    let new = NewToken {
        issuer: "https://box",
        audience: "quoin",
        subject: "ann",
        tenant: 5,
        scope: Some("rates.* identity.read"),
        api_key: Some("4173"),
        certificate: None,
        issued_s: NOW_S,
        expires_s: NOW_S + 600,
    };
    let text = Signer::new("k", &SEED).issue(&new);
    let token = Token::parse(&text).unwrap();
    assert_eq!((token.kid(), token.issuer()), (Some("k"), Some("https://box")));
    let claims = token.verify(&[key()], &expected()).unwrap();
    assert_eq!((claims.text("sub"), claims.number("tenant")), (Some("ann"), Some(5)));
    assert_eq!(claims.words("scope"), Some(vec!["rates.*", "identity.read"]));
    assert_eq!((claims.text("api_key"), claims.text("certificate")), (Some("4173"), None));
    assert_eq!((claims.words("roles"), claims.words("tenant")), (None, None));
    assert_eq!(claims.expires_s, NOW_S + 600);
    let narrow = NewToken { scope: None, ..new };
    let text = Signer::new("k", &SEED).issue(&narrow);
    assert_eq!(verify(&text).unwrap().words("scope"), None);
    assert_eq!(format!("{claims:?}"), "Claims { expires_s: 1800000600, .. }");
    // Another key under the same id.
    let text = Signer::new("k", &[8; 32]).issue(&new);
    assert_eq!(verify(&text), Err(TokenError::Invalid));
    let text = Signer::new("other", &SEED).issue(&new);
    assert_eq!(verify(&text), Err(TokenError::Invalid));
}

#[test]
fn a_header_may_not_choose_how_it_is_verified() {
    for (header, outcome) in [
        (HEADER, None),
        (r#"{"alg":"EdDSA"}"#, None),
        (r#"{"alg":"EdDSA","typ":"JWT","cty":"x","colour":1}"#, None),
        (r#"{"alg":"EdDSA","typ":"at+jwt"}"#, None),
        (r#"{"alg":"EdDSA","typ":"logout+jwt"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"none","kid":"k"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"None"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"eddsa"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"HS256","kid":"k"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"ES256","kid":"k"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"RS256"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","kid":"other"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","kid":""}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","crit":[]}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","jwk":{"kty":"OKP"}}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","jku":"https://evil"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","x5u":"https://evil"}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","x5c":["MII"]}"#, Some(TokenError::Invalid)),
        (r#"{"alg":"EdDSA","alg":"EdDSA"}"#, Some(TokenError::Malformed)),
        (r#"{"alg":["EdDSA"]}"#, Some(TokenError::Malformed)),
        (r#"["EdDSA"]"#, Some(TokenError::Malformed)),
        (r#"{"kid":"k"}"#, Some(TokenError::Malformed)),
        ("", Some(TokenError::Malformed)),
    ] {
        assert_eq!(verify(&sign(header, CLAIMS)).err(), outcome, "{header}");
    }
    let long = format!(r#"{{"alg":"EdDSA","x":"{}"}}"#, "a".repeat(1024));
    assert_eq!(verify(&sign(&long, CLAIMS)), Err(TokenError::Malformed));
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let text = format!("{}.{}", encode(r#"{"alg":"HS256","kid":"k"}"#), encode(CLAIMS));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &key().public_key);
    let tag = hmac::sign(&secret, text.as_bytes());
    let forged = format!("{text}.{}", BASE64URL_NOPAD.encode(tag.as_ref()));
    assert_eq!(verify(&forged), Err(TokenError::Invalid));
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(CLAIMS));
    assert_eq!(verify(&unsigned), Err(TokenError::Invalid));
}

#[test]
fn claims_are_held_to_the_clock_and_the_audience() {
    for (changes, outcome) in [
        ("", None),
        (r#","exp":1799999971"#, None),
        (r#","exp":1799999970"#, Some(TokenError::Expired)),
        (r#","exp":0"#, Some(TokenError::Expired)),
        (r#","nbf":1800000030"#, None),
        (r#","nbf":1800000031"#, Some(TokenError::NotYetValid)),
        (r#","iat":1800000031"#, Some(TokenError::NotYetValid)),
        (r#","aud":["other","quoin"]"#, None),
        (r#","aud":["other"]"#, Some(TokenError::WrongAudience)),
        (r#","aud":"quoin2""#, Some(TokenError::WrongAudience)),
        (r#","aud":[]"#, Some(TokenError::WrongAudience)),
        (r#","aud":{"quoin":1}"#, Some(TokenError::WrongAudience)),
        (r#","iss":"https://box/""#, Some(TokenError::Invalid)),
        (r#","iss":7"#, Some(TokenError::Invalid)),
        (r#","exp":"1800000600""#, Some(TokenError::Malformed)),
        (r#","exp":-1"#, Some(TokenError::Malformed)),
        (r#","exp":1e99"#, Some(TokenError::Malformed)),
        (r#","nbf":true"#, Some(TokenError::Malformed)),
        (r#","exp":18446744073709551615"#, None),
    ] {
        // The last of two claims with one name counts.
        let claims = CLAIMS.replace('}', &format!("{changes}}}"));
        assert_eq!(verify(&sign(HEADER, &claims)).err(), outcome, "{claims}");
    }
    let endless = CLAIMS.replace(r#","exp":1800000600"#, "");
    assert_eq!(verify(&sign(HEADER, &endless)), Err(TokenError::Malformed));
    for claims in ["", "[]", "7", "{", "{}x"] {
        assert_eq!(verify(&sign(HEADER, claims)), Err(TokenError::Malformed), "{claims}");
    }
}

#[test]
fn what_is_wrong_inside_is_told_only_of_a_genuine_token() {
    let expired = CLAIMS.replace("1800000600", "5");
    let genuine = sign(HEADER, &expired);
    assert_eq!(verify(&genuine), Err(TokenError::Expired));
    let mut forged = genuine.clone();
    forged.truncate(genuine.len() - 4);
    forged.push_str("AAAA");
    assert_eq!(verify(&forged), Err(TokenError::Invalid));
}

#[test]
fn the_form_is_three_parts_and_not_too_long() {
    let good = sign(HEADER, CLAIMS);
    assert!(verify(&good).is_ok());
    let padded = format!("{good}=");
    let parts: Vec<&str> = good.split('.').collect();
    let nested = format!("{}.{}", "[".repeat(300), "]".repeat(300));
    for text in [
        "",
        ".",
        "..",
        "a.b",
        &padded,
        &format!("{good}.x"),
        &format!("{}.{}", parts[0], parts[1]),
        &good.replace('.', ". "),
        &format!("{}.{}.{}", parts[0], "A".repeat(TOKEN_BYTES_MAX), parts[2]),
        &nested,
        "\u{e9}.\u{e9}.\u{e9}",
    ] {
        assert_eq!(verify(text), Err(TokenError::Malformed), "{text}");
    }
    let codes = [
        TokenError::Malformed,
        TokenError::Invalid,
        TokenError::Expired,
        TokenError::NotYetValid,
        TokenError::WrongAudience,
    ];
    let codes = codes.map(TokenError::code);
    assert_eq!(codes[2], "token-expired");
    assert!(codes.iter().all(|it| it.starts_with("token-")));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", header in "\\PC{0,40}", claims in "\\PC{0,80}") {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&sign(&header, &claims)).is_err());
    }

    #[test]
    fn a_changed_token_is_no_token(at in 0_usize..200, to in "[A-Za-z0-9_.-]") {
        let good = sign(HEADER, CLAIMS);
        let at = at % good.len();
        let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
        prop_assert_eq!(verify(&changed).is_ok(), changed == good);
    }
}
