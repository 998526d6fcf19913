//! Counters of one core, read by others.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread writes and any thread reads.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        // One writer: no need for an atomic addition.
        self.set(self.get() + count);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) received: Counter,
    pub(crate) forwarded: Counter,
    pub(crate) dropped: Counter,
    pub(crate) connections: Counter,
    pub(crate) refused: Counter,
    pub(crate) retries: Counter,
    pub(crate) requests: Counter,
    pub(crate) open_http3: Counter,
    pub(crate) open_streams: Counter,
}

/// What one core has done since it was started, and what it has open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that its socket received.
    pub received: u64,
    /// Those of them that belonged to other cores and were handed on.
    pub forwarded: u64,
    /// Those of them that belonged to other cores, which had no room.
    pub dropped: u64,
    /// Connections whose handshake was begun.
    pub connections: u64,
    /// Connections that were refused: too many, or the door was stopping.
    pub refused: u64,
    /// Clients that were asked to show that their address is their own.
    pub retries: u64,
    /// Requests, and streams of the other protocol, that reached their service.
    pub requests: u64,
    /// Connections that speak HTTP/3 and are open now.
    pub open_http3: u64,
    /// Connections that speak the protocol of streams ([`Options::streams`](crate::Options::streams))
    /// and are open now.
    pub open_streams: u64,
}

impl Figures {
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            received: self.received.get(),
            forwarded: self.forwarded.get(),
            dropped: self.dropped.get(),
            connections: self.connections.get(),
            refused: self.refused.get(),
            retries: self.retries.get(),
            requests: self.requests.get(),
            open_http3: self.open_http3.get(),
            open_streams: self.open_streams.get(),
        }
    }
}
