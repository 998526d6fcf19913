//! Chromium over HTTP/3.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{TestBox, has, named, printed, python, quote, script, total};

#[test]
fn chromium_gets_the_quote_over_http3() {
    let chromium = named("CHROMIUM", "chromium");
    if !has(&chromium, &["--version"]) || !has("openssl", &["version"]) {
        return;
    }
    let Some(python) = python("json") else { return };
    let quoin = TestBox::start(2);
    let output = Command::new(python)
        .arg(script("chromium.py"))
        .arg(chromium)
        .arg(&quoin.leaf)
        .args([&quoin.port(), "/v1/rates/quote", "--key", &quoin.key, "--body", &quote()])
        .output()
        .unwrap();
    let answer: Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(answer["status"], json!(200), "{answer}");
    assert_eq!(total(answer["body"].as_str().unwrap()), json!("232.30"));
    // The browser says itself what it spoke.
    for what in ["page", "description", "protocol"] {
        assert_eq!(answer[what], json!(["h3"]), "{what}: {answer}");
    }
}
