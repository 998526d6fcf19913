//! What is known of a request when it is answered.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::context::TraceContext;

/// Which requests the access log tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// None.
    #[default]
    Off,
    /// Those that were answered with a status of 400 or more.
    Errors,
    /// All.
    All,
}

impl Access {
    pub(crate) fn wants(self, status: u16) -> bool {
        match self {
            Self::Off => false,
            Self::Errors => 400 <= status,
            Self::All => true,
        }
    }
}

/// A request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// What [`crate::Recorder::begin`] gave for it.
    pub trace: Option<TraceContext>,
    /// The operation's name, or the route's; never anything that a caller made up.
    pub operation: &'static str,
    /// The HTTP method; empty for a door without.
    pub method: &'static str,
    /// The door's name, as in metrics.
    pub door: &'static str,
    /// On whose behalf; `None` when that was not known yet.
    pub tenant: Option<u32>,
    /// The HTTP status, or the one that the door's own status stands for.
    pub status: u16,
    /// From the first byte that was looked at to the answer.
    pub took: Duration,
    /// The log position that the answer told; 0 for none.
    pub position: u64,
    /// The body, or the payload of a door without; 0 where it was not looked at.
    pub request_bytes: u32,
    /// The answer's body, or the frame of a door without.
    pub reply_bytes: u32,
    /// The other side, when the door knows it.
    pub peer: Option<SocketAddr>,
}

/// What goes from a core to the side thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) trace: TraceContext,
    pub(crate) finished: Finished,
    /// Nanoseconds since 1970.
    pub(crate) ended_ns: u64,
    /// How many bytes of `tracestate` follow in the queue beside this one.
    pub(crate) state_bytes: u16,
}

/// A record as the side threads keep it.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) record: Record,
    pub(crate) core: u16,
    /// `tracestate`.
    pub(crate) state: Box<str>,
}

impl Record {
    pub(crate) fn new(trace: TraceContext, finished: Finished) -> Self {
        let ended = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { trace, finished, ended_ns: nanos(ended), state_bytes: 0 }
    }

    pub(crate) fn began_ns(&self) -> u64 {
        self.ended_ns.saturating_sub(nanos(self.finished.took))
    }
}

/// Until the year 2554.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A request like any other, told from others by its position.
    pub(crate) fn record(position: u64) -> Record {
        let trace = TraceContext::root(0xabc, 7, true);
        let finished = Finished {
            trace: Some(trace),
            operation: "rates.quote",
            method: "POST",
            door: "https",
            tenant: Some(3),
            status: 200,
            took: Duration::from_micros(250),
            position,
            request_bytes: 100,
            reply_bytes: 2_000,
            peer: None,
        };
        Record::new(trace, finished)
    }

    #[test]
    fn errors_are_told_from_400_on() {
        for (access, status, wanted) in [
            (Access::Off, 500, false),
            (Access::Errors, 399, false),
            (Access::Errors, 400, true),
            (Access::All, 200, true),
        ] {
            assert_eq!(access.wants(status), wanted, "{access:?} {status}");
        }
    }

    #[test]
    fn the_beginning_is_the_end_less_what_it_took() {
        let record = record(1);
        assert_eq!(record.began_ns() + 250_000, record.ended_ns);
    }
}
