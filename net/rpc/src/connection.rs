//! A greeted connection: one task reads, runs requests and writes what they answer at once; a second
//! writes what completions add later. The write half is a token: whoever holds it writes until
//! nothing is left, so nobody waits for it and nothing is forgotten.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gateway::{Rejection, Visitor};
use monoio::time::timeout;
use runtime::{Complete, Sink};
use shard::{Completion, Ticket};
use wire::{Limits, Status, WireError, decode_request};

use crate::dispatch;
use crate::door::Desk;
use crate::greeting::linger;
use crate::tickets::Tickets;
use crate::transport::{Reader, Writer};

/// The receive buffer starts with so much room, and grows while reads fill it.
const INPUT_BYTES_MIN: usize = 16 * 1024;
/// Beyond this it grows only for a frame that is larger, and only as that frame comes in.
const INPUT_BYTES_MAX: usize = 256 * 1024;
/// No further request is run while more than this waits to be written.
const OUTPUT_BYTES_HIGH: usize = 1024 * 1024;
/// A client that leaves more than this untaken is cut off.
const OUTPUT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long the last bytes of a connection may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// Batch items may wait beside each other up to this many times the in-flight limit.
const ITEMS_PER_REQUEST: usize = 16;

/// A connection that is let in, with what was read of it beyond the Hello.
pub(crate) struct Greeted {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) input: Vec<u8>,
    /// How much of the input the Hello took.
    pub(crate) taken: usize,
    pub(crate) visitor: Visitor,
    /// See [`Line::grow_impatient`].
    pub(crate) stalled: Rc<Cell<u32>>,
}

/// What both tasks of a connection share.
pub(crate) struct Line {
    pub(crate) desk: Rc<Desk>,
    pub(crate) out: RefCell<Vec<u8>>,
    pub(crate) tickets: RefCell<Tickets>,
    /// Requests whose limits another core is being asked about.
    pub(crate) charging: Cell<usize>,
    visitor: Visitor,
    /// Where completions come from; `None` once the connection is over.
    sink: RefCell<Option<Sink>>,
    writer: RefCell<Option<Writer>>,
    /// The socket is beyond use, or the connection is over.
    ended: Cell<bool>,
    /// The reading task.
    reader: Waker,
    /// The reading task waits for output to leave, or for completions.
    waits: Cell<bool>,
    /// The writing task, when it sleeps.
    sleeper: RefCell<Option<Waker>>,
    /// Whoever is writing.
    flusher: RefCell<Option<Waker>>,
    /// Bytes are on their way out.
    flushes: Cell<bool>,
    /// A request has begun to arrive, and its end has not come.
    partial: Cell<bool>,
    stalled: Rc<Cell<u32>>,
}

/// Why the reading task stops.
enum End {
    /// The client sends no more; it may still read.
    Left,
    /// The box stops.
    Stopping,
    /// The bytes at this offset of the stream are no request.
    Garbled { offset: u64, error: WireError },
    /// The encryption is broken; the alert that says so is still to be written.
    Unsealed,
    /// The socket is beyond use.
    Broken,
}

/// Serves a connection to its end.
pub(crate) async fn serve(desk: Rc<Desk>, greeted: Greeted) {
    let Greeted { mut reader, writer, mut input, taken, visitor, stalled } = greeted;
    let _guard = desk.core().enter();
    input.drain(..taken);
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let line = Rc::new(Line {
        desk: Rc::clone(&desk),
        out: RefCell::default(),
        tickets: RefCell::default(),
        charging: Cell::new(0),
        visitor,
        sink: RefCell::new(None),
        writer: RefCell::new(Some(writer)),
        ended: Cell::new(false),
        reader: waker,
        waits: Cell::new(false),
        sleeper: RefCell::new(None),
        flusher: RefCell::new(None),
        flushes: Cell::new(false),
        partial: Cell::new(false),
        stalled,
    });
    let sink = desk.core().register(Rc::clone(&line) as Rc<dyn Complete>);
    line.sink.replace(Some(sink));
    let name = desk.remember(&line);
    monoio::spawn(write_later(Rc::clone(&line)));
    let end = line.read(&mut reader, input, taken).await;
    match &end {
        End::Left => line.until(Line::is_done).await,
        End::Stopping => {
            line.until(Line::is_done).await;
            line.dismiss(&Rejection::new(Status::ShuttingDown, "the box is stopping"));
        }
        End::Garbled { offset, error } => {
            let rejection = Rejection::new(Status::Garbled, error.to_string());
            line.dismiss(&Rejection { reference: *offset, ..rejection });
        }
        End::Unsealed | End::Broken => {}
    }
    line.flush().await;
    line.until(Line::is_written).await;
    let cut = line.ended.get();
    line.end();
    desk.forget(name);
    drop(line.sink.take());
    let writer = line.writer.borrow_mut().take();
    if let Some(mut writer) = writer
        && !cut
        && timeout(FAREWELL, writer.shutdown()).await.is_ok_and(|it| it.is_ok())
        && !matches!(end, End::Left | End::Broken)
    {
        linger(&mut reader).await;
    }
}

