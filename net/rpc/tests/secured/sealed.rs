//! What strangers get over TLS, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tls::{ClientOptions, Protocol, ServerName, Session, client_config};
use wire::{Greeting, Head, Hello, Limits, Refusal, Status, decode_reply, encode_request};

use crate::fort::{Fort, echo};
use crate::shelf::ECHO;

/// A client that says what a test has it say.
struct Raw {
    socket: TcpStream,
    tls: Session,
    plain: Vec<u8>,
}

impl Raw {
    /// Goes through the handshake, offering these protocols.
    fn shake_hands(fort: &Fort, protocols: Vec<Protocol>) -> Result<Self, String> {
        let authorities = vec![fort.authority.clone()];
        let options = ClientOptions { authorities, protocols, ..ClientOptions::default() };
        let config = Arc::new(client_config(&options).unwrap());
        let mut out = Vec::new();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = Session::client(&config, name, &mut out).unwrap();
        let mut socket = connect(fort);
        socket.write_all(&out).unwrap();
        let mut raw = Self { socket, tls, plain: Vec::new() };
        while raw.tls.is_handshaking() {
            if !raw.more()? {
                return Err("closed".to_owned());
            }
        }
        // What the handshake has us say last went out with the last read.
        Ok(raw)
    }

    /// With a Hello of this key behind it, and the Welcome read.
    fn greeted(fort: &Fort, key: &str) -> Self {
        let mut raw = Self::shake_hands(fort, vec![Protocol::Rpc]).unwrap();
        raw.send(&hello(key));
        assert!(matches!(raw.greeting(), Some(Greeting::Welcome(_))));
        raw
    }

    fn send(&mut self, plain: &[u8]) {
        let mut out = Vec::new();
        self.tls.write(plain, &mut out);
        self.socket.write_all(&out).unwrap();
    }

