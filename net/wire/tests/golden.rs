//! The bytes of version 1. A failure here means that released clients break.

use std::net::SocketAddr;

use wire::{
    Greeting, Head, Hello, Limits, Problem, Refusal, ReplyBatchMark, ReplyMark, Slot, SlotMap,
    Status, Welcome, encode_batch_request, encode_problem_reply, encode_request,
};

const LIMITS: Limits = Limits::DEFAULT;

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let digits: String = expected.split_whitespace().collect();
    let expected: Vec<u8> = (0..digits.len() / 2)
        .map(|it| u8::from_str_radix(&digits[2 * it..2 * it + 2], 16).expect("hex digits"))
        .collect();
    assert_eq!(bytes, expected, "{bytes:02x?}");
}

#[test]
fn a_plain_request() {
    let mut out = Vec::new();
    let head = Head { deadline_ms: 1000, tenant: 9, ..Head::new(wire::operation(5, 2), 0x0102) };
    encode_request(&mut out, &head, b"pay", &LIMITS).unwrap();
    check(&out, "23000000 02000500 0201000000000000 0000 0000 e8030000 09000000 00000000 706179");
}

#[test]
fn a_request_with_a_key_and_a_position() {
    let mut out = Vec::new();
    let head =
        Head { idempotency_key: Some(b"k1"), at_least: Some(0x0a0b), ..Head::new(1, u64::MAX) };
    encode_request(&mut out, &head, b"", &LIMITS).unwrap();
    check(
        &out,
        "2b000000 01000000 ffffffffffffffff 0600 0000 00000000 00000000 00000000
         02 6b31 0b0a000000000000",
    );
}

#[test]
fn a_batch_request() {
    let mut out = Vec::new();
    encode_batch_request(&mut out, &Head::new(1, 3), &[b"ab", b"", b"c"], &LIMITS).unwrap();
    check(
        &out,
        "2f000000 01000000 0300000000000000 0100 0300 00000000 00000000 00000000
         02000000 6162 00000000 01000000 63",
    );
}

#[test]
fn a_plain_reply() {
    let mut out = b"before".to_vec();
    let mark = ReplyMark::begin(&mut out, 7, &LIMITS);
    out.extend_from_slice(b"xyz");
    mark.finish(&mut out, Status::Ok, 0x0c0d);
    check(
        &out[6..],
        "23000000 0000 0000 0700000000000000 0d0c000000000000 0000 0000 00000000 78797a",
    );
}

#[test]
fn a_batch_reply() {
    let mut out = Vec::new();
    let mut mark = ReplyBatchMark::begin(&mut out, 7, &LIMITS);
    let item = mark.begin_item(&mut out);
    out.push(0x2a);
    mark.finish_item(&mut out, item, Status::Ok);
    let item = mark.begin_item(&mut out);
    out.extend_from_slice(b"half written");
    mark.finish_item_problem(&mut out, item, &Problem::new(Status::NotFound, "no"));
    mark.finish(&mut out, 1);
    check(
        &out,
        "47000000 0000 0100 0700000000000000 0100000000000000 0200 0000 00000000
         01000000 0000 0000 2a
         16000000 1500 0000 1500 0000 00000000 0000000000000000 0000 0200 6e6f",
    );
}

#[test]
fn a_connection_error() {
    let mut out = Vec::new();
    let problem = Problem { reference: 0x40, ..Problem::new(Status::Garbled, "bad") };
    encode_problem_reply(&mut out, 0, &problem, 0);
    check(
        &out,
        "37000000 0500 0000 0000000000000000 0000000000000000 0000 0000 00000000
         0500 0000 00000000 4000000000000000 0000 0300 626164",
    );
}

#[test]
fn a_hello() {
    let mut out = Vec::new();
    let first = Hello { version_max: 1, ..Hello::new("bench") };
    first.encode(&mut out);
    check(&out, "51554f494e00 1300 0100 0100 05 00 62656e6368");
    assert_eq!(Hello::decode(&out), Ok(Some((first, 19))));
    out.clear();
    Hello::new("bench").encode(&mut out);
    check(&out, "51554f494e00 1500 0100 0200 05 00 62656e6368 0000");
    assert_eq!(Hello::decode(&out), Ok(Some((Hello::new("bench"), 21))));
}

#[test]
fn a_hello_that_shows_a_credential() {
    let mut out = Vec::new();
    let hello = Hello::new("b").showing("qk_x");
    hello.encode(&mut out);
    check(&out, "51554f494e00 1500 0200 0200 01 00 62 0400 716b5f78");
    assert_eq!(Hello::decode(&out), Ok(Some((hello, 21))));
    assert!(!format!("{hello:?}").contains("qk_x"));
}

#[test]
fn a_welcome() {
    let welcome = welcome();
    let mut out = Vec::new();
    welcome.encode(&mut out);
    check(
        &out,
        "51554f494e00 0100 80000000 0100 0100 0300 0010 00001000 00008000 0004 0010
         0200000000000000 6300000000000000 0300 000000000000
         04 00 2923 7f000001 000000000000000000000000
         06 00 2a23 00000000000000000000000000000001
         00 00 0000 00000000000000000000000000000000
         0000 0000 0008 0100 ff0f 0200",
    );
    assert_eq!(Greeting::decode(&out), Ok(Some((Greeting::Welcome(Box::new(welcome)), out.len()))));
}

#[test]
fn a_refusal() {
    let refusal = Refusal {
        status: Status::WrongVersion,
        version_min: 1,
        version_max: 1,
        detail: "speak 1".to_owned(),
    };
    let mut out = Vec::new();
    refusal.encode(&mut out);
    check(&out, "51554f494e00 0200 1b000000 0300 0100 0100 0700 737065616b2031");
    assert_eq!(Greeting::decode(&out), Ok(Some((Greeting::Refusal(refusal), out.len()))));
}

fn welcome() -> Welcome {
    let at = |text: &str| text.parse::<SocketAddr>().ok();
    Welcome {
        version: 1,
        core: 1,
        limits: LIMITS,
        epoch: 2,
        position: 99,
        addresses: vec![at("127.0.0.1:9001"), at("[::1]:9002"), None],
        slots: SlotMap::from_fn(|slot: Slot| match slot.number() {
            0..2048 => 0,
            2048..4095 => 1,
            _ => 2,
        }),
    }
}
