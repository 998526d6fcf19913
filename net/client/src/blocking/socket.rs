//! What carries a connection: one thread reads, one at a time writes, any may hang up.

mod sealed;
mod stream;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::error::ConnectError;
use crate::secured::Secured;
use sealed::Sealed;
use stream::Stream;

/// What carries a connection.
#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<Sealed>),
    Quic(Box<Stream>),
}

impl Socket {
    pub(super) fn plain(address: SocketAddr, until: Instant) -> Result<Self, ConnectError> {
        tcp(address, until).map(Self::Plain)
    }

    pub(super) fn tls(
        address: SocketAddr,
        secured: &Secured,
        until: Instant,
    ) -> Result<Self, ConnectError> {
        let name = secured.server_name(address.ip())?;
        let sealed = Sealed::connect(tcp(address, until)?, &secured.config, name, until);
        sealed.map(|it| Self::Tls(Box::new(it))).map_err(ConnectError::Io)
    }

    /// `core` is to serve the connection; `None` leaves it to chance.
    pub(super) fn quic(
        address: SocketAddr,
        core: Option<u16>,
        secured: &Secured,
        until: Instant,
    ) -> Result<Self, ConnectError> {
        let stream = Stream::connect(address, core, secured, until)?;
        Ok(Self::Quic(Box::new(stream)))
    }

    /// Reads, for as long as the patience lasts: then it is an error that is a pause.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => (&mut &*socket).read(buffer),
            Self::Tls(sealed) => sealed.read(buffer),
            Self::Quic(stream) => stream.read(buffer),
        }
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => (&mut &*socket).write_all(bytes),
            Self::Tls(sealed) => sealed.write_all(bytes),
            Self::Quic(stream) => stream.write_all(bytes),
        }
    }

    /// Ends what the reading and the writing thread have under way.
    pub(super) fn hang_up(&self) {
        // It fails only when the connection is gone already, which is what is wanted.
        match self {
            Self::Plain(socket) => drop(socket.shutdown(Shutdown::Both)),
            Self::Tls(sealed) => sealed.hang_up(),
            Self::Quic(stream) => stream.hang_up(),
        }
    }

    pub(super) fn set_read_patience(&self, patience: Duration) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.set_read_timeout(Some(patience)),
            Self::Tls(sealed) => sealed.socket().set_read_timeout(Some(patience)),
            Self::Quic(stream) => {
                stream.set_read_patience(patience);
                Ok(())
            }
        }
    }

    pub(super) fn set_write_patience(&self, patience: Duration) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.set_write_timeout(Some(patience)),
            Self::Tls(sealed) => sealed.socket().set_write_timeout(Some(patience)),
            Self::Quic(stream) => {
                stream.set_write_patience(patience);
                Ok(())
            }
        }
    }
}

fn tcp(address: SocketAddr, until: Instant) -> Result<TcpStream, ConnectError> {
    let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let socket = TcpStream::connect_timeout(&address, left).map_err(ConnectError::Io)?;
    socket.set_nodelay(true).map_err(ConnectError::Io)?;
    Ok(socket)
}
