//! Everything a decision may depend on besides its request and the records.

use std::cell::Cell;

/// Whose records these are. Every stored key carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tenant(pub u32);

impl Tenant {
    /// The box itself: reference data that every tenant may read, such as award packs.
    pub const BOX: Self = Self(0);
}

/// Who asks: a principal's number; 0 is the box itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Actor(pub u64);

/// The circumstances of one request, stamped once by the shard that runs it and recorded in the
/// frame, so that a replay and the simulator see the same.
#[derive(Debug)]
pub struct Cx {
    /// Microseconds since 1970-01-01 UTC; never goes back within one log.
    pub now_us: u64,
    /// Whose records the request may see.
    pub tenant: Tenant,
    /// Who asks.
    pub actor: Actor,
    /// Ties together what one outside request caused; 0 when the caller gave none.
    pub correlation: u128,
    id_next: Cell<u64>,
}

/// How far two consecutive ids of one slot are apart: the low 12 bits are the slot.
const ID_STEP: u64 = 1 << 12;

impl Cx {
    /// `id_next` is the first id that [`Cx::fresh_id`] may give out; its low 12 bits are the slot
    /// that every id of this request will live in.
    pub fn new(now_us: u64, tenant: Tenant, actor: Actor, correlation: u128, id_next: u64) -> Self {
        Self { now_us, tenant, actor, correlation, id_next: Cell::new(id_next) }
    }

    /// An id that nothing else in the box has or will have. Time-ordered; its low 12 bits are the
    /// slot of the core that decides, so the new record is local.
    pub fn fresh_id(&self) -> u64 {
        let id = self.id_next.get();
        self.id_next.set(id.wrapping_add(ID_STEP));
        id
    }

    /// The id that the next [`Cx::fresh_id`] would give; the shard goes on from here.
    pub fn id_next(&self) -> u64 {
        self.id_next.get()
    }
}
