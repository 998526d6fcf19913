//! Questions: all are answered from the compiled copy, by whichever core is asked.

mod lists;
mod resolve;
mod signing_keys;

pub use lists::{
    ApiKeyRow, ApiKeys, ApiKeysReply, Issuers, IssuersReply, Roles, RolesReply, Tenants,
    TenantsReply, UserRow, Users, UsersReply,
};
pub use resolve::{
    IssuerRow, Principal, ResolveApiKey, ResolveIssuer, ResolveUser, TrustedIssuers,
};
pub use signing_keys::{
    SealedSigningKey, SealedSigningKeyReply, SigningKeyRow, SigningKeys, SigningKeysReply,
};
