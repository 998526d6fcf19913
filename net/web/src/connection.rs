//! One connection, from its first byte to its last.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gateway::Peer;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::ALT_SVC;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use monoio::net::TcpStream;
use tls::{Protocol, Session};

use crate::activity::Activity;
use crate::body::{Answer, Timely};
use crate::door::Desk;
use crate::stream::Stream;

/// The request line and all headers of one HTTP/1.1 request fit into this.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// What a client that speaks HTTP/2 says first, unless it says it in the handshake (RFC 9113, 3.4).
/// No method of ours begins so.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// The headers of one HTTP/2 request, uncompressed, as RFC 9113, 6.5.2 counts them.
const HEADER_LIST_BYTES_MAX: u32 = 32 * 1024;
/// Most requests of one HTTP/2 connection at once; RFC 9113, 6.5.2 wants no fewer than 100.
const STREAMS_MAX: u32 = 128;
/// What a client may send of one body before somebody reads it.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;
/// The same of all bodies of a connection.
const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;
/// Streams that were reset before anybody looked at them: a client with more floods the box
/// (CVE-2023-44487).
const RESETS_PENDING_MAX: usize = 20;
/// Streams that the box had to reset for the client's faults, in the life of a connection
/// (CVE-2025-8671).
const RESETS_LOCAL_MAX: usize = 256;
/// A client that is silent for so long is asked whether it is there, and has as long to answer.
const PING: Duration = Duration::from_secs(20);

/// Serves one connection.
pub(crate) async fn serve(desk: Rc<Desk>, socket: TcpStream, client: SocketAddr) {
    let _guard = desk.core.enter();
    // Without it small answers wait for acknowledgements; a socket that refuses is about to fail.
    drop(socket.set_nodelay(true));
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let activity = Rc::new(Activity::new(client, waker, Rc::clone(&desk.sweeps)));
    let name = desk.enter(&activity);
    if let Ok(tls) = desk.options.tls.as_ref().map(Session::server).transpose() {
        let mut stream = Stream::new(socket, Rc::clone(&activity), tls.map(Box::new));
        match protocol(&desk, &activity, &mut stream).await {
            Ok(Some(Protocol::Http2)) => {
                // Boxed: it is several times the size of the other.
                Box::pin(speak_http2(&desk, &activity, stream)).await;
            }
            Ok(Some(_)) => speak_http1(&desk, &activity, stream).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%client, %error, "http: a connection did not begin"),
        }
    }
    desk.leave(name);
}

/// What the client wants to speak; `None` when the connection is over before it says.
async fn protocol(
    desk: &Desk,
    activity: &Activity,
    stream: &mut Stream,
) -> io::Result<Option<Protocol>> {
    if desk.options.tls.is_some() {
        activity.shake_hands();
        let shaken = unless_over(desk, activity, |context| stream.poll_handshake(context)).await;
        activity.shook_hands();
        let Some(protocol) = shaken.transpose()? else { return Ok(None) };
        if let Some(identity) = stream.identity() {
            // Nothing has set it before: hands are shaken once.
            let _ = activity.identity.set(identity);
        }
        return Ok(Some(protocol.unwrap_or(Protocol::Http1)));
    }
    let peek = |context: &mut Context<'_>| {
        stream.poll_peek(context).map_ok(|bytes| {
            // All of it comes in one segment, or it is not somebody who knows beforehand.
            if bytes.starts_with(PREFACE) { Protocol::Http2 } else { Protocol::Http1 }
        })
    };
    unless_over(desk, activity, peek).await.transpose()
}

/// Waits for `step`, unless the connection or the box comes to its end before.
async fn unless_over<T>(
    desk: &Desk,
    activity: &Activity,
    mut step: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    poll_fn(|context| {
        if activity.is_expired() || desk.core.is_stopping() {
            return Poll::Ready(None);
        }
        step(context).map(Some)
    })
    .await
}

async fn speak_http1(desk: &Rc<Desk>, activity: &Rc<Activity>, stream: Stream) {
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, activity) = (Rc::clone(desk), Rc::clone(activity));
        async move {
            let _request = activity.request();
            let request = request.map(|body| Timely::new(body, desk.options.body_s));
            let response = answer(&desk, &activity, &activity.received, request).await;
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let mut builder = http1::Builder::new();
    // Not `pipeline_flush`: it keeps back the 400 that answers garbage.
    builder.max_buf_size(HEAD_BYTES_MAX);
    // Answers are small: one copy costs less than a gathering write.
    builder.writev(false);
    let connection = pin!(builder.serve_connection(stream, service));
    drive(desk, activity, connection, http1::Connection::graceful_shutdown).await;
}

async fn speak_http2(desk: &Rc<Desk>, activity: &Rc<Activity>, mut stream: Stream) {
    activity.count_by_request();
    stream.sieve_frames();
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, activity) = (Rc::clone(desk), Rc::clone(activity));
        async move {
            let _request = activity.request();
            let received = Cell::new(false);
            let mut request = request.map(|body| Timely::new(body, desk.options.body_s));
            let unread = request.body_mut().keep_unread();
            let response = answer(&desk, &activity, &received, request).await;
            Ok::<_, Infallible>(response.map(|bytes| Answer::new(bytes, unread)))
        }
    });
    let mut builder = http2::Builder::new(OnThisCore);
    builder
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_LOCAL_MAX)
        .timer(desk.clock.clone())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let connection = pin!(builder.serve_connection(stream, service));
    drive(desk, activity, connection, http2::Connection::graceful_shutdown).await;
}

/// Runs a connection to its end; `close` lets it end once what it has begun is answered.
async fn drive<C: Future>(
    desk: &Desk,
    activity: &Activity,
    mut connection: Pin<&mut C>,
    close: impl Fn(Pin<&mut C>),
) {
    let mut closing = false;
    poll_fn(|context| {
        if activity.is_expired() {
            return Poll::Ready(());
        }
        if !closing && (activity.is_ending() || desk.core.is_stopping()) {
            closing = true;
            close(connection.as_mut());
        }
        // How a connection ended is between hyper and the client: there is nothing to repair here.
        connection.as_mut().poll(context).map(drop)
    })
    .await;
}

/// Answers a request; `received` is set once all of it is here.
async fn answer(
    desk: &Desk,
    activity: &Activity,
    received: &Cell<bool>,
    request: Request<Timely>,
) -> Response<Bytes> {
    let address = Some(activity.client);
    let client = activity.identity.get();
    let peer = Peer { door: desk.kind, address, client, early_data: false, received };
    let mut response = gateway::answer(&desk.gate, &peer, request).await;
    if let Some(elsewhere) = &desk.options.alt_svc {
        response.headers_mut().insert(ALT_SVC, elsewhere.clone());
    }
    response
}

/// Runs the streams of an HTTP/2 connection as tasks of its core.
#[derive(Debug, Clone, Copy)]
struct OnThisCore;

impl<F> Executor<F> for OnThisCore
where
    F: Future<Output: 'static> + 'static,
{
    fn execute(&self, stream: F) {
        monoio::spawn(stream);
    }
}
