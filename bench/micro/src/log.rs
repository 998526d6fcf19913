//! The log's frame: a body built, then sealed with checksum and hash chain.

use std::hint::black_box;

use frame::{Event, Lsn, Meta, Position, decode, encode_body, stamp};

use crate::engine::encoded;
use crate::harness::Harness;
use crate::reference;

const SEGMENT: u64 = 3;

pub(crate) fn run(harness: &mut Harness) {
    let payload = encoded(&reference::plain());
    let key = 42_u64.to_be_bytes();
    let event = Event { domain: 2, code: 4, version: 1, key: &key, payload: &payload };
    let meta = Meta { time_us: 1, ..Meta::default() };
    let mut body = Vec::with_capacity(1024);
    harness.time("frame: encode the body of one event", || {
        body.clear();
        encode_body(&mut body, &meta, [black_box(event)])
    });
    body.clear();
    encode_body(&mut body, &meta, [event]).expect("a small body");
    let previous = Position { epoch: 1, lsn: Lsn(1), chain: 99 };
    harness.time("frame: stamp (crc32c and hash chain)", || {
        stamp(previous, 1, Lsn(1), SEGMENT, 1, black_box(&body))
    });
    let (header, _) = stamp(previous, 1, Lsn(1), SEGMENT, 1, &body);
    let bytes = [header.as_slice(), &body].concat();
    decode(&bytes, SEGMENT).expect("a frame as it was stamped");
    harness.time("frame: decode and verify", || decode(black_box(&bytes), SEGMENT).is_ok());
}
