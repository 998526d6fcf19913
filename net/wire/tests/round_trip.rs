//! Whatever is encoded is decoded to the same value, in any split of the bytes, and a reply over
//! its limit turns into the problem that says so.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use wire::{
    Body, EncodeError, Greeting, Head, Limits, Problem, ReplyBatchMark, ReplyBody, ReplyMark, Slot,
    SlotMap, Status, Welcome, decode_reply, decode_request, encode_batch_request, encode_request,
};

const LIMITS: Limits = Limits::DEFAULT;

proptest! {
    #[test]
    fn requests_read_back(
        operation: u32, request_id in 1..=u64::MAX, deadline_ms: u32, tenant: u32,
        key in option::of(vec(any::<u8>(), 1..=64)), at_least: Option<u64>, payload: Vec<u8>,
    ) {
        let idempotency_key = key.as_deref();
        let head = Head { operation, request_id, deadline_ms, tenant, idempotency_key, at_least };
        let mut out = Vec::new();
        encode_request(&mut out, &head, &payload, &LIMITS).unwrap();
        let whole = out.len();
        out.extend_from_slice(b"the next frame");
        let (request, taken) = decode_request(&out, &LIMITS).unwrap().unwrap();
        prop_assert_eq!(taken, whole);
        prop_assert_eq!(request.head, head);
        prop_assert_eq!(request.body, Body::One(&payload));
    }

    #[test]
    fn batches_read_back(
        key in option::of(vec(any::<u8>(), 1..=64)), payloads in vec(any::<Vec<u8>>(), 1..40),
    ) {
        let head = Head { idempotency_key: key.as_deref(), ..Head::new(1, 1) };
        let borrowed: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        let mut out = Vec::new();
        encode_batch_request(&mut out, &head, &borrowed, &LIMITS).unwrap();
        let (request, taken) = decode_request(&out, &LIMITS).unwrap().unwrap();
        prop_assert_eq!(taken, out.len());
        let Body::Batch(items) = request.body else { panic!("not a batch") };
        prop_assert_eq!(items.len(), payloads.len());
        prop_assert_eq!(items.collect::<Vec<_>>(), borrowed.clone());

        let mut out = Vec::new();
        let mut mark = ReplyBatchMark::begin(&mut out, 1, &LIMITS);
        for payload in &payloads {
            let item = mark.begin_item(&mut out);
            out.extend_from_slice(payload);
            mark.finish_item(&mut out, item, Status::Conflict);
        }
        mark.finish(&mut out, 12);
        let (reply, taken) = decode_reply(&out, &LIMITS).unwrap().unwrap();
        prop_assert_eq!((taken, reply.position, reply.status), (out.len(), 12, Status::Ok));
        let ReplyBody::Batch(items) = reply.body else { panic!("not a batch") };
        prop_assert!(items.clone().all(|item| item.status == Status::Conflict));
        prop_assert_eq!(items.map(|item| item.payload).collect::<Vec<_>>(), borrowed);
    }

    #[test]
    fn welcomes_read_back(
        owners in vec(0_u16..3, 64), core in 0_u16..3, epoch: u64, position: u64,
        addresses in vec(option::of(any::<SocketAddr>()), 3),
    ) {
        // Flow label and scope do not travel.
        let addresses: Vec<_> =
            addresses.iter().map(|it| it.map(|it| SocketAddr::new(it.ip(), it.port()))).collect();
        let slots = SlotMap::from_fn(|slot| owners[usize::from(slot.number() / 64)]);
        let welcome = Welcome { version: 1, core, limits: LIMITS, epoch, position, addresses, slots };
        let mut out = Vec::new();
        welcome.encode(&mut out);
        let greeting = Greeting::decode(&out).unwrap();
        prop_assert_eq!(greeting, Some((Greeting::Welcome(Box::new(welcome)), out.len())));
    }
}

#[test]
fn the_widest_welcome_fits_its_limit() {
    let welcome = Welcome {
        version: 1,
        core: 255,
        limits: LIMITS,
        epoch: 1,
        position: 1,
        addresses: vec![Some("[::1]:1".parse().unwrap()); 256],
        slots: SlotMap::from_fn(|slot| slot.number() % 256),
    };
    assert_eq!(welcome.slots.runs().len(), 4096);
    let mut out = Vec::new();
    welcome.encode(&mut out);
    let Some((Greeting::Welcome(read), _)) = Greeting::decode(&out).unwrap() else {
        panic!("not a welcome")
    };
    assert_eq!(*read, welcome);
    assert_eq!(read.slots.core_of(Slot::of_id(300)), 44);
}

