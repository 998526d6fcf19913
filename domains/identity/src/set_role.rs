//! Setting what a role allows.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Tenant, Touched,
};

use crate::events::RoleSet;
use crate::hand_out::{HandOut, demand_held};
use crate::records::Role;
use crate::rules::{check_name, check_patterns, demand_tenant};
use crate::{Changed, Identity, Reference};

contract::message! {
    /// Makes a role of the caller's tenant, or replaces what it allows: nothing that the
    /// caller does not have itself.
    pub struct SetRole {
        /// Unique in the tenant.
        pub role: String,
        /// Permissions such as `rates.quote`, `rates.*` for all of a domain, `*` for all.
        pub permissions: Vec<String>,
    }
}

impl Request for SetRole {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.set-role",
        summary: "Makes a role, or replaces what it allows",
        method: Method::Put,
        path: "/v1/identity/roles/{role}",
        permission: "identity.role.set",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"role":"pricing","permissions":["rates.quote","rates.read"]}"#,
    };

    fn touches(request: &ArchivedSetRole, touched: &mut Touched) {
        touched.record::<Role>(&request.role.to_string());
    }
}

impl HandOut for SetRole {
    const FIELD: &'static str = "permissions";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        self.permissions.clone()
    }
}

impl Decide<Identity> for SetRole {
    fn decide(
        mut self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_tenant(ask.reference, ask.cx)?;
        check_name("role", &self.role)?;
        check_patterns("permissions", &self.permissions)?;
        self.permissions.sort_unstable();
        self.permissions.dedup();
        demand_held(&self, &ask)?;
        let role = Role { name: self.role, permissions: self.permissions };
        let changed = ask.view.load::<Role>(&role.name).as_ref() != Some(&role);
        if changed {
            events.push(RoleSet { role })?;
        }
        Ok(Changed { changed })
    }
}
