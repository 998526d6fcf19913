//! Bytes that never change, and a decoder that survives any bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use frame::{
    BODY_BYTES_MAX, Body, BodyBuilder, BodyError, Event, FrameError, HEADER_BYTES, Idempotency,
    KEY_BYTES_MAX, Lsn, Meta, Position, decode, encode_body, stamp,
};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy;

const META: Meta<'_> = Meta {
    time_us: 0x0102,
    tenant: 0x0a0b_0c0d,
    actor: 7,
    correlation: 0x11,
    idempotency: Some(Idempotency { key: 0x22, fingerprint: 0x33, status: 201, reply: b"ok" }),
};
const EVENTS: [Event<'_>; 2] = [
    Event { domain: 1, code: 2, version: 3, key: b"k", payload: b"pay" },
    Event { domain: 0x0405, code: 0x0607, version: 0x0809, key: b"", payload: b"" },
];
const PREVIOUS: Position = Position { epoch: 4, lsn: Lsn(41), chain: 0x55 };

fn body(meta: &Meta<'_>, events: &[Event<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_body(&mut out, meta, events.iter().copied()).unwrap();
    out
}

fn frame(segment: u64) -> (Vec<u8>, Position) {
    let body = body(&META, &EVENTS);
    let (header, position) = stamp(PREVIOUS, 5, Lsn(40), segment, META.time_us, &body);
    ([&header[..], &body].concat(), position)
}