    /// Reads more; false at the end, however it was told.
    fn more(&mut self) -> Result<bool, String> {
        let mut buffer = [0; 16 * 1024];
        let count = match self.socket.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
            Err(error) => panic!("{error}"),
        };
        let (mut taken, mut out) = (0, Vec::new());
        while taken < count {
            let read = self.tls.read_tls(&buffer[taken..count], &mut out);
            taken += read.map_err(|error| error.to_string())?;
            self.plain.extend_from_slice(self.tls.plaintext());
            let length = self.tls.plaintext().len();
            self.tls.consume(length);
        }
        self.socket.write_all(&out).unwrap();
        Ok(true)
    }

    fn greeting(&mut self) -> Option<Greeting> {
        loop {
            if let Some((greeting, taken)) = Greeting::decode(&self.plain).unwrap() {
                self.plain.drain(..taken);
                return Some(greeting);
            }
            if !self.more().unwrap() {
                return None;
            }
        }
    }

    fn refusal(&mut self) -> Refusal {
        match self.greeting() {
            Some(Greeting::Refusal(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    fn reply(&mut self) -> (u64, Status) {
        loop {
            if let Some((reply, taken)) = decode_reply(&self.plain, &Limits::DEFAULT).unwrap() {
                let found = (reply.request_id, reply.status);
                self.plain.drain(..taken);
                return found;
            }
            assert!(self.more().unwrap(), "closed without a reply");
        }
    }

    /// Whether nothing comes but the end, and TLS announced it.
    fn is_closed(&mut self) -> bool {
        while self.more().unwrap() {}
        self.plain.is_empty() && self.tls.is_closed_by_peer()
    }
}

fn connect(fort: &Fort) -> TcpStream {
    let socket = TcpStream::connect(fort.tls).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

fn hello(key: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Hello::new("raw").showing(key).encode(&mut out);
    out
}

fn request(id: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let (head, payload) = (Head::new(ECHO, id), echo("x", 1));
    encode_request(&mut out, &head, &payload, &Limits::DEFAULT).unwrap();
    out
}

/// A door that is quickly out of patience.
fn hasty() -> rpc::Options {
    rpc::Options { hello_ms: 200, patience_ms: 200, ..rpc::Options::default() }
}

#[test]
fn whoever_names_another_protocol_or_none_is_turned_away() {
    let fort = Fort::open(1, rpc::Options::default());
    for protocols in [vec![Protocol::Http2], vec![Protocol::Http1, Protocol::Http3]] {
        let error = Raw::shake_hands(&fort, protocols).err().unwrap();
        assert!(error.contains("NoApplicationProtocol"), "{error}");
    }
    let mut nameless = Raw::shake_hands(&fort, vec![]).unwrap();
    let refusal = nameless.refusal();
    assert_eq!(refusal.status, Status::Garbled);
    assert!(refusal.detail.contains("quoin-rpc"), "{refusal:?}");
    assert!(nameless.is_closed());
}

#[test]
fn garbage_in_place_of_tls_and_inside_it_is_told_apart() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    // In place of it: an alert, and the end.
    let mut socket = connect(&fort);
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    drop(socket.read_to_end(&mut answer));
    assert_eq!(answer.first(), Some(&21), "{answer:?}");
    // Inside it, before a Hello and after.
    let mut raw = Raw::shake_hands(&fort, vec![Protocol::Rpc]).unwrap();
    raw.send(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(raw.refusal().status, Status::Garbled);
    assert!(raw.is_closed());
    let mut raw = Raw::greeted(&fort, &key);
    raw.send(&[&request(1)[..], &[0xff; 64]].concat());
    assert_eq!(raw.reply(), (1, Status::Ok));
    assert_eq!(raw.reply(), (0, Status::Garbled));
    assert!(raw.is_closed());
    // A record that nobody encrypted, in the midst of it: what was asked before is void as well.
    let mut raw = Raw::greeted(&fort, &key);
    raw.socket.write_all(&[23, 3, 3, 0, 32]).unwrap();
    raw.socket.write_all(&[7; 32]).unwrap();
    assert!(raw.more().is_err() || !raw.more().unwrap_or(false));
    // The box lives.
    let mut raw = Raw::greeted(&fort, &key);
    raw.send(&request(2));
    assert_eq!(raw.reply(), (2, Status::Ok));
}

#[test]
fn whoever_stops_halfway_is_let_go() {
    let fort = Fort::open(1, hasty());
    let (key, _) = fort.key(&["shelf.*"]);
    let began = Instant::now();
    // Nothing at all, and the front of a first message.
    for front in [&b""[..], &[22, 3, 1, 2, 0, 1, 0]] {
        let mut socket = connect(&fort);
        socket.write_all(front).unwrap();
        let mut rest = Vec::new();
        drop(socket.read_to_end(&mut rest));
        assert!(rest.is_empty(), "{rest:?}");
    }
    // A handshake without a Hello, and with half of one.
    for hello in [&b""[..], &hello(&key)[..20]] {
        let mut raw = Raw::shake_hands(&fort, vec![Protocol::Rpc]).unwrap();
        raw.send(hello);
        assert_eq!(raw.refusal().status, Status::DeadlineExceeded);
        assert!(raw.is_closed());
    }
    // Half a request, after a whole one; slowly.
    let mut raw = Raw::greeted(&fort, &key);
    raw.send(&request(1));
    assert_eq!(raw.reply(), (1, Status::Ok));
    raw.send(&request(2)[..33]);
    while raw.more().unwrap_or(false) {}
    assert!(raw.plain.is_empty());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn whoever_takes_no_replies_is_cut_off() {
    let fort = Fort::open(1, hasty());
    let (key, _) = fort.key(&["shelf.*"]);
    let mut raw = Raw::greeted(&fort, &key);
    let mut frame = Vec::new();
    let payload = echo("0123456789", 700_000);
    encode_request(&mut frame, &Head::new(ECHO, 1), &payload, &Limits::DEFAULT).unwrap();
    // More than the sockets of both sides hold, and nobody reads: the server cannot write, and in
    // the end lets go, which the next bytes to it find out.
    raw.socket.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let mut out = Vec::new();
        raw.tls.write(&frame, &mut out);
        match raw.socket.write_all(&out) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return,
            Ok(()) | Err(_) => assert!(Instant::now() < deadline, "still there"),
        }
    }
}

#[test]
fn whoever_is_idle_stays_and_a_full_door_admits_nobody() {
    let fort = Fort::open(1, rpc::Options { connections_max: 1, ..hasty() });
    let (key, _) = fort.key(&["shelf.*"]);
    let mut raw = Raw::greeted(&fort, &key);
    // No handshake is gone through for somebody who cannot stay.
    assert!(Raw::shake_hands(&fort, vec![Protocol::Rpc]).is_err());
    let patience = Instant::now() + Duration::from_millis(500);
    while Instant::now() < patience {
        assert!(Raw::shake_hands(&fort, vec![Protocol::Rpc]).is_err());
    }
    raw.send(&request(1));
    assert_eq!(raw.reply(), (1, Status::Ok));
}

#[test]
fn a_box_that_stops_says_goodbye_over_tls() {
    let mut fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    let mut raw = Raw::greeted(&fort, &key);
    raw.send(&request(1));
    assert_eq!(raw.reply(), (1, Status::Ok));
    fort.stop();
    assert_eq!(raw.reply(), (0, Status::ShuttingDown));
    assert!(raw.is_closed());
}
