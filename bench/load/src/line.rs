//! One connection under load: a reader and a writer that run in one task.
//!
//! Both operations of the socket are always under way together, so that neither side can stall the
//! other by not reading, and a reply and the request that follows it cost one turn of the ring.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, TcpStream as StdStream};
use std::rc::Rc;
use std::task::{Poll, Waker};

use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable};
use monoio::net::TcpStream;
use tls::Session;

use crate::codec::{Answer, Codec};
use crate::link::Wired;
use crate::pace::{Arrivals, Clock, Window};
use crate::slots::Slots;
use crate::tally::{Statuses, Tally};
use crate::trust::{Wire, decrypt};

/// What all connections of one thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) window: Window,
    /// How long a request that is due waits here to be sent before its caller has gone, in
    /// nanoseconds; `None` is for ever.
    pub(crate) patience_ns: Option<u64>,
    pub(crate) arrivals: RefCell<Arrivals>,
    pub(crate) tally: RefCell<Tally>,
    /// Why the first broken connection broke.
    pub(crate) failure: RefCell<Option<String>>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    shared: Rc<Shared>,
    state: RefCell<State>,
    /// The same socket, to end whatever is under way on it.
    socket: StdStream,
}

#[derive(Debug)]
struct State {
    codec: Codec,
    slots: Slots,
    tls: Option<Box<Session>>,
    /// With TLS: received in the clear and not understood yet.
    plain: Vec<u8>,
    /// With TLS: to be encrypted.
    said: Vec<u8>,
    output: Vec<u8>,
    /// No more is read, so no more is written.
    ended: bool,
    /// Set when the end was asked for.
    stopping: bool,
    writer: Option<Waker>,
}

/// What one read brings at most, unless a single reply is longer, in bytes.
const READ_BYTES: usize = 128 * 1024;

impl Line {
    pub(crate) fn new(shared: &Rc<Shared>, wired: Wired, depth: u32) -> Self {
        let Wired { wire: Wire { socket, tls, early }, codec } = wired;
        let state = State {
            codec,
            slots: Slots::new(depth),
            tls,
            plain: early,
            said: Vec::new(),
            output: Vec::with_capacity(READ_BYTES),
            ended: false,
            stopping: false,
            writer: None,
        };
        Self { shared: Rc::clone(shared), state: RefCell::new(state), socket }
    }

    /// The socket once more, for the runtime.
    pub(crate) fn stream(&self) -> io::Result<TcpStream> {
        let stream = self.socket.try_clone()?;
        // The ring waits by itself; the epoll fallback wants sockets that never wait.
        stream.set_nonblocking(monoio::utils::is_legacy())?;
        TcpStream::from_std(stream)
    }

    /// Runs until the connection ends. A failure is left in [`Shared::failure`].
    pub(crate) async fn run(self: Rc<Self>, stream: TcpStream) {
        let (reader, writer) = stream.into_split();
        let now = self.shared.clock.now();
        if self.shared.arrivals.borrow().timetable().is_none() {
            self.issue(now, u32::MAX);
        }
        let (read, written) = monoio::join!(self.read(reader), self.write(writer));
        let stopping = self.state.borrow().stopping;
        if let (false, Err(reason)) = (stopping, read.and(written)) {
            self.shared.failure.borrow_mut().get_or_insert(reason);
        }
    }

    /// Sends up to `count` requests that are due and fit.
    pub(crate) fn issue(&self, now: u64, count: u32) {
        let mut state = self.state.borrow_mut();
        state.issue(&self.shared, &mut self.shared.tally.borrow_mut(), now, count);
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }

    /// Whether another request fits.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.state.borrow();
        state.slots.has_free() && !state.ended
    }

    /// Whether every request has its reply.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state.borrow();
        state.slots.is_idle() || state.ended
    }

    /// Ends the connection and gives up on its requests: each counts as unanswered, and with the
    /// time that it waited so far, which is a lower bound of its latency.
    pub(crate) fn stop(&self, now: u64, tally: &mut Tally) {
        let mut state = self.state.borrow_mut();
        state.stopping = true;
        for (started, operation) in state.slots.waiting() {
            self.shared.give_up(tally, now, started, operation);
        }
        // A socket that is already closed needs no shutdown.
        drop(self.socket.shutdown(Shutdown::Both));
    }

    async fn read(&self, mut reader: OwnedReadHalf<TcpStream>) -> Result<(), String> {
        let reply_bytes_max = self.state.borrow().codec.reply_bytes_max();
        let mut buffer: Vec<u8> = Vec::with_capacity(READ_BYTES);
        {
            let mut state = self.state.borrow_mut();
            if state.tls.is_none() {
                buffer.append(&mut state.plain);
            }
        }
        let end = loop {
            let kept = buffer.len();
            if buffer.capacity() - kept < READ_BYTES / 2 {
                buffer.reserve(buffer.capacity().min(reply_bytes_max).max(READ_BYTES));
            }
            let capacity = buffer.capacity();
            let (count, slice) = reader.read(buffer.slice_mut(kept..capacity)).await;
            buffer = slice.into_inner();
            match count {
                Ok(0) => break Err("the server closed it".to_owned()),
                Ok(count) => match self.receive(&buffer, count) {
                    Ok(taken) => drop(buffer.drain(..taken)),
                    Err(reason) => break Err(reason),
                },
                Err(error) => break Err(error.to_string()),
            }
        };
        let mut state = self.state.borrow_mut();
        state.ended = true;
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
        end
    }

    /// Takes the complete replies off the front of `bytes`, of which the last `fresh` are new, and
    /// sends what may follow them.
    fn receive(&self, bytes: &[u8], fresh: usize) -> Result<usize, String> {
        let now = self.shared.clock.now();
        let in_window = self.shared.window.contains(now);
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let mut tally = self.shared.tally.borrow_mut();
        let tally = &mut *tally;
        let taken = if let Some(tls) = &mut state.tls {
            decrypt(tls, bytes, &mut state.plain, &mut state.output)?;
            let mut plain = std::mem::take(&mut state.plain);
            let taken = state.settle(&self.shared, tally, now, &plain)?;
            plain.drain(..taken);
            state.plain = plain;
            bytes.len()
        } else {
            state.settle(&self.shared, tally, now, bytes)?
        };
        if in_window {
            tally.received_bytes += u64::try_from(fresh).unwrap_or(0);
        }
        state.issue(&self.shared, tally, now, u32::MAX);
        Ok(taken)
    }

    async fn write(&self, mut writer: OwnedWriteHalf<TcpStream>) -> Result<(), String> {
        let mut bytes = Vec::with_capacity(READ_BYTES);
        loop {
            poll_fn(|context| {
                let mut state = self.state.borrow_mut();
                if state.ended || !state.output.is_empty() {
                    return Poll::Ready(());
                }
                state.writer = Some(context.waker().clone());
                Poll::Pending
            })
            .await;
            {
                let mut state = self.state.borrow_mut();
                if state.ended {
                    return Ok(());
                }
                std::mem::swap(&mut state.output, &mut bytes);
            }
            let (written, returned) = writer.write_all(bytes).await;
            bytes = returned;
            bytes.clear();
            written.map_err(|error| error.to_string())?;
        }
    }
}

