//! What everybody else gets, byte by byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use wire::{
    Greeting, Head, Hello, Limits, Problem, Refusal, Reply, ReplyBody, Status, Welcome,
    decode_reply, encode_batch_request, encode_request,
};

use crate::shelf::{ECHO, PUT_ITEM};
use crate::{TestBox, echo, item};

struct Raw {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Raw {
    fn connect(quoin: &TestBox) -> Self {
        let stream = TcpStream::connect(quoin.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket option");
        Self { stream, input: Vec::new() }
    }

    fn greeted(quoin: &TestBox) -> (Self, Welcome) {
        let mut raw = Self::connect(quoin);
        raw.send(&hello());
        match raw.greeting() {
            Greeting::Welcome(welcome) => (raw, *welcome),
            Greeting::Refusal(refusal) => panic!("{refusal:?}"),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it reads");
    }

    fn greeting(&mut self) -> Greeting {
        loop {
            if let Some((greeting, taken)) = Greeting::decode(&self.input).expect("a greeting") {
                self.input.drain(..taken);
                return greeting;
            }
            assert!(self.more(), "closed without a greeting");
        }
    }

    fn refusal(&mut self) -> Refusal {
        match self.greeting() {
            Greeting::Refusal(refusal) => refusal,
            Greeting::Welcome(welcome) => panic!("{welcome:?}"),
        }
    }

    /// The next reply's id, status and, for a problem, its reference.
    fn reply(&mut self) -> (u64, Status, u64) {
        loop {
            let decoded = decode_reply(&self.input, &Limits::DEFAULT).expect("a reply");
            if let Some((reply, taken)) = decoded {
                let found = (reply.request_id, reply.status, reference(&reply));
                self.input.drain(..taken);
                return found;
            }
            assert!(self.more(), "closed without a reply");
        }
    }

    fn is_closed(&mut self) -> bool {
        self.input.is_empty() && !self.more()
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).expect("no reset, no time limit");
        self.input.extend_from_slice(&buffer[..count]);
        count != 0
    }
}

fn reference(reply: &Reply<'_>) -> u64 {
    match &reply.body {
        ReplyBody::One(payload) if reply.status != Status::Ok => {
            Problem::decode(payload).expect("a problem").reference
        }
        _ => 0,
    }
}

fn hello() -> Vec<u8> {
    let mut out = Vec::new();
    Hello::new("raw").encode(&mut out);
    out
}

fn request(id: u64, operation: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_request(&mut out, &Head::new(operation, id), payload, &Limits::DEFAULT)
        .expect("within the limits");
    out
}

#[test]
fn whoever_speaks_something_else_is_refused_and_closed() {
    let quoin = TestBox::open(1, rpc::Options::default());
    for (bytes, detail) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "handshake byte 0: the peer does not speak this protocol"),
        (b"QUOIN\0\0\0", "handshake byte 6: length 0 is outside 14 up to 8272"),
        (&[0xff; 64], "handshake byte 0: the peer does not speak this protocol"),
    ] {
        let mut raw = Raw::connect(&quoin);
        raw.send(bytes);
        let refusal = raw.refusal();
        assert_eq!((refusal.status, &refusal.detail[..]), (Status::Garbled, detail));
        assert!(raw.is_closed());
    }
}

#[test]
fn a_version_from_the_future_is_told_what_is_spoken() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let mut raw = Raw::connect(&quoin);
    let mut out = Vec::new();
    Hello { version_min: 7, version_max: 9, ..Hello::new("x") }.encode(&mut out);
    raw.send(&out);
    let refusal = raw.refusal();
    assert_eq!((refusal.status, refusal.version_min), (Status::WrongVersion, 1));
    assert!(raw.is_closed());
}

#[test]
fn whoever_says_nothing_is_let_go() {
    let quoin = TestBox::open(1, rpc::Options { hello_ms: 20, ..rpc::Options::default() });
    let mut raw = Raw::connect(&quoin);
    assert_eq!(raw.refusal().status, Status::DeadlineExceeded);
    assert!(raw.is_closed());
}

#[test]
fn a_full_door_says_so_and_opens_again() {
    let quoin = TestBox::open(1, rpc::Options { connections_max: 1, ..rpc::Options::default() });
    let (first, _) = Raw::greeted(&quoin);
    let mut second = Raw::connect(&quoin);
    second.send(&hello());
    assert_eq!(second.refusal().status, Status::Busy);
    assert!(second.is_closed());
    first.stream.shutdown(Shutdown::Both).unwrap();
    // The place is free once the server has seen the end of the first connection.
    loop {
        let mut third = Raw::connect(&quoin);
        third.send(&hello());
        match third.greeting() {
            Greeting::Welcome(_) => break,
            Greeting::Refusal(refusal) => assert_eq!(refusal.status, Status::Busy),
        }
    }
}

