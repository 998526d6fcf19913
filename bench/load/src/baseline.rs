//! What the same requests cost when nothing is done with them, on the same runtime.

mod bytes;
mod http;
mod quic_door;
mod secure;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use runtime::event_loop;
use tempfile::TempDir;
use tls::{Certificates, Protocol, ServerConfig, ServerOptions, ensure_development, server_config};

use crate::cpu;
use crate::error::LoadError;
use crate::trust::Trust;

/// What the baseline speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whatever comes goes back.
    Echo { secure: bool },
    /// Whatever comes on a stream of the QUIC door goes back.
    EchoQuic,
    /// hyper, answering 200 with a body of so many bytes.
    Http { version: Version, secure: bool, body_bytes: usize },
    /// The QUIC door, answering 200 with a body of so many bytes.
    Http3 { body_bytes: usize },
}

/// What hyper speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

impl Kind {
    /// What the handshake agrees on; `None` without one.
    fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Echo { secure: false } | Self::Http { secure: false, .. } => None,
            Self::Echo { secure: true } | Self::EchoQuic => Some(Protocol::Rpc),
            Self::Http { version: Version::Http1, .. } => Some(Protocol::Http1),
            Self::Http { version: Version::Http2, .. } => Some(Protocol::Http2),
            Self::Http3 { .. } => Some(Protocol::Http3),
        }
    }

    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo { secure: false } => "bare echo",
            Self::Echo { secure: true } => "bare tls echo",
            Self::EchoQuic => "bare quic echo",
            Self::Http { version: Version::Http1, secure: false, .. } => "bare hyper ok",
            Self::Http { version: Version::Http1, secure: true, .. } => "bare hyper tls",
            Self::Http { version: Version::Http2, .. } => "bare hyper h2",
            Self::Http3 { .. } => "bare quic ok",
        }
    }
}

/// A baseline server on a thread of its own. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) address: SocketAddr,
    /// What its clients believe, with encryption.
    pub(crate) trust: Option<Trust>,
    /// The thread, for its CPU time.
    pub(crate) tid: i32,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    kind: Kind,
}

/// Where the thread waits for its clients.
enum Port {
    Tcp(TcpListener, Option<Arc<ServerConfig>>),
    Quic(Box<quic::Door>),
}

impl Baseline {
    pub(crate) fn start(kind: Kind, core: usize) -> Result<Self, LoadError> {
        let failed = LoadError::setup("the baseline server (--server-core)");
        Self::spawn(kind, core).map_err(failed)
    }

    fn spawn(kind: Kind, core: usize) -> io::Result<Self> {
        let (server, trust) = certified(kind)?.unzip();
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let (address, port) = match (kind, server) {
            (Kind::Http3 { .. } | Kind::EchoQuic, Some(tls)) => {
                let streams = Some(Protocol::Rpc.name().as_bytes());
                let options = quic::Options { streams, ..quic::Options::default() };
                let door =
                    quic::Door::bind(loopback, 1, &tls, options).map_err(io::Error::other)?;
                (door.address(), Port::Quic(Box::new(door)))
            }
            (_, tls) => {
                let listener = TcpListener::bind(loopback)?;
                (listener.local_addr()?, Port::Tcp(listener, tls.map(Arc::new)))
            }
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (ready, started) = mpsc::channel();
        let thread = thread::Builder::new().name("baseline".to_owned()).spawn(move || {
            let serving = || -> io::Result<_> {
                cpu::pin(core)?;
                event_loop()
            };
            let mut runtime = match serving() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let tid = rustix::thread::gettid().as_raw_nonzero().get();
            drop(ready.send(Ok(tid)));
            match port {
                Port::Tcp(listener, tls) => {
                    runtime.block_on(serve(kind, listener, tls, &stopped));
                }
                Port::Quic(door) => runtime.block_on(quic_door::serve(kind, &door, stopped)),
            }
        })?;
        let tid = started.recv().map_err(io::Error::other)??;
        Ok(Self { address, trust, tid, stop, thread: Some(thread), kind })
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // The thread waits for a connection: this one ends it.
        let quic = matches!(self.kind, Kind::Http3 { .. } | Kind::EchoQuic);
        let ends = quic || TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| ends) {
            // A panic of the baseline has already been printed, and its rounds have failed.
            drop(thread.join());
        }
    }
}

/// A certificate that was made just now, and whom to believe for it.
fn certified(kind: Kind) -> io::Result<Option<(ServerConfig, Trust)>> {
    let Some(protocol) = kind.protocol() else { return Ok(None) };
    // Read at once: the files may go.
    let directory = TempDir::new()?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let made = ensure_development(directory.path(), &[], now_s).map_err(io::Error::other)?;
    let loaded = Certificates::load(vec![made.pair], now_s).map_err(io::Error::other)?;
    let options = ServerOptions { protocols: vec![protocol], ..ServerOptions::default() };
    let server = server_config(&Arc::new(loaded.0), &options).map_err(io::Error::other)?;
    let trust = Trust::new(&made.authority, "localhost", protocol).map_err(io::Error::other)?;
    Ok(Some((server, trust)))
}

async fn serve(
    kind: Kind,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    stopped: &AtomicBool,
) {
    let nonblocking = listener.set_nonblocking(monoio::utils::is_legacy());
    let Ok(listener) = nonblocking.and_then(|()| monoio::net::TcpListener::from_std(listener))
    else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        if stopped.load(Ordering::Acquire) {
            return;
        }
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        match (kind, &tls) {
            (Kind::Http { version, body_bytes, .. }, None) => {
                drop(monoio::spawn(http::answer(stream, version, body_bytes)));
            }
            (Kind::Http { version, body_bytes, .. }, Some(tls)) => {
                let tls = Arc::clone(tls);
                drop(monoio::spawn(secure::answer(stream, tls, version, body_bytes)));
            }
            (_, None) => drop(monoio::spawn(bytes::echo(stream))),
            (_, Some(tls)) => drop(monoio::spawn(secure::echo(stream, Arc::clone(tls)))),
        }
    }
}

#[cfg(test)]
#[path = "baseline/tests.rs"]
mod tests;
