//! What is asked, and what comes back.

use wire::{Head, Problem, ProblemError, ReplyBody, ReplyItems, Slot, Status};

/// One request, before it has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    pub(crate) head: Head<'a>,
    pub(crate) payload: Payload<'a>,
    pub(crate) query: bool,
    pub(crate) slot: Option<Slot>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    One(&'a [u8]),
    Batch(&'a [&'a [u8]]),
}

impl<'a> Call<'a> {
    /// Asks a question: it changes nothing and may be asked again.
    pub const fn query(operation: u32, payload: &'a [u8]) -> Self {
        Self::new(operation, Payload::One(payload), true)
    }

    /// Asks several questions of one operation in one frame.
    pub const fn query_batch(operation: u32, payloads: &'a [&'a [u8]]) -> Self {
        Self::new(operation, Payload::Batch(payloads), true)
    }

    /// Gives a command. Without an idempotency key it is sent at most once.
    pub const fn command(operation: u32, payload: &'a [u8]) -> Self {
        Self::new(operation, Payload::One(payload), false)
    }

    /// Gives several commands of one operation in one frame.
    pub const fn command_batch(operation: u32, payloads: &'a [&'a [u8]]) -> Self {
        Self::new(operation, Payload::Batch(payloads), false)
    }

    const fn new(operation: u32, payload: Payload<'a>, query: bool) -> Self {
        Self { head: Head::new(operation, 0), payload, query, slot: None }
    }

    /// Sends it straight to the core that owns `slot`.
    #[must_use]
    pub const fn slot(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Makes a command safe to send twice; 1 up to 64 bytes.
    #[must_use]
    pub const fn idempotency_key(mut self, key: &'a [u8]) -> Self {
        self.head.idempotency_key = Some(key);
        self
    }

    /// Demands an answer that reflects at least this log position.
    #[must_use]
    pub const fn at_least(mut self, position: u64) -> Self {
        self.head.at_least = Some(position);
        self
    }

    /// Tells the server after how many milliseconds the answer is worthless; 0 for never.
    #[must_use]
    pub const fn deadline_ms(mut self, deadline_ms: u32) -> Self {
        self.head.deadline_ms = deadline_ms;
        self
    }

    /// Asks on behalf of a tenant; 0 is the only tenant of a single-tenant box.
    #[must_use]
    pub const fn tenant(mut self, tenant: u32) -> Self {
        self.head.tenant = tenant;
        self
    }

    /// Whether sending it twice does no more than sending it once.
    pub const fn is_repeatable(&self) -> bool {
        self.query || self.head.idempotency_key.is_some()
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What became of the request; a batch that was taken is `Ok` whatever its items say.
    pub status: Status,
    /// The log position that the answer reflects; feed it to [`Call::at_least`] to read your writes.
    pub position: u64,
    /// The payload, or the undecoded items of a batch.
    pub payload: Vec<u8>,
    batch_count: Option<u16>,
}

impl Reply {
    pub(crate) fn of(reply: &wire::Reply<'_>) -> Self {
        let (payload, batch_count) = match &reply.body {
            ReplyBody::One(payload) => (*payload, None),
            ReplyBody::Batch(items) => (items.as_bytes(), Some(items.remaining())),
        };
        let (status, position) = (reply.status, reply.position);
        Self { status, position, payload: payload.to_vec(), batch_count }
    }

    /// The answers of a batch, in the order of its items; `None` when this is one answer.
    pub fn items(&self) -> Option<ReplyItems<'_>> {
        self.batch_count.map(|count| ReplyItems::from_checked(&self.payload, count))
    }

    /// Why there is no ordinary answer; `None` when there is one.
    pub fn problem(&self) -> Result<Option<Problem<'_>>, ProblemError> {
        match self.status {
            Status::Ok => Ok(None),
            _ => Problem::decode(&self.payload).map(Some),
        }
    }
}
