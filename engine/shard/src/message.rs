//! What cores say to each other. A mailbox keeps the order of what one core sends to another.

use std::sync::Arc;

use contract::{Change, StoreKey, TableId, Tenant};
use frame::Lsn;
use sequencer::Place;

use crate::{
    call::{Fault, OwnedCall},
    overlay::HandedRow,
};

/// One message from a core to another. Made and read by shards; carried by the runtime.
#[derive(Debug)]
pub struct Message(pub(crate) Body);

impl Message {
    /// A new generation began; see [`sequencer::Sequencer::rotate`]. The checkpoint sends it to
    /// every core.
    pub fn rotate(generation: u64) -> Self {
        Self(Body::Marker { generation, from_peer: false })
    }
}

#[derive(Debug)]
pub(crate) enum Body {
    /// Run this call; its records are yours.
    Forward { id: u64, call: OwnedCall },
    /// The answer to a forwarded call.
    Answer { id: u64, outcome: Result<Lsn, Fault>, reply: Vec<u8> },
    /// Hold these rows for a transaction of mine and hand them over.
    Hold { transaction: u64, rows: Vec<(TableId, StoreKey)> },
    /// They are held; this is what stands in them.
    Held { transaction: u64, rows: Vec<HandedRow> },
    /// The transaction is in the log: take these changes in and release its rows.
    Apply { transaction: u64, place: Place, changes: Vec<Change> },
    /// Done.
    Applied { transaction: u64 },
    /// The transaction decided nothing: release its rows.
    Release { transaction: u64 },
    /// These rows of replicated tables changed and are durable: compile them.
    Replicate { lsn: Lsn, rows: Arc<[ReplicatedRow]> },
    /// Done.
    Replicated { lsn: Lsn },
    /// Tell me when what your command under this idempotency key changed is compiled everywhere.
    Settle { id: u64, key: u128 },
    /// It is, or there is none.
    Settled { id: u64 },
    /// Answer this query from your own records.
    Part { id: u64, call: OwnedCall },
    /// The part of an answer.
    PartAnswer { id: u64, outcome: Result<Lsn, Fault>, reply: Vec<u8> },
    /// The sender (or the checkpoint) knows this generation: it sends nothing older any more.
    Marker { generation: u64, from_peer: bool },
}

/// A changed row of a replicated table.
#[derive(Debug, Clone)]
pub(crate) struct ReplicatedRow {
    pub(crate) table: TableId,
    pub(crate) tenant: Tenant,
    /// Without slot and tenant.
    pub(crate) key: Box<[u8]>,
    pub(crate) value: Option<Box<[u8]>>,
}