impl Shared {
    /// Counts a reply to a request that was meant to start at `started`.
    pub(crate) fn count(
        &self,
        tally: &mut Tally,
        now: u64,
        started: u64,
        operation: u16,
        ok: bool,
    ) {
        if self.window.contains(started) {
            let latency_ns = (now - started).max(1);
            if ok {
                tally.latency.saturating_record(latency_ns);
            }
            if let Some(detail) = &mut tally.detail {
                detail.count(started - self.window.from, latency_ns, operation, ok);
            }
        }
        tally.frames += u64::from(self.window.contains(now));
    }

    /// Where statuses of this moment are counted.
    pub(crate) fn statuses<'t>(&self, tally: &'t mut Tally, now: u64) -> &'t mut Statuses {
        if self.window.contains(now) { &mut tally.statuses } else { &mut tally.outside }
    }

    /// Whether a request is due whose caller is still there.
    pub(crate) fn is_due(&self, tally: &mut Tally, now: u64) -> bool {
        self.let_go(tally, now);
        self.arrivals.borrow().is_due(now)
    }

    /// Gives up on what has been due for longer than the patience.
    fn let_go(&self, tally: &mut Tally, now: u64) {
        let mut arrivals = self.arrivals.borrow_mut();
        let Some(limit) = self.patience_ns.and_then(|it| now.checked_sub(it)) else { return };
        while let Some(intended) = arrivals.next_before(limit) {
            // Neither a latency nor a lower bound of one: it was never asked.
            tally.unsent += u64::from(self.window.contains(intended));
        }
    }

    /// Hands out the intended start of the next request, if one is due.
    pub(crate) fn start(&self, tally: &mut Tally, now: u64) -> Option<u64> {
        self.let_go(tally, now);
        let mut arrivals = self.arrivals.borrow_mut();
        let intended = arrivals.next(now)?;
        if arrivals.timetable().is_some() && self.window.contains(intended) {
            tally.lateness.saturating_record((now - intended).max(1));
        }
        Some(intended)
    }

    /// Gives up on a request: it counts as unanswered, and with the time that it waited so far,
    /// which is a lower bound of its latency.
    pub(crate) fn give_up(&self, tally: &mut Tally, now: u64, started: u64, operation: u16) {
        if self.window.contains(started) {
            tally.unanswered += 1;
            let waited_ns = now.saturating_sub(started).max(1);
            tally.latency.saturating_record(waited_ns);
            if let Some(detail) = &mut tally.detail {
                detail.count(started - self.window.from, waited_ns, operation, false);
            }
        }
    }
}

impl State {
    /// Takes the complete replies off the front of `bytes`, and says how many bytes they were.
    fn settle(
        &mut self,
        shared: &Shared,
        tally: &mut Tally,
        now: u64,
        bytes: &[u8],
    ) -> Result<usize, String> {
        let mut taken = 0;
        loop {
            let out = if self.tls.is_some() { &mut self.said } else { &mut self.output };
            let statuses = shared.statuses(tally, now);
            let (count, answer) = self.codec.next(&bytes[taken..], out, statuses)?;
            taken += count;
            let Some(Answer { slot, ok, .. }) = answer else { return Ok(taken) };
            let started = self.slots.finish(slot);
            let (started, operation) =
                started.ok_or_else(|| format!("two replies to request {slot}"))?;
            shared.count(tally, now, started, operation, ok);
        }
    }

    fn issue(&mut self, shared: &Shared, tally: &mut Tally, now: u64, count: u32) {
        let before = self.output.len();
        let out = if self.tls.is_some() { &mut self.said } else { &mut self.output };
        for _ in 0..count {
            if !self.slots.has_free() {
                break;
            }
            let Some(intended) = shared.start(tally, now) else { break };
            let slot = self.slots.take(intended);
            let operation = self.codec.append(out, slot);
            self.slots.mark(slot, operation);
        }
        if let Some(tls) = self.tls.as_mut().filter(|_| !self.said.is_empty()) {
            // All of it: the handshake is over.
            tls.write(&self.said, &mut self.output);
            self.said.clear();
        }
        let bytes = self.output.len() - before;
        if shared.window.contains(now) {
            tally.sent_bytes += u64::try_from(bytes).unwrap_or(0);
        }
    }
}
