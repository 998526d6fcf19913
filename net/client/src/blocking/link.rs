//! One greeted connection, and where to make it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wire::{Slot, Welcome};

use super::exchange::Exchange;
use super::locked;
use super::socket::Socket;
use crate::error::ConnectError;
use crate::options::{Options, Transport};
use crate::secured::Secured;
use crate::session::{Arrival, Session};

/// Where a box is, and what it last said about itself. Shared by all lanes of a client.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) options: Options,
    addresses: Vec<SocketAddr>,
    /// Unless nothing is to be encrypted.
    secured: Option<Secured>,
    welcome: Mutex<Option<Arc<Welcome>>>,
}

/// A greeted connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Arc<Socket>,
    pub(super) session: Session<Arc<Exchange>>,
}

impl Target {
    pub(super) fn new(addresses: Vec<SocketAddr>, options: Options) -> Result<Self, ConnectError> {
        if addresses.is_empty() {
            return Err(ConnectError::NoAddress);
        }
        let secured = Secured::of(&options.transport)?;
        Ok(Self { options, addresses, secured, welcome: Mutex::new(None) })
    }

    pub(super) fn welcome(&self) -> Option<Arc<Welcome>> {
        locked(&self.welcome).clone()
    }

    pub(super) fn first_address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// The core that owns `slot`, when that core can be reached directly.
    pub(super) fn core_of(&self, slot: Slot) -> Option<u16> {
        let welcome = self.welcome()?;
        let core = welcome.slots.core_of(slot);
        if self.is_quic() {
            // A connection finds its core by its first id.
            return (1 < welcome.cores()).then_some(core);
        }
        welcome.addresses.get(usize::from(core))?.map(|_| core)
    }

    /// Connects to `core`, or to the shared address when there is no other or it does not answer:
    /// from there every core is one hop away, and the greeting brings the present addresses.
    pub(super) fn connect(&self, core: Option<u16>) -> Result<Link, ConnectError> {
        let direct = core.and_then(|core| {
            let welcome = self.welcome()?;
            *welcome.addresses.get(usize::from(core))?
        });
        let mut last = ConnectError::NoAddress;
        for shared in &self.addresses {
            let here = |port| SocketAddr::new(shared.ip(), port);
            let direct =
                direct.map(|it| if it.ip().is_unspecified() { here(it.port()) } else { it });
            for address in direct.into_iter().chain([*shared]) {
                match self.greet(address, core) {
                    Ok(link) => return Ok(link),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    fn is_quic(&self) -> bool {
        matches!(self.options.transport, Transport::Quic(_))
    }

    fn greet(&self, address: SocketAddr, core: Option<u16>) -> Result<Link, ConnectError> {
        let connect_ms = self.options.connect_ms;
        let until = Instant::now() + Duration::from_millis(connect_ms);
        let quiet = Duration::from_millis(self.options.quiet_ms.max(1));
        let late = |error| match error {
            ConnectError::Io(error) if is_pause(&error) && until <= Instant::now() => {
                ConnectError::TimeLimit { connect_ms }
            }
            error => error,
        };
        let stream = match &self.secured {
            None => Socket::plain(address, until),
            Some(secured) if self.is_quic() => Socket::quic(address, core, secured, until),
            Some(secured) => Socket::tls(address, secured, until),
        };
        let stream = stream.map_err(late)?;
        stream.set_write_patience(quiet).map_err(ConnectError::Io)?;
        let Options { name, in_flight_max, .. } = &self.options;
        let mut session = Session::showing(name, self.options.shown(), *in_flight_max);
        let mut hello = Vec::new();
        session.take_output(&mut hello);
        stream.write_all(&hello).map_err(ConnectError::Io)?;
        let mut buffer = vec![0; wire::WELCOME_BYTES_MAX];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ConnectError::TimeLimit { connect_ms });
            }
            stream.set_read_patience(left).map_err(ConnectError::Io)?;
            match stream.read(&mut buffer) {
                Ok(0) => return Err(ConnectError::Closed),
                Ok(count) => session.receive(&buffer[..count]),
                Err(error) if is_pause(&error) => continue,
                Err(error) => return Err(ConnectError::Io(error)),
            }
            if let Some(Arrival::Welcomed) =
                session.next_arrival().map_err(ConnectError::Session)?
            {
                break;
            }
        }
        stream.set_read_patience(quiet).map_err(ConnectError::Io)?;
        *locked(&self.welcome) = session.welcome().cloned().map(Arc::new);
        Ok(Link { stream: Arc::new(stream), session })
    }
}

/// Whether a read ended because its time was up or a signal came, not because the peer is gone.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
