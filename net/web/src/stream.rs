//! A monoio socket as hyper wants it, with TLS in between or without.
//!
//! hyper polls, the ring completes: a read is a future that owns its half of the socket and its
//! buffer, and writes are a task's work, so that what they complete wakes nothing but that task. The
//! calls of all connections reach the kernel together, once in a turn of the core.
//!
//! TLS sits between the same two buffers: a read is decrypted out of the one that the socket filled,
//! and a write is encrypted into the one that the writing task sends.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use monoio::io::{
    AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable,
};
use monoio::net::TcpStream;
use tls::{ClientIdentity, Protocol, Session, client_identity};

use crate::activity::Activity;
use crate::sieve::Sieve;

/// A silent connection keeps no more than this for what it may say.
const INPUT_BYTES_MIN: usize = 4 * 1024;
/// One read brings at most so many bytes, when the reads before filled their buffers.
const INPUT_BYTES_MAX: usize = 512 * 1024;
/// hyper is told to wait when more than this is still to be written.
const OUTPUT_BYTES_HIGH: usize = 256 * 1024;
/// How long the rest of the output of a connection that is over may take.
const LINGER: Duration = Duration::from_secs(5);

/// A socket of one connection.
pub(crate) struct Stream {
    input: Input,
    output: Rc<Output>,
    activity: Rc<Activity>,
    tls: Option<Box<Session>>,
    /// Looks at what hyper reads, when that is HTTP/2.
    sieve: Option<Sieve>,
    /// Hyper reads no more: the client broke a rule.
    refused: bool,
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
    /// Takes the socket, and starts the task that writes to it. A session is the server's side of one
    /// that has not begun.
    pub(crate) fn new(
        socket: TcpStream,
        activity: Rc<Activity>,
        tls: Option<Box<Session>>,
    ) -> Self {
        let (half, writer) = socket.into_split();
        let output = Rc::new(Output::default());
        monoio::spawn(write(writer, Rc::clone(&output)));
        let bytes = Vec::with_capacity(INPUT_BYTES_MIN);
        let input = Input::Here { half, bytes, taken: 0 };
        Self { input, output, activity, tls, sieve: None, refused: false }
    }

    /// From here on it is HTTP/2, whose frames are looked at before hyper has them.
    pub(crate) fn sieve_frames(&mut self) {
        self.sieve = Some(Sieve::default());
    }

    /// Goes through the handshake, and says what the client wants to speak, when it says.
    pub(crate) fn poll_handshake(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Protocol>>> {
        let Some(mut tls) = self.tls.take() else { return Poll::Ready(Ok(None)) };
        let done = loop {
            if !tls.is_handshaking() {
                break Poll::Ready(Ok(tls.protocol()));
            }
            match self.poll_decrypt(&mut tls, context) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => {
                    break Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.tls = Some(tls);
        done
    }

    /// The name in the client's certificate, once hands were shaken. A certificate that names nobody is
    /// as good as none.
    pub(crate) fn identity(&self) -> Option<ClientIdentity> {
        client_identity(self.tls.as_ref()?.peer_certificates()?).ok()
    }

    /// Waits for the first bytes of a connection without TLS, and shows them; none are its end.
    pub(crate) fn poll_peek(&mut self, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        ready!(self.poll_input(context))?;
        Poll::Ready(Ok(self.input.untaken()))
    }

    /// Waits until there are bytes that nobody has taken; `false` at the end of the stream.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            match std::mem::replace(&mut self.input, Input::Moving) {
                Input::Here { half, bytes, taken } if taken < bytes.len() => {
                    self.input = Input::Here { half, bytes, taken };
                    return Poll::Ready(Ok(true));
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
                    self.activity.heard();
                    if count? == 0 {
                        return Poll::Ready(Ok(false));
                    }
                }
                Input::Moving => unreachable!("every arm puts something back"),
            }
        }
    }

