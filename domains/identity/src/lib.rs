//! Tenants, users, roles, API keys, issuers: who may ask for what.
//!
//! Everything is replicated: each core answers from its own copy, and a command returns when all
//! have taken its change in, so that a key is refused everywhere once its revocation is answered.
//!
//! Records live in the tenant of whoever creates them. Tenants, issuers and signing keys belong to
//! the box: only its own tenant ([`contract::Tenant::BOX`]) may change them.
//!
//! Invariants:
//! - no secret enters: an API key arrives as the digest of its secret, a signing key's seed sealed;
//! - digests are compared in constant time, and are in no reply;
//! - what a credential may do is what its owner may and its scopes name: the scopes only narrow;
//! - nobody hands out a permission that it does not have itself;
//! - nothing is forgotten: users are disabled and keys revoked, never removed.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod bind_certificate;
mod bytes;
mod changed;
mod create_api_key;
mod create_tenant;
mod create_user;
mod disable_user;
mod enable_user;
mod events;
mod grant_role;
mod hand_out;
mod note_api_key_use;
mod queries;
mod records;
mod reference;
mod refuse;
mod register_issuer;
mod remove_issuer;
mod revoke_api_key;
mod rotate_signing_key;
pub mod rules;
mod set_role;
mod unbind_certificate;
mod ungrant_role;

pub use self::{
    bind_certificate::BindCertificate, changed::Changed, create_tenant::CreateTenant,
    disable_user::DisableUser, enable_user::EnableUser, grant_role::GrantRole,
    note_api_key_use::NoteApiKeyUse, reference::Reference, refuse::Refusal,
    register_issuer::RegisterIssuer, remove_issuer::RemoveIssuer, revoke_api_key::RevokeApiKey,
    set_role::SetRole, unbind_certificate::UnbindCertificate, ungrant_role::UngrantRole,
};
pub use bytes::{Base64Url, Digest};
pub use create_api_key::{ApiKeyMade, CreateApiKey};
pub use create_user::{CreateUser, UserMade};
pub use events::{
    ApiKeyCreated, ApiKeyRevoked, ApiKeyUsed, CertificateBound, CertificateUnbound,
    IssuerRegistered, IssuerRemoved, RoleGranted, RoleSet, RoleUngranted, SigningKeyRotated,
    TenantCreated, UserCreated, UserDisabled, UserEnabled,
};
pub use hand_out::{handed_out, hands_out};
pub use queries::{
    ApiKeyRow, ApiKeys, ApiKeysReply, CertificateRow, Certificates, CertificatesReply, IssueToken,
    IssuerRow, Issuers, IssuersReply, Principal, ResolveApiKey, ResolveCertificate, ResolveIssuer,
    ResolveUser, Roles, RolesReply, SigningKeyRow, SigningKeys, SigningKeysReply, Tenants,
    TenantsReply, TokenIssued, TrustedIssuers, UserRow, Users, UsersReply,
};
pub use records::{
    Algorithm, ApiKey, ApiKeyId, ApiKeyUse, Certificate, CertificateName, Issuer, PublicKey, Ring,
    Role, SigningKey, SigningRing, Tenancy, User, UserId, UserStatus,
};
pub use rotate_signing_key::{RotateSigningKey, SigningKeyMade};

contract::domain! {
    /// Tenants, users, roles, API keys, issuers: who may ask for what.
    Identity = 1 "identity";
    reference Reference;
    scratch contract::Nothing;
    records {
        Tenancy[u32] = 1 @ 1, User[String] = 2 @ 1, Role[String] = 3 @ 1, ApiKey[ApiKeyId] = 4 @ 1,
        Issuer[String] = 5 @ 1, SigningRing[Ring] = 6 @ 1, Certificate[CertificateName] = 7 @ 1,
        ApiKeyUse[ApiKeyId] = 8 @ 1,
    }
    replicated { Tenancy, User, Role, ApiKey, Issuer, SigningRing, Certificate, ApiKeyUse }
    events {
        TenantCreated = 1 @ 1, UserCreated = 2 @ 1, UserDisabled = 3 @ 1, UserEnabled = 4 @ 1,
        RoleSet = 5 @ 1, RoleGranted = 6 @ 1, RoleUngranted = 7 @ 1, ApiKeyCreated = 8 @ 1,
        ApiKeyRevoked = 9 @ 1, IssuerRegistered = 10 @ 1, IssuerRemoved = 11 @ 1,
        SigningKeyRotated = 12 @ 1, CertificateBound = 13 @ 1, CertificateUnbound = 14 @ 1,
        ApiKeyUsed = 15 @ 1,
    }
    commands {
        CreateTenant = 1, CreateUser = 2, DisableUser = 3, EnableUser = 4, SetRole = 5,
        GrantRole = 6, UngrantRole = 7, CreateApiKey = 8, RevokeApiKey = 9, RegisterIssuer = 10,
        RemoveIssuer = 11, RotateSigningKey = 12, BindCertificate = 13, UnbindCertificate = 14,
        NoteApiKeyUse = 15,
    }
    queries {
        ResolveApiKey = 64, ResolveUser = 65, ResolveIssuer = 66, SigningKeys = 67, Tenants = 69,
        Users = 70, Roles = 71, ApiKeys = 72, Issuers = 73, Certificates = 74,
        ResolveCertificate = 75, IssueToken = 76,
    }
}
