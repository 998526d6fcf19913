//! A connection over TCP, with TLS or without.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use tls::{ClientConfig, ServerName, Session};

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Link {
    socket: TcpStream,
    session: Option<Session>,
    arrived: Vec<u8>,
}

impl Link {
    pub(crate) fn plain(address: &str) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, session: None, arrived: Vec::new() }
    }

    pub(crate) fn tls(address: &str, config: &Arc<ClientConfig>) -> Self {
        let mut link = Self::plain(address);
        let mut hello = Vec::new();
        let name = ServerName::try_from("localhost").unwrap();
        let session = Session::client(config, name, &mut hello).unwrap();
        link.socket.write_all(&hello).unwrap();
        link.session = Some(session);
        while link.session.as_ref().is_some_and(Session::is_handshaking) {
            assert!(link.receive(), "the box ended the handshake");
        }
        link
    }

    /// Sends; a box that has ended the connection is found out about when something is received.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let mut out = Vec::new();
        let out = match &mut self.session {
            None => bytes,
            Some(session) => {
                assert_eq!(session.write(bytes, &mut out), bytes.len());
                &out
            }
        };
        if let Err(error) = self.socket.write_all(out) {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        }
    }

    /// Waits for more; `false` at the end.
    fn receive(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        let count = match self.socket.read(&mut bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came: {error}"),
        };
        let Some(session) = &mut self.session else {
            self.arrived.extend_from_slice(&bytes[..count]);
            return 0 < count;
        };
        let (mut rest, mut out) = (&bytes[..count], Vec::new());
        while !rest.is_empty() {
            let taken = session.read_tls(rest, &mut out).expect("sound records");
            rest = &rest[taken..];
            while !session.plaintext().is_empty() {
                self.arrived.extend_from_slice(session.plaintext());
                let count = session.plaintext().len();
                session.consume(count);
            }
        }
        // The other side may be gone already.
        drop(self.socket.write_all(&out));
        0 < count
    }

    /// The next `count` bytes; `None` when the connection ends before.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.arrived.len() < count {
            if !self.receive() {
                return None;
            }
        }
        Some(self.arrived.drain(..count).collect())
    }

    /// Everything up to and with `end`.
    pub(crate) fn take_to(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self.arrived.windows(end.len()).position(|it| it == end);
            if let Some(at) = found {
                return self.take(at + end.len());
            }
            if !self.receive() {
                return None;
            }
        }
    }
}
