//! A bidirectional stream of a protocol that is not HTTP/3, between the connection that carries it and
//! the task that serves it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};

use bytes::Bytes;
use quinn_proto::{StreamId, VarInt};

use crate::shop::{Outbox, Peer};

/// Bytes of a stream that wait for its task; more stay with the transport, whose window bounds them.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// Bytes that the transport has not taken above which the task has to wait.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// Why a stream ends whose task is gone.
const ABANDONED: VarInt = VarInt::from_u32(1);

/// A bidirectional stream that a client opened.
#[derive(Debug)]
pub struct Stream {
    peer: Peer,
    receiver: Receiver,
    sender: Sender,
}

/// The receiving half of a [`Stream`]. Dropping it asks the client to stop.
#[derive(Debug)]
pub struct Receiver(Rc<Pipe>);

/// The sending half of a [`Stream`]. Dropping it before [`Sender::finish`] resets it.
#[derive(Debug)]
pub struct Sender(Rc<Pipe>);

/// What a stream's task and its connection share.
pub(crate) struct Pipe {
    pub(crate) place: usize,
    pub(crate) serial: u64,
    pub(crate) id: StreamId,
    outbox: Rc<Outbox>,
    /// It is on the outbox's list.
    pub(crate) listed: Cell<bool>,
    inside: RefCell<Inside>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently")]
struct Inside {
    input: VecDeque<Bytes>,
    input_bytes: usize,
    /// Nothing more will come: the client finished, or broke off.
    input_end: Option<Result<(), io::ErrorKind>>,
    reader: Option<Waker>,
    receiver_gone: bool,
    output: VecDeque<Bytes>,
    output_bytes: usize,
    /// The task has said all.
    finished: bool,
    /// The client takes no more.
    output_broken: bool,
    writer: Option<Waker>,
    sender_gone: bool,
    /// Both halves are known to the transport to be over.
    input_closed: bool,
    output_closed: bool,
}

impl Stream {
    pub(crate) fn new(pipe: &Rc<Pipe>, peer: Peer) -> Self {
        Self { peer, receiver: Receiver(Rc::clone(pipe)), sender: Sender(Rc::clone(pipe)) }
    }

