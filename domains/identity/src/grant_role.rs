//! Granting a role.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Tenant, Touched,
};

use crate::events::RoleGranted;
use crate::hand_out::{HandOut, demand_held};
use crate::records::{Role, User};
use crate::rules::{ROLES_MAX, check_count};
use crate::{Changed, Identity, Reference, Refusal};

contract::message! {
    /// Gives a user a role of its tenant, all of which the caller has itself.
    pub struct GrantRole {
        /// Who.
        pub user: String,
        /// Which.
        pub role: String,
    }
}

impl Request for GrantRole {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.grant-role",
        summary: "Gives a user a role",
        method: Method::Put,
        path: "/v1/identity/users/{user}/roles/{role}",
        permission: "identity.role.grant",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann","role":"pricing"}"#,
    };

    fn touches(request: &ArchivedGrantRole, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
        touched.record::<Role>(&request.role.to_string());
    }
}

impl HandOut for GrantRole {
    const FIELD: &'static str = "role";
    fn handed_out(&self, reference: &Reference, tenant: Tenant) -> Vec<String> {
        reference.role(tenant, &self.role).map_or_else(Vec::new, |it| it.permissions.clone())
    }
}

impl Decide<Identity> for GrantRole {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        let mut user: User =
            ask.view.load(&self.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        ask.view.get::<Role>(&self.role).ok_or_else(|| Refusal::RoleUnknown.at("role"))?;
        let Err(place) = user.roles.binary_search(&self.role) else {
            return Ok(Changed { changed: false });
        };
        demand_held(&self, &ask)?;
        check_count("role", user.roles.len() + 1, ROLES_MAX)?;
        user.roles.insert(place, self.role);
        events.push(RoleGranted { user })?;
        Ok(Changed { changed: true })
    }
}