    /// Gives the session what has arrived; `false` at the end of the stream.
    fn poll_decrypt(
        &mut self,
        tls: &mut Session,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        if !ready!(self.poll_input(context))? {
            return Poll::Ready(Ok(false));
        }
        let mut out = self.output.bytes.borrow_mut();
        let before = out.len();
        let taken = tls.read_tls(self.input.untaken(), &mut out);
        let answered = before < out.len();
        drop(out);
        if answered {
            wake(&self.output.writer);
        }
        let taken = taken.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.input.take(taken);
        Poll::Ready(Ok(true))
    }

    fn poll_plaintext(
        &mut self,
        tls: &mut Session,
        context: &mut Context<'_>,
        buffer: &mut ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let empty = buffer.remaining();
        loop {
            let plaintext = tls.plaintext();
            let count = buffer.remaining().min(plaintext.len());
            if 0 < count {
                if let Some(Err(goodbye)) =
                    self.sieve.as_mut().map(|it| it.look(&plaintext[..count]))
                {
                    tls.write(&goodbye, &mut self.output.bytes.borrow_mut());
                    self.refuse();
                    return Poll::Ready(Ok(()));
                }
                buffer.put_slice(&plaintext[..count]);
                tls.consume(count);
            }
            let got = buffer.remaining() < empty;
            // What is here already is taken along; for more than that nobody waits.
            if got && (buffer.remaining() == 0 || self.input.untaken().is_empty()) {
                return Poll::Ready(Ok(()));
            }
            if tls.is_closed_by_peer() || !ready!(self.poll_decrypt(tls, context))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Input {
    fn untaken(&self) -> &[u8] {
        match self {
            Self::Here { bytes, taken, .. } => &bytes[*taken..],
            Self::Reading(_) | Self::Moving => &[],
        }
    }

    fn take(&mut self, count: usize) {
        if let Self::Here { taken, .. } = self {
            *taken += count;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.say_goodbye();
        self.output.closed.set(true);
        wake(&self.output.writer);
    }
}

impl Stream {
    /// Sends the goodbye that was just written, and gives hyper no more to read.
    fn refuse(&mut self) {
        self.refused = true;
        wake(&self.output.writer);
    }

    /// Tells the client that the end of the stream is meant; saying it twice says it once.
    fn say_goodbye(&mut self) {
        if let Some(tls) = &mut self.tls
            && !self.output.closed.get()
            && !tls.is_handshaking()
        {
            tls.close(&mut self.output.bytes.borrow_mut());
            wake(&self.output.writer);
        }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.refused {
            return Poll::Ready(Ok(()));
        }
        if let Some(mut tls) = self.tls.take() {
            let done = self.poll_plaintext(&mut tls, context, &mut buffer);
            self.tls = Some(tls);
            return done;
        }
        if ready!(self.poll_input(context))? {
            let Self { input, sieve, output, .. } = &mut *self;
            let bytes = input.untaken();
            let count = buffer.remaining().min(bytes.len());
            if let Some(Err(goodbye)) = sieve.as_mut().map(|it| it.look(&bytes[..count])) {
                output.bytes.borrow_mut().extend_from_slice(&goodbye);
                self.refuse();
                return Poll::Ready(Ok(()));
            }
            buffer.put_slice(&bytes[..count]);
            input.take(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { output, tls, .. } = &mut *self;
        output.check()?;
        if OUTPUT_BYTES_HIGH < output.bytes.borrow().len() {
            *output.waiting.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = match tls {
            None => {
                output.bytes.borrow_mut().extend_from_slice(bytes);
                bytes.len()
            }
            Some(tls) => tls.write(bytes, &mut output.bytes.borrow_mut()),
        };
        wake(&output.writer);
        Poll::Ready(Ok(count))
    }

    /// Nothing waits for a flush: the writing task has all of it, and the limit on what it may have
    /// holds hyper back.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.output.check())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.check()?;
        self.say_goodbye();
        let output = &self.output;
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
