//! A box with encryption, and programs that speak to it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use process::{Server, run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A box of the caller's own. Killed when it is dropped.
pub(crate) struct TestBox {
    pub(crate) server: Server,
    /// The administrator's API key.
    pub(crate) key: String,
    /// What to trust.
    pub(crate) authority: PathBuf,
    /// What the box shows.
    pub(crate) leaf: PathBuf,
    _folder: TempDir,
}

impl TestBox {
    pub(crate) fn start(cores: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (status, out, error) = run(&["init", "--data", data.to_str().unwrap()]);
        assert!(status.success(), "{out} {error}");
        let key = fs::read_to_string(data.join("admin.key")).unwrap().trim().to_owned();
        let authority = data.join("tls/development-authority.pem");
        let leaf = data.join("tls/development.pem");
        let server = Server::start(&data, cores, &[]).unwrap();
        Self { server, key, authority, leaf, _folder: folder }
    }

    pub(crate) fn port(&self) -> String {
        self.server.https_port().to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.server.https_port())
    }

    pub(crate) fn authorization(&self) -> String {
        format!("authorization: Bearer {}", self.key)
    }
}

/// One of the scripts in `clients`.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}

/// What a program printed that must have ended well.
pub(crate) fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Whether `program` is there and does what `arguments` ask for; tells when it does not.
pub(crate) fn has(program: &str, arguments: &[&str]) -> bool {
    let has = Command::new(program).args(arguments).output().is_ok_and(|it| it.status.success());
    if !has {
        eprintln!("skipped: `{program} {}` fails here", arguments.join(" "));
    }
    has
}

/// The program that an environment variable names, or else `usual`.
pub(crate) fn named(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// A Python with these modules, if there is one.
pub(crate) fn python(modules: &str) -> Option<String> {
    let python = named("CONFORMANCE_PYTHON", "python3");
    has(&python, &["-c", &format!("import {modules}")]).then_some(python)
}

/// A request that comes to 232.30.
pub(crate) fn quote() -> String {
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

/// The total in an answer to it.
pub(crate) fn total(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    body["total"].clone()
}
