//! The ports, and the connections of one core.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener as Socket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gateway::{DoorKind, Gate, Listeners, Reception};
use monoio::net::TcpListener;
use runtime::Core;
use tls::ServerConfig;
use wire::{CORES_MAX, Limits, SlotMap, Welcome};

use crate::connection::Line;
use crate::greeting;
use crate::transport::Arrival;

/// How long an accept loop rests after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// So many times within the longest patience a connection is looked at.
const LOOKS: u32 = 8;

/// How the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The limits told to clients.
    pub limits: Limits,
    /// Most connections of one core, and most QUIC streams; one more is refused as busy.
    pub connections_max: usize,
    /// Longest wait for the TLS handshake, and for a client's Hello after it, in milliseconds.
    pub hello_ms: u64,
    /// With encryption: longest wait for the rest of a request that has begun, and for a client to
    /// take anything of a reply, in milliseconds.
    pub patience_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::DEFAULT,
            connections_max: 4096,
            hello_ms: 10_000,
            patience_ms: 60_000,
        }
    }
}

/// Why the door cannot open.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A port cannot be had.
    #[error(transparent)]
    Listen(#[from] gateway::BindError),
    /// The limits are out of range or the box has too many cores.
    #[error("rpc limits are out of range: {limits:?} with {cores} cores")]
    Limits {
        /// As asked.
        limits: Limits,
        /// As asked.
        cores: u16,
    },
}

/// The ports of the door, before and while the cores serve them.
#[derive(Debug)]
pub struct Door {
    options: Options,
    tls: Option<Arc<ServerConfig>>,
    shared: Listeners,
    /// One port for each core, where there is one; none at all when there is only one core.
    direct: Vec<Option<Listeners>>,
}

impl Door {
    /// Takes `address`, a loopback one, and beside it one free port for each core when there is more
    /// than one. Whoever reaches them is trusted.
    pub fn bind(address: SocketAddr, cores: u16, options: Options) -> Result<Self, BindError> {
        check(&options, cores)?;
        let shared = gateway::bind(address, cores)?;
        let own = SocketAddr::new(address.ip(), 0);
        let direct = match cores {
            1 => Vec::new(),
            _ => (0..cores).map(|_| gateway::bind(own, 1).map(Some)).collect::<Result<_, _>>()?,
        };
        Ok(Self { options, tls: None, shared, direct })
    }

    /// Takes `address`, any one, for connections that speak TLS 1.3 as `tls` says and show a
    /// credential. When there is more than one core, each also takes a port for itself: those that
    /// follow the shared one, as far as they are free, or any free ones beside port 0.
    pub fn bind_tls(
        address: SocketAddr,
        cores: u16,
        tls: Arc<ServerConfig>,
        options: Options,
    ) -> Result<Self, BindError> {
        check(&options, cores)?;
        let shared = Listeners::anywhere(address, cores)?;
        let direct = match cores {
            1 => Vec::new(),
            _ => (0..cores).map(|core| next_to(address, core)).collect(),
        };
        Ok(Self { options, tls: Some(tls), shared, direct })
    }

    /// The shared address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.shared.address()
    }

    /// Serves the core's share of connections, from its own thread, until the core's thread ends.
    pub fn serve(&self, gate: &Rc<Gate>) -> io::Result<()> {
        let id = gate.core().id().0;
        let addresses = match self.direct.len() {
            0 => vec![None],
            _ => self.direct.iter().map(|it| it.as_ref().map(Listeners::address)).collect(),
        };
        let desk = Desk::open(gate, self.options, addresses, self.tls.is_none());
        let direct = self.direct.get(usize::from(id)).and_then(Option::as_ref);
        let direct = direct.and_then(|it| it.take(0));
        for socket in self.shared.take(id).into_iter().chain(direct) {
            desk.accept_on(socket, self.tls.as_ref())?;
        }
        Ok(())
    }
}

/// The door over the streams of QUIC connections, on one core.
#[derive(Clone)]
pub struct Streams(Rc<Desk>);

impl Streams {
    /// For the core whose side `gate` is, from its own thread.
    pub fn open(gate: &Rc<Gate>, options: Options) -> Result<Self, BindError> {
        let cores = gate.core().map().cores();
        check(&options, cores)?;
        let addresses = vec![None; usize::from(cores)];
        Ok(Self(Desk::open(gate, options, addresses, false)))
    }

    /// Serves a stream to its end.
    pub async fn serve(self, stream: quic::Stream) {
        let seat = self.0.take_seat(None);
        greeting::greet(self.0, Arrival::Quic(stream), seat).await;
    }
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let open = self.0.connections.get();
        formatter.debug_struct("Streams").field("open", &open).finish_non_exhaustive()
    }
}

fn check(options: &Options, cores: u16) -> Result<(), BindError> {
    let limits = options.limits;
    if limits.in_range() && cores != 0 && cores <= CORES_MAX {
        return Ok(());
    }
    Err(BindError::Limits { limits, cores })
}

