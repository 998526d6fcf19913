//! Noting that an API key was used.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Stored, Touched,
};

use crate::events::ApiKeyUsed;
use crate::records::{ApiKey, ApiKeyId, ApiKeyUse};
use crate::rules::{demand_own_actor, use_is_due};
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Notes that an API key of the tenant was used, unless that was noted in the last 15 minutes:
    /// so coarse that it costs at most one write in that time for each key. Only the box itself asks,
    /// when somebody has shown the key.
    pub struct NoteApiKeyUse {
        /// Which.
        pub id: ApiKeyId,
    }
}

impl Request for NoteApiKeyUse {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.note-api-key-use",
        summary: "Notes that an API key was used; for the box itself",
        method: Method::Post,
        path: "/v1/identity/api-keys/{id}/use",
        permission: "identity.resolve",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"id":"4173"}"#,
    };

    fn touches(request: &ArchivedNoteApiKeyUse, touched: &mut Touched) {
        let id = ApiKeyId::revive(&request.id);
        touched.record::<ApiKey>(&id);
        touched.record::<ApiKeyUse>(&id);
    }
}

impl Decide<Identity> for NoteApiKeyUse {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_own_actor(ask.cx)?;
        ask.view.get::<ApiKey>(&self.id).ok_or_else(|| Refusal::ApiKeyUnknown.at("id"))?;
        let noted_us = ask.view.get::<ApiKeyUse>(&self.id).map(|it| it.used_us.to_native());
        let changed = use_is_due(noted_us, ask.cx.now_us);
        if changed {
            events.push(ApiKeyUsed { id: self.id, used_us: ask.cx.now_us })?;
        }
        Ok(Changed { changed })
    }
}
