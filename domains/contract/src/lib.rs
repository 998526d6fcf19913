//! The contract every domain obeys: request -> decision -> events -> records.
//!
//! A domain is pure. What it may not compute for itself (the clock, who is asking, fresh ids)
//! arrives in [`Cx`], stamped once by the shard. It declares its whole shape in one [`domain!`]
//! block; from that one declaration come the routes, the RPC codes, the schemas, the permission
//! list and the metrics. The engine sees a domain only as its [`Entry`].
//!
//! Invariants:
//! - no number in a `domain!` block is ever reused or changed: they stand in logs and on wires;
//! - `apply` cannot fail: whatever could go wrong was refused by `decide`;
//! - a message is archived on its own, never inside an enum of many.

mod cx;
mod domain;
mod entry;
mod envelope;
mod events;
mod id;
mod key;
mod lifecycle;
mod message;
mod operation;
mod refusal;
mod staging;
mod stored;
mod view;

pub use cx::{Actor, Cx, Tenant};
pub use domain::{Answer, Ask, Coded, Compile, Decide, Domain, Nothing, Replicated, entry};
pub use entry::{
    AnswerRun, CommandRun, CompileRow, Decided, Entry, EventRow, EventShape, Failure, MergeRun,
    QueryRun, RecordShape, RefusalShape,
};
pub use envelope::{ENVELOPE_BYTES, Envelope, EnvelopeError, open, seal};
pub use events::{EVENTS_MAX, Events};
pub use id::{DomainId, INDEX_MARK, SLOTS, Slot, TableId};
pub use key::{KEY_BYTES_MAX, Key, KeyBytes, STORE_KEY_BYTES_MAX, StoreKey};
pub use operation::{
    Deprecation, JsonError, Kind, Method, Operation, Placement, RateClass, Reply, ReplySink,
    Request, Run, Shape, TOUCHED_MAX, Touched,
};
pub use refusal::{Denial, RefusalClass};
pub use staging::{Batch, Change, Staging};
pub use stored::{Damaged, EncodesAs, Stored};
pub use view::{Record, RowVisitor, Tables, View, index_prefix};

/// Names that the macros of this crate expand to. Not part of the contract.
#[doc(hidden)]
pub mod macros {
    pub use crate::domain::{command, compile_record, query};
}
