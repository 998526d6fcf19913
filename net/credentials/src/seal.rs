//! Seeds of signing keys, sealed with the box's own key so that they can stand in its log.
//!
//! ```text
//! | nonce (12) | seed, encrypted (32) | tag (16) |
//! ```
//!
//! AES-256-GCM (NIST SP 800-38D); the key's id is authenticated with it, so that a seed cannot be
//! put under another id.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// How many random bytes one sealing takes.
pub const NONCE_BYTES: usize = 12;

/// The box's own key: whoever has it and a copy of the log can sign as the box.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// The text is not a master key. It is not repeated: it may be one but for a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key is not 64 hexadecimal digits")]
pub struct MasterKeyError;

impl MasterKey {
    /// From 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads [`MasterKey::text`] back; blanks and line ends around it do not count.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim_ascii().as_bytes());
        let bytes = bytes.map_err(|_| MasterKeyError)?;
        bytes.try_into().map(Self).map_err(|_| MasterKeyError)
    }

    /// The whole text: 64 hexadecimal digits.
    pub fn text(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.0)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// The sealed bytes are not of this master key and key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed seed does not open: it was sealed with another master key, or is damaged")]
pub struct Unsealable;

/// Seals a seed. `nonce` is random and never used again with `master`.
pub fn seal_seed(
    master: &MasterKey,
    nonce: [u8; NONCE_BYTES],
    kid: &str,
    seed: &[u8; 32],
) -> Vec<u8> {
    let mut sealed = seed.to_vec();
    key(master)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(kid.as_bytes()),
            &mut sealed,
        )
        .expect("32 bytes are not too long to seal");
    [&nonce[..], &sealed].concat()
}

/// Opens what [`seal_seed`] sealed.
pub fn open_seed(master: &MasterKey, kid: &str, sealed: &[u8]) -> Result<[u8; 32], Unsealable> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable)?;
    let mut bytes = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let aad = Aad::from(kid.as_bytes());
    let seed = key(master).open_in_place(nonce, aad, &mut bytes).map_err(|_| Unsealable)?;
    <[u8; 32]>::try_from(&*seed).map_err(|_| Unsealable)
}

fn key(master: &MasterKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &master.0).expect("the key is 32 bytes"))
}
