//! The same quote from every client over every protocol.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stderr, reason = "a skipped client is told")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use process::{Server, run};
use serde_json::{Value, json};
use tempfile::TempDir;

struct TestBox {
    server: Server,
    key: String,
    authority: PathBuf,
    _folder: TempDir,
}

impl TestBox {
    fn start(cores: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (status, out, error) = run(&["init", "--data", data.to_str().unwrap()]);
        assert!(status.success(), "{out} {error}");
        let key = fs::read_to_string(data.join("admin.key")).unwrap().trim().to_owned();
        let authority = data.join("tls/development-authority.pem");
        let server = Server::start(&data, cores, &[]).unwrap();
        Self { server, key, authority, _folder: folder }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.server.https_port())
    }

    /// What curl says: status, protocol version and body.
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

    fn authorization(&self) -> String {
        format!("authorization: Bearer {}", self.key)
    }
}

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|it| it.status.success())
}

fn quote() -> String {
    json!({
        "award": "MA000004",
        "classification": "retail-employee-level-1",
        "employment": "casual",
        "state": "NSW",
        "pay_period_start": "2025-07-07",
        "shifts": [
            { "start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": [] },
        ],
    })
    .to_string()
}

fn total(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    body["total"].clone()
}

#[test]
fn curl_gets_the_quote_over_both_versions() {
    if !has("curl", &["--version"]) {
        eprintln!("skipped: curl is not installed");
        return;
    }
    let quoin = TestBox::start(2);
    let (authorization, quote) = (quoin.authorization(), quote());
    let json = "content-type: application/json";
    let asked = ["-H", &*authorization, "-H", json, "-d", &*quote];
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let (end, body) = quoin.curl(flag, &asked, "/v1/rates/quote");
        assert_eq!(end, format!("200 {version}"), "{body}");
        assert_eq!(total(&body), json!("232.30"));
        // Who shows nothing gets nothing, but may know that the box lives.
        let (end, body) = quoin.curl(flag, &["-H", json, "-d", &quote], "/v1/rates/quote");
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
        eprintln!("skipped: curl is not installed");
        return;
    }
    let quoin = TestBox::start(2);
    let plain = |method: &str, path: &str, body: &str| -> (String, Value) {
        let output = Command::new("curl")
            .args(["-sS", "-X", method, "-H", "content-type: application/json", "-d", body])
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
    let json = "content-type: application/json";
    let asked = ["-H", &*authorization, "-H", json, "-d", &*quote];
    assert_eq!(quoin.curl("--http2", &asked, "/v1/rates/quote").0, "200 2");
    let (end, answer) = plain("DELETE", &format!("/v1/identity/api-keys/{id}"), "");
    assert_eq!(end, "200", "{answer}");
    // Every connection is a new one: the kernel spreads them over both cores.
    for turn in 0..10 {
        let (end, body) = quoin.curl("--http2", &asked, "/v1/rates/quote");
        assert_eq!(end, "401 2", "{turn}: {body}");
    }
}

#[test]
fn aioquic_gets_the_quote_over_http3() {
    let python = std::env::var("CONFORMANCE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !has(&python, &["-c", "import aioquic"]) {
        eprintln!("skipped: {python} has no aioquic; CONFORMANCE_PYTHON names one that has");
        return;
    }
    let quoin = TestBox::start(2);
    let port = quoin.server.https_port().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/http3.py");
    let ask = |more: &[&str]| -> Value {
        let output = Command::new(&python)
            .arg(script)
            .arg(&quoin.authority)
            .args(["127.0.0.1", &port, "/v1/rates/quote", "--body", &quote()])
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
