//! What goes into a shard and what comes out.

use contract::{Actor, Denial, Tenant};
use frame::Lsn;

/// Names a waiting caller; chosen by whoever calls, given back with the completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One request to run.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Names the caller if the answer comes later.
    pub ticket: Ticket,
    /// The operation: domain in the high half, code in the low.
    pub operation: u32,
    /// Whose records.
    pub tenant: Tenant,
    /// Who asks.
    pub actor: Actor,
    /// Ties together what one outside request causes; 0 for none.
    pub correlation: u128,
    /// The client's idempotency key, hashed with [`idempotency_key`]; commands only.
    pub idempotency: Option<u128>,
    /// When the caller stops waiting, in microseconds of the shard's clock; 0 for never.
    pub deadline_us: u64,
    /// The answer must reflect at least this position.
    pub at_least: Lsn,
    /// What must be so for a command to run.
    pub precondition: Option<Precondition<'a>>,
    /// The archived request.
    pub payload: &'a [u8],
}

impl<'a> Call<'a> {
    /// The call of somebody who waits for its answer on the spot, without any condition.
    #[must_use]
    pub const fn plain(operation: u32, tenant: Tenant, actor: Actor, payload: &'a [u8]) -> Self {
        Self {
            ticket: Ticket(0),
            operation,
            tenant,
            actor,
            correlation: 0,
            idempotency: None,
            deadline_us: 0,
            at_least: Lsn::NONE,
            precondition: None,
            payload,
        }
    }
}

/// What must be so for a command to run: a query of the same domain, asked of the very state that
/// the command would change.
#[derive(Debug, Clone, Copy)]
pub struct Precondition<'a> {
    /// The query: its code inside the command's domain. It must name the records it reads.
    pub query: u16,
    /// Its archived request.
    pub payload: &'a [u8],
    /// What it must answer.
    pub expected: Expected<'a>,
}

/// What a [`Precondition`] asks for.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// Any answer but a refusal.
    Something,
    /// A refusal because there is nothing.
    Nothing,
    /// An archived reply with one of these XXH3 hashes (64 bits).
    Replies(&'a [u64]),
}

/// The hash that stands for a client's idempotency key: of tenant, operation and key.
pub fn idempotency_key(tenant: Tenant, operation: u32, key: &[u8]) -> u128 {
    let mut bytes = Vec::with_capacity(8 + key.len());
    bytes.extend_from_slice(&tenant.0.to_le_bytes());
    bytes.extend_from_slice(&operation.to_le_bytes());
    bytes.extend_from_slice(key);
    xxhash_rust::xxh3::xxh3_128(&bytes)
}

/// A call that owns its payload, to be parked or sent to another core.
#[derive(Debug, Clone)]
pub(crate) struct OwnedCall {
    pub(crate) operation: u32,
    pub(crate) tenant: Tenant,
    pub(crate) actor: Actor,
    pub(crate) correlation: u128,
    pub(crate) idempotency: Option<u128>,
    pub(crate) deadline_us: u64,
    pub(crate) at_least: Lsn,
    precondition: Option<Box<OwnedPrecondition>>,
    pub(crate) payload: Box<[u8]>,
}

#[derive(Debug, Clone)]
struct OwnedPrecondition {
    query: u16,
    payload: Box<[u8]>,
    expected: OwnedExpected,
}

#[derive(Debug, Clone)]
enum OwnedExpected {
    Something,
    Nothing,
    Replies(Box<[u64]>),
}

impl OwnedPrecondition {
    fn of(precondition: &Precondition<'_>) -> Self {
        let expected = match precondition.expected {
            Expected::Something => OwnedExpected::Something,
            Expected::Nothing => OwnedExpected::Nothing,
            Expected::Replies(hashes) => OwnedExpected::Replies(hashes.into()),
        };
        Self { query: precondition.query, payload: precondition.payload.into(), expected }
    }

    fn borrow(&self) -> Precondition<'_> {
        let expected = match &self.expected {
            OwnedExpected::Something => Expected::Something,
            OwnedExpected::Nothing => Expected::Nothing,
            OwnedExpected::Replies(hashes) => Expected::Replies(hashes),
        };
        Precondition { query: self.query, payload: &self.payload, expected }
    }
}

impl OwnedCall {
    pub(crate) fn of(call: &Call<'_>) -> Self {
        Self {
            operation: call.operation,
            tenant: call.tenant,
            actor: call.actor,
            correlation: call.correlation,
            idempotency: call.idempotency,
            deadline_us: call.deadline_us,
            at_least: call.at_least,
            precondition: call.precondition.as_ref().map(|it| Box::new(OwnedPrecondition::of(it))),
            payload: call.payload.into(),
        }
    }

    pub(crate) fn borrow(&self) -> Call<'_> {
        Call {
            ticket: Ticket(0),
            operation: self.operation,
            tenant: self.tenant,
            actor: self.actor,
            correlation: self.correlation,
            idempotency: self.idempotency,
            deadline_us: self.deadline_us,
            at_least: self.at_least,
            precondition: self.precondition.as_ref().map(|it| it.borrow()),
            payload: &self.payload,
        }
    }
}

/// Why a call gave no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The operation's number means nothing.
    #[error("no operation has this number")]
    UnknownOperation,
    /// The payload is not an archive of the request type.
    #[error("the payload is not an archive of the request")]
    Malformed,
    /// The request is over a limit.
    #[error("{what} is over its limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The domain says no.
    #[error("{}: {}", .0.name, .0.detail)]
    Denied(Denial),
    /// A queue is full or the log is behind; come back.
    #[error("the box is busy: {0}")]
    Busy(&'static str),
    /// The disk has no room for the log.
    #[error("the disk has no room for the log; free space and try again")]
    OutOfSpace,
    /// The deadline passed before the operation ran. Nothing was stored.
    #[error("the deadline passed before the operation ran")]
    DeadlinePassed,
    /// The idempotency key was used with another request.
    #[error("the idempotency key was used with another request")]
    IdempotencyMismatch,
    /// The records are not as the caller has seen them. Nothing was stored.
    #[error("what the command would change is not as the caller has seen it")]
    Changed,
    /// The box has not reached the position that the caller demands.
    #[error("the log has reached {reached}, not {demanded}")]
    PositionAhead {
        /// What the caller demands.
        demanded: Lsn,
        /// The last position given out.
        reached: Lsn,
    },
    /// A fault of ours; the log has the incident with this number.
    #[error("internal error, incident {incident:016x}")]
    Internal {
        /// Finds the log line.
        incident: u64,
    },
    /// The box is stopping.
    #[error("the box is stopping")]
    Stopping,
}

/// What a call gives at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The reply is in the caller's buffer, or there is none because of the fault.
    Now(Result<Lsn, Fault>),
    /// A [`Completion`] with the ticket will come.
    Later,
}

/// The answer to a call that had to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The caller's ticket.
    pub ticket: Ticket,
    /// The position that the reply reflects, or why there is none.
    pub outcome: Result<Lsn, Fault>,
    /// The archived reply; empty after a fault.
    pub reply: Vec<u8>,
}

/// Something that went wrong inside, for the log of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The number the caller was given.
    pub number: u64,
    /// The operation.
    pub operation: u32,
    /// What happened.
    pub reason: String,
}
