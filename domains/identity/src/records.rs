//! Records and what names them.

use contract::{Key, KeyBytes, Slot};
use rkyv::{Archive, Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::bytes::{Base64Url, Digest};

values::id! {
    /// An API key; stands in its text.
    ApiKeyId
    /// A user as the actor of what it does.
    UserId
}

impl Key for ApiKeyId {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.get().to_be_bytes());
    }
    fn slot(&self) -> Slot {
        Slot::of_id(self.get())
    }
}

/// Names a client certificate. Names are longer than keys may be, so the key is the XXH3 of the name:
/// whoever binds one compares the name too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateName(pub String);

impl Key for CertificateName {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&xxh3_128(self.0.as_bytes()).to_be_bytes());
    }
}

/// Names the one set of signing keys of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring;

impl Key for Ring {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text("ring");
    }
}

contract::message! {
    /// A tenant other than the box itself.
    pub struct Tenancy {
        /// As in `contract::Tenant`; from 1.
        pub number: u32,
        /// For people; unique.
        pub name: String,
        /// In microseconds since 1970-01-01 UTC.
        pub created_us: u64,
    }

    /// Whether a user may do anything.
    #[serde(rename_all = "lowercase")]
    pub enum UserStatus {
        /// What its roles allow.
        Active,
        /// Nothing, with no key and no token.
        Disabled,
    }
}

contract::lifecycle! {
    UserStatus {
        disable: Active => Disabled;
        enable: Disabled => Active;
    }
}

/// A person or program of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct User {
    /// Unique in its tenant; never changes.
    pub name: String,
    /// For people.
    pub title: String,
    /// The actor in everything that the user does; unique in the box.
    pub actor: UserId,
    /// Whether it may do anything.
    pub status: UserStatus,
    /// The names of its roles, sorted, each once.
    pub roles: Vec<String>,
    /// In microseconds since 1970-01-01 UTC.
    pub created_us: u64,
}

contract::message! {
    /// A named set of permissions of one tenant.
    pub struct Role {
        /// Unique in its tenant.
        pub name: String,
        /// Patterns as [`crate::rules::is_pattern`] takes them, sorted, each once.
        pub permissions: Vec<String>,
    }
}

/// A key that a program shows.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ApiKey {
    /// Unique in the box.
    pub id: ApiKeyId,
    /// Of the secret; the secret itself is nowhere.
    pub digest: Digest,
    /// Whose key it is.
    pub user: String,
    /// What it may do of what its user may: patterns, sorted, each once.
    pub scopes: Vec<String>,
    /// For people.
    pub label: String,
    /// In microseconds since 1970-01-01 UTC.
    pub created_us: u64,
    /// From when on it is refused; never when absent.
    pub expires_us: Option<u64>,
    /// Since when it is refused.
    pub revoked_us: Option<u64>,
}

contract::message! {
    /// How a token is signed (RFC 7518, RFC 8037).
    pub enum Algorithm {
        /// Ed25519.
        #[serde(rename = "EdDSA")]
        EdDsa,
        /// ECDSA over P-256 with SHA-256.
        #[serde(rename = "ES256")]
        Es256,
        /// RSA PKCS #1 v1.5 with SHA-256.
        #[serde(rename = "RS256")]
        Rs256,
    }

    /// A key that tokens are verified with.
    pub struct PublicKey {
        /// The id that tokens name it by.
        pub kid: String,
        /// The one algorithm it is used with.
        pub alg: Algorithm,
        /// Ed25519: 32 bytes; P-256: the uncompressed point; RSA: DER `RSAPublicKey`.
        pub public_key: Base64Url,
    }
}

/// An outside issuer of tokens that the box trusts.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Issuer {
    /// Unique in the box.
    pub name: String,
    /// The `iss` of its tokens, compared byte by byte.
    pub url: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Its keys.
    pub keys: Vec<PublicKey>,
    /// The tenant that its tokens speak for.
    pub tenant: u32,
    /// The claim that holds the name of a user of that tenant, such as `sub`.
    pub user_claim: String,
    /// The claim that narrows what the user may, such as `scope`; none: the user's own roles.
    pub permissions_claim: Option<String>,
}

/// A key that the box signs its own tokens with.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SigningKey {
    /// The id that tokens name it by.
    pub kid: String,
    /// The Ed25519 public key.
    pub public_key: Base64Url,
    /// The Ed25519 seed, sealed by whoever made it; opaque here.
    pub sealed_seed: Base64Url,
    /// In microseconds since 1970-01-01 UTC.
    pub created_us: u64,
    /// Until when tokens that it signed are taken; none while it is the active key.
    pub kept_until_us: Option<u64>,
}

/// The signing keys of the box, oldest first; the last is the active one.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SigningRing {
    /// The keys.
    pub keys: Vec<SigningKey>,
}

/// A client certificate that stands for a user. Kept in the box's own tenant.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Certificate {
    /// A SPIFFE identity, or a host in lower case; unique in the box.
    pub name: String,
    /// Whose user.
    pub tenant: u32,
    /// Its name.
    pub user: String,
    /// What the certificate may do of what its user may: patterns, sorted, each once.
    pub scopes: Vec<String>,
    /// In microseconds since 1970-01-01 UTC.
    pub created_us: u64,
}

/// When an API key was used, about. Apart from the key, which changes for ever less often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ApiKeyUse {
    /// In microseconds since 1970-01-01 UTC.
    pub used_us: u64,
}