#[test]
fn the_bytes_of_a_body_never_change() {
    #[rustfmt::skip]
    let expected: &[u8] = &[
        1, 0, 0, 0,  2, 0, 0, 0,  0x0d, 0x0c, 0x0b, 0x0a,
        7, 0, 0, 0, 0, 0, 0, 0,
        0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x33, 0, 0, 0, 0, 0, 0, 0,  201, 0,  2, 0, 0, 0,  b'o', b'k',
        1, 0, 2, 0, 3, 0, 1, 0, 3, 0, 0, 0, b'k', b'p', b'a', b'y',
        5, 4, 7, 6, 9, 8, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(body(&META, &EVENTS), expected);
}

#[test]
fn the_bytes_of_a_header_never_change() {
    let (bytes, position) = frame(0x66);
    #[rustfmt::skip]
    let expected: &[u8] = &[
        b'Q', b'N', b'f', b'1',  CRC[0], CRC[1], CRC[2], CRC[3],
        96, 0, 0, 0,  5, 0, 0, 0,
        42, 0, 0, 0, 0, 0, 0, 0,  40, 0, 0, 0, 0, 0, 0, 0,
        2, 1, 0, 0, 0, 0, 0, 0,
        CHAIN[0], CHAIN[1], CHAIN[2], CHAIN[3], CHAIN[4], CHAIN[5], CHAIN[6], CHAIN[7],
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(bytes[..HEADER_BYTES], *expected);
    assert_eq!(position.chain, u64::from_le_bytes(CHAIN));
}

/// Computed by another implementation of crc32c.
const CRC: [u8; 4] = [161, 145, 126, 32];
const CHAIN: [u8; 8] = [124, 227, 125, 221, 223, 31, 113, 254];

#[test]
fn a_frame_comes_back_whole() {
    let (bytes, position) = frame(0x66);
    let followed = [&bytes[..], b"whatever comes next"].concat();
    let frame = decode(&followed, 0x66).unwrap();
    assert_eq!((frame.lsn(), frame.epoch(), frame.durable()), (Lsn(42), 5, Lsn(40)));
    assert_eq!((frame.time_us(), frame.position()), (META.time_us, position));
    assert_eq!(*frame.meta(), META);
    assert_eq!(frame.events_count(), 2);
    assert!(frame.events().eq(EVENTS));
    assert_eq!(frame.frame_bytes(), bytes.len());
    assert!(frame.follows(PREVIOUS));
}

#[test]
fn a_frame_follows_one_history_only() {
    let (bytes, _) = frame(0x66);
    let frame = decode(&bytes, 0x66).unwrap();
    assert!(!frame.follows(Position { lsn: Lsn(40), ..PREVIOUS }));
    assert!(!frame.follows(Position { chain: 0x54, ..PREVIOUS }));
    assert!(!frame.follows(Position { epoch: 6, ..PREVIOUS }));
    assert!(frame.follows(Position { epoch: 5, ..PREVIOUS }));
}

#[test]
fn the_chain_does_not_depend_on_the_segment_and_the_checksum_does() {
    let ((a, at), (b, bt)) = (frame(1), frame(2));
    assert_eq!(at, bt);
    assert_eq!(decode(&a, 2), Err(FrameError::Checksum));
    assert_ne!(a[4..8], b[4..8]);
}

#[test]
fn every_flipped_bit_is_found() {
    let (bytes, _) = frame(9);
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&bytes, 9).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_is_found() {
    let (bytes, _) = frame(9);
    for length in 0..bytes.len() {
        let refused = decode(&bytes[..length], 9).unwrap_err();
        assert!(matches!(refused, FrameError::Short { available, .. } if available == length));
    }
}

#[test]
fn limits_are_kept_and_an_error_leaves_the_buffer_as_it_was() {
    let mut out = b"before".to_vec();
    let long = [0; KEY_BYTES_MAX + 1];
    let event = Event { key: &long, ..EVENTS[0] };
    let refused = encode_body(&mut out, &META, [EVENTS[0], event]);
    assert_eq!(refused, Err(BodyError::KeyTooLong { key_bytes: 49 }));
    let huge = vec![0; BODY_BYTES_MAX - 36 - 12];
    let event = Event { key: b"", payload: &huge, ..EVENTS[0] };
    let meta = Meta { idempotency: None, ..META };
    assert_eq!(encode_body(&mut Vec::new(), &meta, [event]), Ok(BODY_BYTES_MAX));
    let event = Event { key: b"k", ..event };
    let refused = encode_body(&mut out, &meta, [event]);
    assert_eq!(refused, Err(BodyError::TooLong { body_bytes: BODY_BYTES_MAX + 1 }));
    let reply = Idempotency { key: 1, fingerprint: 1, status: 1, reply: &huge };
    let meta = Meta { idempotency: Some(reply), ..META };
    assert!(BodyBuilder::start(&mut out, &meta).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn a_body_with_a_lying_count_or_flag_is_refused() {
    let good = body(&META, &EVENTS);
    let check = |at: usize, value: u8, expected: &str| {
        let mut bytes = good.clone();
        bytes[at] = value;
        let refused = Body::parse(&bytes, 0).unwrap_err().to_string();
        assert!(refused.contains(expected), "byte {at}: {refused}");
    };
    check(0, 3, "unknown flags 0x00000003");
    check(4, 1, "12 bytes follow the last event");
    check(4, 3, "the field at byte 96 needs 12 more");
    check(7, 255, "the field at byte 96 needs 12 more");
    check(62, 255, "body ends at byte 96, the field at byte 66 needs 255 more");
    check(74, 49, "event key of 49 bytes is over the limit of 48");
    check(77, 1, "needs 259 more");
}

#[derive(Debug, Clone)]
struct OwnedEvent {
    codes: (u16, u16, u16),
    key: Vec<u8>,
    payload: Vec<u8>,
}

impl OwnedEvent {
    fn borrowed(&self) -> Event<'_> {
        let (domain, code, version) = self.codes;
        Event { domain, code, version, key: &self.key, payload: &self.payload }
    }
}

fn any_events() -> impl Strategy<Value = Vec<OwnedEvent>> {
    let codes = (any::<u16>(), any::<u16>(), any::<u16>());
    let event = (codes, vec(any::<u8>(), 0..=48), vec(any::<u8>(), 0..200));
    vec(event.prop_map(|(codes, key, payload)| OwnedEvent { codes, key, payload }), 0..8)
}

fn borrowed(events: &[OwnedEvent]) -> Vec<Event<'_>> {
    events.iter().map(OwnedEvent::borrowed).collect()
}

fn any_idempotency() -> impl Strategy<Value = Option<(u128, u64, u16, Vec<u8>)>> {
    let some = (any::<u128>(), any::<u64>(), any::<u16>(), vec(any::<u8>(), 0..100));
    proptest::option::of(some)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_body_comes_back(
        events in any_events(),
        tenant: u32,
        actor: u64,
        correlation: u128,
        idempotency in any_idempotency(),
    ) {
        let idempotency = idempotency.as_ref().map(|(key, fingerprint, status, reply)| {
            Idempotency { key: *key, fingerprint: *fingerprint, status: *status, reply }
        });
        let meta = Meta { time_us: 5, tenant, actor, correlation, idempotency };
        let events = borrowed(&events);
        let bytes = body(&meta, &events);
        let parsed = Body::parse(&bytes, 5).unwrap();
        prop_assert_eq!(*parsed.meta(), meta);
        prop_assert!(parsed.events().eq(events.iter().copied()));
    }

    /// A body may be malformed behind a right checksum only by a program error, and must still
    /// not panic.
    #[test]
    fn mutated_bodies_never_panic(
        events in any_events(),
        at: proptest::sample::Index,
        value: u8,
        cut: proptest::sample::Index,
    ) {
        let mut bytes = body(&META, &borrowed(&events));
        let at = at.index(bytes.len());
        bytes[at] = value;
        bytes.truncate(cut.index(bytes.len() + 1));
        let (header, _) = stamp(PREVIOUS, 5, Lsn(40), 9, 0, &bytes);
        if let Ok(frame) = decode(&[&header[..], &bytes].concat(), 9) {
            let count = u32::try_from(frame.events().count()).unwrap();
            prop_assert_eq!(count, frame.events_count());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..300), magic: bool) {
        if let (true, Some(start)) = (magic, bytes.first_chunk_mut()) {
            *start = *b"QNf1";
        }
        let body = Body::parse(&bytes, 0).map(|body| body.events().count());
        prop_assert!(body.is_err() || 36 <= bytes.len());
        prop_assert!(decode(&bytes, 0).is_err());
    }
}
