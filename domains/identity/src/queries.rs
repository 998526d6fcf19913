//! Questions: all are answered from the compiled copy, by whichever core is asked.

mod issue_token;
mod lists;
mod resolve;
mod signing_keys;

pub use issue_token::{IssueToken, TokenIssued};
pub use lists::{
    ApiKeyRow, ApiKeys, ApiKeysReply, CertificateRow, Certificates, CertificatesReply, Issuers,
    IssuersReply, Roles, RolesReply, Tenants, TenantsReply, UserRow, Users, UsersReply,
};
pub use resolve::{
    IssuerRow, Principal, ResolveApiKey, ResolveCertificate, ResolveIssuer, ResolveUser,
    TrustedIssuers,
};
pub use signing_keys::{SigningKeyRow, SigningKeys, SigningKeysReply};