#[test]
fn a_frame_that_is_none_is_named_by_its_place_in_the_stream() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let said = request(1, ECHO, &echo("x", 1));
    let before = u64::try_from(hello().len() + said.len()).unwrap();
    let spoiled = |at: usize, byte: u8| {
        let mut frame = said.clone();
        frame[at] = byte;
        frame
    };
    for (bytes, offset) in [
        (vec![0xff; 64], 0),
        (vec![31, 0, 0, 0], 0),
        ((1_048_577_u32).to_le_bytes().to_vec(), 0),
        (spoiled(17, 0x80), 16),
        (spoiled(18, 1), 18),
        (spoiled(28, 1), 28),
    ] {
        let (mut raw, _) = Raw::greeted(&quoin);
        raw.send(&[&said[..], &bytes].concat());
        assert_eq!(raw.reply(), (1, Status::Ok, 0));
        assert_eq!(raw.reply(), (0, Status::Garbled, before + offset));
        assert!(raw.is_closed());
    }
}

#[test]
fn a_frame_in_pieces_is_put_together_and_half_a_frame_is_forgotten() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let (mut raw, _) = Raw::greeted(&quoin);
    raw.stream.set_nodelay(true).unwrap();
    let said = request(1, ECHO, &echo("pieces", 1));
    for byte in &said {
        raw.send(&[*byte]);
    }
    assert_eq!(raw.reply(), (1, Status::Ok, 0));
    raw.send(&said[..said.len() - 1]);
    raw.stream.shutdown(Shutdown::Write).unwrap();
    assert!(raw.is_closed());
    // The box lives.
    let (mut raw, _) = Raw::greeted(&quoin);
    raw.send(&said);
    assert_eq!(raw.reply(), (1, Status::Ok, 0));
}

#[test]
fn a_client_that_only_listens_still_gets_what_is_under_way() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let (mut raw, _) = Raw::greeted(&quoin);
    raw.send(&request(1, PUT_ITEM, &item(1, "last words")));
    raw.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(raw.reply(), (1, Status::Ok, 0));
    assert!(raw.is_closed());
}

#[test]
fn more_in_flight_than_allowed_is_busy() {
    let limits = Limits { in_flight_max: 2, ..Limits::DEFAULT };
    let quoin = TestBox::open(1, rpc::Options { limits, ..rpc::Options::default() });
    let (mut raw, welcome) = Raw::greeted(&quoin);
    assert_eq!(welcome.limits.in_flight_max, 2);
    let all: Vec<u8> = (1..=3).flat_map(|id| request(id, PUT_ITEM, &item(id, "x"))).collect();
    raw.send(&all);
    let mut replies = [raw.reply(), raw.reply(), raw.reply()];
    replies.sort_unstable();
    assert_eq!(replies, [(1, Status::Ok, 0), (2, Status::Ok, 0), (3, Status::Busy, 0)]);
}

#[test]
fn a_batch_at_its_limit_passes_and_one_more_does_not() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let (mut raw, _) = Raw::greeted(&quoin);
    let said = echo("x", 1);
    let wide = Limits { batch_items_max: u16::MAX, ..Limits::DEFAULT };
    for (count, expected) in [(1024, (5, Status::Ok)), (1025, (0, Status::Garbled))] {
        let items = vec![&said[..]; count];
        let mut out = Vec::new();
        encode_batch_request(&mut out, &Head::new(ECHO, 5), &items, &wide).unwrap();
        raw.send(&out);
        let (id, status, _) = raw.reply();
        assert_eq!((id, status), expected);
    }
    assert!(raw.is_closed());
}

#[test]
fn a_box_that_stops_answers_what_is_under_way_and_says_goodbye() {
    let mut quoin = TestBox::open(1, rpc::Options::default());
    let (mut raw, _) = Raw::greeted(&quoin);
    raw.send(&request(1, PUT_ITEM, &item(1, "x")));
    assert_eq!(raw.reply(), (1, Status::Ok, 0));
    quoin.stop();
    assert_eq!(raw.reply(), (0, Status::ShuttingDown, 0));
    assert!(raw.is_closed());
}

#[test]
fn only_loopback_is_served() {
    let error = rpc::Door::bind("0.0.0.0:0".parse().unwrap(), 1, rpc::Options::default());
    let message = error.unwrap_err().to_string();
    assert!(message.contains("listen on 127.0.0.1"), "{message}");
}
