//! A reply that is accepted must encode to the very bytes it came from, and the problem inside it
//! too; a refused one must be refused no later than its last byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Limits, Problem, ReplyBatchMark, ReplyBody, ReplyMark, Status, decode_reply};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::DEFAULT;
    match decode_reply(bytes, &limits) {
        Ok(None) => {}
        Ok(Some((reply, taken))) => {
            let mut out = Vec::new();
            match reply.body {
                ReplyBody::One(payload) => {
                    let mark = ReplyMark::begin(&mut out, reply.request_id, &limits);
                    out.extend_from_slice(payload);
                    mark.finish(&mut out, reply.status, reply.position);
                    assert_eq!(out, bytes[..taken]);
                    check_problem(payload);
                }
                ReplyBody::Batch(items) => {
                    let mut mark = ReplyBatchMark::begin(&mut out, reply.request_id, &limits);
                    for item in items {
                        check_problem(item.payload);
                        let place = mark.begin_item(&mut out);
                        out.extend_from_slice(item.payload);
                        mark.finish_item(&mut out, place, item.status);
                    }
                    mark.finish(&mut out, reply.position);
                    // A batch is always written as Ok; a reader does not insist on it.
                    if reply.status == Status::Ok {
                        assert_eq!(out, bytes[..taken]);
                    }
                }
            }
        }
        Err(error) => assert!(error.offset <= bytes.len()),
    }
});

fn check_problem(payload: &[u8]) {
    if let Ok(problem) = Problem::decode(payload) {
        let mut out = Vec::new();
        problem.encode(&mut out);
        assert_eq!(out, payload);
    }
}
