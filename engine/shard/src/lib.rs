//! One core's world: overlay, decisions, holds, idempotency; no I/O.
//!
//! A [`Shard`] is a plain synchronous state machine. Inputs carry the time; outputs are collected
//! and taken by the driver: [`Completion`]s for callers, [`Message`]s for other cores, frozen
//! changes for the checkpoint, [`Incident`]s for the process log. The same code runs under the
//! runtime's threads and under the simulator.
//!
//! Order of calls: any of [`Shard::call`], [`Shard::receive`], [`Shard::durable`], [`Shard::tick`],
//! then take every output before waiting for the next input.
//!
//! Invariants:
//! - no reply leaves before the frame it depends on is durable;
//! - a command commits in one frame or not at all, on whatever cores its records live;
//! - nothing waits without a bound.

mod call;
mod clock;
mod commit;
mod gate;
mod holds;
mod idempotency;
mod limits;
mod map;
mod message;
mod overlay;
mod precondition;
mod purge;
mod replay;
mod replicate;
mod scatter;
mod settle;
mod shard;
mod tables;
mod transaction;

pub use call::{
    Answer, Call, Completion, Expected, Fault, Incident, Precondition, Ticket, idempotency_key,
};
pub use idempotency::{ENGINE, IDEMPOTENCY, IDEMPOTENCY_KEPT_US};
pub use limits::{
    FORWARDED_MAX, GATED_MAX, Limits, PARKED_MAX, PAYLOAD_BYTES_MAX, REPLY_BYTES_MAX,
    SCATTERED_MAX, TRANSACTIONS_MAX,
};
pub use map::{CORES_MAX, CoreId, SlotMap};
pub use message::Message;
pub use overlay::Rows;
pub use purge::{PURGE_ROWS_MAX, PURGE_ROWS_MIN, purge};
pub use replay::{Replay, ReplayError};
pub use shard::{Shard, Start};
pub use tables::{Base, EmptyBase};
