//! A monoio socket as hyper wants it.
//!
//! hyper polls, the ring completes: a read is a future that owns its half of the socket and its
//! buffer, and writes are a task's work, so that what they complete wakes nothing but that task. The
//! calls of all connections reach the kernel together, once in a turn of the core.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use monoio::io::{
    AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable,
};
use monoio::net::TcpStream;

/// A silent connection keeps no more than this for what it may say.
const INPUT_BYTES_MIN: usize = 4 * 1024;
/// One read brings at most so many bytes, when the reads before filled their buffers.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// hyper is told to wait when more than this is still to be written.
const OUTPUT_BYTES_HIGH: usize = 256 * 1024;
/// How long the rest of the output of a connection that is over may take.
const LINGER: Duration = Duration::from_secs(5);

/// A socket of one connection.
pub(crate) struct Stream {
    input: Input,
    output: Rc<Output>,
    activity: Rc<Activity>,
}

/// When a connection was last heard of, and whom to tell that it is over.
pub(crate) struct Activity {
    pub(crate) waker: Waker,
    /// The sweep during which the last byte came.
    pub(crate) sweep: Cell<u64>,
    /// A request is being answered: silence is ours, not the client's.
    pub(crate) busy: Cell<bool>,
    pub(crate) expired: Cell<bool>,
    pub(crate) sweeps: Rc<Cell<u64>>,
}

impl Activity {
    pub(crate) fn touch(&self) {
        self.sweep.set(self.sweeps.get());
    }
}

/// The reading half: in a read, or here with bytes that hyper has not taken yet.
enum Input {
    Reading(Pin<Box<dyn Future<Output = ReadDone>>>),
    Here {
        half: OwnedReadHalf<TcpStream>,
        bytes: Vec<u8>,
        taken: usize,
    },
    /// Between two of the above.
    Moving,
}

type ReadDone = (io::Result<usize>, OwnedReadHalf<TcpStream>, Vec<u8>);

async fn read(mut half: OwnedReadHalf<TcpStream>, bytes: Vec<u8>) -> ReadDone {
    let (count, bytes) = half.read(bytes).await;
    (count, half, bytes)
}

/// What hyper wrote and the socket has not taken.
#[derive(Default)]
struct Output {
    bytes: RefCell<Vec<u8>>,
    /// Bytes are on their way into the kernel.
    busy: Cell<bool>,
    /// hyper writes no more.
    closed: Cell<bool>,
    failed: Cell<Option<io::ErrorKind>>,
    /// The writing task, when it sleeps.
    writer: RefCell<Option<Waker>>,
    /// The connection, when it waits for room or for the end of all writes.
    waiting: RefCell<Option<Waker>>,
}

impl Stream {
    /// Takes the socket, and starts the task that writes to it.
    pub(crate) fn new(socket: TcpStream, activity: Rc<Activity>) -> Self {
        let (half, writer) = socket.into_split();
        let output = Rc::new(Output::default());
        monoio::spawn(write(writer, Rc::clone(&output)));
        let bytes = Vec::with_capacity(INPUT_BYTES_MIN);
        Self { input: Input::Here { half, bytes, taken: 0 }, output, activity }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.output.closed.set(true);
        wake(&self.output.writer);
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match std::mem::replace(&mut self.input, Input::Moving) {
                Input::Here { half, bytes, taken } if taken < bytes.len() => {
                    let count = buffer.remaining().min(bytes.len() - taken);
                    buffer.put_slice(&bytes[taken..taken + count]);
                    self.input = Input::Here { half, bytes, taken: taken + count };
                    return Poll::Ready(Ok(()));
                }
                Input::Here { half, mut bytes, .. } => {
                    let filled = bytes.len() == bytes.capacity();
                    let room = if filled { bytes.capacity() * 2 } else { bytes.capacity() };
                    bytes.clear();
                    bytes.reserve_exact(room.min(INPUT_BYTES_MAX));
                    self.input = Input::Reading(Box::pin(read(half, bytes)));
                }
                Input::Reading(mut reading) => {
                    let Poll::Ready((count, half, bytes)) = reading.as_mut().poll(context) else {
                        self.input = Input::Reading(reading);
                        return Poll::Pending;
                    };
                    self.input = Input::Here { half, bytes, taken: 0 };
                    self.activity.touch();
                    if count? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Input::Moving => unreachable!("every arm puts something back"),
            }
        }
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let output = &self.output;
        output.check()?;
        if OUTPUT_BYTES_HIGH < output.bytes.borrow().len() {
            *output.waiting.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        output.bytes.borrow_mut().extend_from_slice(bytes);
        wake(&output.writer);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Nothing waits for a flush: the writing task has all of it, and the limit on what it may have
    /// holds hyper back.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.output.check())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let output = &self.output;
        output.check()?;
        if output.busy.get() || !output.bytes.borrow().is_empty() {
            *output.waiting.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        output.closed.set(true);
        wake(&output.writer);
        Poll::Ready(Ok(()))
    }
}

impl Output {
    fn check(&self) -> io::Result<()> {
        self.failed.get().map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Ends a while after hyper has let go of the connection: a client that takes nothing must not
    /// hold the last answer's memory.
    async fn linger(&self) {
        poll_fn(|context| {
            if self.closed.get() {
                return Poll::Ready(());
            }
            *self.writer.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        monoio::time::sleep(LINGER).await;
    }
}

fn wake(sleeper: &RefCell<Option<Waker>>) {
    if let Some(waker) = sleeper.borrow_mut().take() {
        waker.wake();
    }
}

/// Writes until hyper has no more, then ends the sending side.
async fn write(mut half: OwnedWriteHalf<TcpStream>, output: Rc<Output>) {
    let mut sending = Vec::new();
    loop {
        let more = poll_fn(|context| {
            if !output.bytes.borrow().is_empty() {
                return Poll::Ready(true);
            }
            if output.closed.get() {
                return Poll::Ready(false);
            }
            *output.writer.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        });
        if !more.await {
            // The client may be gone already.
            drop(half.shutdown().await);
            return;
        }
        std::mem::swap(&mut sending, &mut *output.bytes.borrow_mut());
        output.busy.set(true);
        let (mut write, mut limit) = (pin!(half.write_all(sending)), pin!(output.linger()));
        let done = poll_fn(|context| match write.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => limit.as_mut().poll(context).map(|()| None),
        });
        let Some((written, sent)) = done.await else { return };
        output.busy.set(false);
        sending = sent;
        sending.clear();
        sending.shrink_to(OUTPUT_BYTES_HIGH);
        if let Err(error) = written {
            output.failed.set(Some(error.kind()));
        }
        wake(&output.waiting);
        if output.failed.get().is_some() {
            return;
        }
    }
}
