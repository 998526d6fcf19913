//! Who a caller is, from what it shows. Only the box itself asks, before it knows the caller.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Tenant,
};
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use crate::bytes::Digest;
use crate::records::{ApiKeyId, Issuer, PublicKey, User, UserId};
use crate::rules::demand_itself;
use crate::{Identity, Reference, Refusal};

/// Whose API key this is, if it is one and may be used now.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ResolveApiKey {
    /// From the key's text.
    pub id: ApiKeyId,
    /// The SHA-256 of the secret in the key's text.
    pub digest: Digest,
    /// The stamp of what the caller keeps of an earlier answer; 0 for none.
    pub known: u64,
}

/// What a user may, if it may do anything. For tokens that were verified.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ResolveUser {
    /// Whose user.
    pub tenant: u32,
    /// Its name.
    pub user: String,
    /// The stamp of what the caller keeps of an earlier answer; 0 for none.
    pub known: u64,
}

/// Who a caller is and what it may.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// Whose user.
    pub tenant: u32,
    /// The actor in everything it does.
    pub actor: UserId,
    /// Grows with every change of identities: an answer with the stamp that was known is the
    /// same as then, and leaves `permissions` and `scopes` out.
    pub stamp: u64,
    /// Grows with every change of issuers and signing keys: a signature that was verified
    /// under this stamp need not be verified again.
    pub trust_stamp: u64,
    /// What the user's roles allow: patterns.
    pub permissions: Vec<String>,
    /// What the key narrows that to: patterns; for a user `*`.
    pub scopes: Vec<String>,
}

/// The outside issuers whose tokens have this `iss`.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ResolveIssuer {
    /// The address.
    pub url: String,
}

/// How the tokens of one issuer are taken.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct IssuerRow {
    /// Its name.
    pub issuer: String,
    /// The `iss` of its tokens.
    pub url: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Its keys.
    pub keys: Vec<PublicKey>,
    /// The tenant that its tokens speak for.
    pub tenant: u32,
    /// The claim that holds the name of a user.
    pub user_claim: String,
    /// The claim that narrows what the user may.
    pub permissions_claim: Option<String>,
}

/// The issuers, in order of name; one for each audience.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuers {
    /// The issuers.
    pub issuers: Vec<IssuerRow>,
    /// See [`Principal::trust_stamp`].
    pub trust_stamp: u64,
}
impl Reply for Principal {}
impl Reply for TrustedIssuers {}

const fn shape(name: &'static str, summary: &'static str, path: &'static str) -> Shape {
    Shape {
        name,
        summary,
        method: Method::Post,
        path,
        permission: "identity.resolve",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    }
}

impl Request for ResolveApiKey {
    type Reply = Principal;
    const SHAPE: Shape = Shape {
        example: r#"{"id":"4173","known":0,
            "digest":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#,
        ..shape(
            "identity.resolve-api-key",
            "Whose API key this is; for the box itself",
            "/v1/identity/resolve/api-key",
        )
    };
}

impl Answer<Identity> for ResolveApiKey {
    fn answer(
        request: &ArchivedResolveApiKey,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, Principal>,
    ) -> Result<(), Denial> {
        demand_itself(ask.cx)?;
        let id = ApiKeyId::revive(&request.id).get();
        // Whoever does not know the secret learns nothing of the key, not even that it exists.
        let found = ask.reference.api_key(id);
        let found = found.filter(|(_, it)| it.digest.is(&request.digest.0));
        let (tenant, api_key) = found.ok_or(Refusal::ApiKeyUnknown)?;
        if api_key.revoked_us.is_some() {
            return Err(Refusal::ApiKeyRevoked.deny());
        }
        if api_key.expires_us.is_some_and(|it| it <= ask.cx.now_us) {
            return Err(Refusal::ApiKeyExpired.deny());
        }
        let user = ask.reference.active_user(tenant, &api_key.user)?;
        let known = request.known.to_native();
        reply.put(&principal(ask.reference, tenant, user, &api_key.scopes, known));
        Ok(())
    }
}

impl Request for ResolveUser {
    type Reply = Principal;
    const SHAPE: Shape = Shape {
        example: r#"{"tenant":0,"user":"ann","known":0}"#,
        ..shape(
            "identity.resolve-user",
            "What a user may; for the box itself",
            "/v1/identity/resolve/user",
        )
    };
}

impl Answer<Identity> for ResolveUser {
    fn answer(
        request: &ArchivedResolveUser,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, Principal>,
    ) -> Result<(), Denial> {
        demand_itself(ask.cx)?;
        let tenant = Tenant(request.tenant.to_native());
        let user = ask.reference.active_user(tenant, &request.user)?;
        let all = ["*".to_owned()];
        reply.put(&principal(ask.reference, tenant, user, &all, request.known.to_native()));
        Ok(())
    }
}

impl Request for ResolveIssuer {
    type Reply = TrustedIssuers;
    const SHAPE: Shape = Shape {
        example: r#"{"url":"https://login.example"}"#,
        ..shape(
            "identity.resolve-issuer",
            "How tokens with this issuer are taken; for the box itself",
            "/v1/identity/resolve/issuer",
        )
    };
}

impl Answer<Identity> for ResolveIssuer {
    fn answer(
        request: &ArchivedResolveIssuer,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, TrustedIssuers>,
    ) -> Result<(), Denial> {
        demand_itself(ask.cx)?;
        let same = |it: &&Issuer| it.url == request.url.as_str();
        let issuers = ask.reference.issuers().filter(same).map(IssuerRow::from).collect();
        reply.put(&TrustedIssuers { issuers, trust_stamp: ask.reference.trust_stamp() });
        Ok(())
    }
}

impl From<&Issuer> for IssuerRow {
    fn from(it: &Issuer) -> Self {
        Self {
            issuer: it.name.clone(),
            url: it.url.clone(),
            audience: it.audience.clone(),
            keys: it.keys.clone(),
            tenant: it.tenant,
            user_claim: it.user_claim.clone(),
            permissions_claim: it.permissions_claim.clone(),
        }
    }
}

fn principal(
    reference: &Reference,
    tenant: Tenant,
    user: &User,
    scopes: &[String],
    known: u64,
) -> Principal {
    let stamp = reference.stamp();
    let (permissions, scopes) = if known == stamp {
        (Vec::new(), Vec::new())
    } else {
        (reference.permissions(tenant, user), scopes.to_vec())
    };
    let trust_stamp = reference.trust_stamp();
    Principal { tenant: tenant.0, actor: user.actor, stamp, trust_stamp, permissions, scopes }
}
