//! The shape of a quote, on both doors, and what happens to writes that are sent twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use client::{Call, Reply};
use serde_json::{Value, json};
use wire::Status;

use crate::support::http::{Answer, get, post, post_with, request};
use crate::support::{TestBox, accept, archived, call, http, operation, outcome, quote};

/// What the documents say the quote comes to.
fn priced() -> Value {
    json!({
        "award": "MA000004",
        "classification": "retail-employee-level-1",
        "operative_from": "2025-07-01",
        "minimum_hourly": "26.55",
        "currency": "AUD",
        "lines": [{
            "shift": 0,
            "from": "2025-07-13T10:00",
            "to": "2025-07-13T15:00",
            "hours": "5.00",
            "rule": "sunday",
            "percent": "175.00",
            "rate": "46.46",
            "amount": "232.30",
            "clause": "clause 22 (penalty rates); Schedule B, ordinary and penalty rates",
            "base": "26.55",
            "flat": "0.00",
        }],
        "hours": "5.00",
        "total": "232.30",
    })
}

#[test]
fn the_quote_of_the_documents_is_answered_to_the_letter_on_both_doors() {
    let quoin = TestBox::quiet();
    let answer = post(&quoin.http(), "/v1/rates/quote", &quote().to_string());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json(), priced());
    assert_eq!(answer.position(), quoin.position);
    assert_eq!(call(&quoin.client(), "rates.quote", &quote()).unwrap(), priced());

    let mut by_id = quote();
    by_id["classification"] = json!("fwc:112");
    assert_eq!(post(&quoin.http(), "/v1/rates/quote", &by_id.to_string()).json(), priced());
}

#[test]
fn the_line_of_the_readme_works_as_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let start = readme.find("\ncurl ").expect("the README shows a line for curl");
    let line = readme[start..].split("\n```").next().unwrap().trim();
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: curl is not installed here");
        return;
    }
    let quoin = TestBox::quiet();
    assert!(line.contains("127.0.0.1:8080"), "{line}");
    let line = line.replace("127.0.0.1:8080", &quoin.http());
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).expect("curl prints the answer");
    assert_eq!(said, priced());
}

#[test]
fn every_operation_answers_its_own_example_alike_on_both_doors() {
    let quoin = TestBox::written();
    let client = quoin.client();
    let mut asked = 0;
    for operation in registry::ALL.iter().flat_map(|it| it.operations) {
        let (shape, example) = (operation.shape, operation.shape.example);
        if operation.kind() != contract::Kind::Query || shape.path.contains('{') {
            continue;
        }
        let request: Value = serde_json::from_str(example).unwrap();
        let over_rpc = call(&client, shape.name, &request);
        let answer = match shape.method {
            contract::Method::Get => get(&quoin.http(), &with_query(shape.path, &request)),
            _ => post(&quoin.http(), shape.path, example),
        };
        match over_rpc {
            Ok(reply) => assert_eq!((answer.status, answer.json()), (200, reply), "{}", shape.name),
            Err(problem) => assert_eq!(answer.json()["detail"], problem.detail, "{}", shape.name),
        }
        asked += 1;
    }
    assert!(asked >= 4, "{asked}");
}

fn with_query(path: &str, request: &Value) -> String {
    let fields = request.as_object().unwrap();
    let pair = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={value}")
    };
    format!("{path}?{}", fields.iter().map(pair).collect::<Vec<_>>().join("&"))
}

/// One write, over one of the doors.
fn write(quoin: &TestBox, door: &str, key: &str, order: &Value) -> Result<Value, (u16, String)> {
    if door == "http" {
        let headers = [("idempotency-key", key)];
        let body = order.to_string();
        let answer = post_with(&quoin.http(), "/v1/rates/quotes", &headers, &body);
        assert!(answer.position() > 0);
        let detail = || answer.json()["detail"].as_str().unwrap().to_owned();
        if answer.status == 200 { Ok(answer.json()) } else { Err((answer.status, detail())) }
    } else {
        let reply = accept_over_rpc(quoin, key, order);
        outcome("rates.accept-quote", &reply).map_err(|it| (it.status.http(), it.detail))
    }
}

fn accept_over_rpc(quoin: &TestBox, key: &str, order: &Value) -> Reply {
    let payload = archived("rates.accept-quote", order);
    let call = Call::command(operation("rates.accept-quote").0, &payload);
    quoin.client().call(&call.idempotency_key(key.as_bytes())).unwrap()
}

