//! aioquic: good requests, everything that HTTP/3 forbids, and streams that were changed at random.

use std::process::Command;

use process::Link;
use serde_json::{Value, json};

use crate::support::{TestBox, named, printed, python, quote, script, total};

#[test]
fn aioquic_gets_the_quote() {
    let Some(python) = python("aioquic") else { return };
    let quoin = TestBox::start(2);
    let ask = |more: &[&str]| -> Value {
        let output = Command::new(&python)
            .arg(script("http3.py"))
            .arg(&quoin.authority)
            .args(["127.0.0.1", &quoin.port(), "/v1/rates/quote", "--body", &quote()])
            .args(more)
            .output()
            .unwrap();
        serde_json::from_str(&printed(&output)).unwrap()
    };
    let answer = ask(&["--key", &quoin.key, "--count", "100"]);
    assert_eq!((&answer["protocol"], &answer["status"]), (&json!("h3"), &json!(200)), "{answer}");
    assert_eq!(answer["same"], json!(true));
    assert_eq!(total(answer["body"].as_str().unwrap()), json!("232.30"));
    let refused = ask(&[]);
    assert_eq!(refused["status"], json!(401), "{refused}");
}

/// Answers over HTTP/3 by core, as the box counts them.
fn answered(quoin: &TestBox) -> Vec<u64> {
    let (_, body) = Link::plain(quoin.server.http()).ask("GET /metrics");
    let text = String::from_utf8(body).unwrap();
    let rows = text.lines().filter(|it| it.starts_with("quoin_door_requests_total{"));
    rows.filter(|it| it.contains("door=\"http3\""))
        .map(|it| it.rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn a_client_that_changes_its_port_keeps_its_connection_and_its_core() {
    let Some(python) = python("aioquic") else { return };
    let quoin = TestBox::start(2);
    let mut before = answered(&quoin);
    for _ in 0..4 {
        let output = Command::new(&python)
            .arg(script("http3.py"))
            .arg(&quoin.authority)
            .args(["127.0.0.1", &quoin.port(), "/v1/rates/quote", "--body", &quote()])
            .args(["--key", &quoin.key, "--moves", "6"])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_str(&printed(&output)).unwrap();
        assert_eq!((&answer["status"], &answer["same"]), (&json!(200), &json!(true)), "{answer}");
        let after = answered(&quoin);
        let mut more: Vec<_> = after.iter().zip(&before).map(|(now, then)| now - then).collect();
        more.sort_unstable();
        assert_eq!(more, [0, 7], "by core");
        before = after;
    }
}

#[test]
fn what_http3_forbids_ends_with_the_code_of_the_rfc_and_hurts_nobody_else() {
    let Some(python) = python("aioquic") else { return };
    let quoin = TestBox::start(2);
    let (rounds, seed) = (named("CONFORMANCE_ROUNDS", "64"), named("CONFORMANCE_SEED", "1"));
    let output = Command::new(&python)
        .arg(script("http3_illegal.py"))
        .arg(&quoin.authority)
        .args(["127.0.0.1", &quoin.port(), "/v1/rates/quote"])
        .args(["--key", &quoin.key, "--body", &quote(), "--rounds", &rounds, "--seed", &seed])
        .output()
        .unwrap();
    let text = printed(&output);
    let outcome: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(outcome["wrong"], json!([]), "{text}");
    assert!(outcome["cases"].as_u64().is_some_and(|it| 150 <= it), "{text}");
    assert!(!quoin.server.printed().contains("panicked"), "{}", quoin.server.printed());
    assert!(quoin.server.stop().success());
}
