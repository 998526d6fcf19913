//! A connection over TCP, with TLS or without, that says exactly what it is told to.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tls::{ClientConfig, Protocol, ServerName, Session};

/// Longest wait of a test for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a box. It panics when nothing comes for [`PATIENCE`].
#[derive(Debug)]
pub struct Link {
    socket: TcpStream,
    session: Option<Session>,
    arrived: Vec<u8>,
}

impl Link {
    /// Connects, and leaves everything else to the caller.
    pub fn plain(address: impl ToSocketAddrs) -> Self {
        let socket = TcpStream::connect(address).expect("it listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        socket.set_nodelay(true).expect("a socket option");
        Self { socket, session: None, arrived: Vec::new() }
    }

    /// Connects and shakes hands with a box that calls itself `localhost`.
    pub fn tls(address: impl ToSocketAddrs, config: &Arc<ClientConfig>) -> Self {
        let mut link = Self::plain(address);
        let mut hello = Vec::new();
        let name = ServerName::try_from("localhost").expect("a name");
        let session = Session::client(config, name, &mut hello).expect("a session");
        link.socket.write_all(&hello).expect("it reads");
        link.session = Some(session);
        while link.session.as_ref().is_some_and(Session::is_handshaking) {
            assert!(link.receive(), "the box ended the handshake");
        }
        link
    }

    /// What the handshake agreed on.
    pub fn protocol(&self) -> Option<Protocol> {
        self.session.as_ref().and_then(Session::protocol)
    }

    /// Whether the box said that it was the end, as TLS asks for.
    pub fn is_closed_by_peer(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_closed_by_peer)
    }

    /// Sends; a box that has ended the connection is found out about when something is received.
    pub fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_send(bytes) {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        }
    }

    fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(session) = &mut self.session else { return self.socket.write_all(bytes) };
        let mut out = Vec::new();
        assert_eq!(session.write(bytes, &mut out), bytes.len());
        self.socket.write_all(&out)
    }

    /// Sends with TLS so that every packet holds one byte.
    pub fn send_bytewise(&mut self, bytes: &[u8]) {
        let session = self.session.as_mut().expect("a connection with TLS");
        let mut out = Vec::new();
        assert_eq!(session.write(bytes, &mut out), bytes.len());
        for byte in out {
            self.socket.write_all(&[byte]).expect("it reads");
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
    pub fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.arrived.len() < count {
            if !self.receive() {
                return None;
            }
        }
        Some(self.arrived.drain(..count).collect())
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.receive() {}
        std::mem::take(&mut self.arrived)
    }

    /// Says `byte` again and again, as slowly as a client that only wants to hold the connection,
    /// and returns how long the box let it.
    pub fn trickle(&mut self, byte: u8) -> Duration {
        let began = Instant::now();
        self.socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket option");
        while began.elapsed() < PATIENCE {
            if self.try_send(&[byte]).is_err() {
                return began.elapsed();
            }
            match self.socket.read(&mut [0; 4096]) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock) => {}
                Ok(0) | Err(_) => return began.elapsed(),
                // The goodbye.
                Ok(_) => {}
            }
        }
        panic!("the box let it trickle for {PATIENCE:?}");
    }

    /// Asks over HTTP/1.1 without a body, as in `GET /healthz`.
    pub fn ask(&mut self, line: &str) -> (String, Vec<u8>) {
        self.send(format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        self.answer()
    }

    /// The next answer over HTTP/1.1: its head in lower case, and its body.
    pub fn answer(&mut self) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.take(1).expect("a head"));
        }
        let head = String::from_utf8(head).expect("text").to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next());
        let length = length.map_or(0, |it| it.parse().expect("a length"));
        let body = self.take(length).expect("a body");
        (head, body)
    }
}