    /// Who opened it.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Both halves, for two tasks.
    pub fn split(self) -> (Receiver, Sender) {
        (self.receiver, self.sender)
    }
}

impl Receiver {
    /// Appends what has come to `input`, at least one byte; zero is the end.
    pub async fn read(&mut self, input: &mut Vec<u8>) -> io::Result<usize> {
        let pipe = &self.0;
        poll_fn(|context| {
            let mut inside = pipe.inside.borrow_mut();
            if inside.input_bytes == 0 {
                return match inside.input_end {
                    Some(Ok(())) => Poll::Ready(Ok(0)),
                    Some(Err(kind)) => Poll::Ready(Err(kind.into())),
                    None => {
                        inside.reader = Some(context.waker().clone());
                        Poll::Pending
                    }
                };
            }
            for bytes in inside.input.drain(..) {
                input.extend_from_slice(&bytes);
            }
            let count = std::mem::take(&mut inside.input_bytes);
            drop(inside);
            if INPUT_BYTES_MAX <= count {
                pipe.touch();
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Sender {
    /// Hands all of `bytes` to the transport, waiting while it has too much already.
    pub async fn write_all(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let pipe = &self.0;
        poll_fn(|context| {
            let mut inside = pipe.inside.borrow_mut();
            if inside.output_broken {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::BrokenPipe)));
            }
            if OUTPUT_BYTES_MAX <= inside.output_bytes {
                inside.writer = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        if !bytes.is_empty() {
            let mut inside = pipe.inside.borrow_mut();
            inside.output_bytes += bytes.len();
            inside.output.push_back(Bytes::from(bytes));
            drop(inside);
            pipe.touch();
        }
        Ok(())
    }

    /// Ends the stream behind what was written.
    pub fn finish(&mut self) {
        self.0.inside.borrow_mut().finished = true;
        self.0.touch();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.inside.borrow_mut().receiver_gone = true;
        self.0.touch();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.inside.borrow_mut().sender_gone = true;
        self.0.touch();
    }
}

impl Pipe {
    pub(crate) fn new(place: usize, serial: u64, id: StreamId, outbox: &Rc<Outbox>) -> Rc<Self> {
        let (outbox, listed) = (Rc::clone(outbox), Cell::new(false));
        Rc::new(Self { place, serial, id, outbox, listed, inside: RefCell::default() })
    }

    /// Has the connection look at the stream.
    fn touch(self: &Rc<Self>) {
        if !self.listed.replace(true) {
            self.outbox.touch(Rc::clone(self));
        }
    }

    /// Takes what the transport has, as far as there is room.
    pub(crate) fn pull(&self, quic: &mut quinn_proto::Connection) {
        let mut inside = self.inside.borrow_mut();
        if inside.input_closed {
            return;
        }
        let mut stream = quic.recv_stream(self.id);
        if inside.receiver_gone {
            drop(stream.stop(ABANDONED));
            inside.input_closed = true;
            return;
        }
        let Ok(mut chunks) = stream.read(true) else { return };
        while inside.input_bytes < INPUT_BYTES_MAX {
            match chunks.next(INPUT_BYTES_MAX) {
                Ok(Some(chunk)) => {
                    inside.input_bytes += chunk.bytes.len();
                    inside.input.push_back(chunk.bytes);
                }
                Ok(None) => {
                    inside.end_input(Ok(()));
                    break;
                }
                Err(quinn_proto::ReadError::Reset(_)) => {
                    inside.end_input(Err(io::ErrorKind::ConnectionReset));
                    break;
                }
                Err(quinn_proto::ReadError::Blocked) => break,
            }
        }
        // Whether credit has to be sent is found out when the connection is asked for packets.
        let _ = chunks.finalize();
        if (inside.input_bytes != 0 || inside.input_end.is_some())
            && let Some(reader) = inside.reader.take()
        {
            reader.wake();
        }
    }

    /// Gives the transport what it takes; whether the stream was finished by that.
    pub(crate) fn push(&self, quic: &mut quinn_proto::Connection) -> bool {
        let mut inside = self.inside.borrow_mut();
        if inside.output_closed {
            return false;
        }
        let mut stream = quic.send_stream(self.id);
        if inside.sender_gone && !inside.finished {
            drop(stream.reset(ABANDONED));
            inside.close_output();
            return false;
        }
        let Inside { output, output_bytes, .. } = &mut *inside;
        while !output.is_empty() {
            match stream.write_chunks(output.make_contiguous()) {
                Ok(written) => {
                    *output_bytes -= written.bytes;
                    output.drain(..written.chunks);
                }
                Err(quinn_proto::WriteError::Blocked) => break,
                Err(quinn_proto::WriteError::Stopped(_)) => {
                    drop(stream.reset(ABANDONED));
                    inside.close_output();
                    return false;
                }
                Err(quinn_proto::WriteError::ClosedStream) => {
                    inside.close_output();
                    return false;
                }
            }
        }
        let done = inside.finished && inside.output.is_empty();
        if done {
            inside.output_closed = true;
        }
        if inside.output_bytes < OUTPUT_BYTES_MAX
            && let Some(writer) = inside.writer.take()
        {
            writer.wake();
        }
        done && stream.finish().is_ok()
    }

    /// The client takes no more of the stream.
    pub(crate) fn stopped(&self, quic: &mut quinn_proto::Connection) {
        let mut inside = self.inside.borrow_mut();
        if !inside.output_closed {
            drop(quic.send_stream(self.id).reset(ABANDONED));
            inside.close_output();
        }
    }

    /// The connection is gone.
    pub(crate) fn lose(&self) {
        let mut inside = self.inside.borrow_mut();
        if inside.input_end.is_none() {
            inside.end_input(Err(io::ErrorKind::ConnectionReset));
        }
        if let Some(reader) = inside.reader.take() {
            reader.wake();
        }
        inside.close_output();
    }

    /// Whether nothing is left to do for the transport.
    pub(crate) fn is_over(&self) -> bool {
        let inside = self.inside.borrow();
        inside.input_closed && inside.output_closed
    }
}

impl Inside {
    fn end_input(&mut self, end: Result<(), io::ErrorKind>) {
        self.input_end = Some(end);
        self.input_closed = true;
    }

    fn close_output(&mut self) {
        (self.output_closed, self.output_broken) = (true, true);
        self.output.clear();
        self.output_bytes = 0;
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pipe").field("id", &self.id).finish_non_exhaustive()
    }
}
