//! What a stranger sends: every truncation asks for more or is refused at a named byte, every
//! spoiled field is refused, and no byte string makes a decoder panic.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use wire::{
    FRAME_BYTES_CEILING, Greeting, HandshakeErrorKind, Head, Hello, Limits, Problem, Refusal,
    ReplyBatchMark, ReplyMark, SlotMap, Status, Welcome, WireError, WireErrorKind, decode_reply,
    decode_request, encode_batch_request, encode_request,
};

const LIMITS: Limits = Limits::DEFAULT;

fn request() -> Vec<u8> {
    let mut out = Vec::new();
    let head = Head { idempotency_key: Some(b"key"), at_least: Some(5), ..Head::new(1, 1) };
    encode_request(&mut out, &head, b"payload", &LIMITS).expect("within the limits");
    out
}

fn batch_request() -> Vec<u8> {
    let mut out = Vec::new();
    encode_batch_request(&mut out, &Head::new(1, 1), &[b"ab", b"cde"], &LIMITS)
        .expect("within the limits");
    out
}

fn reply() -> Vec<u8> {
    let mut out = Vec::new();
    let mark = ReplyMark::begin(&mut out, 1, &LIMITS);
    out.extend_from_slice(b"payload");
    mark.finish(&mut out, Status::Ok, 1);
    out
}

fn batch_reply() -> Vec<u8> {
    let mut out = Vec::new();
    let mut mark = ReplyBatchMark::begin(&mut out, 1, &LIMITS);
    for payload in [b"ab", b"cd"] {
        let item = mark.begin_item(&mut out);
        out.extend_from_slice(payload);
        mark.finish_item(&mut out, item, Status::Ok);
    }
    mark.finish(&mut out, 1);
    out
}

fn welcome() -> Vec<u8> {
    let mut out = Vec::new();
    Welcome {
        version: 1,
        core: 0,
        limits: LIMITS,
        epoch: 1,
        position: 1,
        addresses: vec!["127.0.0.1:1".parse().ok(), None],
        slots: SlotMap::from_fn(|slot| slot.number() / 2048),
    }
    .encode(&mut out);
    out
}

fn refusal() -> Vec<u8> {
    let mut out = Vec::new();
    let detail = "full".to_owned();
    Refusal { status: Status::Busy, version_min: 1, version_max: 1, detail }.encode(&mut out);
    out
}

#[test]
fn a_prefix_of_a_legal_frame_asks_for_more() {
    for frame in [request(), batch_request()] {
        for length in 0..frame.len() {
            assert_eq!(decode_request(&frame[..length], &LIMITS), Ok(None), "{length}");
        }
        assert!(decode_request(&frame, &LIMITS).unwrap().is_some());
    }
    for frame in [reply(), batch_reply()] {
        for length in 0..frame.len() {
            assert_eq!(decode_reply(&frame[..length], &LIMITS), Ok(None), "{length}");
        }
        assert!(decode_reply(&frame, &LIMITS).unwrap().is_some());
    }
    for message in [welcome(), refusal()] {
        for length in 0..message.len() {
            assert_eq!(Greeting::decode(&message[..length]), Ok(None), "{length}");
        }
    }
    let mut hello = Vec::new();
    Hello::new("name").encode(&mut hello);
    for length in 0..hello.len() {
        assert_eq!(Hello::decode(&hello[..length]), Ok(None), "{length}");
    }
}

/// A frame whose announced length ends it early: the field that no longer fits is named.
#[test]
fn a_frame_that_announces_too_little_is_refused_where_it_ends() {
    let frame = request();
    let extension_end = 32 + 4 + 8;
    for length in 0..extension_end {
        let mut cut = frame[..length].to_vec();
        let announced = u32::try_from(length).unwrap();
        if 4 <= length {
            cut[..4].copy_from_slice(&announced.to_le_bytes());
        }
        let found = decode_request(&cut, &LIMITS);
        let short = |offset| {
            Err(WireError { offset, kind: WireErrorKind::LengthTooShort { length: announced } })
        };
        let expected = match length {
            0..4 => Ok(None),
            4..32 => short(0),
            32 => short(32),
            33..36 => short(33),
            _ => short(36),
        };
        assert_eq!(found, expected, "{length}");
    }
}

