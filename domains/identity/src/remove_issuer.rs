//! Trusting an outside issuer no longer.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::IssuerRemoved;
use crate::records::Issuer;
use crate::rules::demand_box;
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Takes no tokens of an outside issuer any more: when this is answered, no core does.
    pub struct RemoveIssuer {
        /// Which.
        pub issuer: String,
    }
}

impl Request for RemoveIssuer {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.remove-issuer",
        summary: "Refuses the tokens of an outside issuer from now on",
        method: Method::Delete,
        path: "/v1/identity/issuers/{issuer}",
        permission: "identity.issuer.remove",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"issuer":"login"}"#,
    };

    fn touches(request: &ArchivedRemoveIssuer, touched: &mut Touched) {
        touched.record::<Issuer>(&request.issuer.to_string());
    }
}

impl Decide<Identity> for RemoveIssuer {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_box(ask.cx)?;
        ask.view.get::<Issuer>(&self.issuer).ok_or_else(|| Refusal::IssuerUnknown.at("issuer"))?;
        events.push(IssuerRemoved { issuer: self.issuer })?;
        Ok(Changed { changed: true })
    }
}