impl Line {
    pub(crate) fn limits(&self) -> &Limits {
        &self.desk.options.limits
    }

    pub(crate) fn in_flight_max(&self) -> usize {
        usize::from(self.limits().in_flight_max)
    }

    pub(crate) fn waiting_max(&self) -> usize {
        self.in_flight_max() * ITEMS_PER_REQUEST
    }

    /// The position of an answer that reflects no state of its own.
    pub(crate) fn position(&self) -> u64 {
        self.desk.core().durable().0
    }

    /// The engine's name for the call that will have this number; `None` when the connection is over.
    pub(crate) fn ticket(&self, number: u32) -> Option<Ticket> {
        self.sink.borrow().as_ref().map(|it| it.ticket(number))
    }

    /// Whether no more requests may wait.
    pub(crate) fn is_full(&self) -> bool {
        self.in_flight_max() <= self.tickets.borrow().count() + self.charging.get()
    }

    /// Has what was added written, and whoever waits for it look again.
    pub(crate) fn nudge(&self) {
        self.wake_sleeper();
        if self.waits.get() {
            self.reader.wake_by_ref();
        }
    }

    /// Called once in a while by a door that strangers reach: gives the connection up when neither
    /// the rest of a request nor room for a reply has come for more than so many calls.
    pub(crate) fn grow_impatient(&self, calls_max: u32) {
        if !self.partial.get() && !self.flushes.get() {
            self.stalled.set(0);
            return;
        }
        self.stalled.set(self.stalled.get() + 1);
        if calls_max < self.stalled.get() {
            self.end();
        }
    }

    /// Has the reading task look whether the box stops.
    pub(crate) fn wake_reader(&self) {
        self.reader.wake_by_ref();
    }

    async fn read(self: &Rc<Self>, reader: &mut Reader, mut input: Vec<u8>, taken: usize) -> End {
        let mut offset = u64::try_from(taken).expect("a hello is short");
        let mut room = INPUT_BYTES_MIN;
        loop {
            let (mut taken, mut requests) = (0, 0);
            // Nothing else runs on this core before the next wait.
            let mut open = self.desk.reception.is_open_to(&self.visitor);
            loop {
                let request = match decode_request(&input[taken..], self.limits()) {
                    Ok(Some((request, bytes))) => {
                        taken += bytes;
                        request
                    }
                    Ok(None) => break,
                    Err(error) => {
                        let at = u64::try_from(taken + error.offset).expect("inside the buffer");
                        return End::Garbled { offset: offset + at, error };
                    }
                };
                if open {
                    dispatch::open(self, &request);
                    requests += 1;
                } else {
                    dispatch::admitted(self, &self.visitor, &request).await;
                }
                if OUTPUT_BYTES_HIGH < self.out.borrow().len() {
                    self.flush().await;
                    self.until(Self::is_low).await;
                    open = open && self.desk.reception.is_open_to(&self.visitor);
                }
                if self.ended.get() {
                    return End::Broken;
                }
            }
            self.desk.count(requests);
            self.flush().await;
            offset += u64::try_from(taken).expect("inside the buffer");
            input.drain(..taken);
            if 0 < taken {
                self.stalled.set(0);
            }
            self.partial.set(!input.is_empty());
            let whole = wire::announced_bytes(&input).unwrap_or(0);
            if input.is_empty() && INPUT_BYTES_MAX < input.capacity() {
                input.shrink_to(INPUT_BYTES_MAX);
            }
            // It grows with what has come, not with what was announced: four bytes cost no megabyte.
            let wanted = whole.min(2 * input.len()).max(room);
            input.reserve(wanted.saturating_sub(input.len()));
            match self.receive(reader, &mut input).await {
                Ok(true) if input.len() == input.capacity() => {
                    room = (room * 2).min(INPUT_BYTES_MAX);
                }
                Ok(true) => {}
                Ok(false) if self.ended.get() => return End::Broken,
                Ok(false) if self.desk.core().is_stopping() => return End::Stopping,
                Ok(false) => return End::Left,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return End::Unsealed,
                Err(_) => {
                    self.end();
                    return End::Broken;
                }
            }
        }
    }

