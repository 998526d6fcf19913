//! The binary protocol: a quote's frame in, its reply out.

use std::hint::black_box;

use rates::Quote;
use wire::{
    Head, Limits, ReplyMark, Status, decode_reply, decode_request, encode_batch_request,
    encode_request,
};

use crate::engine::{encoded, number};
use crate::harness::Harness;
use crate::reference;

/// About what one line's reply takes, in bytes.
const REPLY_BYTES: usize = 320;

pub(crate) fn run(harness: &mut Harness) {
    let limits = Limits::DEFAULT;
    let payload = encoded(&reference::plain());
    let head = Head::new(number::<Quote>(), 42);
    let mut request = Vec::new();
    encode_request(&mut request, &head, &payload, &limits).expect("a small request");
    let mut batch = Vec::new();
    let items = vec![payload.as_slice(); 64];
    encode_batch_request(&mut batch, &head, &items, &limits).expect("a small batch");
    let answer = vec![7; REPLY_BYTES];
    let mut reply = Vec::new();
    let mark = ReplyMark::begin(&mut reply, 42, &limits);
    reply.extend_from_slice(&answer);
    mark.finish(&mut reply, Status::Ok, 1);

    harness.time("wire: decode a quote request", || {
        decode_request(black_box(&request), &limits).is_ok()
    });
    harness.time("wire: decode a batch of 64 quotes", || {
        decode_request(black_box(&batch), &limits).is_ok()
    });
    harness.time("wire: decode a quote reply", || decode_reply(black_box(&reply), &limits).is_ok());
    let mut out = Vec::with_capacity(1024);
    harness.time("wire: encode a quote request", || {
        out.clear();
        encode_request(&mut out, &head, black_box(&payload), &limits).expect("a small request");
        out.len()
    });
    harness.time("wire: encode a quote reply", || {
        out.clear();
        let mark = ReplyMark::begin(&mut out, 42, &limits);
        out.extend_from_slice(black_box(&answer));
        mark.finish(&mut out, Status::Ok, 1);
        out.len()
    });
}
