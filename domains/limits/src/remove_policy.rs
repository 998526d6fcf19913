//! Removing a policy.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::PolicyRemoved;
use crate::records::{Policy, Tally, Whole};
use crate::rules::is_name;
use crate::{Limits, Refusal};

contract::message! {
    /// Removes a policy of the caller's tenant. When this is answered, no core follows it.
    pub struct RemovePolicy {
        /// Which.
        pub name: String,
    }

    /// What is now removed.
    pub open struct RemovePolicyReply {
        /// The policy's name.
        pub name: String,
    }
}
impl Reply for RemovePolicyReply {}

impl Request for RemovePolicy {
    type Reply = RemovePolicyReply;
    const SHAPE: Shape = Shape {
        name: "limits.remove-policy",
        summary: "Removes a rate-limit policy",
        method: Method::Delete,
        path: "/v1/limits/policies/{name}",
        permission: "limits.policy.write",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"name":"quotes-per-key"}"#,
    };

    fn touches(request: &ArchivedRemovePolicy, touched: &mut Touched) {
        // Nothing has an invalid name.
        if is_name(&request.name) {
            touched.record::<Policy>(&request.name.to_string());
            touched.record::<Tally>(&Whole);
        }
    }
}

impl Decide<Limits> for RemovePolicy {
    fn decide(
        self,
        ask: Ask<'_, Limits>,
        events: &mut Events<Limits>,
    ) -> Result<RemovePolicyReply, Denial> {
        let Self { name } = self;
        if !is_name(&name) || ask.view.get::<Policy>(&name).is_none() {
            return Err(Refusal::PolicyUnknown.at("name"));
        }
        // A tally that cannot be read is noted where it is read, and nothing of this is stored.
        let tally: Option<Tally> = ask.view.load(&Whole);
        let policies = tally.map_or(0, |it| it.policies.saturating_sub(1));
        events.push(PolicyRemoved { name: name.clone(), policies })?;
        Ok(RemovePolicyReply { name })
    }
}