#[test]
fn spoiled_request_fields_are_named() {
    use WireErrorKind as Kind;
    let (one, batch) = (request(), batch_request());
    for (frame, at, bytes, offset, kind) in [
        (&one, 0, &[31, 0, 0, 0][..], 0, Kind::LengthTooShort { length: 31 }),
        (
            &one,
            0,
            &[1, 0, 16, 0],
            0,
            Kind::LengthOverLimit { length: 1_048_577, bytes_max: 1_048_576 },
        ),
        (&one, 8, &[0], 8, Kind::RequestIdZero),
        (&one, 16, &[8 | 6], 16, Kind::UnknownFlags { flags: 14 }),
        (&one, 17, &[0x80], 16, Kind::UnknownFlags { flags: 0x8006 }),
        (&one, 18, &[1], 18, Kind::CountWithoutBatch { count: 1 }),
        (&one, 31, &[1], 28, Kind::ReservedNotZero),
        (&one, 32, &[0], 32, Kind::KeyLength { key_bytes: 0 }),
        (&one, 32, &[65], 32, Kind::KeyLength { key_bytes: 65 }),
        (&batch, 18, &[0], 18, Kind::CountOutOfRange { count: 0, items_max: 1024 }),
        (&batch, 18, &[1, 4], 18, Kind::CountOutOfRange { count: 1025, items_max: 1024 }),
        (&batch, 18, &[1], 38, Kind::BytesAfterItems { excess_bytes: 7 }),
        (&batch, 18, &[3], 45, Kind::ItemTruncated { index: 2 }),
        (&batch, 38, &[4], 38, Kind::ItemTruncated { index: 1 }),
        (&batch, 38, &[2], 44, Kind::BytesAfterItems { excess_bytes: 1 }),
        (&batch, 35, &[0xff], 32, Kind::ItemTruncated { index: 0 }),
    ] {
        let mut spoiled = frame.clone();
        spoiled[at..at + bytes.len()].copy_from_slice(bytes);
        assert_eq!(decode_request(&spoiled, &LIMITS), Err(WireError { offset, kind }));
    }
}

#[test]
fn spoiled_reply_fields_are_named() {
    use WireErrorKind as Kind;
    let (one, batch) = (reply(), batch_reply());
    for (frame, at, bytes, offset, kind) in [
        (&one, 4, &[9][..], 4, Kind::UnknownStatus { number: 9 }),
        (&one, 6, &[2], 6, Kind::UnknownFlags { flags: 2 }),
        (&one, 24, &[1], 24, Kind::CountWithoutBatch { count: 1 }),
        (&one, 26, &[1], 26, Kind::ReservedNotZero),
        (&one, 31, &[1], 26, Kind::ReservedNotZero),
        (&batch, 24, &[0], 24, Kind::CountOutOfRange { count: 0, items_max: 1024 }),
        (&batch, 36, &[9], 36, Kind::UnknownStatus { number: 9 }),
        (&batch, 38, &[1], 38, Kind::ReservedNotZero),
        (&batch, 42, &[3], 42, Kind::ItemTruncated { index: 1 }),
        (&batch, 42, &[1], 51, Kind::BytesAfterItems { excess_bytes: 1 }),
    ] {
        let mut spoiled = frame.clone();
        spoiled[at..at + bytes.len()].copy_from_slice(bytes);
        assert_eq!(decode_reply(&spoiled, &LIMITS), Err(WireError { offset, kind }));
    }
}

