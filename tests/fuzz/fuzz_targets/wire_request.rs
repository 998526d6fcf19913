//! A request that is accepted must encode to the very bytes it came from; a refused one must be
//! refused no later than its last byte, and no prefix of an accepted one may be refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Body, Limits, decode_request, encode_batch_request, encode_request};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::DEFAULT;
    match decode_request(bytes, &limits) {
        Ok(None) => {}
        Ok(Some((request, taken))) => {
            let mut out = Vec::new();
            match request.body {
                Body::One(payload) => encode_request(&mut out, &request.head, payload, &limits),
                Body::Batch(items) => {
                    let items: Vec<&[u8]> = items.collect();
                    encode_batch_request(&mut out, &request.head, &items, &limits)
                }
            }
            .expect("an accepted request breaks no rule of the encoder");
            assert_eq!(out, bytes[..taken]);
            for length in [0, taken / 2, taken - 1] {
                assert_eq!(decode_request(&bytes[..length], &limits), Ok(None));
            }
        }
        Err(error) => assert!(error.offset <= bytes.len()),
    }
});
