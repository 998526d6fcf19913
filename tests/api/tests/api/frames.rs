//! What bad bytes on the RPC door get: the offset of the fault, then the end of that connection.

use client::{Call, Client};
use serde_json::json;
use wire::{Head, Hello, Limits, Status, encode_batch_request};

use crate::support::raw::{Raw, Said, hello, request};
use crate::support::{TestBox, archived, operation, quote};

#[test]
fn a_greeting_that_is_none_is_refused_and_closed() {
    let quoin = TestBox::quiet();
    let check = |what: &str, bytes: &[u8], status: Status, says: &str| {
        let mut raw = Raw::connect(&quoin.server.rpc());
        raw.send(bytes);
        let refusal = raw.refusal();
        assert_eq!(refusal.status, status, "{what}: {refusal:?}");
        assert!(refusal.detail.contains(says), "{what}: {}", refusal.detail);
        assert!(raw.is_closed(), "{what}");
    };
    let future = |version_min, version_max| {
        let mut out = Vec::new();
        Hello { version_min, version_max, ..Hello::new("future") }.encode(&mut out);
        out
    };
    check("another protocol", b"GET / HTTP/1.1\r\n\r\n", Status::Garbled, "byte 0");
    check("garbage", &[0xff; 256], Status::Garbled, "byte 0");
    check("a huge greeting", b"QUOIN\0\xff\xff", Status::Garbled, "byte 6");
    check("a tiny greeting", b"QUOIN\0\x01\x00", Status::Garbled, "byte 6");
    check("versions upside down", &future(3, 2), Status::Garbled, "byte 8");
    check("an unknown version", &future(7, 9), Status::WrongVersion, "7 to 9");
    check("the newest of all", &future(u16::MAX, u16::MAX), Status::WrongVersion, "65535");
    quoin.assert_untouched();
}

#[test]
fn a_greeting_may_come_in_pieces_and_offer_more_than_is_spoken() {
    let quoin = TestBox::quiet();
    let mut raw = Raw::connect(&quoin.server.rpc());
    let mut out = Vec::new();
    Hello { version_min: 1, version_max: 900, ..Hello::new("broad") }.encode(&mut out);
    let quote = archived("rates.quote", &quote());
    out.extend(request(5, operation("rates.quote").0, &quote));
    for byte in out {
        raw.send(&[byte]);
    }
    assert_eq!(raw.welcome().version, wire::VERSION);
    raw.finish();
    let said = raw.reply();
    assert_eq!((said.request_id, said.status), (5, Status::Ok));
    assert!(raw.is_closed());
}

/// A good request with `bytes` written over it from `at` on.
fn spoilt(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = request(1, operation("rates.quote").0, &archived("rates.quote", &quote()));
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame
}

/// A batch of three whose count says `count`.
fn batch(count: u16) -> Vec<u8> {
    let payload = archived("rates.quote", &quote());
    let (mut out, head) = (Vec::new(), Head::new(operation("rates.quote").0, 1));
    encode_batch_request(&mut out, &head, &[&payload[..]; 3], &Limits::DEFAULT).unwrap();
    out[18..20].copy_from_slice(&count.to_le_bytes());
    out
}