#[test]
fn spoiled_greetings_are_named() {
    use HandshakeErrorKind as Kind;
    let (welcome, refusal) = (welcome(), refusal());
    let runs = 56 + 2 * 20;
    for (message, at, bytes, offset, kind) in [
        (&welcome, 5, &[1][..], 5, Kind::Magic),
        (&welcome, 6, &[3], 6, Kind::UnknownKind { kind: 3 }),
        (&welcome, 8, &[79], 8, Kind::Length { length: 79, bytes_min: 80, bytes_max: 32768 }),
        (&welcome, 12, &[3], 12, Kind::VersionNotOffered { version: 3 }),
        (&welcome, 14, &[2], 14, Kind::Core { core: 2, cores: 2 }),
        (&welcome, 16, &[1, 1], 14, Kind::Core { core: 0, cores: 257 }),
        (&welcome, 18, &[1], 18, Kind::SlotRuns),
        (&welcome, 20, &[0, 0, 0, 5], 20, Kind::Limits),
        (&welcome, 30, &[0, 0], 20, Kind::Limits),
        (&welcome, 48, &[0], runs, Kind::SlotRuns),
        (&welcome, 48, &[1], runs + 4, Kind::Excess { excess_bytes: 4 }),
        (&welcome, 48, &[3], runs + 8, Kind::Truncated),
        (&welcome, 55, &[1], 50, Kind::ReservedNotZero),
        (&welcome, 56, &[5], 56, Kind::AddressFamily { family: 5 }),
        (&welcome, 57, &[1], 57, Kind::ReservedNotZero),
        (&welcome, 64, &[1], 56, Kind::ReservedNotZero),
        (&welcome, runs, &[1], runs, Kind::SlotRuns),
        (&welcome, runs + 4, &[0, 0], runs + 4, Kind::SlotRuns),
        (&welcome, runs + 4, &[0, 16], runs + 4, Kind::SlotRuns),
        (&welcome, runs + 6, &[2], runs + 6, Kind::Core { core: 2, cores: 2 }),
        (&refusal, 12, &[9], 12, Kind::UnknownStatus { number: 9 }),
        (&refusal, 18, &[5], 20, Kind::Truncated),
        (&refusal, 18, &[1, 4], 18, Kind::Text),
        (&refusal, 20, &[0xff], 20, Kind::Text),
    ] {
        let mut spoiled = message.clone();
        spoiled[at..at + bytes.len()].copy_from_slice(bytes);
        let error = Greeting::decode(&spoiled).unwrap_err();
        assert_eq!((error.offset, error.kind), (offset, kind));
    }
}

#[test]
fn spoiled_hellos_are_named() {
    use HandshakeErrorKind as Kind;
    let mut hello = Vec::new();
    Hello { version_max: 1, ..Hello::new("name") }.encode(&mut hello);
    for (at, bytes, offset, kind) in [
        (0, &b"GET / "[..], 0, Kind::Magic),
        (0, &[0x16, 3, 1], 0, Kind::Magic),
        (6, &[13], 6, Kind::Length { length: 13, bytes_min: 14, bytes_max: 8272 }),
        (6, &[0x51, 0x20], 6, Kind::Length { length: 8273, bytes_min: 14, bytes_max: 8272 }),
        (8, &[0], 8, Kind::VersionRange { min: 0, max: 1 }),
        (10, &[0], 8, Kind::VersionRange { min: 1, max: 0 }),
        (12, &[3], 17, Kind::Excess { excess_bytes: 1 }),
        (12, &[5], 14, Kind::Truncated),
        (12, &[65], 12, Kind::Text),
        (13, &[1], 13, Kind::ReservedNotZero),
        (14, &[0xc3], 14, Kind::Text),
    ] {
        let mut spoiled = hello.clone();
        spoiled[at..at + bytes.len()].copy_from_slice(bytes);
        let error = Hello::decode(&spoiled).unwrap_err();
        assert_eq!((error.offset, error.kind), (offset, kind));
    }
}

