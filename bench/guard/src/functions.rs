//! The hot functions: what a request meets on its way, each called as a door calls it.

use std::hint::black_box;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use limiter::{Demand, Limiter, Policy, Unit};
use wire::{Head, ReplyMark, Status, decode_reply, decode_request, encode_request};

use crate::world::{World, archive, number, operation};

/// One hot function.
pub(crate) struct Function {
    /// Stands in the file of counts.
    pub(crate) name: &'static str,
    /// Makes it ready; what that costs is not counted.
    pub(crate) ready: fn() -> Call,
}

/// One call of it. Its result keeps the compiler from leaving the work out.
pub(crate) type Call = Box<dyn FnMut() -> usize>;

/// All of them, in the order of a request's way.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "rpc: decode a quote request", ready: rpc_decode },
    Function { name: "rpc: encode a quote request", ready: rpc_encode },
    Function { name: "rpc: encode a quote reply", ready: rpc_reply },
    Function { name: "rpc: decode a quote reply", ready: rpc_decode_reply },
    Function { name: "http/3: read a request", ready: h3_read },
    Function { name: "http/3: write an answer", ready: h3_write },
    Function { name: "limiter: check one policy", ready: limiter_check },
    Function { name: "json: decode a quote request", ready: json_decode },
    Function { name: "json: encode a quote reply", ready: json_encode },
    Function { name: "shard: price a plain shift", ready: price_plain },
    Function { name: "shard: price an overnight shift", ready: price_overnight },
    Function { name: "shard: accept a quote into a frame", ready: accept },
    Function { name: "shard: apply and answer when durable", ready: apply },
];

/// A weekday inside the span of ordinary hours: one segment, one line.
const PLAIN: &str = r#"{"award":"MA000004","classification":"retail-employee-level-1","employment":"full-time","state":"NSW","pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-09T09:00","end":"2025-07-09T14:00"}]}"#;
/// Saturday into Sunday with a break: penalty days, overtime after the span and after nine hours.
const OVERNIGHT: &str = r#"{"award":"MA000004","classification":"retail-employee-level-1","employment":"casual","state":"NSW","pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-12T14:00","end":"2025-07-13T02:00","unpaid_breaks":[{"start":"2025-07-12T19:00","end":"2025-07-12T19:30"}]}]}"#;
const QUOTE: &str = "rates.quote";
const ACCEPT: &str = "rates.accept-quote";
const WIRE: wire::Limits = wire::Limits::DEFAULT;
/// About what one line's reply takes, in bytes.
const REPLY_BYTES: usize = 320;
/// Commands in one group.
const GROUP: usize = 16;

fn quote_frame() -> (Head<'static>, Vec<u8>) {
    let quote = operation(QUOTE);
    (Head::new(number(quote), 42), archive(quote, PLAIN.as_bytes()))
}

fn rpc_decode() -> Call {
    let (head, payload) = quote_frame();
    let mut request = Vec::new();
    encode_request(&mut request, &head, &payload, &WIRE).expect("a small request");
    Box::new(move || usize::from(decode_request(black_box(&request), &WIRE).is_ok()))
}

fn rpc_encode() -> Call {
    let (head, payload) = quote_frame();
    let mut out = Vec::with_capacity(1024);
    Box::new(move || {
        out.clear();
        encode_request(&mut out, &head, black_box(&payload), &WIRE).expect("a small request");
        out.len()
    })
}

fn reply_frame(out: &mut Vec<u8>, answer: &[u8]) {
    let mark = ReplyMark::begin(out, 42, &WIRE);
    out.extend_from_slice(answer);
    mark.finish(out, Status::Ok, 1);
}

fn rpc_reply() -> Call {
    let answer = vec![7; REPLY_BYTES];
    let mut out = Vec::with_capacity(1024);
    Box::new(move || {
        out.clear();
        reply_frame(&mut out, black_box(&answer));
        out.len()
    })
}

fn rpc_decode_reply() -> Call {
    let mut reply = Vec::new();
    reply_frame(&mut reply, &[7; REPLY_BYTES]);
    Box::new(move || usize::from(decode_reply(black_box(&reply), &WIRE).is_ok()))
}

fn h3_read() -> Call {
    let request = Request::post("https://localhost/v1/rates/quote")
        .header(header::ACCEPT, "*/*")
        .header(header::AUTHORIZATION, "Bearer qk_0123456789abcdef0123456789abcdef")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from_static(PLAIN.as_bytes()))
        .expect("a legal request");
    let stream = quic::measuring::write_request(&request);
    Box::new(move || {
        let request = quic::measuring::read_request(black_box(&stream).clone());
        request.expect("our own client wrote it").headers().len()
    })
}

fn h3_write() -> Call {
    let date = HeaderValue::from_static("Tue, 01 Jul 2025 00:00:00 GMT");
    let body = Bytes::from(vec![b'7'; REPLY_BYTES]);
    Box::new(move || {
        let answer = Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-log-position", "1-42")
            .body(black_box(&body).clone())
            .expect("a legal answer");
        let [head, rest] = quic::measuring::write_answer(answer, &date);
        head.len() + rest.len()
    })
}

fn limiter_check() -> Call {
    let policy = Policy {
        name: "policy".into(),
        unit: Unit::Requests,
        quota: 1_000_000_000,
        window_us: 1_000_000,
        burst: 1_000_000_000,
    };
    let mut limiter = Limiter::new(1024, [0x517c_c1b7, 0x2722_0a95]);
    limiter.set_policies(&[policy]).expect("the policy is in range");
    let demands = [Demand { subject: 7 << 64 | 7, policy: 0, cost: 1 }];
    let mut now_us = 1_700_000_000_000_000;
    Box::new(move || {
        now_us += 1;
        usize::from(limiter.check(now_us, black_box(&demands)).is_admitted())
    })
}

fn json_decode() -> Call {
    let quote = operation(QUOTE);
    let mut out = Vec::with_capacity(1024);
    Box::new(move || {
        out.clear();
        (quote.from_json)(black_box(PLAIN.as_bytes()), &mut out).expect("a legal request");
        out.len()
    })
}

fn json_encode() -> Call {
    let quote = operation(QUOTE);
    let payload = archive(quote, PLAIN.as_bytes());
    let reply = World::new().query(number(quote), &payload).to_vec();
    let mut out = Vec::with_capacity(4096);
    Box::new(move || {
        out.clear();
        (quote.to_json)(black_box(&reply), &mut out).expect("the domain's own reply");
        out.len()
    })
}

fn price_plain() -> Call {
    price(PLAIN)
}

fn price_overnight() -> Call {
    price(OVERNIGHT)
}

fn price(json: &'static str) -> Call {
    let quote = operation(QUOTE);
    let payload = archive(quote, json.as_bytes());
    let mut world = World::new();
    Box::new(move || world.query(number(quote), black_box(&payload)).len())
}

fn acceptance() -> (u32, Vec<u8>) {
    let accept = operation(ACCEPT);
    let json = format!(r#"{{"quote":{PLAIN},"reference":"timesheet 1"}}"#);
    (number(accept), archive(accept, json.as_bytes()))
}

fn accept() -> Call {
    let (number, payload) = acceptance();
    let mut world = World::new();
    Box::new(move || world.command(number, black_box(&payload)))
}

/// A group of commands from their decision to their answers, so that what follows the frame counts.
fn apply() -> Call {
    let (number, payload) = acceptance();
    let mut world = World::new();
    Box::new(move || {
        for _ in 0..GROUP {
            world.command(number, black_box(&payload));
        }
        world.sync()
    })
}
