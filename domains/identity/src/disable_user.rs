//! Disabling a user.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::UserDisabled;
use crate::records::User;
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Disables a user: when this is answered, every key and token of it is refused on every core.
    pub struct DisableUser {
        /// Who.
        pub user: String,
    }
}

impl Request for DisableUser {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.disable-user",
        summary: "Refuses every key and token of a user",
        method: Method::Post,
        path: "/v1/identity/users/{user}/disable",
        permission: "identity.user.disable",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann"}"#,
    };

    fn touches(request: &ArchivedDisableUser, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
    }
}

impl Decide<Identity> for DisableUser {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        let mut user: User =
            ask.view.load(&self.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        let Some(status) = user.status.disable() else { return Ok(Changed { changed: false }) };
        user.status = status;
        events.push(UserDisabled { user })?;
        Ok(Changed { changed: true })
    }
}