#[test]
fn a_request_at_its_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits { request_bytes_max: 64, ..LIMITS };
    let mut out = b"kept".to_vec();
    encode_request(&mut out, &Head::new(1, 1), &[0; 32], &limits).unwrap();
    assert!(decode_request(&out[4..], &limits).unwrap().is_some());
    out.truncate(4);
    let error = encode_request(&mut out, &Head::new(1, 1), &[0; 33], &limits).unwrap_err();
    assert_eq!(error, EncodeError::TooLarge { frame_bytes: 65, bytes_max: 64 });
    assert_eq!(out, b"kept");
}

#[test]
fn requests_that_break_a_rule_are_not_encoded() {
    let limits = Limits { batch_items_max: 2, ..LIMITS };
    let mut out = Vec::new();
    let mut refuse = |head: &Head<'_>, items: Option<&[&[u8]]>| match items {
        Some(items) => encode_batch_request(&mut out, head, items, &limits).unwrap_err(),
        None => encode_request(&mut out, head, b"", &limits).unwrap_err(),
    };
    let head = Head::new(1, 1);
    assert_eq!(refuse(&Head::new(1, 0), None), EncodeError::RequestIdZero);
    for key in [&[][..], &[7; 65]] {
        let head = Head { idempotency_key: Some(key), ..head };
        assert_eq!(refuse(&head, None), EncodeError::KeyLength { key_bytes: key.len() });
    }
    let none: &[u8] = b"";
    for items in [&[][..], &[none; 3]] {
        let expected = EncodeError::BatchItems { items: items.len(), items_max: 2 };
        assert_eq!(refuse(&head, Some(items)), expected);
    }
    assert_eq!(out, b"");
}

#[test]
fn a_reply_over_its_limit_becomes_the_problem_that_says_so() {
    let limits = Limits { reply_bytes_max: Limits::REPLY_BYTES_MIN, ..LIMITS };
    let fits = 2048 - 32;
    for (payload_bytes, expected) in [(fits, Status::Ok), (fits + 1, Status::ReplyTooLarge)] {
        let mut out = b"kept".to_vec();
        let mark = ReplyMark::begin(&mut out, 1, &limits);
        out.resize(out.len() + payload_bytes, 0);
        mark.finish(&mut out, Status::Ok, 3);
        let (reply, taken) = decode_reply(&out[4..], &limits).unwrap().unwrap();
        assert_eq!((reply.status, reply.position, taken), (expected, 3, out.len() - 4));
    }
    let mut out = Vec::new();
    let mut mark = ReplyBatchMark::begin(&mut out, 1, &limits);
    let item = mark.begin_item(&mut out);
    out.resize(4000, 0);
    mark.finish_item(&mut out, item, Status::Ok);
    mark.finish(&mut out, 3);
    let (reply, _) = decode_reply(&out, &limits).unwrap().unwrap();
    let ReplyBody::One(payload) = reply.body else { panic!("still a batch") };
    assert_eq!(Problem::decode(payload).unwrap().status, Status::ReplyTooLarge);
}

#[test]
fn an_abandoned_reply_leaves_nothing_behind() {
    let mut out = b"kept".to_vec();
    let mark = ReplyMark::begin(&mut out, 1, &LIMITS);
    out.extend_from_slice(b"half");
    mark.abandon(&mut out);
    let mut mark = ReplyBatchMark::begin(&mut out, 1, &LIMITS);
    let item = mark.begin_item(&mut out);
    out.push(7);
    mark.finish_item(&mut out, item, Status::Ok);
    let item = mark.begin_item(&mut out);
    out.push(8);
    mark.abandon_item(&mut out, item);
    let items: Vec<_> = mark.items(&out).map(|it| (it.status, it.payload)).collect();
    assert_eq!(items, [(Status::Ok, &[7][..])]);
    mark.abandon(&mut out);
    assert_eq!(out, b"kept");
}
