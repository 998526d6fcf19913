//! Issuing the box's own tokens.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::Serialize;

/// Signs tokens with one Ed25519 key.
pub struct Signer {
    kid: String,
    pair: Ed25519KeyPair,
}

/// What a new token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewToken<'a> {
    /// Who issues it: the box's own address.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// Who it is for.
    #[serde(rename = "aud")]
    pub audience: &'a str,
    /// The user's name.
    #[serde(rename = "sub")]
    pub subject: &'a str,
    /// The user's tenant.
    pub tenant: u32,
    /// What it narrows the user's permissions to, patterns with blanks between; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'a str>,
    /// The id of the API key that it was issued for: the token ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<&'a str>,
    /// The name of the client certificate that it was issued for: the token ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<&'a str>,
    /// Now, in seconds since 1970-01-01 UTC.
    #[serde(rename = "iat")]
    pub issued_s: u64,
    /// When it ends.
    #[serde(rename = "exp")]
    pub expires_s: u64,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

impl Signer {
    /// The key of a seed: 32 random bytes (RFC 8032 section 5.1.5).
    pub fn new(kid: impl Into<String>, seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed is 32 bytes");
        Self { kid: kid.into(), pair }
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What verifies its tokens.
    pub fn public_key(&self) -> [u8; 32] {
        let public_key = self.pair.public_key().as_ref();
        public_key.try_into().expect("an Ed25519 public key is 32 bytes")
    }

    /// A signed token in compact form.
    pub fn issue(&self, token: &NewToken<'_>) -> String {
        let header = Header { alg: "EdDSA", typ: "at+jwt", kid: &self.kid };
        let mut text = encoded(&header);
        text.push('.');
        text.push_str(&encoded(token));
        self.signed(text)
    }

    /// `text` with its signature after a dot.
    fn signed(&self, mut text: String) -> String {
        let signature = self.pair.sign(text.as_bytes());
        text.push('.');
        BASE64URL_NOPAD.encode_append(signature.as_ref(), &mut text);
        text
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn encoded(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("texts and numbers are JSON");
    BASE64URL_NOPAD.encode(&json)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.4: the same seed and text give the same signature.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let seed = BASE64URL_NOPAD.decode(seed.as_bytes()).unwrap().try_into().unwrap();
        let signer = Signer::new("a", &seed);
        let public_key = BASE64URL_NOPAD.encode(&signer.public_key());
        assert_eq!(public_key, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(signer.signed(text.to_owned()), format!("{text}.{signature}"));
    }
}
