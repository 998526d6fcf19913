//! Tenants, users, roles, API keys, issuers: who may ask for what.
//!
//! Everything is replicated: each core answers from its own compiled copy, and a command returns
//! when every core has taken its change in. So a key that was revoked is refused everywhere from
//! the moment the revocation is answered.
//!
//! Records live in the tenant of whoever creates them. Tenants, issuers and signing keys belong to
//! the box: only its own tenant ([`contract::Tenant::BOX`]) may change them.
//!
//! Invariants:
//! - no secret enters: an API key arrives as the digest of its secret, a signing key's seed sealed;
//! - digests are compared in constant time, and are in no reply;
//! - what an API key may do is what its owner may and its scopes name: the scopes only narrow;
//! - nothing is forgotten: users are disabled and keys revoked, never removed.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod bytes;
mod changed;
mod create_api_key;
mod create_tenant;
mod create_user;
mod disable_user;
mod enable_user;
mod events;
mod grant_role;
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
mod ungrant_role;

pub use bytes::{Base64Url, Digest};
pub use changed::Changed;
pub use create_api_key::{ApiKeyMade, CreateApiKey};
pub use create_tenant::CreateTenant;
pub use create_user::{CreateUser, UserMade};
pub use disable_user::DisableUser;
pub use enable_user::EnableUser;
pub use events::{
    ApiKeyCreated, ApiKeyRevoked, IssuerRegistered, IssuerRemoved, RoleGranted, RoleSet,
    RoleUngranted, SigningKeyRotated, TenantCreated, UserCreated, UserDisabled, UserEnabled,
};
pub use grant_role::GrantRole;

pub use queries::{
    ApiKeyRow, ApiKeys, ApiKeysReply, IssuerRow, Issuers, IssuersReply, Principal, ResolveApiKey,
    ResolveIssuer, ResolveUser, Roles, RolesReply, SealedSigningKey, SealedSigningKeyReply,
    SigningKeyRow, SigningKeys, SigningKeysReply, Tenants, TenantsReply, TrustedIssuers, UserRow,
    Users, UsersReply,
};
pub use records::{
    Algorithm, ApiKey, ApiKeyId, Issuer, PublicKey, Ring, Role, SigningKey, SigningRing, Tenancy,
    User, UserId, UserStatus,
};
pub use reference::Reference;
pub use refuse::Refusal;
pub use register_issuer::RegisterIssuer;
pub use remove_issuer::RemoveIssuer;
pub use revoke_api_key::RevokeApiKey;
pub use rotate_signing_key::{RotateSigningKey, SigningKeyMade};
pub use set_role::SetRole;
pub use ungrant_role::UngrantRole;

contract::domain! {
    /// Tenants, users, roles, API keys, issuers: who may ask for what.
    Identity = 1 "identity";
    reference Reference;
    scratch contract::Nothing;
    records {
        Tenancy[u32] = 1 @ 1, User[String] = 2 @ 1, Role[String] = 3 @ 1, ApiKey[ApiKeyId] = 4 @ 1,
        Issuer[String] = 5 @ 1, SigningRing[Ring] = 6 @ 1,
    }
    replicated { Tenancy, User, Role, ApiKey, Issuer, SigningRing }
    events {
        TenantCreated = 1 @ 1, UserCreated = 2 @ 1, UserDisabled = 3 @ 1, UserEnabled = 4 @ 1,
        RoleSet = 5 @ 1, RoleGranted = 6 @ 1, RoleUngranted = 7 @ 1, ApiKeyCreated = 8 @ 1,
        ApiKeyRevoked = 9 @ 1, IssuerRegistered = 10 @ 1, IssuerRemoved = 11 @ 1,
        SigningKeyRotated = 12 @ 1,
    }
    commands {
        CreateTenant = 1, CreateUser = 2, DisableUser = 3, EnableUser = 4, SetRole = 5,
        GrantRole = 6, UngrantRole = 7, CreateApiKey = 8, RevokeApiKey = 9, RegisterIssuer = 10,
        RemoveIssuer = 11, RotateSigningKey = 12,
    }
    queries {
        ResolveApiKey = 64, ResolveUser = 65, ResolveIssuer = 66, SigningKeys = 67,
        SealedSigningKey = 68, Tenants = 69, Users = 70, Roles = 71, ApiKeys = 72, Issuers = 73,
    }
}
