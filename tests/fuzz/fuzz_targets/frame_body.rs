//! A body that is accepted must encode to the very bytes it came from, and a frame around any bytes
//! must read back exactly when they are a body; no other bytes may pass as a frame by chance.
#![no_main]

use frame::{Body, FrameError, HEADER_BYTES, Lsn, Position, decode, encode_body, stamp};
use libfuzzer_sys::fuzz_target;

const SEGMENT: u64 = 7;
const EPOCH: u32 = 3;
const TIME_US: u64 = 1_752_400_800_000_000;

fuzz_target!(|bytes: &[u8]| {
    let parsed = Body::parse(bytes, TIME_US);
    if let Ok(body) = &parsed {
        assert_eq!(body.events().count(), usize::try_from(body.events_count()).unwrap());
        let mut out = Vec::new();
        let length = encode_body(&mut out, body.meta(), body.events());
        assert_eq!(length, Ok(bytes.len()));
        assert_eq!(out, bytes);
    }

    // As it is: raw bytes where a frame is expected.
    if let Ok(frame) = decode(bytes, SEGMENT) {
        assert!(frame.frame_bytes() <= bytes.len());
    }

    // Inside a frame whose checksum is right.
    let (head, position) = stamp(Position::NONE, EPOCH, Lsn(0), SEGMENT, TIME_US, bytes);
    let framed = [&head[..], bytes].concat();
    match (decode(&framed, SEGMENT), parsed) {
        (Ok(frame), Ok(body)) => {
            assert!(frame.follows(Position::NONE));
            assert_eq!(frame.position(), position);
            assert_eq!((frame.meta(), frame.body_bytes()), (body.meta(), bytes));
        }
        (Err(FrameError::Body(found)), Err(error)) => assert_eq!(found, error),
        (frame, body) => panic!("the frame is {frame:?}, its body {body:?}"),
    }
    assert_eq!(decode(&framed, SEGMENT + 1), Err(FrameError::Checksum));
    assert!(decode(&framed[..HEADER_BYTES + bytes.len() / 2], SEGMENT).is_err());
});
