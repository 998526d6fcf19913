//! Creating a tenant.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::TenantCreated;
use crate::records::Tenancy;
use crate::rules::{check_name, demand_box};
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Creates a tenant. Creating the very same one again changes nothing.
    pub struct CreateTenant {
        /// From 1; 0 is the box itself.
        pub number: u32,
        /// For people; unique in the box.
        pub name: String,
    }
}

impl Request for CreateTenant {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.create-tenant",
        summary: "Creates a tenant",
        method: Method::Post,
        path: "/v1/identity/tenants",
        permission: "identity.tenant.create",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"number":1,"name":"main"}"#,
    };

    fn touches(request: &ArchivedCreateTenant, touched: &mut Touched) {
        touched.record::<Tenancy>(&request.number.to_native());
    }
}

impl Decide<Identity> for CreateTenant {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_box(ask.cx)?;
        check_name("name", &self.name)?;
        if self.number == 0 {
            return Err(Refusal::TenantExists.at("number").because("tenant 0 is the box itself"));
        }
        if let Some(former) = ask.view.load::<Tenancy>(&self.number) {
            let same = former.name == self.name;
            return if same { Ok(Changed { changed: false }) } else { Err(taken("number")) };
        }
        // Two at once under one name are both made: names of tenants are for people only.
        if ask.reference.tenant_named(&self.name).is_some() {
            return Err(taken("name"));
        }
        let tenancy = Tenancy { number: self.number, name: self.name, created_us: ask.cx.now_us };
        events.push(TenantCreated { tenancy })?;
        Ok(Changed { changed: true })
    }
}

fn taken(field: &'static str) -> Denial {
    Refusal::TenantExists.at(field)
}
