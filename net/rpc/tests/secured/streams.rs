//! Many streams of one QUIC connection, each a connection of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use quic::{Arrival, Caller, Calling, ClientError};
use tls::{ClientOptions, client_config};
use wire::{Greeting, Head, Hello, Limits, Status, decode_reply, encode_request};

use crate::fort::{Fort, echo};
use crate::shelf::ECHO;

const WAIT: Duration = Duration::from_secs(20);

/// What has come on each stream, and how it ended.
struct Raw {
    caller: Caller,
    came: BTreeMap<u64, Vec<u8>>,
    ended: BTreeMap<u64, Result<(), u64>>,
}

impl Raw {
    fn connect(fort: &Fort, protocol: &[u8], core: Option<u16>) -> Result<Self, ClientError> {
        let authorities = vec![fort.authority.clone()];
        let options = ClientOptions { authorities, ..ClientOptions::default() };
        let tls = client_config(&options).unwrap();
        let server_name = "localhost";
        let calling = Calling { address: fort.quic, server_name, protocol, core, wait: WAIT };
        let caller = Caller::connect(&calling, &tls)?;
        Ok(Self { caller, came: BTreeMap::new(), ended: BTreeMap::new() })
    }

    fn open(&mut self, first: &[u8]) -> u64 {
        let stream = self.caller.open().unwrap();
        self.caller.write(stream, first);
        stream
    }

    fn step(&mut self) -> Result<(), ClientError> {
        for arrival in self.caller.receive(WAIT, None)? {
            match arrival {
                Arrival::Bytes(stream, bytes) => {
                    self.came.entry(stream).or_default().extend_from_slice(&bytes);
                }
                Arrival::End(stream) => drop(self.ended.insert(stream, Ok(()))),
                Arrival::Reset(stream, code) => drop(self.ended.insert(stream, Err(code))),
            }
        }
        Ok(())
    }

    fn greeting(&mut self, stream: u64) -> Greeting {
        loop {
            let came = self.came.entry(stream).or_default();
            if let Some((greeting, taken)) = Greeting::decode(came).unwrap() {
                came.drain(..taken);
                return greeting;
            }
            self.step().unwrap();
        }
    }

    fn reply(&mut self, stream: u64) -> (u64, Status) {
        loop {
            let came = self.came.entry(stream).or_default();
            if let Some((reply, taken)) = decode_reply(came, &Limits::DEFAULT).unwrap() {
                let found = (reply.request_id, reply.status);
                came.drain(..taken);
                return found;
            }
            self.step().unwrap();
        }
    }

    fn end(&mut self, stream: u64) -> Result<(), u64> {
        while !self.ended.contains_key(&stream) {
            self.step().unwrap();
        }
        self.ended[&stream]
    }
}

fn hello(key: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Hello::new("raw").showing(key).encode(&mut out);
    out
}

fn request(id: u64, text: &str) -> Vec<u8> {
    let (mut out, payload) = (Vec::new(), echo(text, 1));
    encode_request(&mut out, &Head::new(ECHO, id), &payload, &Limits::DEFAULT).unwrap();
    out
}