#[test]
fn spoiled_credentials_are_named() {
    use HandshakeErrorKind as Kind;
    let mut hello = Vec::new();
    Hello::new("n").showing("key").encode(&mut hello);
    for (at, bytes, offset, kind) in [
        (15, &[4, 0][..], 17, Kind::Truncated),
        (15, &[2, 0], 19, Kind::Excess { excess_bytes: 1 }),
        (15, &[1, 0x20], 15, Kind::Text),
        (17, &[0xff], 17, Kind::Text),
        // Version 1 has no room for one.
        (8, &[1, 0, 1, 0], 15, Kind::Excess { excess_bytes: 5 }),
    ] {
        let mut spoiled = hello.clone();
        spoiled[at..at + bytes.len()].copy_from_slice(bytes);
        let error = Hello::decode(&spoiled).unwrap_err();
        assert_eq!((error.offset, error.kind), (offset, kind));
    }
    // A newest version of 2 without the field that it has.
    let mut short = Vec::new();
    Hello { version_max: 1, ..Hello::new("n") }.encode(&mut short);
    short[10] = 2;
    assert_eq!(Hello::decode(&short).unwrap_err().kind, Kind::Truncated);
}

#[test]
fn a_credential_at_its_limit_passes() {
    let longest = "x".repeat(wire::CREDENTIAL_BYTES_MAX);
    let name = "n".repeat(wire::NAME_BYTES_MAX);
    let mut hello = Vec::new();
    Hello::new(&name).showing(&longest).encode(&mut hello);
    assert_eq!(hello.len(), wire::HELLO_BYTES_MAX);
    let (read, taken) = Hello::decode(&hello).unwrap().unwrap();
    assert_eq!((read.credential, taken), (&*longest, hello.len()));
    assert_eq!(read.common_version(), Some(2));
}

#[test]
fn versions_from_the_future_are_understood_as_far_as_needed() {
    for (version_min, version_max, tail, common) in
        [(1, 1, &b""[..], Some(1)), (1, 7, b"more", Some(2)), (3, 7, b"\xff\xff", None)]
    {
        let mut hello = Vec::new();
        Hello { version_min, version_max, ..Hello::new("n") }.encode(&mut hello);
        hello.extend_from_slice(tail);
        hello[6] = u8::try_from(hello.len()).unwrap();
        let (read, taken) = Hello::decode(&hello).unwrap().unwrap();
        assert_eq!((read.common_version(), taken), (common, hello.len()));
    }
}

#[test]
fn a_huge_announcement_is_refused_by_its_first_four_bytes() {
    let announced = u32::MAX.to_le_bytes();
    assert!(decode_request(&announced, &LIMITS).is_err());
    assert!(decode_reply(&announced, &LIMITS).is_err());
    let widest = Limits { request_bytes_max: FRAME_BYTES_CEILING, ..LIMITS };
    assert_eq!(decode_request(&FRAME_BYTES_CEILING.to_le_bytes(), &widest), Ok(None));
}

proptest! {
    #[test]
    fn no_byte_string_makes_a_decoder_panic(bytes: Vec<u8>) {
        let _ = decode_request(&bytes, &LIMITS);
        let _ = decode_reply(&bytes, &LIMITS);
        let _ = Problem::decode(&bytes);
        let _ = Hello::decode(&bytes);
        let _ = Greeting::decode(&bytes);
    }

    #[test]
    fn what_a_mutated_frame_decodes_to_stays_inside_it(
        which in 0_usize..4, at in any::<usize>(), byte: u8, then in any::<usize>(), other: u8,
    ) {
        let mut frame = vec![request(), batch_request(), reply(), batch_reply()].swap_remove(which);
        let length = frame.len();
        frame[at % length] = byte;
        frame[then % length] = other;
        if which < 2 {
            if let Ok(Some((request, taken))) = decode_request(&frame, &LIMITS) {
                prop_assert!(32 <= taken && taken <= length);
                if let wire::Body::Batch(items) = request.body {
                    prop_assert_eq!(items.clone().count(), items.len());
                }
            }
        } else if let Ok(Some((reply, taken))) = decode_reply(&frame, &LIMITS) {
            prop_assert!(32 <= taken && taken <= length);
            if let wire::ReplyBody::Batch(items) = reply.body {
                prop_assert_eq!(items.size_hint().1, Some(items.clone().count()));
            }
        }
    }

    #[test]
    fn mutated_greetings_never_panic(which in 0_usize..2, at in any::<usize>(), byte: u8) {
        let mut message = vec![welcome(), refusal()].swap_remove(which);
        let length = message.len();
        message[at % length] = byte;
        let _ = Greeting::decode(&message);
    }
}
