//! What a door wants done, before it is the engine's call.

use contract::{Actor, Tenant};
use frame::Lsn;
use runtime::Core;
use shard::{Call, Precondition, Ticket, idempotency_key};

/// Who asks, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// On whose behalf.
    pub tenant: Tenant,
    /// Who.
    pub actor: Actor,
}

impl Principal {
    /// Whoever reached a loopback address: trusted with every tenant, known by no name. The only
    /// principal until authentication exists.
    pub const fn loopback(tenant: u32) -> Self {
        Self { tenant: Tenant(tenant), actor: Actor(0) }
    }
}

/// What a door wants done.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Domain in the high half, code in the low.
    pub operation: u32,
    /// Who asks.
    pub principal: Principal,
    /// The client's idempotency key.
    pub idempotency_key: Option<&'a [u8]>,
    /// Which item of a batch it is: each is remembered under the batch's key and its own index.
    pub item: Option<u16>,
    /// Milliseconds from now after which nobody waits any more; 0 for never.
    pub deadline_ms: u32,
    /// The answer must reflect at least this log position; 0 for any.
    pub at_least: u64,
    /// Ties together what one outside request causes; 0 for none.
    pub correlation: u128,
    /// What must be so for a command to run.
    pub precondition: Option<Precondition<'a>>,
    /// The archived request.
    pub payload: &'a [u8],
}

impl<'a> Demand<'a> {
    /// The engine's call. It reads the clock only when there is a deadline.
    pub fn call(&self, core: &Core, ticket: Ticket) -> Call<'a> {
        let deadline_us = match self.deadline_ms {
            0 => 0,
            deadline_ms => core.now_us().saturating_add(u64::from(deadline_ms) * 1000),
        };
        Call {
            ticket,
            operation: self.operation,
            tenant: self.principal.tenant,
            actor: self.principal.actor,
            correlation: self.correlation,
            idempotency: self.idempotency(),
            deadline_us,
            at_least: Lsn(self.at_least),
            precondition: self.precondition,
            payload: self.payload,
        }
    }

    fn idempotency(&self) -> Option<u128> {
        let (key, tenant) = (self.idempotency_key?, self.principal.tenant);
        let Some(item) = self.item else {
            return Some(idempotency_key(tenant, self.operation, key));
        };
        // A key ends where the index begins: the index has a fixed width.
        let indexed = [key, &item.to_le_bytes()].concat();
        Some(idempotency_key(tenant, self.operation, &indexed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_remembered_apart_from_its_batch_and_its_siblings() {
        let demand = Demand {
            operation: 1,
            principal: Principal::loopback(7),
            idempotency_key: Some(b"key"),
            item: None,
            deadline_ms: 0,
            at_least: 0,
            precondition: None,
            correlation: 0,
            payload: b"",
        };
        let keys = [
            demand.idempotency(),
            Demand { item: Some(0), ..demand }.idempotency(),
            Demand { item: Some(1), ..demand }.idempotency(),
            Demand { operation: 2, ..demand }.idempotency(),
            Demand { principal: Principal::loopback(8), ..demand }.idempotency(),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(key.is_some());
            assert!(!keys[..at].contains(key), "{at}");
        }
        assert_eq!(Demand { idempotency_key: None, ..demand }.idempotency(), None);
    }
}
