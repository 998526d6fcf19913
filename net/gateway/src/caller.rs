//! Who asks, as the phases after authentication know it.

use std::net::IpAddr;

use contract::{Actor, Tenant};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// On whose behalf.
    pub(crate) tenant: Tenant,
    /// Who.
    pub(crate) actor: Actor,
    /// Stands for the API key or token; `None` for whoever came through the plain door without one.
    pub(crate) credential: Option<u128>,
    /// From where, when the door knows it.
    pub(crate) address: Option<IpAddr>,
    /// Whether it is who it says.
    pub(crate) is_known: bool,
}

impl Caller {
    /// Somebody who could not show who it is: all that counts is where it is.
    pub(crate) const fn stranger(address: Option<IpAddr>) -> Self {
        let (tenant, actor) = (Tenant::BOX, Actor(0));
        Self { tenant, actor, credential: None, address, is_known: false }
    }
}
