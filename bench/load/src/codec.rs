//! Writes prebuilt requests and reads replies, without allocating per request.

pub(crate) mod http;
pub(crate) mod rpc;

use crate::tally::Statuses;

/// One connection's side of a protocol.
#[derive(Debug, Clone)]
pub(crate) enum Codec {
    Rpc(rpc::Codec),
    Http(http::Codec),
}

/// A reply at the front of the received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How many bytes it took.
    pub(crate) bytes: usize,
    /// Which request it answers.
    pub(crate) slot: u32,
    /// Whether it, and every item of it, is the ordinary answer.
    pub(crate) ok: bool,
}

impl Codec {
    /// Appends the next request.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>, slot: u32) {
        match self {
            Self::Rpc(codec) => codec.append(out, slot),
            Self::Http(codec) => codec.append(out, slot),
        }
    }

    /// Reads the reply at the front of `bytes`, `Ok(None)` when it is not complete. Adds each
    /// status in it to `statuses`.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        statuses: &mut Statuses,
    ) -> Result<Option<Answer>, String> {
        match self {
            Self::Rpc(codec) => codec.next(bytes, statuses),
            Self::Http(codec) => codec.next(bytes, statuses),
        }
    }

    /// The most bytes that a reply may need to be complete.
    pub(crate) fn reply_bytes_max(&self) -> usize {
        match self {
            Self::Rpc(codec) => codec.reply_bytes_max(),
            Self::Http(_) => http::REPLY_BYTES_MAX,
        }
    }
}

/// Idempotency keys that no other connection and no other run uses.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    run: u64,
    next: u64,
}

impl Keys {
    /// Keys of connection `connection` in the run called `run`.
    pub(crate) fn new(run: u64, connection: u32) -> Self {
        Self { run, next: u64::from(connection) << 40 }
    }

    /// The next key: 16 bytes.
    pub(crate) fn next(&mut self) -> u128 {
        self.next += 1;
        u128::from(self.run) << 64 | u128::from(self.next)
    }
}
