//! Listening sockets, one per core; without encryption on loopback only.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted on one socket.
const BACKLOG: i32 = 1024;

/// Why a door cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address can be reached from other machines.
    #[error(
        "{address} can be reached from other machines, and this door does not encrypt: listen on \
         127.0.0.1 or [::1] here, and let other machines use a door that speaks TLS"
    )]
    NotLoopback {
        /// As asked.
        address: SocketAddr,
    },
    /// The operating system refuses.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// As asked.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The sockets of one address, one for each core; the kernel spreads connections over them.
#[derive(Debug)]
pub struct Listeners {
    address: SocketAddr,
    sockets: Mutex<Vec<Option<TcpListener>>>,
}

/// Listens on `address` for each of `cores` cores. Port 0 takes a free port, the same for all.
pub fn bind(address: SocketAddr, cores: u16) -> Result<Listeners, BindError> {
    if !address.ip().is_loopback() {
        return Err(BindError::NotLoopback { address });
    }
    Listeners::anywhere(address, cores)
}

impl Listeners {
    /// Listens as [`bind`] does, on addresses too that other machines can reach: for doors that
    /// encrypt all they say.
    pub fn anywhere(address: SocketAddr, cores: u16) -> Result<Self, BindError> {
        let at = |address| move |source| BindError::Io { address, source };
        let mut sockets = Vec::new();
        let mut bound = address;
        for _ in 0..cores {
            let socket = listener(bound, cores > 1).map_err(at(address))?;
            bound = socket.local_addr().map_err(at(address))?;
            sockets.push(Some(socket));
        }
        Ok(Self { address: bound, sockets: Mutex::new(sockets) })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket of `core`; `None` when it was taken before or there is no such core.
    pub fn take(&self, core: u16) -> Option<TcpListener> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.get_mut(usize::from(core))?.take()
    }
}

fn listener(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Alone, the port stays exclusive: a second process is refused instead of sharing it.
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[2001:db8::1]:80"] {
            let address = address.parse().unwrap();
            let error = bind(address, 1).unwrap_err();
            assert!(matches!(error, BindError::NotLoopback { .. }), "{error}");
        }
        let address = "0.0.0.0:0".parse().unwrap();
        assert_ne!(Listeners::anywhere(address, 1).unwrap().address().port(), 0);
    }

    #[test]
    fn cores_share_one_port_and_each_takes_its_socket_once() {
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert_ne!(listeners.address().port(), 0);
        for core in 0..3 {
            let socket = listeners.take(core).unwrap();
            assert_eq!(socket.local_addr().unwrap(), listeners.address());
            assert!(listeners.take(core).is_none());
        }
        assert!(listeners.take(3).is_none());
    }

    #[test]
    fn a_port_in_use_is_refused() {
        let first = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
        let error = bind(first.address(), 1).unwrap_err();
        assert!(matches!(error, BindError::Io { .. }), "{error}");
    }
}
