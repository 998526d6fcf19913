//! The first administrator and the keys that sign, from the command line and over HTTP.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use credentials::ApiKey;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{Server, data, init, output, text};

fn file(directory: &Path, name: &str) -> std::path::PathBuf {
    directory.join("data").join(name)
}

/// Status and body of the answer.
pub(crate) fn ask(
    server: &Server,
    method: &str,
    path: &str,
    bearer: Option<&str>,
    body: &Value,
) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let credential =
        bearer.map_or_else(String::new, |it| format!("authorization: Bearer {it}\r\n"));
    let mut stream = TcpStream::connect(server.address("http")).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: box\r\nconnection: close\r\n{credential}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn an_interrupted_init_loses_no_key() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let (key, secret) =
        (file(directory.path(), "admin.key"), file(directory.path(), "admin.secret"));
    let made = fs::read_to_string(&key).unwrap();
    for it in [&key, &file(directory.path(), "master.key")] {
        let bits = fs::metadata(it).unwrap().permissions().mode();
        assert_eq!(bits & 0o777, 0o600, "{}", it.display());
    }
    assert!(!secret.exists());
    // As if the process had ended after the key was made, and before it was written down.
    fs::remove_file(&key).unwrap();
    let unfinished = ApiKey::parse(made.trim()).unwrap().with_id(0).text();
    fs::write(&secret, unfinished).unwrap();
    assert!(init(directory.path()).status.success());
    assert_eq!(fs::read_to_string(&key).unwrap(), made);
    assert!(!secret.exists());
    // Once the operator has moved the file away, it is not made again.
    fs::remove_file(&key).unwrap();
    assert!(init(directory.path()).status.success());
    assert!(!key.exists());
}

#[test]
fn a_key_is_exchanged_and_the_signing_key_changed() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let key = fs::read_to_string(file(directory.path(), "admin.key")).unwrap();
    let server = Server::start(directory.path(), &[]);
    let issue = |by: &str| ask(&server, "POST", "/v1/identity/tokens", Some(by), &json!({}));
    let kids = || {
        let (_, document) = ask(&server, "GET", "/.well-known/jwks.json", None, &Value::Null);
        document["keys"].as_array().unwrap().len()
    };
    let list = |by: &str| ask(&server, "GET", "/v1/identity/users", Some(by), &Value::Null);
    let (status, issued) = issue(key.trim());
    assert_eq!((status, &issued["user"]), (200, &json!("admin")), "{issued}");
    let first = issued["token"].as_str().unwrap();
    assert_eq!(list(first).0, 200);
    assert_eq!(issue(first), (403, issue(first).1), "a token is exchanged for none");
    assert_eq!(kids(), 1);

    let (data, rpc) = (data(directory.path()), format!("--rpc={}", server.address("rpc")));
    let rotated = output(&["rotate-signing-key", &data, &rpc]);
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    assert_eq!((kids(), list(first).0), (2, 200));
    let (_, issued) = issue(key.trim());
    let second = issued["token"].as_str().unwrap();
    assert!(output(&["rotate-signing-key", "--revoke", &data, &rpc]).status.success());
    let (status, problem) = list(second);
    assert_eq!((status, &problem["code"]), (401, &json!("token-invalid")), "{problem}");

    // Another box with the same data directory signs on.
    let (status, log) = server.stop(Signal::TERM);
    assert_eq!(status, Some(0), "{log}");
    let server = Server::start(directory.path(), &[]);
    let (status, _) = ask(&server, "POST", "/v1/identity/tokens", Some(key.trim()), &json!({}));
    assert_eq!(status, 200);
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}
