//! Who a caller is, from what it shows. Only the box itself asks, before it knows the caller.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Tenant,
};

use crate::bytes::Digest;
use crate::records::{ApiKey, ApiKeyId, Certificate, Issuer, PublicKey, User, UserId};
use crate::rules::{demand_itself, use_is_due};
use crate::{Identity, Reference, Refusal};

contract::message! {
    /// Whose API key this is, if it is one and may be used now.
    pub struct ResolveApiKey {
        /// From the key's text.
        pub id: ApiKeyId,
        /// The SHA-256 of the secret in the key's text.
        pub digest: Digest,
        /// The stamp of what the caller keeps of an earlier answer; 0 for none.
        pub known: u64,
    }

    /// What a user may, if it may do anything. For tokens that were verified.
    pub struct ResolveUser {
        /// Whose user.
        pub tenant: u32,
        /// Its name.
        pub user: String,
        /// The API key that the token was issued for: it must be taken still, and be that user's.
        pub api_key: Option<ApiKeyId>,
        /// The client certificate that the token was issued for: the same holds.
        pub certificate: Option<String>,
        /// The stamp of what the caller keeps of an earlier answer; 0 for none.
        pub known: u64,
    }

    /// Whom this client certificate stands for, if for anybody.
    pub struct ResolveCertificate {
        /// Its name, as the handshake verified it.
        pub name: String,
        /// The stamp of what the caller keeps of an earlier answer; 0 for none.
        pub known: u64,
    }

    /// Who a caller is and what it may.
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
        /// What the key or certificate narrows that to: patterns; for a user `*`.
        pub scopes: Vec<String>,
        /// Whether the use of the key is to be noted; see [`crate::NoteApiKeyUse`].
        pub use_is_due: bool,
    }

    /// The outside issuers whose tokens have this `iss`.
    pub struct ResolveIssuer {
        /// The address.
        pub url: String,
    }

    /// How the tokens of one issuer are taken.
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
    pub struct TrustedIssuers {
        /// The issuers.
        pub issuers: Vec<IssuerRow>,
        /// See [`Principal::trust_stamp`].
        pub trust_stamp: u64,
    }
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
        let (id, reference, cx) = (ApiKeyId::revive(&request.id).get(), ask.reference, ask.cx);
        // Whoever does not know the secret learns nothing of the key, not even that it exists.
        let found = reference.api_key(id);
        let found = found.filter(|(_, it)| it.digest.is(&request.digest.0));
        let (tenant, api_key) = found.ok_or(Refusal::ApiKeyUnknown)?;
        demand_live(api_key, cx.now_us)?;
        let user = reference.active_user(tenant, &api_key.user)?;
        let known = request.known.to_native();
        let principal = principal(reference, tenant, user, &api_key.scopes, known);
        let use_is_due = use_is_due(reference.used_us(id), cx.now_us);
        reply.put(&Principal { use_is_due, ..principal });
        Ok(())
    }
}

impl Request for ResolveUser {
    type Reply = Principal;
    const SHAPE: Shape = Shape {
        example: r#"{"tenant":0,"user":"ann","api_key":null,"certificate":null,"known":0}"#,
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
        let (tenant, reference) = (Tenant(request.tenant.to_native()), ask.reference);
        if let Some(id) = request.api_key.as_ref() {
            let found = reference.api_key(ApiKeyId::revive(id).get());
            let own = |it: &(Tenant, &ApiKey)| it.0 == tenant && it.1.user == request.user.as_str();
            let (_, api_key) = found.filter(own).ok_or(Refusal::ApiKeyUnknown)?;
            demand_live(api_key, ask.cx.now_us)?;
        }
        if let Some(name) = request.certificate.as_ref() {
            let own = |it: &&Certificate| it.tenant == tenant.0 && it.user == request.user.as_str();
            reference.certificate(name).filter(own).ok_or(Refusal::CertificateUnknown)?;
        }
        let user = reference.active_user(tenant, &request.user)?;
        let all = ["*".to_owned()];
        reply.put(&principal(reference, tenant, user, &all, request.known.to_native()));
        Ok(())
    }
}

impl Request for ResolveCertificate {
    type Reply = Principal;
    const SHAPE: Shape = Shape {
        example: r#"{"name":"spiffe://example.org/svc/payroll","known":0}"#,
        ..shape(
            "identity.resolve-certificate",
            "Whom a client certificate stands for; for the box itself",
            "/v1/identity/resolve/certificate",
        )
    };
}

impl Answer<Identity> for ResolveCertificate {
    fn answer(
        request: &ArchivedResolveCertificate,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, Principal>,
    ) -> Result<(), Denial> {
        demand_itself(ask.cx)?;
        let bound = ask.reference.certificate(&request.name);
        let bound = bound.ok_or(Refusal::CertificateUnknown)?;
        let tenant = Tenant(bound.tenant);
        let user = ask.reference.active_user(tenant, &bound.user)?;
        let known = request.known.to_native();
        reply.put(&principal(ask.reference, tenant, user, &bound.scopes, known));
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

fn demand_live(api_key: &ApiKey, now_us: u64) -> Result<(), Denial> {
    if api_key.revoked_us.is_some() {
        return Err(Refusal::ApiKeyRevoked.deny());
    }
    if api_key.expires_us.is_some_and(|it| it <= now_us) {
        return Err(Refusal::ApiKeyExpired.deny());
    }
    Ok(())
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
    let (tenant, actor, use_is_due) = (tenant.0, user.actor, false);
    Principal { tenant, actor, stamp, trust_stamp, permissions, scopes, use_is_due }
}
