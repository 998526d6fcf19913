//! Sets of keys.

use credentials::{Algorithm, JWKS_BYTES_MAX, read_jwks, write_jwks};
use proptest::prelude::*;

#[test]
fn the_boxs_own_set_reads_back() {
    let keys: [(&str, &[u8]); 2] = [("2026-01", &[1; 32]), ("2026-02", &[2; 32])];
    let document = write_jwks(keys.into_iter());
    assert!(document.starts_with(
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"2026-01","x":"AQEB"#
    ));
    let read = read_jwks(document.as_bytes()).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!((read[1].kid.as_str(), read[1].alg), ("2026-02", Algorithm::EdDsa));
    assert_eq!(read[1].public_key, [2; 32]);
}

#[test]
fn a_set_is_refused_with_its_place() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let okp = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{x}"}}"#);
    let many = vec![okp.as_str(); 17].join(",");
    let short = "AQAB".repeat(64);
    for (keys, expected) in [
        (okp.clone(), ""),
        // What is not for us is left out.
        (format!(r#"{{"kty":"oct","k":"x"}},{{"kty":"EC","crv":"P-521"}},{okp}"#), ""),
        (okp.replace("\"kid\"", "\"use\":\"enc\",\"kid\""), "has no key for EdDSA"),
        (okp.replace("\"kid\"", "\"alg\":\"ES256\",\"kid\""), "has no key for EdDSA"),
        (String::new(), "has no key for EdDSA"),
        (many, "has 17 keys"),
        (okp.replace("\"kid\":\"a\",", ""), "keys[0].kid is missing"),
        (okp.replace(x, "AAAA"), "keys[0].x is missing or not 32 bytes"),
        (format!(r#"{{"kty":"EC","crv":"P-256","kid":"a","x":"{x}"}}"#), "keys[0].y is missing"),
        (
            format!(r#"{{"kty":"RSA","kid":"a","n":"{short}","e":"AQAB"}}"#),
            "keys[0].n is missing or not 2,048",
        ),
        (r#"{"kid":"a"}"#.to_owned(), "is not a set of keys"),
    ] {
        let outcome = read_jwks(format!(r#"{{"keys":[{keys}]}}"#).as_bytes());
        let text = outcome.err().map(|it| it.to_string()).unwrap_or_default();
        assert!(
            text.contains(expected) && expected.is_empty() == text.is_empty(),
            "{keys}: {text}"
        );
    }
    assert!(read_jwks(&vec![b' '; JWKS_BYTES_MAX + 1]).unwrap_err().to_string().contains("bytes"));
}

proptest! {
    #[test]
    fn no_document_makes_it_panic(text in "\\PC{0,200}", n in "[A-Za-z0-9_-]{0,2000}", e in "[A-Za-z_-]{0,20}") {
        let _ = read_jwks(text.as_bytes());
        let rsa = format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","n":"{n}","e":"{e}"}}]}}"#);
        let _ = read_jwks(rsa.as_bytes());
    }
}
