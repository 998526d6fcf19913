//! Enabling a user.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::UserEnabled;
use crate::records::User;
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Enables a disabled user: its keys and tokens are taken again, unless they were revoked or ran out.
    pub struct EnableUser {
        /// Who.
        pub user: String,
    }
}

impl Request for EnableUser {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.enable-user",
        summary: "Takes a disabled user's keys and tokens again",
        method: Method::Post,
        path: "/v1/identity/users/{user}/enable",
        permission: "identity.user.enable",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann"}"#,
    };

    fn touches(request: &ArchivedEnableUser, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
    }
}

impl Decide<Identity> for EnableUser {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        let mut user: User =
            ask.view.load(&self.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        let Some(status) = user.status.enable() else { return Ok(Changed { changed: false }) };
        user.status = status;
        events.push(UserEnabled { user })?;
        Ok(Changed { changed: true })
    }
}
