//! The examples of RFC 7515 (appendix A.2 and A.3) and RFC 8037 (appendix A.4 and A.5).

use credentials::{Algorithm, Expected, Key, Token, TokenError, read_jwks};
use data_encoding::BASE64URL_NOPAD;

const RSA: &str = r#"{"keys":[{"kty":"RSA","kid":"a","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const EC: &str = r#"{"keys":[{"kty":"EC","kid":"a","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

#[test]
fn tokens_of_the_standard_verify_and_lack_an_audience() {
    for (jwks, alg, text) in [(RSA, Algorithm::Rs256, RSA_TOKEN), (EC, Algorithm::Es256, EC_TOKEN)]
    {
        let keys = read_jwks(jwks.as_bytes()).unwrap();
        assert_eq!(keys[0].alg, alg);
        let expected = Expected { issuer: "joe", audience: "x", now_s: 1_300_819_000, leeway_s: 0 };
        let token = Token::parse(text).unwrap();
        assert_eq!((token.issuer(), token.kid()), (Some("joe"), None));
        // The signature holds: what is missing shows only then.
        assert_eq!(token.verify(&keys, &expected).unwrap_err(), TokenError::WrongAudience);
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let mut signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        assert!(keys[0].verify(signed.as_bytes(), &signature).is_ok());
        signature[0] ^= 1;
        assert!(keys[0].verify(signed.as_bytes(), &signature).is_err());
        let forged = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
        let refused = Token::parse(&forged).unwrap().verify(&keys, &expected);
        assert_eq!(refused.unwrap_err(), TokenError::Invalid);
    }
}

#[test]
fn an_ed25519_signature_of_the_standard_verifies() {
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let key = Key {
        kid: "a".to_owned(),
        alg: Algorithm::EdDsa,
        public_key: decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
    };
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = decode(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    assert!(key.verify(signed, &signature).is_ok());
    assert!(key.verify(&signed[1..], &signature).is_err());
    assert!(key.verify(signed, &signature[1..]).is_err());
    // Of another algorithm, the same bytes are no key.
    for alg in [Algorithm::Es256, Algorithm::Rs256] {
        assert!(Key { alg, ..key.clone() }.verify(signed, &signature).is_err());
    }
}
