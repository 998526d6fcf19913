//! Creating an API key.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Tenant,
    Touched,
};

use crate::bytes::Digest;
use crate::events::ApiKeyCreated;
use crate::hand_out::{HandOut, demand_held};
use crate::records::{ApiKey, ApiKeyId, User, UserStatus};
use crate::rules::{
    API_KEYS_MAX, LABEL_BYTES_MAX, check_count, check_scopes, check_text, demand_tenant,
};
use crate::{Identity, Reference, Refusal};

contract::message! {
    /// Creates an API key. The caller makes the secret and keeps it: only its digest comes here. A key
    /// of another user has no scope that the caller does not have itself.
    pub struct CreateApiKey {
        /// Whose key it is.
        pub user: String,
        /// What it may do of what its user may; `*` for all.
        pub scopes: Vec<String>,
        /// The SHA-256 of the secret: 32 random bytes.
        pub digest: Digest,
        /// From when on it is refused, in microseconds since 1970-01-01 UTC; absent for never.
        #[serde(default)]
        pub expires_us: Option<u64>,
        /// For people.
        #[serde(default)]
        pub label: String,
    }

    /// An API key that was created.
    pub struct ApiKeyMade {
        /// Stands in the key's text, before the secret.
        pub id: ApiKeyId,
    }
}
impl Reply for ApiKeyMade {}

impl Request for CreateApiKey {
    type Reply = ApiKeyMade;
    const SHAPE: Shape = Shape {
        name: "identity.create-api-key",
        summary: "Creates an API key from the digest of its secret",
        method: Method::Post,
        path: "/v1/identity/api-keys",
        permission: "identity.api-key.create",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann","scopes":["rates.*"],"label":"nightly import",
            "digest":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#,
    };

    fn touches(request: &ArchivedCreateApiKey, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
    }
}

impl HandOut for CreateApiKey {
    const FIELD: &'static str = "scopes";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        self.scopes.clone()
    }
}

impl Decide<Identity> for CreateApiKey {
    fn decide(
        mut self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<ApiKeyMade, Denial> {
        demand_tenant(ask.reference, ask.cx)?;
        let user: User =
            ask.view.load(&self.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        if user.status == UserStatus::Disabled {
            return Err(Refusal::UserDisabled.at("user"));
        }
        check_text("label", &self.label, LABEL_BYTES_MAX)?;
        check_scopes(&self.scopes)?;
        if self.expires_us.is_some_and(|it| it <= ask.cx.now_us) {
            return Err(Refusal::ExpiryPassed.at("expires_us"));
        }
        let keys = ask.reference.api_keys(ask.cx.tenant, &self.user, 0);
        let live = keys.filter(|it| it.revoked_us.is_none()).count();
        check_count("user", live + 1, API_KEYS_MAX)?;
        // What a user may is its own, whatever it comes to be: its own keys may name all of it.
        if user.actor.get() != ask.cx.actor.0 {
            demand_held(&self, &ask)?;
        }
        self.scopes.sort_unstable();
        self.scopes.dedup();
        let id = ApiKeyId::new(ask.cx.fresh_id());
        let api_key = ApiKey {
            id,
            digest: self.digest,
            user: self.user,
            scopes: self.scopes,
            label: self.label,
            created_us: ask.cx.now_us,
            expires_us: self.expires_us,
            revoked_us: None,
        };
        events.push(ApiKeyCreated { api_key })?;
        Ok(ApiKeyMade { id })
    }
}
