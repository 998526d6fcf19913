//! A monoio socket as hyper wants it.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use monoio::io::poll_io::{AsyncRead, AsyncWrite, ReadBuf};
use monoio::net::tcp::stream_poll::TcpStreamPoll;

/// One read brings at most so many bytes.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// A socket of one connection.
pub(crate) struct Stream {
    socket: TcpStreamPoll,
    activity: Rc<Activity>,
    /// Bytes pass through here on their way into hyper's buffer, which may be uninitialised and
    /// would take unsafe code to read into. One for all connections of a core.
    passage: Rc<RefCell<Box<[u8]>>>,
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

impl Stream {
    pub(crate) fn new(
        socket: TcpStreamPoll,
        activity: Rc<Activity>,
        passage: Rc<RefCell<Box<[u8]>>>,
    ) -> Self {
        Self { socket, activity, passage }
    }

    fn socket(self: Pin<&mut Self>) -> Pin<&mut TcpStreamPoll> {
        Pin::new(&mut self.get_mut().socket)
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { socket, activity, passage } = self.get_mut();
        let passage = &mut *passage.borrow_mut();
        let count = buffer.remaining().min(passage.len());
        let mut read = ReadBuf::new(&mut passage[..count]);
        ready!(Pin::new(socket).poll_read(context, &mut read))?;
        activity.touch();
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.socket().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.socket().poll_write_vectored(context, slices)
    }
}
