//! Questions: answered from the compiled copy, by whichever core is asked.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};

use crate::records::Policy;
use crate::{Limits, Refusal};

contract::message! {
    /// The policies of the caller's tenant, disabled ones too.
    pub struct ListPolicies {}

    /// The policies; at most 64.
    pub open struct PoliciesReply {
        /// In order of name.
        pub policies: Vec<Policy>,
    }
}
impl Reply for PoliciesReply {}

impl Request for ListPolicies {
    type Reply = PoliciesReply;
    const SHAPE: Shape = Shape {
        name: "limits.policies",
        summary: "Lists the rate-limit policies",
        method: Method::Get,
        path: "/v1/limits/policies",
        permission: "limits.policy.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Limits> for ListPolicies {
    fn answer(
        _: &ArchivedListPolicies,
        ask: Ask<'_, Limits>,
        reply: &mut ReplySink<'_, PoliciesReply>,
    ) -> Result<(), Denial> {
        let own = ask.reference.of(ask.cx.tenant);
        reply.put(&PoliciesReply { policies: own.iter().map(|(_, it)| it.clone()).collect() });
        Ok(())
    }
}

contract::message! {
    /// The policy of the caller's tenant with this name.
    pub struct ShowPolicy {
        /// Its name.
        pub name: String,
    }
}

impl Request for ShowPolicy {
    type Reply = Policy;
    const SHAPE: Shape = Shape {
        name: "limits.policy",
        summary: "Shows a rate-limit policy",
        method: Method::Get,
        path: "/v1/limits/policies/{name}",
        permission: "limits.policy.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"name":"quotes-per-key"}"#,
    };
}

impl Answer<Limits> for ShowPolicy {
    fn answer(
        request: &ArchivedShowPolicy,
        ask: Ask<'_, Limits>,
        reply: &mut ReplySink<'_, Policy>,
    ) -> Result<(), Denial> {
        let found = ask.reference.find(ask.cx.tenant, &request.name);
        reply.put(found.ok_or_else(|| Refusal::PolicyUnknown.at("name"))?);
        Ok(())
    }
}
