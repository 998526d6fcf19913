//! Revoking an API key.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Stored, Touched,
};

use crate::events::ApiKeyRevoked;
use crate::records::{ApiKey, ApiKeyId};
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Revokes an API key, for ever: when this is answered, every core refuses it.
    pub struct RevokeApiKey {
        /// Which.
        pub id: ApiKeyId,
    }
}

impl Request for RevokeApiKey {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.revoke-api-key",
        summary: "Revokes an API key, on every core before this is answered",
        method: Method::Delete,
        path: "/v1/identity/api-keys/{id}",
        permission: "identity.api-key.revoke",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"id":"4173"}"#,
    };

    fn touches(request: &ArchivedRevokeApiKey, touched: &mut Touched) {
        touched.record::<ApiKey>(&ApiKeyId::revive(&request.id));
    }
}

impl Decide<Identity> for RevokeApiKey {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        let mut api_key: ApiKey =
            ask.view.load(&self.id).ok_or_else(|| Refusal::ApiKeyUnknown.at("id"))?;
        if api_key.revoked_us.is_some() {
            return Ok(Changed { changed: false });
        }
        api_key.revoked_us = Some(ask.cx.now_us);
        events.push(ApiKeyRevoked { api_key })?;
        Ok(Changed { changed: true })
    }
}
