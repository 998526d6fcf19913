//! hyper over the runtime's readiness streams, with nothing behind it.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use monoio::io::IntoPollIo;
use monoio::io::poll_io::{AsyncRead, AsyncWrite, ReadBuf};
use monoio::net::TcpStream;
use monoio::net::tcp::stream_poll::TcpStreamPoll;

/// Answers 200 to every request until the other side ends the connection.
pub(super) async fn answer(stream: TcpStream, body_bytes: usize) {
    let Ok(stream) = stream.into_poll_io() else { return };
    let body = Bytes::from(vec![b'k'; body_bytes]);
    let service = service_fn(|_: Request<Incoming>| {
        let mut response = Response::new(Full::new(body.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        async { Ok::<_, Infallible>(response) }
    });
    let io = Readiness { stream, chunk: vec![0; CHUNK_BYTES].into() };
    // An error here is the generator leaving at the end of its round.
    drop(http1::Builder::new().serve_connection(io, service).await);
}

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
