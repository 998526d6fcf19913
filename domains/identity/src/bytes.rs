//! Bytes that are text in JSON.

use std::fmt;
use std::hint::black_box;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rkyv::{Archive, Deserialize, Serialize};

/// The SHA-256 of a secret (FIPS 180-4). In JSON 64 lower-case hexadecimal digits.
///
/// It has no `PartialEq` on its archived form: [`Digest::is`] is the one way to compare.
#[derive(Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Whether `other` is this digest, in a time that does not depend on where they differ.
    pub fn is(&self, other: &[u8; 32]) -> bool {
        let differ = |sum, (a, b): (&u8, &u8)| black_box(sum | (a ^ b));
        self.0.iter().zip(other).fold(0, differ) == 0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// Public bytes, or bytes sealed elsewhere. In JSON base64url without padding (RFC 4648 section 5).
#[derive(Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Base64Url(pub Vec<u8>);

impl fmt::Debug for Base64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Url({} bytes)", self.0.len())
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl serde::Serialize for Base64Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

struct DigestReader;

impl serde::de::Visitor<'_> for DigestReader {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SHA-256 digest as 64 lower-case hexadecimal digits")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digest, E> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok();
        let digest = bytes.and_then(|it| it.try_into().ok());
        // The text may be a secret that was put here by mistake: it is not repeated.
        digest
            .map(Digest)
            .ok_or_else(|| E::custom("is not a SHA-256 digest as 64 lower-case hexadecimal digits"))
    }
}

struct Base64UrlReader;

impl serde::de::Visitor<'_> for Base64UrlReader {
    type Value = Base64Url;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Base64Url, E> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
        bytes.map(Base64Url).map_err(|_| E::custom("is not base64url without padding"))
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DigestReader)
    }
}

impl<'de> serde::Deserialize<'de> for Base64Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64UrlReader)
    }
}

impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "a SHA-256 digest",
        })
    }
}

impl schemars::JsonSchema for Base64Url {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Base64Url".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]*$",
            "description": "base64url without padding",
        })
    }
}
