//! Taking a role back.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::RoleUngranted;
use crate::records::User;
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Takes a role from a user; effective on every core when this is answered.
    pub struct UngrantRole {
        /// From whom.
        pub user: String,
        /// Which.
        pub role: String,
    }
}

impl Request for UngrantRole {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.ungrant-role",
        summary: "Takes a role from a user",
        method: Method::Delete,
        path: "/v1/identity/users/{user}/roles/{role}",
        permission: "identity.role.ungrant",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann","role":"pricing"}"#,
    };

    fn touches(request: &ArchivedUngrantRole, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
    }
}

impl Decide<Identity> for UngrantRole {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        let mut user: User =
            ask.view.load(&self.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        let Ok(place) = user.roles.binary_search(&self.role) else {
            return Ok(Changed { changed: false });
        };
        user.roles.remove(place);
        events.push(RoleUngranted { user })?;
        Ok(Changed { changed: true })
    }
}
