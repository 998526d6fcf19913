//! API keys and tokens: parsing, checking, issuing.
//!
//! Pure: the time, the keys and every random byte come in as arguments. Who a caller is and what it
//! may is the identity domain's to say; here it only shows whether what the caller sent is genuine.
//!
//! Invariants:
//! - the algorithm comes from the key, never from the token;
//! - nothing in a token is believed, or told in an error, before its signature was verified;
//! - whatever goes wrong with key or signature is one error: it tells nothing about the keys;
//! - secrets have no `Debug` and no `Display`.

mod api_key;
mod issue;
mod jwks;
mod key;
mod seal;
mod token;

pub use api_key::{API_KEY_BYTES, API_KEY_PREFIX, ApiKey, ApiKeyError, digest};
pub use issue::{NewToken, Signer};
pub use jwks::{JWKS_BYTES_MAX, JwksError, read_jwks, write_jwks};
pub use key::{Algorithm, KEYS_MAX, Key, SignatureInvalid};
pub use seal::{MasterKey, MasterKeyError, NONCE_BYTES, Unsealable, open_seed, seal_seed};
pub use token::{Claims, Expected, LEEWAY_S_MAX, TOKEN_BYTES_MAX, Token, TokenError};