#[test]
fn streams_share_a_connection_and_nothing_else() {
    let fort = Fort::open(2, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for core in [0, 1] {
        let mut raw = Raw::connect(&fort, wire::ALPN, Some(core)).unwrap();
        let first = [hello(&key), request(1, "first")].concat();
        let mut streams: Vec<u64> = (0..200).map(|_| raw.open(&first)).collect();
        // Among them one that is none, one that shows nothing, and one that leaves at once.
        let garbled = raw.open(b"GET / HTTP/1.1\r\n\r\n");
        let nobody = raw.open(&hello(""));
        let hasty = raw.open(&first);
        raw.caller.finish(hasty);
        streams.push(hasty);
        for stream in &streams {
            match raw.greeting(*stream) {
                Greeting::Welcome(welcome) => {
                    assert_eq!((welcome.core, welcome.cores()), (core, 2));
                    assert!(welcome.addresses.iter().all(Option::is_none));
                }
                Greeting::Refusal(refusal) => panic!("{refusal:?}"),
            }
            assert_eq!(raw.reply(*stream), (1, Status::Ok));
        }
        for (stream, expected) in [(garbled, Status::Garbled), (nobody, Status::Unauthenticated)] {
            match raw.greeting(stream) {
                Greeting::Refusal(refusal) => assert_eq!(refusal.status, expected),
                Greeting::Welcome(welcome) => panic!("{welcome:?}"),
            }
            assert_eq!(raw.end(stream), Ok(()));
        }
        assert_eq!(raw.end(hasty), Ok(()));
        for stream in &streams[..200] {
            raw.caller.write(*stream, &request(2, "second"));
        }
        for stream in &streams[..200] {
            assert_eq!(raw.reply(*stream), (2, Status::Ok));
            raw.caller.finish(*stream);
        }
        for stream in &streams[..200] {
            assert_eq!(raw.end(*stream), Ok(()));
        }
        let counts = fort.counts();
        assert_eq!(counts[usize::from(core)].open_streams, 1, "{counts:?}");
        assert_eq!(counts[usize::from(core)].requests, 203, "{counts:?}");
    }
}

#[test]
fn the_handshake_decides_what_is_spoken() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    let error = Raw::connect(&fort, b"smtp", None).err().unwrap();
    assert!(matches!(error, ClientError::Lost(_)), "{error}");
    // Somebody who speaks HTTP/3 to the same port, and sends a Hello where a request should be.
    let mut http3 = Raw::connect(&fort, b"h3", None).unwrap();
    let stream = http3.open(&hello(&key));
    http3.caller.finish(stream);
    let ended = loop {
        if let Err(error) = http3.step() {
            break Err(error);
        }
        if let Some(ended) = http3.ended.get(&stream) {
            break Ok(*ended);
        }
    };
    assert!(!matches!(ended, Ok(Ok(()))), "{ended:?}");
    let came = http3.came.get(&stream).cloned().unwrap_or_default();
    assert!(!came.starts_with(&wire::MAGIC), "{came:?}");
    let mut raw = Raw::connect(&fort, wire::ALPN, None).unwrap();
    let stream = raw.open(&hello(&key));
    assert!(matches!(raw.greeting(stream), Greeting::Welcome(_)));
}

#[test]
fn a_stream_without_a_hello_or_with_half_a_request_is_let_go() {
    let hasty = rpc::Options { hello_ms: 200, patience_ms: 200, ..rpc::Options::default() };
    let fort = Fort::open(1, hasty);
    let (key, _) = fort.key(&["shelf.*"]);
    let mut raw = Raw::connect(&fort, wire::ALPN, None).unwrap();
    let silent = raw.open(&hello(&key)[..20]);
    let half = raw.open(&[&hello(&key)[..], &request(1, "x")[..33]].concat());
    match raw.greeting(silent) {
        Greeting::Refusal(refusal) => assert_eq!(refusal.status, Status::DeadlineExceeded),
        Greeting::Welcome(welcome) => panic!("{welcome:?}"),
    }
    assert!(matches!(raw.greeting(half), Greeting::Welcome(_)));
    assert!(raw.end(half).is_err());
}

#[test]
fn a_box_that_stops_says_goodbye_on_every_stream_and_closes() {
    let mut fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    let mut raw = Raw::connect(&fort, wire::ALPN, None).unwrap();
    let streams = [(); 3].map(|()| raw.open(&hello(&key)));
    for stream in streams {
        assert!(matches!(raw.greeting(stream), Greeting::Welcome(_)));
        raw.caller.write(stream, &request(1, "x"));
        assert_eq!(raw.reply(stream), (1, Status::Ok));
    }
    std::thread::scope(|threads| {
        threads.spawn(|| fort.stop());
        for stream in streams {
            assert_eq!(raw.reply(stream), (0, Status::ShuttingDown));
            assert_eq!(raw.end(stream), Ok(()));
        }
        let ended = loop {
            if let Err(error) = raw.step() {
                break error;
            }
        };
        assert!(matches!(ended, ClientError::Lost(_)), "{ended}");
    });
}