/// A core's own port behind the shared one. Without it the shared one leads to the core as well.
fn next_to(shared: SocketAddr, core: u16) -> Option<Listeners> {
    let port = match shared.port() {
        0 => 0,
        port => port.checked_add(1)?.checked_add(core)?,
    };
    let address = SocketAddr::new(shared.ip(), port);
    let taken = Listeners::anywhere(address, 1);
    taken.inspect_err(|error| tracing::info!(core, %error, "rpc: no port of its own")).ok()
}

/// What the connections of one core share.
pub(crate) struct Desk {
    pub(crate) reception: Reception,
    pub(crate) options: Options,
    /// Whoever gets here is on this machine and needs to show nothing.
    pub(crate) trusting: bool,
    addresses: Vec<Option<SocketAddr>>,
    slots: SlotMap,
    connections: Cell<usize>,
    next_name: Cell<u64>,
    lines: RefCell<BTreeMap<u64, Rc<Line>>>,
}

/// Counts one connection while it lives.
pub(crate) struct Seat {
    desk: Rc<Desk>,
    door: Option<DoorKind>,
}

impl Desk {
    fn open(
        gate: &Rc<Gate>,
        options: Options,
        addresses: Vec<Option<SocketAddr>>,
        trusting: bool,
    ) -> Rc<Self> {
        let core = gate.core();
        let owner = |slot: wire::Slot| core.map().owner(contract::Slot::new(slot.number())).0;
        let desk = Rc::new(Self {
            reception: Reception::new(gate),
            options,
            trusting,
            addresses,
            slots: SlotMap::from_fn(owner),
            connections: Cell::new(0),
            next_name: Cell::new(0),
            lines: RefCell::default(),
        });
        let told = Rc::clone(&desk);
        monoio::spawn(async move {
            told.core().stopping().await;
            for line in told.lines.borrow().values() {
                line.wake_reader();
            }
        });
        if !trusting {
            monoio::spawn(sweep(Rc::clone(&desk)));
        }
        desk
    }

    pub(crate) fn core(&self) -> &Core {
        self.reception.gate().core()
    }

    /// Accepts until the core's thread ends. An accept is never cancelled: the runtime would lose
    /// the connection that completes it.
    fn accept_on(
        self: &Rc<Self>,
        socket: Socket,
        tls: Option<&Arc<ServerConfig>>,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let (desk, tls) = (Rc::clone(self), tls.cloned());
        monoio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, client)) => desk.admit(match &tls {
                        None => Arrival::Tcp(stream, client),
                        Some(tls) => Arrival::Tls(stream, client, Arc::clone(tls)),
                    }),
                    Err(error) => {
                        // Out of descriptors, most likely: let some connections end first.
                        tracing::warn!(%error, "rpc: a connection was not accepted");
                        monoio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        Ok(())
    }

    fn admit(self: &Rc<Self>, arrival: Arrival) {
        let seat = self.take_seat(Some(DoorKind::Rpc));
        // A handshake only to say that there is no room would be a gift to whoever fills the door.
        if seat.is_some() || self.trusting {
            monoio::spawn(greeting::greet(Rc::clone(self), arrival, seat));
        }
    }

    /// A place for one connection more, counted under `door`, if there is one.
    fn take_seat(self: &Rc<Self>, door: Option<DoorKind>) -> Option<Seat> {
        if self.options.connections_max <= self.connections.get() {
            return None;
        }
        self.connections.set(self.connections.get() + 1);
        if let Some(door) = door {
            self.reception.gate().metrics().connected(door);
        }
        Some(Seat { desk: Rc::clone(self), door })
    }

    /// Counts requests that were answered or are under way.
    pub(crate) fn count(&self, requests: u64) {
        if requests != 0 {
            self.reception.gate().metrics().passed(DoorKind::Rpc, requests);
        }
    }

    pub(crate) fn welcome(&self, version: u16) -> Welcome {
        let position = self.core().position();
        Welcome {
            version,
            core: self.core().id().0,
            limits: self.options.limits,
            epoch: position.epoch.into(),
            position: position.lsn.0,
            addresses: self.addresses.clone(),
            slots: self.slots.clone(),
        }
    }

    /// Remembers a connection, for the end of the box and for those that take too long; see
    /// [`Desk::forget`].
    pub(crate) fn remember(&self, line: &Rc<Line>) -> u64 {
        let name = self.next_name.get();
        self.next_name.set(name + 1);
        self.lines.borrow_mut().insert(name, Rc::clone(line));
        name
    }

    pub(crate) fn forget(&self, name: u64) {
        self.lines.borrow_mut().remove(&name);
    }
}

/// Looks after connections of strangers that take too long.
async fn sweep(desk: Rc<Desk>) {
    let pause = Duration::from_millis(desk.options.patience_ms) / LOOKS;
    loop {
        monoio::time::sleep(pause.max(Duration::from_millis(1))).await;
        let lines: Vec<_> = desk.lines.borrow().values().map(Rc::clone).collect();
        for line in lines {
            line.grow_impatient(LOOKS);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.desk.connections.set(self.desk.connections.get() - 1);
        if let Some(door) = self.door {
            self.desk.reception.gate().metrics().disconnected(door);
        }
    }
}
