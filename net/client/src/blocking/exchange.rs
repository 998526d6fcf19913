//! One call between the thread that waits for it and the thread that reads its reply.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::locked;
use crate::call::{Call, Payload, Reply};
use crate::error::CallError;

/// One call: what it asked, if that may have to be sent (again), and what came of it.
#[derive(Debug)]
pub(super) struct Exchange {
    outcome: Mutex<Outcome>,
    settled: Condvar,
    kept: Option<KeptCall>,
    started: Instant,
}

#[derive(Debug)]
enum Outcome {
    Waiting,
    Abandoned,
    Settled(Result<Reply, CallError>),
    Taken,
}

/// A call that owns what it asks.
#[derive(Debug)]
struct KeptCall {
    operation: u32,
    deadline_ms: u32,
    tenant: u32,
    at_least: Option<u64>,
    idempotency_key: Option<Vec<u8>>,
    batch: bool,
    payloads: Vec<Vec<u8>>,
    query: bool,
}

impl Exchange {
    /// A call that is sent at once and never again.
    pub(super) fn once() -> Arc<Self> {
        Self::new(None)
    }

    /// A call that may have to be sent later or again.
    pub(super) fn keeping(call: &Call<'_>) -> Arc<Self> {
        let (batch, payloads) = match call.payload {
            Payload::One(payload) => (false, vec![payload.to_vec()]),
            Payload::Batch(payloads) => (true, payloads.iter().map(|it| it.to_vec()).collect()),
        };
        Self::new(Some(KeptCall {
            operation: call.head.operation,
            deadline_ms: call.head.deadline_ms,
            tenant: call.head.tenant,
            at_least: call.head.at_least,
            idempotency_key: call.head.idempotency_key.map(<[u8]>::to_vec),
            batch,
            payloads,
            query: call.query,
        }))
    }

    fn new(kept: Option<KeptCall>) -> Arc<Self> {
        Arc::new(Self {
            outcome: Mutex::new(Outcome::Waiting),
            settled: Condvar::new(),
            kept,
            started: Instant::now(),
        })
    }

    /// When the call was made.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Bytes of payload it holds.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.payloads.iter().map(Vec::len).sum())
    }

    /// Whether it may be sent again after a connection broke.
    pub(super) fn is_repeatable(&self) -> bool {
        self.kept.as_ref().is_some_and(|it| it.query || it.idempotency_key.is_some())
    }

    /// Whether someone still waits for it.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(*locked(&self.outcome), Outcome::Waiting)
    }

    /// Runs `send` with the kept call, its deadline shortened by the time that has passed. `None`
    /// when nothing is kept or the deadline is over.
    pub(super) fn with_call<R>(&self, send: impl FnOnce(&Call<'_>) -> R) -> Option<R> {
        let kept = self.kept.as_ref()?;
        let borrowed: Vec<&[u8]> = kept.payloads.iter().map(Vec::as_slice).collect();
        let mut call = match (kept.batch, borrowed.as_slice()) {
            (false, [payload]) => Call::command(kept.operation, payload),
            (_, payloads) => Call::command_batch(kept.operation, payloads),
        };
        call.query = kept.query;
        call.head.tenant = kept.tenant;
        call.head.at_least = kept.at_least;
        call.head.idempotency_key = kept.idempotency_key.as_deref();
        if kept.deadline_ms != 0 {
            let passed_ms = u32::try_from(self.started.elapsed().as_millis()).unwrap_or(u32::MAX);
            call.head.deadline_ms =
                kept.deadline_ms.checked_sub(passed_ms).filter(|it| *it != 0)?;
        }
        Some(send(&call))
    }

    /// Wakes whoever waits. The first outcome counts.
    pub(super) fn settle(&self, result: Result<Reply, CallError>) {
        let mut outcome = locked(&self.outcome);
        if matches!(*outcome, Outcome::Waiting) {
            *outcome = Outcome::Settled(result);
            self.settled.notify_all();
        }
    }

    fn wait(&self, wait: Duration) -> Result<Reply, CallError> {
        let (mut outcome, _) = self
            .settled
            .wait_timeout_while(locked(&self.outcome), wait, |it| matches!(it, Outcome::Waiting))
            .unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *outcome, Outcome::Taken) {
            Outcome::Settled(result) => result,
            Outcome::Waiting | Outcome::Abandoned | Outcome::Taken => {
                *outcome = Outcome::Abandoned;
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                Err(CallError::TimeLimit { wait_ms })
            }
        }
    }

    fn abandon(&self) {
        let mut outcome = locked(&self.outcome);
        if matches!(*outcome, Outcome::Waiting) {
            *outcome = Outcome::Abandoned;
        }
    }
}

/// A call in flight. Dropping it gives the reply up, not the call.
#[derive(Debug)]
#[must_use = "a reply that is not waited for is thrown away"]
pub struct Pending {
    exchange: Arc<Exchange>,
    wait: Duration,
}

impl Pending {
    pub(super) fn new(exchange: Arc<Exchange>, wait: Duration) -> Self {
        Self { exchange, wait }
    }

    /// Waits for the reply, up to [`Options::call_ms`](crate::Options::call_ms) from now.
    pub fn wait(self) -> Result<Reply, CallError> {
        self.exchange.wait(self.wait)
    }

    /// Waits for the reply, up to `wait_ms` from now.
    pub fn wait_ms(self, wait_ms: u64) -> Result<Reply, CallError> {
        self.exchange.wait(Duration::from_millis(wait_ms))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.exchange.abandon();
    }
}