    /// Reads to the end of `input`; false when there is nothing more to read, because the client
    /// sends no more, the socket failed, or the box stops.
    async fn receive(&self, reader: &mut Reader, input: &mut Vec<u8>) -> io::Result<bool> {
        let mut read = pin!(reader.read(std::mem::take(input)));
        let read = poll_fn(|context| {
            if self.ended.get() || self.desk.core().is_stopping() {
                return Poll::Ready(None);
            }
            read.as_mut().poll(context).map(Some)
        });
        let Some((count, filled)) = read.await else { return Ok(false) };
        *input = filled;
        count.map(|it| it != 0)
    }

    /// Writes all output, unless another task is at it.
    async fn flush(&self) {
        if !self.has_output() {
            return;
        }
        let Some(mut writer) = self.writer.borrow_mut().take() else { return };
        self.flushes.set(true);
        let mut spare = Vec::new();
        while !self.ended.get() && (!self.out.borrow().is_empty() || writer.has_own()) {
            std::mem::swap(&mut spare, &mut *self.out.borrow_mut());
            let mut write = pin!(writer.write_all(spare));
            // A client that takes nothing is not waited for once the connection is given up.
            let write = poll_fn(|context| {
                if self.ended.get() {
                    return Poll::Ready(None);
                }
                let written = write.as_mut().poll(context);
                if written.is_pending() {
                    self.flusher.replace(Some(context.waker().clone()));
                }
                written.map(Some)
            });
            let Some((written, sent)) = write.await else { return };
            spare = sent;
            spare.clear();
            match written {
                Ok(()) => self.stalled.set(0),
                Err(_) => self.end(),
            }
        }
        self.flushes.set(false);
        // The buffer that was sent last is the larger one, most of the time: keep it.
        if spare.capacity() <= OUTPUT_BYTES_HIGH && self.out.borrow().is_empty() {
            *self.out.borrow_mut() = spare;
        }
        *self.writer.borrow_mut() = Some(writer);
        if self.waits.get() {
            self.reader.wake_by_ref();
        }
    }

    fn has_output(&self) -> bool {
        let own = || self.writer.borrow().as_ref().is_some_and(Writer::has_own);
        !self.out.borrow().is_empty() || own()
    }

    /// Appends a last word to the client.
    fn dismiss(&self, rejection: &Rejection) {
        let position = self.position();
        wire::encode_problem_reply(&mut self.out.borrow_mut(), 0, &rejection.problem(), position);
    }

    fn end(&self) {
        self.ended.set(true);
        self.reader.wake_by_ref();
        self.wake_sleeper();
        if let Some(flusher) = self.flusher.take() {
            flusher.wake();
        }
    }

    fn wake_sleeper(&self) {
        if let Some(sleeper) = self.sleeper.borrow_mut().take() {
            sleeper.wake();
        }
    }

    /// Waits, in the reading task, for something that writing or completions bring about.
    async fn until(&self, condition: fn(&Self) -> bool) {
        poll_fn(|_: &mut Context<'_>| {
            let waits = !condition(self) && !self.ended.get();
            self.waits.set(waits);
            if waits {
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    fn is_low(&self) -> bool {
        self.out.borrow().len() <= OUTPUT_BYTES_HIGH
    }

    fn is_written(&self) -> bool {
        self.out.borrow().is_empty() && self.writer.borrow().is_some()
    }

    fn is_done(&self) -> bool {
        self.tickets.borrow().count() == 0 && self.charging.get() == 0 && self.is_written()
    }
}

impl Complete for Line {
    fn complete(&self, number: u32, completion: Completion) {
        dispatch::complete(self, number, completion);
        if OUTPUT_BYTES_MAX < self.out.borrow().len() {
            self.end();
        }
        self.wake_sleeper();
    }
}

/// Writes what completions add, until the connection is over.
async fn write_later(line: Rc<Line>) {
    loop {
        poll_fn(|context| {
            let has_work = line.writer.borrow().is_some() && line.has_output();
            if line.ended.get() || has_work {
                return Poll::Ready(());
            }
            *line.sleeper.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        if line.ended.get() {
            return;
        }
        line.flush().await;
    }
}
