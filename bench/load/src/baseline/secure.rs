//! hyper over TLS over the runtime's readiness streams.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use monoio::io::IntoPollIo;
use monoio::io::poll_io::{AsyncRead, AsyncWrite, ReadBuf};
use monoio::net::TcpStream;
use monoio::net::tcp::stream_poll::TcpStreamPoll;
use tls::{ServerConfig, Session};

use super::Version;
use super::http::speak;

/// Answers 200 to every request until the other side ends the connection.
pub(super) async fn answer(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    version: Version,
    body_bytes: usize,
) {
    if let Some(io) = Secure::new(stream, &tls).await {
        speak(io, version, body_bytes).await;
    }
}

/// Echoes until the other side ends the connection.
pub(super) async fn echo(stream: TcpStream, tls: Arc<ServerConfig>) {
    let Some(mut io) = Secure::new(stream, &tls).await else { return };
    loop {
        // Two steps that borrow the session in turn: what it has decrypted is what it encrypts.
        let mut plain = Vec::new();
        loop {
            let part = io.tls.plaintext();
            if part.is_empty() {
                break;
            }
            plain.extend_from_slice(part);
            let count = part.len();
            io.tls.consume(count);
        }
        io.tls.write(&plain, &mut io.out);
        // What is here already is taken along before anything is sent.
        if io.taken == io.filled && poll_fn(|context| io.poll_send(context)).await.is_err() {
            return;
        }
        let more = poll_fn(|context| io.poll_decrypt(context)).await;
        if !matches!(more, Ok(true)) || io.tls.is_closed_by_peer() {
            return;
        }
    }
}

/// A full record, and its head.
const CHUNK_BYTES: usize = 17 * 1024;
/// hyper is told to wait when more than this is still to be sent.
const OUT_BYTES_MAX: usize = 256 * 1024;

/// hyper's view of a TLS session.
struct Secure {
    stream: TcpStreamPoll,
    tls: Box<Session>,
    /// Ciphertext, of which the session has taken a part.
    chunk: Box<[u8]>,
    taken: usize,
    filled: usize,
    /// Ciphertext, of which a part was sent.
    out: Vec<u8>,
    sent: usize,
}

impl Secure {
    /// Goes through the handshake; `None` when it fails.
    async fn new(stream: TcpStream, tls: &Arc<ServerConfig>) -> Option<Self> {
        let (stream, tls) = (stream.into_poll_io().ok()?, Box::new(Session::server(tls).ok()?));
        let chunk = vec![0; CHUNK_BYTES].into();
        let mut it = Self { stream, tls, chunk, taken: 0, filled: 0, out: Vec::new(), sent: 0 };
        if poll_fn(|context| it.poll_handshake(context)).await.is_err() {
            // The alert that tells why; an error is a generator that left.
            drop(poll_fn(|context| it.poll_send(context)).await);
            return None;
        }
        Some(it)
    }

    fn poll_handshake(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.tls.is_handshaking() {
            if !ready!(self.poll_decrypt(context))? {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            ready!(self.poll_send(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the session what has arrived; `false` at the end of the stream.
    fn poll_decrypt(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.taken == self.filled {
            let mut read = ReadBuf::new(&mut self.chunk);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            (self.taken, self.filled) = (0, read.filled().len());
            if self.filled == 0 {
                return Poll::Ready(Ok(false));
            }
        }
        let taken = self.tls.read_tls(&self.chunk[self.taken..self.filled], &mut self.out);
        self.taken += taken.map_err(io::Error::other)?;
        Poll::Ready(Ok(true))
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            let stream = Pin::new(&mut self.stream);
            self.sent += ready!(stream.poll_write(context, &self.out[self.sent..]))?;
        }
        self.out.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl Read for Secure {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let it = self.get_mut();
        let room = into.remaining();
        loop {
            let plain = it.tls.plaintext();
            let count = plain.len().min(into.remaining());
            into.put_slice(&plain[..count]);
            it.tls.consume(count);
            let got = into.remaining() < room;
            if into.remaining() == 0 || (got && it.taken == it.filled) {
                return Poll::Ready(Ok(()));
            }
            if it.tls.is_closed_by_peer() || !ready!(it.poll_decrypt(context))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Write for Secure {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let it = self.get_mut();
        if OUT_BYTES_MAX < it.out.len() {
            ready!(it.poll_send(context))?;
        }
        Poll::Ready(Ok(it.tls.write(bytes, &mut it.out)))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let it = self.get_mut();
        // Saying it twice says it once.
        it.tls.close(&mut it.out);
        ready!(it.poll_send(context))?;
        Pin::new(&mut it.stream).poll_shutdown(context)
    }
}
