//! Rate-limit policies as data: who may ask how much, by operation and class.
//!
//! A policy is set and removed by commands, and every core keeps all policies compiled: a change
//! holds on every core and door from the moment its command is answered. Counting is not done here;
//! the gateway reads [`Policies`] and gives them to its limiter.
//!
//! A policy belongs to the tenant that set it and limits what is asked on that tenant's behalf. The
//! policies of [`contract::Tenant::BOX`] limit everybody.
//!
//! Invariants:
//! - what is stored can be followed: every field was checked, and every class of request that a
//!   policy covers fits into what it admits at once;
//! - a tenant has at most [`rules::POLICIES_MAX`] policies, however many are set at the same time.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod events;
mod queries;
mod records;
mod reference;
mod refuse;
mod remove_policy;
pub mod rules;
mod set_policy;

pub use events::{PolicyRemoved, PolicySet};
pub use queries::{ListPolicies, PoliciesReply, ShowPolicy};
pub use records::{Class, Cost, Policy, Subject, Tally, Unit, Whole};
pub use reference::Policies;
pub use refuse::Refusal;
pub use remove_policy::{RemovePolicy, RemovePolicyReply};
pub use set_policy::{SetPolicy, SetPolicyReply};

contract::domain! {
    /// Rate-limit policies as data: who may ask how much, by operation and class.
    Limits = 105 "limits";
    reference Policies;
    scratch contract::Nothing;
    records {
        Policy[String] = 1 @ 1,
        Tally[Whole] = 2 @ 1,
    }
    replicated { Policy }
    events { PolicySet = 1 @ 1, PolicyRemoved = 2 @ 1 }
    commands { SetPolicy = 1, RemovePolicy = 2 }
    queries { ListPolicies = 64, ShowPolicy = 65 }
}
