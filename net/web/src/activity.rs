//! What one connection is doing, and how long it may go on so.

use std::cell::{Cell, OnceCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Waker;

use tls::ClientIdentity;

/// How long a connection may take to end after it was told to, in sweeps.
const ENDING_SWEEPS: u64 = 5;

/// The limits of a connection, in sweeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest silence.
    pub(crate) silence: u64,
    /// Longest handshake, and longest time for one request's head.
    pub(crate) head: u64,
}

/// When a connection was last heard of, and whom to tell that it is over. Time is counted in sweeps:
/// what a request costs here is a few cells.
pub(crate) struct Activity {
    waker: Waker,
    /// How many sweeps there were on this core.
    sweeps: Rc<Cell<u64>>,
    /// The sweep during which the client was last heard of.
    heard: Cell<u64>,
    /// The sweep during which the handshake or a request's head began to arrive.
    began: Cell<Option<u64>>,
    /// How many requests are being read or answered.
    requests: Cell<usize>,
    /// The one request of an HTTP/1.1 connection is here: silence is ours, not the client's.
    pub(crate) received: Cell<bool>,
    /// Only a request counts as being heard of: HTTP/2 has frames that cost a client nothing.
    by_request: Cell<bool>,
    /// The sweep during which the connection was told to end.
    ending: Cell<Option<u64>>,
    expired: Cell<bool>,
    /// Whose connection it is.
    pub(crate) client: SocketAddr,
    /// The name in the certificate that the client showed, if it showed one.
    pub(crate) identity: OnceCell<ClientIdentity>,
}

impl Activity {
    pub(crate) fn new(client: SocketAddr, waker: Waker, sweeps: Rc<Cell<u64>>) -> Self {
        Self {
            waker,
            heard: Cell::new(sweeps.get()),
            began: Cell::new(None),
            requests: Cell::new(0),
            received: Cell::new(false),
            by_request: Cell::new(false),
            ending: Cell::new(None),
            expired: Cell::new(false),
            sweeps,
            client,
            identity: OnceCell::new(),
        }
    }

    /// Bytes came.
    pub(crate) fn heard(&self) {
        if self.by_request.get() {
            return;
        }
        self.heard.set(self.sweeps.get());
        if self.requests.get() == 0 && self.began.get().is_none() {
            self.began.set(Some(self.sweeps.get()));
        }
    }

    /// The handshake begins.
    pub(crate) fn shake_hands(&self) {
        self.began.set(Some(self.sweeps.get()));
    }

    /// The handshake is over.
    pub(crate) fn shook_hands(&self) {
        self.began.set(None);
    }

    /// From now on it is an HTTP/2 connection.
    pub(crate) fn count_by_request(&self) {
        self.by_request.set(true);
        self.began.set(None);
    }

    /// A request's head is here; the value stands for the request.
    pub(crate) fn request(&self) -> InRequest<'_> {
        self.requests.set(self.requests.get() + 1);
        self.began.set(None);
        self.heard.set(self.sweeps.get());
        InRequest(self)
    }

    /// Whether the connection has to end as it is.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.get()
    }

    /// Whether the connection was told to end once its requests are answered.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.get().is_some()
    }

    /// Tells the connection to end once its requests are answered.
    pub(crate) fn end(&self) {
        if !self.is_ending() {
            self.ending.set(Some(self.sweeps.get()));
        }
        self.waker.wake_by_ref();
    }

    /// Ends what takes too long; called once a sweep.
    pub(crate) fn sweep(&self, limits: Limits) {
        let since = |it: u64| self.sweeps.get() - it;
        let answering =
            if self.by_request.get() { 0 < self.requests.get() } else { self.received.get() };
        let late = self.began.get().is_some_and(|it| limits.head < since(it));
        let silent = !answering && limits.silence < since(self.heard.get());
        let stuck = !answering && self.ending.get().is_some_and(|it| ENDING_SWEEPS < since(it));
        if late || stuck || (silent && !self.by_request.get()) {
            self.expired.set(true);
            self.waker.wake_by_ref();
        } else if silent && !self.is_ending() {
            self.end();
        }
    }
}

/// One request that is being read or answered, until it is dropped.
pub(crate) struct InRequest<'a>(&'a Activity);

impl Drop for InRequest<'_> {
    fn drop(&mut self) {
        let activity = self.0;
        activity.requests.set(activity.requests.get() - 1);
        activity.received.set(false);
        activity.heard.set(activity.sweeps.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { silence: 10, head: 4 };

    struct Life {
        sweeps: Rc<Cell<u64>>,
        activity: Activity,
    }

    impl Life {
        fn new() -> Self {
            let sweeps = Rc::new(Cell::new(7));
            let client = "192.0.2.1:9".parse().unwrap();
            let activity = Activity::new(client, Waker::noop().clone(), Rc::clone(&sweeps));
            Self { sweeps, activity }
        }

        /// Lets `count` sweeps go by, and says after how many the connection was over.
        fn pass(&self, count: u64) -> Option<u64> {
            (1..=count).find(|_| {
                self.sweeps.set(self.sweeps.get() + 1);
                self.activity.sweep(LIMITS);
                self.activity.is_expired()
            })
        }
    }

    #[test]
    fn a_silent_client_is_let_go() {
        assert_eq!(Life::new().pass(20), Some(11));
        let life = Life::new();
        let request = life.activity.request();
        assert_eq!(life.pass(5), None);
        drop(request);
        assert_eq!(life.pass(20), Some(11));
    }

    #[test]
    fn a_head_that_trickles_in_is_cut_off() {
        for handshake in [true, false] {
            let life = Life::new();
            if handshake {
                life.activity.shake_hands();
            }
            life.activity.heard();
            for step in 1..=5 {
                assert_eq!(life.pass(1).is_some(), step == 5, "{step}");
                life.activity.heard();
            }
        }
        let life = Life::new();
        life.activity.shake_hands();
        assert_eq!(life.pass(4), None);
        life.activity.shook_hands();
        assert_eq!(life.pass(6), None);
    }

    #[test]
    fn an_answer_may_take_its_time_and_a_body_may_not_be_silent() {
        let life = Life::new();
        let request = life.activity.request();
        assert_eq!(life.pass(10), None);
        life.activity.received.set(true);
        assert_eq!(life.pass(100), None);
        drop(request);
        assert_eq!(life.pass(10), None);
        assert_eq!(life.pass(1), Some(1));
    }

    #[test]
    fn frames_without_requests_keep_no_connection_alive() {
        let life = Life::new();
        life.activity.count_by_request();
        let (first, second) = (life.activity.request(), life.activity.request());
        drop(first);
        assert_eq!(life.pass(100), None);
        drop(second);
        for _ in 0..10 {
            life.activity.heard();
            assert_eq!(life.pass(1), None);
        }
        assert!(!life.activity.is_ending());
        assert_eq!(life.pass(1), None);
        assert!(life.activity.is_ending(), "asked to go first");
        assert_eq!(life.pass(20), Some(ENDING_SWEEPS + 1));
    }
}
