//! What happened. Each event but a removal carries the record it leaves behind.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::{
    ApiKey, ApiKeyId, ApiKeyUse, Certificate, CertificateName, Issuer, Ring, Role, SigningRing,
    Tenancy, User,
};

/// A tenant exists.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TenantCreated {
    /// The record from now on.
    pub tenancy: Tenancy,
}

impl TenantCreated {
    pub(crate) fn key(&self) -> u32 {
        self.tenancy.number
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.tenancy);
    }
}

/// A user exists, without roles.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct UserCreated {
    /// The record from now on.
    pub user: User,
}

impl UserCreated {
    pub(crate) fn key(&self) -> String {
        self.user.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.user);
    }
}

/// A user may do nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct UserDisabled {
    /// The record from now on.
    pub user: User,
}

impl UserDisabled {
    pub(crate) fn key(&self) -> String {
        self.user.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.user);
    }
}

/// A disabled user may do again what its roles allow.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct UserEnabled {
    /// The record from now on.
    pub user: User,
}

impl UserEnabled {
    pub(crate) fn key(&self) -> String {
        self.user.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.user);
    }
}

/// A role has these permissions.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct RoleSet {
    /// The record from now on.
    pub role: Role,
}

impl RoleSet {
    pub(crate) fn key(&self) -> String {
        self.role.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.role);
    }
}

/// A user has one role more.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct RoleGranted {
    /// The record from now on.
    pub user: User,
}

impl RoleGranted {
    pub(crate) fn key(&self) -> String {
        self.user.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.user);
    }
}

/// A user has one role less.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct RoleUngranted {
    /// The record from now on.
    pub user: User,
}

impl RoleUngranted {
    pub(crate) fn key(&self) -> String {
        self.user.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.user);
    }
}

/// An API key exists.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ApiKeyCreated {
    /// The record from now on.
    pub api_key: ApiKey,
}

impl ApiKeyCreated {
    pub(crate) fn key(&self) -> ApiKeyId {
        self.api_key.id
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.api_key);
    }
}

/// An API key is refused from now on.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ApiKeyRevoked {
    /// The record from now on.
    pub api_key: ApiKey,
}

impl ApiKeyRevoked {
    pub(crate) fn key(&self) -> ApiKeyId {
        self.api_key.id
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.api_key);
    }
}

/// Tokens of an issuer are taken, or its keys changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct IssuerRegistered {
    /// The record from now on.
    pub issuer: Issuer,
}

impl IssuerRegistered {
    pub(crate) fn key(&self) -> String {
        self.issuer.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.issuer);
    }
}

/// Another key signs the box's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SigningKeyRotated {
    /// The record from now on.
    pub ring: SigningRing,
}

impl SigningKeyRotated {
    #[allow(clippy::unused_self, reason = "every event has the same face")]
    pub(crate) fn key(&self) -> Ring {
        Ring
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.ring);
    }
}

/// Tokens of an issuer are no longer taken.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct IssuerRemoved {
    /// Its name.
    pub issuer: String,
}

impl IssuerRemoved {
    pub(crate) fn key(&self) -> String {
        self.issuer.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Issuer>(&self.issuer);
    }
}

/// A client certificate stands for a user.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CertificateBound {
    /// The record from now on.
    pub certificate: Certificate,
}

impl CertificateBound {
    pub(crate) fn key(&self) -> CertificateName {
        CertificateName(self.certificate.name.clone())
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.certificate);
    }
}

/// A client certificate stands for nobody any more.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CertificateUnbound {
    /// Its name.
    pub name: String,
}

impl CertificateUnbound {
    pub(crate) fn key(&self) -> CertificateName {
        CertificateName(self.name.clone())
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Certificate>(&self.key());
    }
}

/// An API key was used.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ApiKeyUsed {
    /// Which.
    pub id: ApiKeyId,
    /// In microseconds since 1970-01-01 UTC.
    pub used_us: u64,
}

impl ApiKeyUsed {
    pub(crate) fn key(&self) -> ApiKeyId {
        self.id
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.id, &ApiKeyUse { used_us: self.used_us });
    }
}
