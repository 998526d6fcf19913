//! Questions: answered from the compiled copy, by whichever core is asked.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use crate::records::Policy;
use crate::{Limits, Refusal};

/// The policies of the caller's tenant, disabled ones too.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ListPolicies {}

/// The policies; at most 64.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
pub struct PoliciesReply {
    /// In order of name.
    pub policies: Vec<Policy>,
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

/// The policy of the caller's tenant with this name.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ShowPolicy {
    /// Its name.
    pub name: String,
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
