//! curl over HTTP/1.1 and HTTP/2.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{TestBox, has, printed, quote, total};

const JSON: &str = "content-type: application/json";

impl TestBox {
    /// What curl says: status and protocol version, and the body.
    fn curl(&self, version: &str, more: &[&str], path: &str) -> (String, String) {
        let output = Command::new("curl")
            .args(["-sS", version, "--cacert"])
            .arg(&self.authority)
            .args(["-w", "\n%{http_code} %{http_version}"])
            .args(more)
            .arg(self.url(path))
            .output()
            .unwrap();
        let text = printed(&output);
        let (body, end) = text.rsplit_once('\n').unwrap();
        (end.to_owned(), body.to_owned())
    }
}

#[test]
fn curl_gets_the_quote_over_both_versions() {
    if !has("curl", &["--version"]) {
        return;
    }
    let quoin = TestBox::start(2);
    let (authorization, quote) = (quoin.authorization(), quote());
    let asked = ["-H", &*authorization, "-H", JSON, "-d", &*quote];
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let (end, body) = quoin.curl(flag, &asked, "/v1/rates/quote");
        assert_eq!(end, format!("200 {version}"), "{body}");
        assert_eq!(total(&body), json!("232.30"));
        // Who shows nothing gets nothing, but may know that the box lives.
        let (end, body) = quoin.curl(flag, &["-H", JSON, "-d", &quote], "/v1/rates/quote");
        assert_eq!(end, format!("401 {version}"), "{body}");
        assert_eq!(quoin.curl(flag, &[], "/healthz").0, format!("200 {version}"));
        assert_eq!(quoin.curl(flag, &[], "/metrics").0, format!("401 {version}"));
        let known = ["-H", &*authorization];
        assert_eq!(quoin.curl(flag, &known, "/metrics").0, format!("200 {version}"));
        let (end, body) = quoin.curl(flag, &["-I"], "/healthz");
        assert_eq!(end, format!("200 {version}"));
        assert!(body.to_lowercase().contains("alt-svc: h3="), "{body}");
    }
    assert!(quoin.server.stop().success());
}

#[test]
fn a_revoked_key_is_refused_from_the_answer_on() {
    if !has("curl", &["--version"]) {
        return;
    }
    let quoin = TestBox::start(2);
    let plain = |method: &str, path: &str, body: &str| -> (String, Value) {
        let output = Command::new("curl")
            .args(["-sS", "-X", method, "-H", JSON, "-d", body])
            .args(["-w", "\n%{http_code}", &format!("http://{}{path}", quoin.server.http())])
            .output()
            .unwrap();
        let text = printed(&output);
        let (body, end) = text.rsplit_once('\n').unwrap();
        (end.to_owned(), serde_json::from_str(body).unwrap())
    };
    let (_, keys) = plain("GET", "/v1/identity/api-keys?user=admin", "");
    let id = keys["api_keys"][0]["id"].clone();
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let (authorization, quote) = (quoin.authorization(), quote());
    let asked = ["-H", &*authorization, "-H", JSON, "-d", &*quote];
    assert_eq!(quoin.curl("--http2", &asked, "/v1/rates/quote").0, "200 2");
    let (end, answer) = plain("DELETE", &format!("/v1/identity/api-keys/{id}"), "");
    assert_eq!(end, "200", "{answer}");
    // Every connection is a new one: the kernel spreads them over both cores.
    for turn in 0..10 {
        let (end, body) = quoin.curl("--http2", &asked, "/v1/rates/quote");
        assert_eq!(end, "401 2", "{turn}: {body}");
    }
}
