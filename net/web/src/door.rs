//! The port, and the connections of one core.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener as Socket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway::{BindError, DoorKind, Gate, Listeners};
use hyper::header::HeaderValue;
use monoio::net::TcpListener;
use runtime::Core;
use tls::ServerConfig;

use crate::activity::{Activity, Limits};
use crate::clock::Clock;
use crate::connection::serve;

/// How often silent and slow connections are looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// How long an accept loop rests after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How the door behaves. Times are kept to within two seconds.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most connections of one core; one more is closed at once.
    pub connections_max: usize,
    /// Longest silence of a client between requests or inside one, in seconds. On HTTP/2 only a
    /// request breaks it.
    pub silence_s: u64,
    /// Longest time from the first to the last byte of one request's head, and of the TLS handshake,
    /// in seconds.
    pub head_s: u64,
    /// Longest time for one request's body, in seconds.
    pub body_s: u64,
    /// What the door speaks over TLS; without it there is none, and the door is for loopback only.
    /// Protocols to offer are [`tls::Protocol::Http2`] and [`tls::Protocol::Http1`].
    pub tls: Option<Arc<ServerConfig>>,
    /// Tells clients where the box speaks HTTP/3, such as `h3=":8443"; ma=86400` (RFC 7838).
    pub alt_svc: Option<HeaderValue>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            silence_s: 75,
            head_s: 10,
            body_s: 60,
            tls: None,
            alt_svc: None,
        }
    }
}

/// The port of the door, before and while the cores serve it.
#[derive(Debug)]
pub struct Door {
    options: Options,
    listeners: Listeners,
}

impl Door {
    /// Takes `address` for `cores` cores. Without TLS it must be a loopback address.
    pub fn bind(address: SocketAddr, cores: u16, options: Options) -> Result<Self, BindError> {
        let listeners = if options.tls.is_some() {
            Listeners::anywhere(address, cores)?
        } else {
            gateway::bind(address, cores)?
        };
        Ok(Self { options, listeners })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.listeners.address()
    }

    /// Serves the core's share of connections, from its own thread, until the core's thread ends.
    pub fn serve(&self, gate: &Rc<Gate>) -> io::Result<()> {
        let core = gate.core().clone();
        let Some(socket) = self.listeners.take(core.id().0) else { return Ok(()) };
        let desk = Rc::new(Desk {
            core,
            gate: Rc::clone(gate),
            kind: if self.options.tls.is_some() { DoorKind::Https } else { DoorKind::Plain },
            options: self.options.clone(),
            clock: Clock::default(),
            sweeps: Rc::default(),
            names: Cell::new(0),
            connections: RefCell::default(),
        });
        monoio::spawn(sweep(Rc::clone(&desk)));
        monoio::spawn(stop(Rc::clone(&desk)));
        desk.accept_on(socket)
    }
}

/// What the connections of one core share.
pub(crate) struct Desk {
    pub(crate) core: Core,
    pub(crate) gate: Rc<Gate>,
    pub(crate) kind: DoorKind,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) sweeps: Rc<Cell<u64>>,
    names: Cell<u64>,
    connections: RefCell<BTreeMap<u64, Rc<Activity>>>,
}

impl Desk {
    /// Counts a connection in, under a name of its own.
    pub(crate) fn enter(&self, activity: &Rc<Activity>) -> u64 {
        let name = self.names.get();
        self.names.set(name + 1);
        self.connections.borrow_mut().insert(name, Rc::clone(activity));
        self.gate.metrics().connected(self.kind);
        name
    }

    /// Counts a connection out.
    pub(crate) fn leave(&self, name: u64) {
        self.connections.borrow_mut().remove(&name);
        self.gate.metrics().disconnected(self.kind);
    }

    /// Accepts until the core's thread ends. An accept is never cancelled: the runtime would lose
    /// the connection that completes it.
    fn accept_on(self: Rc<Self>, socket: Socket) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        monoio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, client)) => {
                        let count = self.connections.borrow().len();
                        if count < self.options.connections_max && !self.core.is_stopping() {
                            monoio::spawn(serve(Rc::clone(&self), stream, client));
                        }
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: let some connections end first.
                        tracing::warn!(%error, "http: a connection was not accepted");
                        monoio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        Ok(())
    }
}

/// Looks after what takes too long.
async fn sweep(desk: Rc<Desk>) {
    let sweeps = |seconds: u64| seconds.div_ceil(SWEEP.as_secs()).max(1);
    let Options { silence_s, head_s, .. } = desk.options;
    let limits = Limits { silence: sweeps(silence_s), head: sweeps(head_s) };
    loop {
        monoio::time::sleep(SWEEP).await;
        desk.sweeps.set(desk.sweeps.get() + 1);
        desk.clock.tick(Instant::now());
        for activity in desk.connections.borrow().values() {
            activity.sweep(limits);
        }
    }
}

/// Tells every connection once the box stops.
async fn stop(desk: Rc<Desk>) {
    desk.core.stopping().await;
    for activity in desk.connections.borrow().values() {
        activity.end();
    }
}
