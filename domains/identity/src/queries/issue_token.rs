//! Tokens of the box's own, for callers who showed another credential.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Tenant,
};

use crate::hand_out::HandOut;
use crate::rules::{TOKEN_S, TOKEN_S_MAX, check_scopes};
use crate::{Identity, Reference, Refusal};

contract::message! {
    /// Exchanges the credential that the caller shows, an API key or a client certificate, for a token
    /// of the same user that lives for a short while and ends with the credential.
    pub struct IssueToken {
        /// What the token may do of what the credential may; when absent, all of it.
        #[serde(default)]
        pub scopes: Option<Vec<String>>,
        /// How long it lives, in seconds: 1 to 3,600; 900 when absent.
        #[serde(default)]
        pub lifetime_s: Option<u32>,
    }

    /// A token. What it says is decided here; the door that answers has the key, and signs it.
    pub struct TokenIssued {
        /// For `Authorization: Bearer`; signed by the door.
        pub token: String,
        /// Whose user.
        pub tenant: u32,
        /// Its name.
        pub user: String,
        /// What it narrows the user's permissions to; when none were asked for, the door names those
        /// of the credential.
        pub scopes: Vec<String>,
        /// Since when it is taken, in seconds since 1970-01-01 UTC.
        pub issued_s: u64,
        /// From when on it is refused, in seconds since 1970-01-01 UTC.
        pub expires_s: u64,
    }
}
impl Reply for TokenIssued {}

impl Request for IssueToken {
    type Reply = TokenIssued;
    const SHAPE: Shape = Shape {
        name: "identity.issue-token",
        summary: "Exchanges an API key or a client certificate for a token",
        method: Method::Post,
        path: "/v1/identity/tokens",
        permission: "identity.token.issue",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"scopes":["rates.quote"],"lifetime_s":600}"#,
    };
}

impl HandOut for IssueToken {
    const FIELD: &'static str = "scopes";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        self.scopes.clone().unwrap_or_default()
    }
}

impl Answer<Identity> for IssueToken {
    fn answer(
        request: &ArchivedIssueToken,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, TokenIssued>,
    ) -> Result<(), Denial> {
        let Self { scopes, lifetime_s } = Self::revive(request);
        let (tenant, user) = ask.reference.acting(ask.cx.actor).ok_or(Refusal::UserOnly)?;
        let lifetime_s = lifetime_s.unwrap_or(TOKEN_S);
        if !(1..=TOKEN_S_MAX).contains(&lifetime_s) {
            return Err(Refusal::LifetimeInvalid.at("lifetime_s"));
        }
        ask.reference.signing_key().ok_or(Refusal::SigningKeyUnknown)?;
        if let Some(scopes) = &scopes {
            check_scopes(scopes)?;
        }
        let issued_s = ask.cx.now_us / 1_000_000;
        reply.put(&TokenIssued {
            token: String::new(),
            tenant: tenant.0,
            user: user.name.clone(),
            scopes: scopes.unwrap_or_default(),
            issued_s,
            expires_s: issued_s + u64::from(lifetime_s),
        });
        Ok(())
    }
}
