//! The text of an API key.
//!
//! ```text
//! qk_ | id, 8 bytes (13) | _ | secret, 32 bytes (52) | crc32c of all before, 4 bytes (7) |
//! ```
//!
//! Numbers in brackets are characters of base32hex in lower case without padding (RFC 4648
//! section 7); numbers are big-endian. The prefix lets scanners of source code find a key that was
//! published by mistake; the checksum tells a typo from a wrong key without asking anybody.

use std::fmt;

use data_encoding::BASE32_DNSSEC;

/// What every key begins with.
pub const API_KEY_PREFIX: &str = "qk_";
/// The length of every key's text.
pub const API_KEY_BYTES: usize = 76;

const ID_END: usize = 3 + 13;
const SECRET_START: usize = ID_END + 1;
const SECRET_END: usize = SECRET_START + 52;

const _: () = assert!(SECRET_END + 7 == API_KEY_BYTES);

/// An API key in plain. Its secret is shown once, by [`ApiKey::text`], to whoever it is made for.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: u64,
    secret: [u8; 32],
}

/// Why a text is not an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// It has another length, prefix or alphabet.
    #[error("is not of the form of an API key")]
    Form,
    /// A character is wrong or missing.
    #[error("has a wrong checksum: it was not copied whole")]
    Checksum,
}

impl ApiKey {
    /// The key with this id and secret: 32 random bytes.
    pub const fn new(id: u64, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// Reads [`ApiKey::text`] back.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let bytes = text.as_bytes();
        if bytes.len() != API_KEY_BYTES || !bytes.starts_with(API_KEY_PREFIX.as_bytes()) {
            return Err(ApiKeyError::Form);
        }
        // The decoder takes capitals too; one key has one text.
        if bytes[ID_END] != b'_' || bytes.iter().any(u8::is_ascii_uppercase) {
            return Err(ApiKeyError::Form);
        }
        let crc = u32::from_be_bytes(decode(&bytes[SECRET_END..])?);
        if crc != crc32c::crc32c(&bytes[..SECRET_END]) {
            return Err(ApiKeyError::Checksum);
        }
        let id = u64::from_be_bytes(decode(&bytes[API_KEY_PREFIX.len()..ID_END])?);
        let secret = decode(&bytes[SECRET_START..SECRET_END])?;
        Ok(Self { id, secret })
    }

    /// The key of another id with the same secret.
    #[must_use]
    pub const fn with_id(self, id: u64) -> Self {
        Self { id, ..self }
    }

    /// What names it.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// What is stored of its secret.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.secret)
    }

    /// The whole text, secret included.
    pub fn text(&self) -> String {
        let mut text = API_KEY_PREFIX.to_owned();
        BASE32_DNSSEC.encode_append(&self.id.to_be_bytes(), &mut text);
        text.push('_');
        BASE32_DNSSEC.encode_append(&self.secret, &mut text);
        let crc = crc32c::crc32c(text.as_bytes());
        BASE32_DNSSEC.encode_append(&crc.to_be_bytes(), &mut text);
        text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The SHA-256 of `bytes` (FIPS 180-4).
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

fn decode<const N: usize>(text: &[u8]) -> Result<[u8; N], ApiKeyError> {
    let bytes = BASE32_DNSSEC.decode(text).map_err(|_| ApiKeyError::Form)?;
    bytes.try_into().map_err(|_| ApiKeyError::Form)
}