#[test]
fn a_frame_that_is_none_is_dismissed_with_its_offset() {
    let quoin = TestBox::quiet();
    let greeting = u64::try_from(hello().len()).unwrap();
    let good = request(9, operation("rates.quote").0, &archived("rates.quote", &quote()));
    let good_bytes = u64::try_from(good.len()).unwrap();
    let check = |what: &str, bytes: &[u8], offset: u64, says: &str| {
        // At once after the greeting, then behind a good request on the same connection.
        for (before, answers) in [(&[][..], 0), (&good[..], 1)] {
            let (mut raw, _) = Raw::greeted(&quoin.server.rpc());
            raw.send(&[before, bytes].concat());
            for _ in 0..answers {
                let said = raw.reply();
                assert_eq!((said.request_id, said.status), (9, Status::Ok), "{what}");
            }
            let Said { request_id, status, reference, detail } = raw.reply();
            assert_eq!((request_id, status), (0, Status::Garbled), "{what}: {detail}");
            assert_eq!(reference, greeting + answers * good_bytes + offset, "{what}: {detail}");
            assert!(detail.contains(says), "{what}: {detail}");
            assert!(raw.is_closed(), "{what}");
        }
    };
    check("no length", &[0; 64], 0, "length 0");
    check("a length inside the header", &31_u32.to_le_bytes(), 0, "length 31");
    check("over the limit", &1_048_577_u32.to_le_bytes(), 0, "over the limit of 1048576");
    check("a huge length", &u32::MAX.to_le_bytes(), 0, "length 4294967295");
    check("text", b"POST /v1/rates/quote HTTP/1.1\r\nhost: quoin\r\n\r\n", 0, "length");
    check("request 0", &spoilt(8, &[0; 8]), 8, "request id 0");
    check("an unknown flag", &spoilt(16, &[0x08]), 16, "unknown flags");
    check("a count without a batch", &spoilt(18, &[1]), 18, "count 1");
    check("reserved bytes", &spoilt(28, &[1]), 28, "reserved");
    check(
        "an empty key",
        &spoilt(16, &[0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        32,
        "key of 0",
    );
    check(
        "a long key",
        &spoilt(16, &[0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65]),
        32,
        "key of 65",
    );
    check("an empty batch", &batch(0), 18, "batch of 0");
    check("a batch over the limit", &batch(1025), 18, "batch of 1025");
    let whole = u64::try_from(batch(3).len()).unwrap();
    check("a batch of fewer than it says", &batch(4), whole, "item 3");
    let item = (whole - 32) / 3;
    check("a batch of more than it says", &batch(2), 32 + 2 * item, "after the last");
    let mut lies = batch(3);
    lies[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    check("an item longer than the frame", &lies, 32, "item 0");
    quoin.assert_untouched();
}

#[test]
fn half_a_frame_is_waited_for_and_forgotten() {
    let quoin = TestBox::quiet();
    let frame = request(1, operation("rates.accept-quote").0, &{
        archived("rates.accept-quote", &crate::support::accept("half"))
    });
    for end in [1, 3, 4, 31, 32, 33, frame.len() / 2, frame.len() - 1] {
        let (mut raw, _) = Raw::greeted(&quoin.server.rpc());
        raw.send(&frame[..end]);
        raw.finish();
        assert!(raw.is_closed(), "{end}");
    }
    quoin.assert_untouched();
}

fn asked(client: &Client, operation: u32, payload: &[u8]) -> (Status, u64) {
    let reply = client.call(&Call::query(operation, payload)).unwrap();
    (reply.status, reply.position)
}

#[test]
fn a_payload_that_is_none_is_refused_and_the_connection_stays() {
    let quoin = TestBox::quiet();
    let client = quoin.client();
    let good = archived("rates.quote", &quote());
    let number = operation("rates.quote").0;
    let check = |what: &str, operation: u32, payload: &[u8], status: Status| {
        assert_eq!(asked(&client, operation, payload), (status, quoin.position), "{what}");
        assert_eq!(asked(&client, number, &good).0, Status::Ok, "{what}");
    };
    check("no payload", number, &[], Status::Malformed);
    check("zeroes", number, &[0; 64], Status::Malformed);
    check("ones", number, &[0xff; 4096], Status::Malformed);
    check("cut off", number, &good[..good.len() - 1], Status::Malformed);
    check("cut in front", number, &good[1..], Status::Malformed);
    for operation in [0, 1, number + 1000, u32::MAX] {
        check("an unknown operation", operation, &good, Status::UnknownOperation);
    }
    let mut long = quote();
    long["award"] = json!("\u{fffd}".repeat(300));
    let payload = archived("rates.quote", &long);
    check("a long name", number, &payload, Status::NotFound);
    quoin.assert_untouched();
}

/// Every operation, commands too, on a request of its own that lacks one byte at the end or in front.
/// An archive ends with its root, so that what is left is another archive: nearly always none, now
/// and then a sound one that says something else. Both are answered, and nothing breaks.
#[test]
fn a_payload_that_lacks_a_byte_is_answered_and_the_connection_stays() {
    let quoin = TestBox::start(1);
    let client = quoin.client();
    let good = archived("rates.quote", &quote());
    let number = operation("rates.quote").0;
    let (mut malformed, mut all) = (0, 0);
    for entry in registry::ALL {
        for it in entry.operations {
            let example: serde_json::Value = serde_json::from_str(it.shape.example).unwrap();
            let payload = archived(it.shape.name, &example);
            let Some((_, cut)) = payload.split_last() else { continue };
            for cut in [cut, &payload[1..]] {
                let (status, _) = asked(&client, it.number(entry.id), cut);
                assert_ne!(status, Status::Internal, "{}", it.shape.name);
                all += 1;
                malformed += usize::from(status == Status::Malformed);
                assert_eq!(asked(&client, number, &good).0, Status::Ok, "{}", it.shape.name);
            }
        }
    }
    assert!(all / 2 < malformed, "{malformed} of {all}");
}
