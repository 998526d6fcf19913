//! One connection over its many lives: it is made when there is something to send, read until it
//! breaks, and made again.
//!
//! No lock is held while bytes are written, and the reading thread never writes: a server that
//! reads nothing until its replies are taken can therefore not bring both sides to a stop.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use super::exchange::Exchange;
use super::link::{Link, Target, is_pause};
use super::locked;
use super::socket::Socket;
use crate::backoff::Backoff;
use crate::call::{Call, Reply};
use crate::error::{CallError, SessionError, SubmitError};
use crate::session::{Arrival, Session};

/// How many bytes one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// One connection over its many lives.
#[derive(Debug)]
pub(super) struct Lane {
    target: Arc<Target>,
    core: Option<u16>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    link: Option<Link>,
    /// Calls to be sent on the next connection, or once there is room in this one's window.
    queue: VecDeque<Arc<Exchange>>,
    kept_bytes: usize,
    quiet_since: Instant,
    /// Queued calls went to the session, and their sender may be long gone.
    pumped: bool,
    /// A thread is writing, and will see what the session gets to say meanwhile.
    writing: bool,
    closing: bool,
}

/// How a connection ended.
#[derive(Debug)]
struct Broken {
    reason: String,
    /// Whether sending the same requests again could end differently.
    repeat: bool,
    /// Whether it had brought any reply.
    fruitful: bool,
}

