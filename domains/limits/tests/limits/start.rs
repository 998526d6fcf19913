//! What the tests start from.

use contract::Tenant;
use fixture::Core;
use limits::Policies;
use serde_json::{Value, json};

/// Some tenant.
pub(crate) const T: Tenant = Tenant(5);
pub(crate) const SET: u16 = 1;
pub(crate) const REMOVE: u16 = 2;
pub(crate) const LIST: u16 = 64;
pub(crate) const SHOW: u16 = 65;

pub(crate) fn policies(core: &Core) -> &Policies {
    core.reference.downcast_ref().unwrap()
}

/// The names of every policy with its tenant's number, as the gateway sees them.
pub(crate) fn names(core: &Core) -> Vec<(u32, &str)> {
    policies(core).all().iter().map(|(tenant, it)| (tenant.0, it.name.as_str())).collect()
}

/// 100 requests a minute of each key.
pub(crate) fn policy(name: &str) -> Value {
    json!({"name": name, "per": "key", "quota": 100, "window_s": 60})
}
