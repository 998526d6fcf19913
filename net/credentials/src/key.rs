//! Public keys and the one algorithm each is used with.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

/// The most keys that one token is tried against.
pub const KEYS_MAX: usize = 16;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// RSA PKCS #1 v1.5 with SHA-256 and 2,048 to 8,192 bits (RFC 7518 section 3.3).
    Rs256,
}

impl Algorithm {
    /// The name in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The id that tokens name it by.
    pub kid: String,
    /// The one algorithm it is used with.
    pub alg: Algorithm,
    /// Ed25519: 32 bytes (RFC 8032); P-256: the uncompressed point (SEC 1 section 2.3.3); RSA: DER
    /// `RSAPublicKey` (RFC 8017 appendix A.1.1).
    pub public_key: Vec<u8>,
}

/// The signature is not the key's, or the key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct SignatureInvalid;

impl Key {
    /// Verifies a signature over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        let algorithm: &dyn VerificationAlgorithm = match self.alg {
            Algorithm::EdDsa => &ED25519,
            Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.public_key);
        key.verify(message, signature).map_err(|_| SignatureInvalid)
    }
}
