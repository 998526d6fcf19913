//! Commands that run only if nothing has changed, answers that are packed, operations that will go.

use std::io::Read;
use std::thread;

use flate2::read::GzDecoder;

use crate::{Browser, ITEM, TEA, TestBox};

#[test]
fn a_command_runs_only_on_what_its_caller_has_seen() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let (put, get) = (format!("PUT {ITEM}"), format!("GET {ITEM}"));

    // Nothing is there: only a create goes.
    assert_eq!(browser.ask(&put, "if-match: *\r\n", TEA).status, 412);
    assert_eq!(browser.ask(&put, "if-match: \"0123456789abcdef\"\r\n", TEA).status, 412);
    assert_eq!(browser.ask(&get, "", "").status, 404);
    assert_eq!(browser.ask(&put, "if-none-match: *\r\n", TEA).status, 200);
    let there = browser.ask(&put, "if-none-match: *\r\n", TEA);
    assert_eq!((there.status, &there.json()["code"]), (412, &"precondition-failed".into()));

    let tag = browser.ask(&get, "", "").header("etag").expect("a tag").to_owned();
    let seen = format!("if-match: \"feed\", {tag}\r\n");
    let coffee = TEA.replace("tea", "coffee");
    assert_eq!(browser.ask(&put, &seen, &coffee).status, 200);
    assert_eq!(browser.ask(&put, &seen, TEA).status, 412, "it has changed since");
    assert!(browser.ask(&get, "", "").body.contains("coffee"));
    let weak = format!("if-match: W/{}\r\n", browser.ask(&get, "", "").header("etag").unwrap());
    assert_eq!(browser.ask(&put, &weak, TEA).status, 412, "a weak tag never matches");
    assert_eq!(browser.ask(&format!("DELETE {ITEM}"), "if-match: *\r\n", "").status, 200);

    // A repeated command gets its answer again, though the state has moved on.
    let key = "idempotency-key: \"create-7\"\r\nif-none-match: *\r\n";
    for _ in 0..2 {
        assert_eq!(browser.ask(&put, key, TEA).status, 200);
    }
}

#[test]
fn conditions_without_a_meaning_are_refused() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let put = format!("PUT {ITEM}");
    let many = format!("if-match: {}\r\n", ["\"0123456789abcdef\""; 17].join(", "));
    for (headers, status, field) in [
        ("if-match: *\r\nif-none-match: *\r\n", 400, "If-Match"),
        ("if-none-match: \"0123456789abcdef\"\r\n", 400, "If-None-Match"),
        (&many[..], 400, "If-Match"),
    ] {
        let refused = browser.ask(&put, headers, TEA);
        assert_eq!((refused.status, &refused.json()["field"]), (status, &field.into()));
    }
    assert_eq!(browser.ask(&format!("GET {ITEM}"), "", "").status, 404, "nothing was stored");
}

/// Each adds one to what it has seen; whoever was overtaken looks again. No addition is lost.
#[test]
fn nobody_overwrites_what_it_has_not_seen() {
    const CALLERS: usize = 4;
    const ADDITIONS: usize = 25;
    let quoin = TestBox::open(1 << 20);
    let (put, get) = (format!("PUT {ITEM}"), format!("GET {ITEM}"));
    let none = TEA.replace('2', "0");
    assert_eq!(Browser::open(&quoin).ask(&put, "", &none).status, 200);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            let (mut browser, put, get) = (Browser::open(&quoin), &put, &get);
            scope.spawn(move || {
                let mut added = 0;
                while added < ADDITIONS {
                    let seen = browser.ask(get, "", "");
                    let condition = format!("if-match: {}\r\n", seen.header("etag").unwrap());
                    let count = seen.json()["count"].as_u64().unwrap() + 1;
                    let body = format!(r#"{{"label":"tea","count":{count}}}"#);
                    match browser.ask(put, &condition, &body).status {
                        200 => added += 1,
                        412 => {}
                        other => panic!("{other}"),
                    }
                }
            });
        }
    });
    let count = &Browser::open(&quoin).ask(&get, "", "").json()["count"];
    assert_eq!(count.as_u64(), Some((CALLERS * ADDITIONS) as u64));
}

#[test]
fn a_large_answer_is_packed_for_whoever_takes_it() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let large = "GET /v1/shelf/echo?text=quoin&times=2000&loud=false";
    let small = "GET /v1/shelf/echo?text=quoin&times=2&loud=false";
    let whole = browser.ask(large, "", "");
    assert!(whole.header("content-encoding").is_none() && 10_000 < whole.body.len());
    let packed = browser.ask(large, "accept-encoding: br, gzip\r\n", "");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    let mut unpacked = String::new();
    GzDecoder::new(&packed.raw[..]).read_to_string(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, whole.body);
    assert!(packed.raw.len() * 10 < whole.raw.len());

    // One content, two forms, two tags; either is known again.
    let (tag, packed_tag) = (whole.header("etag").unwrap(), packed.header("etag").unwrap());
    assert_ne!(tag, packed_tag);
    let known = format!("accept-encoding: gzip\r\nif-none-match: {packed_tag}\r\n");
    assert_eq!(browser.ask(large, &known, "").status, 304);

    let small = browser.ask(small, "accept-encoding: gzip\r\n", "");
    assert!(small.header("content-encoding").is_none(), "too small to pay");
    let document = browser.ask("GET /openapi.json", "accept-encoding: gzip\r\n", "");
    let mut unpacked = String::new();
    GzDecoder::new(&document.raw[..]).read_to_string(&mut unpacked).expect("gzip");
    assert!(unpacked.starts_with('{') && unpacked.ends_with('}'));
}

#[test]
fn a_packed_body_is_refused() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let refused = browser.ask(&format!("PUT {ITEM}"), "content-encoding: gzip\r\n", TEA);
    assert_eq!((refused.status, &refused.json()["field"]), (415, &"Content-Encoding".into()));
}

#[test]
fn callers_of_what_will_go_are_told() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let echo = browser.ask("GET /v1/shelf/echo?text=a&times=1&loud=false", "", "");
    assert_eq!(echo.header("deprecation"), Some("@1767225600"));
    assert_eq!(echo.header("sunset"), Some("Fri, 01 Jan 2027 00:00:00 GMT"));
    assert_eq!(echo.header("link"), Some("</v2/shelf/echo>; rel=\"successor-version\""));
    let item = browser.ask(&format!("GET {ITEM}"), "", "");
    assert!(item.header("deprecation").is_none() && item.header("sunset").is_none());
    let document = browser.ask("GET /openapi.json", "", "").json();
    assert_eq!(document["paths"]["/v1/shelf/echo"]["get"]["deprecated"], true);
}