impl Lane {
    pub(super) fn new(target: Arc<Target>, core: Option<u16>) -> Self {
        let state = State {
            link: None,
            queue: VecDeque::new(),
            kept_bytes: 0,
            quiet_since: Instant::now(),
            pumped: false,
            writing: false,
            closing: false,
        };
        Self { target, core, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Sends the call, or queues it until there is a connection.
    pub(super) fn submit(&self, call: &Call<'_>) -> Result<Arc<Exchange>, SubmitError> {
        let exchange = {
            let mut state = locked(&self.state);
            if state.closing {
                return Err(SubmitError::Closed);
            }
            let sends_now = state.link.is_some() && state.queue.is_empty();
            let exchange = if sends_now && !call.is_repeatable() {
                Exchange::once()
            } else {
                Exchange::keeping(call)
            };
            let kept_bytes = state.kept_bytes + exchange.kept_bytes();
            let kept_bytes_max = self.target.options.kept_bytes_max;
            if kept_bytes_max < kept_bytes {
                return Err(SubmitError::KeptFull { kept_bytes, kept_bytes_max });
            }
            let state = &mut *state;
            match &mut state.link {
                Some(link) if sends_now => {
                    if link.session.in_flight() == 0 {
                        state.quiet_since = Instant::now();
                    }
                    link.session.submit(call, Arc::clone(&exchange))?;
                }
                _ => {
                    let in_flight = usize::from(self.target.options.in_flight_max);
                    if in_flight <= state.queue.len() {
                        return Err(SubmitError::WindowFull { in_flight });
                    }
                    state.queue.push_back(Arc::clone(&exchange));
                    self.changed.notify_all();
                }
            }
            state.kept_bytes = kept_bytes;
            exchange
        };
        self.flush();
        Ok(exchange)
    }

    /// Ends the lane's thread; what still waits is settled as closed.
    pub(super) fn close(&self) {
        let mut state = locked(&self.state);
        state.closing = true;
        if let Some(link) = &state.link {
            link.stream.hang_up();
        }
        self.changed.notify_all();
    }

    /// The lane's thread; `first` is what [`Lane::open`] gave for a connection made before.
    pub(super) fn run(&self, first: Option<Arc<Socket>>) {
        let options = &self.target.options;
        let mut backoff = Backoff::new(options.backoff_ms_min, options.backoff_ms_max);
        let mut stream = first;
        loop {
            if let Some(stream) = stream {
                let broken = self.serve(&stream);
                if broken.fruitful {
                    backoff = Backoff::new(options.backoff_ms_min, options.backoff_ms_max);
                } else {
                    backoff.spoil();
                }
                self.sort_out(&broken);
            }
            if !self.wait_for_work() {
                break;
            }
            stream = self.reconnect(&mut backoff).and_then(|link| self.open(link));
        }
        let mut state = locked(&self.state);
        for exchange in std::mem::take(&mut state.queue) {
            state.settle(&exchange, Err(CallError::Closed));
        }
    }

    /// Waits until a call is queued; false when the lane is closing.
    fn wait_for_work(&self) -> bool {
        let state = self
            .changed
            .wait_while(locked(&self.state), |it| !it.closing && it.queue.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        !state.closing
    }

    /// Connects, with pauses; gives the queued calls up when that takes too long or cannot help.
    ///
    /// `backoff` outlives connections that brought nothing, so that a server that takes connections
    /// only to drop them is not hammered either.
    fn reconnect(&self, backoff: &mut Backoff) -> Option<Link> {
        let until = Instant::now() + Duration::from_millis(self.target.options.reconnect_ms);
        let mut attempts = 0;
        loop {
            if !backoff.is_fresh() && !self.pause(backoff.pause()) {
                return None;
            }
            attempts += 1;
            let error = match self.target.connect(self.core) {
                Ok(link) => return Some(link),
                Err(error) => error,
            };
            backoff.spoil();
            if error.is_final() || until <= Instant::now() {
                let (address, source) = (self.target.first_address(), Arc::new(error));
                let mut state = locked(&self.state);
                for exchange in std::mem::take(&mut state.queue) {
                    let source = Arc::clone(&source);
                    let unreachable = CallError::Unreachable { address, attempts, source };
                    state.settle(&exchange, Err(unreachable));
                }
                return None;
            }
        }
    }

    /// Waits; false when the lane is closing.
    fn pause(&self, pause: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(locked(&self.state), pause, |it| !it.closing)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closing
    }

    /// Takes a greeted connection into use; `None` when the lane is closing.
    pub(super) fn open(&self, link: Link) -> Option<Arc<Socket>> {
        let mut state = locked(&self.state);
        if state.closing {
            return None;
        }
        let stream = Arc::clone(&link.stream);
        state.link = Some(link);
        state.quiet_since = Instant::now();
        state.pump();
        Some(stream)
    }

    /// Reads replies until the connection breaks.
    fn serve(&self, stream: &Socket) -> Broken {
        let mut fruitful = false;
        let (reason, repeat) = scope(|threads| {
            let ended = self.read(stream, &mut fruitful, || {
                // Rare: only calls that waited for the connection are written from here.
                let flush = || self.flush();
                Builder::new().spawn_scoped(threads, flush).map(drop)
            });
            stream.hang_up();
            ended
        });
        Broken { reason, repeat, fruitful }
    }

    /// Says what ended the connection, and whether its requests may be sent again.
    fn read(
        &self,
        stream: &Socket,
        fruitful: &mut bool,
        mut flush_elsewhere: impl FnMut() -> io::Result<()>,
    ) -> (String, bool) {
        let quiet = Duration::from_millis(self.target.options.quiet_ms);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if std::mem::take(&mut locked(&self.state).pumped)
                && let Err(error) = flush_elsewhere()
            {
                return (error.to_string(), true);
            }
            let count = match stream.read(&mut buffer) {
                Ok(0) => return ("closed by the server".to_owned(), true),
                Ok(count) => count,
                Err(error) if is_pause(&error) => {
                    if locked(&self.state).is_stuck(quiet) {
                        return (format!("nothing received for {} ms", quiet.as_millis()), true);
                    }
                    continue;
                }
                Err(error) => return (error.to_string(), true),
            };
            let mut state = locked(&self.state);
            state.quiet_since = Instant::now();
            if let Err(error) = state.receive(&buffer[..count], fruitful) {
                return (error.to_string(), !error.is_our_fault());
            }
            state.pump();
        }
    }

    /// Sorts what a broken connection leaves: calls that may be repeated go back into the queue, in
    /// front of those that were never sent; all others are lost.
    fn sort_out(&self, broken: &Broken) {
        let patience = Duration::from_millis(self.target.options.call_ms);
        let mut state = locked(&self.state);
        let Some(mut link) = state.link.take() else { return };
        let closing = state.closing;
        let mut again: Vec<_> = Vec::new();
        for exchange in link.session.drain() {
            let repeat = broken.repeat && exchange.is_repeatable() && exchange.is_wanted();
            if closing {
                state.settle(&exchange, Err(CallError::Closed));
            } else if repeat && exchange.started().elapsed() < patience {
                again.push(exchange);
            } else {
                state.settle(&exchange, Err(CallError::Lost { reason: broken.reason.clone() }));
            }
        }
        again.sort_by_key(|exchange| exchange.started());
        for exchange in again.into_iter().rev() {
            state.queue.push_front(exchange);
        }
    }

    /// Writes what the session has to say. Whoever comes first writes for all.
    fn flush(&self) {
        let mut state = locked(&self.state);
        if state.writing {
            return;
        }
        state.writing = true;
        let mut spare = Vec::new();
        while let Some(link) = &mut state.link
            && link.session.has_output()
        {
            link.session.take_output(&mut spare);
            let stream = Arc::clone(&link.stream);
            drop(state);
            if stream.write_all(&spare).is_err() {
                // The reading thread sees the end of the stream and sorts things out.
                stream.hang_up();
            }
            spare.clear();
            state = locked(&self.state);
        }
        state.writing = false;
    }
}

impl State {
    /// Hands queued calls to the session as far as there is room.
    fn pump(&mut self) {
        while let Some(link) = &mut self.link
            && 0 < link.session.room()
            && let Some(exchange) = self.queue.pop_front()
        {
            let session: &mut Session<_> = &mut link.session;
            let send = |call: &Call<'_>| session.submit(call, Arc::clone(&exchange));
            let refusal = match exchange.is_wanted().then(|| exchange.with_call(send)).flatten() {
                Some(Ok(_)) => {
                    self.pumped = true;
                    continue;
                }
                Some(Err(error)) => CallError::Submit(error),
                None => {
                    let reason = "its time was over before it could be sent".to_owned();
                    CallError::Lost { reason }
                }
            };
            self.settle(&exchange, Err(refusal));
        }
    }

    fn receive(&mut self, bytes: &[u8], fruitful: &mut bool) -> Result<(), SessionError> {
        let Some(link) = &mut self.link else { return Ok(()) };
        link.session.receive(bytes);
        loop {
            match link.session.next_arrival() {
                Ok(Some(Arrival::Replied { ticket, reply })) => {
                    *fruitful = true;
                    self.kept_bytes -= ticket.kept_bytes();
                    ticket.settle(Ok(Reply::of(&reply)));
                }
                Ok(Some(Arrival::Welcomed)) => {}
                Ok(None) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn settle(&mut self, exchange: &Exchange, result: Result<Reply, CallError>) {
        self.kept_bytes -= exchange.kept_bytes();
        exchange.settle(result);
    }

    /// Whether a reply is overdue.
    fn is_stuck(&self, quiet: Duration) -> bool {
        self.link.as_ref().is_some_and(|link| 0 < link.session.in_flight())
            && quiet <= self.quiet_since.elapsed()
    }
}
