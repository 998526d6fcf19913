//! hyper over the runtime's readiness streams, with nothing behind it.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::{Executor, Read, ReadBufCursor, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use monoio::io::IntoPollIo;
use monoio::io::poll_io::{AsyncRead, AsyncWrite, ReadBuf};
use monoio::net::TcpStream;
use monoio::net::tcp::stream_poll::TcpStreamPoll;

use super::Version;

/// Answers 200 to every request until the other side ends the connection.
pub(super) async fn answer(stream: TcpStream, version: Version, body_bytes: usize) {
    let Ok(stream) = stream.into_poll_io() else { return };
    speak(Readiness { stream, chunk: vec![0; CHUNK_BYTES].into() }, version, body_bytes).await;
}

/// The same, over anything.
pub(super) async fn speak<I: Read + Write + Unpin>(io: I, version: Version, body_bytes: usize) {
    let body = Bytes::from(vec![b'k'; body_bytes]);
    let service = service_fn(|request: Request<Incoming>| {
        let mut response = Response::new(Full::new(body.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        async move {
            let mut body = request.into_body();
            // hyper skips a small body of HTTP/1.1 by itself, and would end the connection over a
            // large one; a stream of HTTP/2 that is let go of early is reset.
            if version == Version::Http2 || UNREAD_BYTES_MAX < body.size_hint().lower() {
                while let Some(Ok(_)) = body.frame().await {}
            }
            Ok::<_, Infallible>(response)
        }
    });
    // An error here is the generator leaving at the end of its round.
    match version {
        Version::Http1 => drop(http1::Builder::new().serve_connection(io, service).await),
        Version::Http2 => {
            let builder = http2::Builder::new(OnThisThread);
            drop(builder.serve_connection(io, service).await);
        }
    }
}

/// Runs the streams of an HTTP/2 connection as tasks of this thread.
#[derive(Debug, Clone, Copy)]
struct OnThisThread;

impl<F> Executor<F> for OnThisThread
where
    F: Future<Output: 'static> + 'static,
{
    fn execute(&self, stream: F) {
        monoio::spawn(stream);
    }
}

/// Half of what is read at once.
const UNREAD_BYTES_MAX: u64 = 4 * 1024;
const CHUNK_BYTES: usize = 8 * 1024;

/// hyper's view of a readiness stream.
struct Readiness {
    stream: TcpStreamPoll,
    /// Received bytes pass through here: hyper's own buffer is not initialised.
    chunk: Box<[u8]>,
}

impl Read for Readiness {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, chunk } = self.get_mut();
        let wanted = into.remaining().min(chunk.len());
        let mut read = ReadBuf::new(&mut chunk[..wanted]);
        let polled = Pin::new(stream).poll_read(context, &mut read);
        if let Poll::Ready(Ok(())) = polled {
            into.put_slice(read.filled());
        }
        polled
    }
}

impl Write for Readiness {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }
}
