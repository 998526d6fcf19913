//! A box with one HTTP door, with TLS or without, and a connection to it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gateway::{Front, Gate, Origins, Terms, TokenTerms};
use runtime::{DeviceChoice, Doors, Running, start};
use tempfile::TempDir;
use tls::{
    Certificates, ClientOptions, Protocol, ServerConfig, ServerName, ServerOptions, Session,
    client_config, ensure_development, server_config,
};

use crate::shelf;

/// Longest wait of a test for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct TestBox {
    pub(crate) address: SocketAddr,
    /// What to trust; `None` for a door without TLS.
    authority: Option<PathBuf>,
    running: Option<Running>,
    _data: TempDir,
}

/// What a box with a development certificate speaks, and the authority to trust.
pub(crate) fn offered(data: &TempDir) -> (Arc<ServerConfig>, PathBuf) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let made = ensure_development(&data.path().join("tls"), &[], now).expect("certificates");
    let (certificates, _) = Certificates::load(vec![made.pair], now).expect("just made");
    let protocols = vec![Protocol::Http2, Protocol::Http1];
    let options = ServerOptions { protocols, ..ServerOptions::default() };
    let config = server_config(&Arc::new(certificates), &options).expect("a configuration");
    (Arc::new(config), made.authority)
}

impl TestBox {
    pub(crate) fn plain(options: web::Options) -> Self {
        Self::open(options, TempDir::new().expect("a temporary directory"), None)
    }

    pub(crate) fn https(options: web::Options) -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let (config, authority) = offered(&data);
        Self::open(web::Options { tls: Some(config), ..options }, data, Some(authority))
    }

    fn open(options: web::Options, data: TempDir, authority: Option<PathBuf>) -> Self {
        let loopback = "127.0.0.1:0".parse().expect("an address");
        let door = Arc::new(web::Door::bind(loopback, 1, options).expect("a free port"));
        let address = door.address();
        let origins = Origins::of(Vec::new());
        let terms = Terms {
            body_bytes_max: 1 << 20,
            origins,
            version: "1.2.3".to_owned(),
            tokens: TokenTerms::default(),
        };
        let front = Front::new(terms, shelf::ENTRIES, 1);
        let doors: Doors = Arc::new(move |core| {
            door.serve(&Rc::new(Gate::new(&front, &core))).map_err(|it| it.to_string())
        });
        let mut options = runtime::Options::new(data.path().join("data"));
        options.log.device = DeviceChoice::Plain;
        options.log.segment_bytes = 16 << 20;
        let running = start(&options, shelf::ENTRIES, &doors, &mut |_| {}).expect("it starts");
        Self { address, authority, running: Some(running), _data: data }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().expect("a clean stop");
        }
    }

    /// Connects, and speaks one of `protocols` when there is TLS.
    pub(crate) fn connect(&self, protocols: &[Protocol]) -> Link {
        let mut link = self.connect_silently();
        if let Some(authority) = &self.authority {
            let options = ClientOptions {
                authorities: vec![authority.clone()],
                protocols: protocols.to_vec(),
                ..ClientOptions::default()
            };
            let config = Arc::new(client_config(&options).expect("a configuration"));
            let name = ServerName::try_from("localhost").expect("a name");
            let mut hello = Vec::new();
            let session = Session::client(&config, name, &mut hello).expect("a session");
            link.socket.write_all(&hello).expect("it reads");
            link.session = Some(session);
            while link.session.as_ref().is_some_and(Session::is_handshaking) {
                assert!(link.receive(), "the box ended the handshake");
            }
        }
        link
    }

    /// Connects, and leaves everything else to the caller.
    pub(crate) fn connect_silently(&self) -> Link {
        let socket = TcpStream::connect(self.address).expect("it listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        Link { socket, session: None, arrived: Vec::new() }
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// A connection, with TLS or without.
pub(crate) struct Link {
    pub(crate) socket: TcpStream,
    pub(crate) session: Option<Session>,
    arrived: Vec<u8>,
}

impl Link {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("it reads");
    }

    /// As [`Link::send`], to a box that may have ended the connection.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let Some(session) = &mut self.session else { return self.socket.write_all(bytes) };
        let mut out = Vec::new();
        assert_eq!(session.write(bytes, &mut out), bytes.len());
        self.socket.write_all(&out)
    }

    /// Sends so that every packet holds one byte.
    pub(crate) fn send_bytewise(&mut self, bytes: &[u8]) {
        let session = self.session.as_mut().expect("a tls connection");
        let mut out = Vec::new();
        session.write(bytes, &mut out);
        self.socket.set_nodelay(true).expect("a socket option");
        for byte in out {
            self.socket.write_all(&[byte]).expect("it reads");
        }
    }

    /// Waits for more; `false` at the end.
    fn receive(&mut self) -> bool {
        let mut bytes = [0; 4096];
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

    /// Everything up to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.receive() {}
        std::mem::take(&mut self.arrived)
    }

    /// Says `byte` again and again, as slowly as a client that only wants to hold the connection,
    /// and returns how long the box let it.
    pub(crate) fn trickle(&mut self, byte: u8) -> Duration {
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

    /// Asks over HTTP/1.1; the head of the answer in lower case, and its body.
    pub(crate) fn ask(&mut self, line: &str) -> (String, Vec<u8>) {
        self.send(format!("{line} HTTP/1.1\r\nhost: box\r\n\r\n").as_bytes());
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.take(1).expect("a head"));
        }
        let head = String::from_utf8(head).expect("text").to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next());
        let length = length.and_then(|it| it.parse().ok()).expect("a length");
        let body = self.take(length).expect("a body");
        (head, body)
    }
}