#[test]
fn a_key_gives_one_answer_for_ever_whichever_door_it_comes_through() {
    let quoin = TestBox::written();
    for (first, second) in [("http", "http"), ("rpc", "rpc"), ("http", "rpc"), ("rpc", "http")] {
        let what = format!("{first}, then {second}");
        let key = format!("key of {what}");
        let order = accept(&what);
        let accepted = write(&quoin, first, &key, &order).expect(&what);
        assert_eq!(accepted["total"], "232.30", "{what}");
        for _ in 0..3 {
            assert_eq!(write(&quoin, second, &key, &order), Ok(accepted.clone()), "{what}");
        }
        let other = write(&quoin, second, &key, &accept("something else"));
        let (status, detail) = other.expect_err(&what);
        assert_eq!(status, 422, "{what}: {detail}");
        let fresh = write(&quoin, second, &format!("{key}, another"), &order).expect(&what);
        assert_ne!(fresh["id"], accepted["id"], "{what}: another key is another write");
    }
}

#[test]
fn a_key_is_refused_before_anything_is_done_with_it() {
    let quoin = TestBox::quiet();
    let (longest, over) = ("k".repeat(64), "k".repeat(65));
    let order = |total: &str| {
        let mut order = accept("never");
        order["total"] = json!(total);
        order.to_string()
    };
    // A wrong total is refused by the domain: the key itself was fine.
    let answer = post_with(
        &quoin.http(),
        "/v1/rates/quotes",
        &[("idempotency-key", &longest)],
        &order("1.00"),
    );
    answer.assert_problem("the longest key", 409, "total", "TotalDiffers");
    for key in [&over[..], "", "\"", "\"half", "\"a\"b", "t\u{e9}l\u{e9}"] {
        let headers = [("idempotency-key", key)];
        let answer = post_with(&quoin.http(), "/v1/rates/quotes", &headers, &order("232.30"));
        answer.assert_problem(key, 400, "Idempotency-Key", "");
    }
    quoin.assert_untouched();
}

#[test]
fn a_write_can_be_read_from_its_position_on() {
    let quoin = TestBox::written();
    let answer = post(&quoin.http(), "/v1/rates/quotes", &accept("read me").to_string());
    assert_eq!(answer.status, 200);
    let (id, position) = (answer.json()["id"].clone(), answer.position());
    let path = format!("/v1/rates/quotes/{}", id.as_str().unwrap());
    let recall = |position: u64| -> Answer {
        let at_least = [("x-log-position-at-least", &*position.to_string())];
        http::ask(&quoin.http(), &request("GET", &path, &at_least, ""))
    };
    let recalled = recall(position);
    assert_eq!((recalled.status, &recalled.json()["recomputed"]), (200, &json!("232.30")));
    assert_eq!(recalled.json()["reference"], "read me");
    assert_eq!(recalled.json()["quote"], quote());
    assert!(position <= recalled.position());

    let ahead = recall(position + 1_000_000);
    assert_eq!((ahead.status, ahead.header("retry-after")), (412, Some("1")));
    get(&quoin.http(), "/v1/rates/quotes/1").assert_problem("unknown", 404, "id", "QuoteUnknown");

    let payload = archived("rates.recall-quote", &json!({ "id": id }));
    let call = Call::query(operation("rates.recall-quote").0, &payload).at_least(position);
    let reply = quoin.client().call(&call).unwrap();
    assert_eq!(reply.status, Status::Ok);
    assert!(position <= reply.position);
}

#[test]
fn a_batch_answers_each_of_its_items_for_itself() {
    let quoin = TestBox::quiet();
    let mut bad = quote();
    bad["award"] = json!("MA999999");
    let payloads = [archived("rates.quote", &quote()), archived("rates.quote", &bad)];
    let payloads: Vec<&[u8]> = payloads.iter().map(|it| &it[..]).collect();
    let call = Call::query_batch(operation("rates.quote").0, &payloads);
    let reply = quoin.client().call(&call).unwrap();
    let statuses: Vec<_> = reply.items().unwrap().map(|it| it.status).collect();
    assert_eq!((reply.status, statuses), (Status::Ok, vec![Status::Ok, Status::NotFound]));
}
