//! Setting a policy.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::PolicySet;
use crate::records::{Policy, Tally, Whole};
use crate::rules::{POLICIES_MAX, is_name};
use crate::{Limits, Refusal};

contract::message! {
    /// Makes a policy of the caller's tenant, or replaces the one with its name. When this is answered,
    /// every core follows it.
    #[serde(transparent)]
    pub open struct SetPolicy {
        /// The policy.
        pub policy: Policy,
    }

    /// What is now set.
    pub open struct SetPolicyReply {
        /// The policy's name.
        pub name: String,
        /// False when the very same policy was set already.
        pub changed: bool,
    }
}
impl Reply for SetPolicyReply {}

impl Request for SetPolicy {
    type Reply = SetPolicyReply;
    const SHAPE: Shape = Shape {
        name: "limits.set-policy",
        summary: "Makes a rate-limit policy, or replaces the one with its name",
        method: Method::Put,
        path: "/v1/limits/policies/{name}",
        permission: "limits.policy.write",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"name":"quotes-per-key","per":"key","operations":"rates.*","quota":6000,
            "window_s":60,"burst":500,"unit":"requests","cost":{"read":1,"write":2,"bulk":20}}"#,
    };

    fn touches(request: &ArchivedSetPolicy, touched: &mut Touched) {
        // An invalid name is refused by the decision, which then needs no record.
        if is_name(&request.policy.name) {
            touched.record::<Policy>(&request.policy.name.to_string());
            touched.record::<Tally>(&Whole);
        }
    }
}

impl Decide<Limits> for SetPolicy {
    fn decide(
        self,
        ask: Ask<'_, Limits>,
        events: &mut Events<Limits>,
    ) -> Result<SetPolicyReply, Denial> {
        let policy = self.policy.checked()?;
        let name = policy.name.clone();
        let former: Option<Policy> = ask.view.load(&name);
        if former.as_ref() == Some(&policy) {
            return Ok(SetPolicyReply { name, changed: false });
        }
        let mut policies = ask.view.load::<Tally>(&Whole).map_or(0, |it| it.policies);
        if former.is_none() {
            if POLICIES_MAX <= policies {
                return Err(Refusal::TooManyPolicies.at("name"));
            }
            policies += 1;
        }
        events.push(PolicySet { policy, policies })?;
        Ok(SetPolicyReply { name, changed: true })
    }
}
