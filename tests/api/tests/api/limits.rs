//! Rate limits on the real binary: what a policy admits is admitted, over all cores and connections,
//! and not one more.

use std::thread;

use serde_json::json;

use crate::support::http::{Answer, Wire};
use crate::support::{TestBox, quote};

fn put(quoin: &TestBox, name: &str, policy: &serde_json::Value) -> Answer {
    let body = policy.to_string();
    let length = body.len();
    let mut wire = Wire::connect(&quoin.http());
    wire.send(
        format!(
            "PUT /v1/limits/policies/{name} HTTP/1.1\r\nhost: box\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
    wire.answer().unwrap()
}

fn ask(wire: &mut Wire) -> Answer {
    ask_with(wire, "")
}

/// Asks with more header lines.
fn ask_with(wire: &mut Wire, headers: &str) -> Answer {
    let body = quote().to_string();
    let length = body.len();
    wire.send(
        format!(
            "POST /v1/rates/quote HTTP/1.1\r\nhost: box\r\ncontent-type: application/json\r\n\
             {headers}content-length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
    wire.answer().unwrap()
}

/// Many connections at once, on every core: gives how many were admitted and the last refusal.
fn storm(quoin: &TestBox, connections: usize, each: usize) -> (usize, Option<Answer>) {
    let client = || {
        let mut wire = Wire::connect(&quoin.http());
        let mut admitted = 0;
        let mut refused = None;
        for _ in 0..each {
            let answer = ask(&mut wire);
            match answer.status {
                200 => admitted += 1,
                429 => refused = Some(answer),
                other => panic!("{other}: {}", answer.json()),
            }
        }
        (admitted, refused)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|_| scope.spawn(client)).collect();
        clients
            .into_iter()
            .map(|it| it.join().unwrap())
            .fold((0, None), |all, one| (all.0 + one.0, all.1.or(one.1)))
    })
}

#[test]
fn what_a_policy_admits_is_admitted_and_not_one_more() {
    let quoin = TestBox::start(2);
    assert_eq!(storm(&quoin, 1, 3).0, 3, "no policy, no limit");
    // So slow that nothing comes back while the test runs.
    for (name, per, quota) in [("by-address", "route", 50), ("by-box", "box", 37)] {
        let policy = json!({
            "per": per, "operations": "rates.*", "quota": quota, "window_s": 86_400,
        });
        let set = put(&quoin, name, &policy);
        assert_eq!(set.status, 200, "{}", set.json());
        let (admitted, refused) = storm(&quoin, 8, 20);
        // The second policy came when the first had nothing left: both must admit a request.
        let expected = if name == "by-address" { 50 } else { 0 };
        assert_eq!(admitted, expected, "{name}");
        let refused = refused.unwrap();
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!(0 < wait && wait <= 86_400, "{wait}");
        assert!(refused.header("ratelimit").unwrap().starts_with("\"by-address\";r=0;t="));
        assert_eq!(refused.header("ratelimit-policy"), Some("\"by-address\";q=50;w=86400"));
        assert!(refused.json()["detail"].as_str().unwrap().contains("by-address"));
    }
    // Without the first, the second has been charged for nothing that was refused.
    let mut wire = Wire::connect(&quoin.http());
    wire.send(b"DELETE /v1/limits/policies/by-address HTTP/1.1\r\nhost: box\r\n\r\n");
    assert_eq!(wire.answer().unwrap().status, 200);
    assert_eq!(storm(&quoin, 8, 20).0, 37, "what a refused request was charged came back");
}

#[test]
fn what_is_under_way_at_the_same_time_is_given_back() {
    let quoin = TestBox::start(2);
    let policy = json!({ "per": "box", "quota": 2, "unit": "concurrent" });
    assert_eq!(put(&quoin, "few", &policy).status, 200);
    // One at a time is never too many, however often: each gives its place back.
    assert_eq!(storm(&quoin, 1, 200).0, 200);
    let (admitted, _) = storm(&quoin, 2, 100);
    assert_eq!(admitted, 200, "two at a time are allowed");
}

#[test]
fn guesses_count_against_the_address_they_come_from() {
    let quoin = TestBox::start(2);
    let policy = json!({
        "per": "address", "operations": "rates.*", "quota": 3, "window_s": 86_400,
    });
    assert_eq!(put(&quoin, "guesses", &policy).status, 200);
    let mut wire = Wire::connect(&quoin.http());
    for expected in [401, 401, 401, 429] {
        let answer = ask_with(&mut wire, "authorization: Bearer qk_guess\r\n");
        assert_eq!(answer.status, expected, "{}", answer.json());
    }
    assert_eq!(ask(&mut wire).status, 429, "what was guessed away is gone");
}
