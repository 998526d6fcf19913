//! The ports, and the connections of one core.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener as Socket};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use gateway::{DoorKind, Gate, Listeners};
use monoio::net::{TcpListener, TcpStream};
use runtime::Core;
use wire::{CORES_MAX, Limits, SlotMap, Welcome};

use crate::greeting;

/// How long an accept loop rests after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The limits told to clients.
    pub limits: Limits,
    /// Most connections of one core; one more is refused as busy.
    pub connections_max: usize,
    /// Longest wait for a client's Hello, in milliseconds.
    pub hello_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::DEFAULT, connections_max: 4096, hello_ms: 10_000 }
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
    shared: Listeners,
    /// One port for each core; none when there is only one core.
    direct: Vec<Listeners>,
}

impl Door {
    /// Takes `address`, and beside it one free port for each core when there is more than one.
    pub fn bind(address: SocketAddr, cores: u16, options: Options) -> Result<Self, BindError> {
        if !options.limits.in_range() || cores == 0 || CORES_MAX < cores {
            return Err(BindError::Limits { limits: options.limits, cores });
        }
        let shared = gateway::bind(address, cores)?;
        let own = SocketAddr::new(address.ip(), 0);
        let direct = match cores {
            1 => Vec::new(),
            _ => (0..cores).map(|_| gateway::bind(own, 1)).collect::<Result<_, _>>()?,
        };
        Ok(Self { options, shared, direct })
    }

    /// The shared address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.shared.address()
    }

    /// Serves the core's share of connections, from its own thread, until the core's thread ends.
    pub fn serve(&self, gate: &Rc<Gate>) -> io::Result<()> {
        let core = gate.core();
        let id = core.id().0;
        let addresses = match self.direct.len() {
            0 => vec![None],
            _ => self.direct.iter().map(|it| Some(it.address())).collect(),
        };
        let owner = |slot: wire::Slot| core.map().owner(contract::Slot::new(slot.number())).0;
        let desk = Rc::new(Desk {
            core: core.clone(),
            gate: Rc::clone(gate),
            options: self.options,
            addresses,
            slots: SlotMap::from_fn(owner),
            connections: Cell::new(0),
            next_reader: Cell::new(0),
            readers: RefCell::default(),
        });
        let direct = self.direct.get(usize::from(id)).and_then(|it| it.take(0));
        for socket in self.shared.take(id).into_iter().chain(direct) {
            desk.accept_on(socket)?;
        }
        monoio::spawn(async move {
            desk.core.stopping().await;
            desk.wake_readers();
        });
        Ok(())
    }
}

/// What the connections of one core share.
pub(crate) struct Desk {
    pub(crate) core: Core,
    gate: Rc<Gate>,
    pub(crate) options: Options,
    addresses: Vec<Option<SocketAddr>>,
    slots: SlotMap,
    connections: Cell<usize>,
    next_reader: Cell<u64>,
    readers: RefCell<BTreeMap<u64, Waker>>,
}

/// Counts one connection while it lives.
pub(crate) struct Seat(Rc<Desk>);

impl Desk {
    /// Accepts until the core's thread ends. An accept is never cancelled: the runtime would lose
    /// the connection that completes it.
    fn accept_on(self: &Rc<Self>, socket: Socket) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let desk = Rc::clone(self);
        monoio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => desk.admit(stream),
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

    fn admit(self: &Rc<Self>, stream: TcpStream) {
        let seat = (self.connections.get() < self.options.connections_max).then(|| {
            self.connections.set(self.connections.get() + 1);
            self.gate.metrics().connected(DoorKind::Rpc);
            Seat(Rc::clone(self))
        });
        monoio::spawn(greeting::greet(Rc::clone(self), stream, seat));
    }

    /// Counts requests that were answered or are under way.
    pub(crate) fn count(&self, requests: u64) {
        self.gate.metrics().passed(DoorKind::Rpc, requests);
    }

    pub(crate) fn welcome(&self, version: u16) -> Welcome {
        let position = self.core.position();
        Welcome {
            version,
            core: self.core.id().0,
            limits: self.options.limits,
            epoch: position.epoch.into(),
            position: position.lsn.0,
            addresses: self.addresses.clone(),
            slots: self.slots.clone(),
        }
    }

    /// Remembers whom to wake when the core stops; see [`Desk::forget`].
    pub(crate) fn remember(&self, reader: Waker) -> u64 {
        let name = self.next_reader.get();
        self.next_reader.set(name + 1);
        self.readers.borrow_mut().insert(name, reader);
        name
    }

    pub(crate) fn forget(&self, name: u64) {
        self.readers.borrow_mut().remove(&name);
    }

    fn wake_readers(&self) {
        for reader in self.readers.borrow().values() {
            reader.wake_by_ref();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.set(self.0.connections.get() - 1);
        self.0.gate.metrics().disconnected(DoorKind::Rpc);
    }
}
