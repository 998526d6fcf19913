//! A running box, requests for it, and what must come back.

pub(crate) mod http;
pub(crate) mod raw;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use client::{Call, Client, Options};
use contract::Operation;
use process::{Server, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use wire::Status;

/// A box with the reference packs, on a directory of its own. Killed when it is dropped.
pub(crate) struct TestBox {
    pub(crate) server: Server,
    /// Where its log ended when it began to serve.
    pub(crate) position: u64,
    // Fields drop in order: the process ends before its directory goes.
    _folder: TempDir,
}

static QUIET: Mutex<Weak<TestBox>> = Mutex::new(Weak::new());
static WRITTEN: Mutex<Weak<TestBox>> = Mutex::new(Weak::new());

impl TestBox {
    /// A box of the caller's own.
    pub(crate) fn start(cores: u16) -> Self {
        let (folder, data) = initialised();
        let server = Server::start(&data, cores, &[]).unwrap();
        let position = http::get(&server.http(), "/health/ready").position();
        Self { server, position, _folder: folder }
    }

    /// The box that nothing is ever written to, shared by all tests that ask for it.
    pub(crate) fn quiet() -> Arc<Self> {
        shared(&QUIET, 1)
    }

    /// The box that tests write to.
    pub(crate) fn written() -> Arc<Self> {
        shared(&WRITTEN, 2)
    }

    pub(crate) fn http(&self) -> String {
        self.server.http()
    }

    pub(crate) fn client(&self) -> Client {
        self.server.connect(Options::default())
    }

    /// Proves that nothing was stored since the start, and that a good quote is answered.
    pub(crate) fn assert_untouched(&self) {
        let answer = http::post(&self.http(), "/v1/rates/quote", &quote().to_string());
        assert_eq!((answer.status, &answer.json()["total"]), (200, &json!("232.30")));
        assert_eq!(answer.position(), self.position, "something was stored");
    }
}

/// Lives as long as any test holds it: a process in a `static` would outlive them all.
fn shared(place: &Mutex<Weak<TestBox>>, cores: u16) -> Arc<TestBox> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.upgrade().unwrap_or_else(|| {
        let made = Arc::new(TestBox::start(cores));
        *place = Arc::downgrade(&made);
        made
    })
}

/// A data directory with the reference packs.
pub(crate) fn initialised() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (status, out, error) = run(&["init", "--data", text(&data)]);
    assert!(status.success(), "init: {out} {error}");
    (folder, data)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The quote of the documents, which comes to 232.30.
pub(crate) fn quote() -> Value {
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
}

/// An order to accept that quote.
pub(crate) fn accept(reference: &str) -> Value {
    json!({ "quote": quote(), "total": "232.30", "reference": reference })
}

/// Number and face of an operation, such as `rates.quote`.
pub(crate) fn operation(name: &str) -> (u32, &'static Operation) {
    registry::operation(name).unwrap()
}

/// The archive of a JSON request.
pub(crate) fn archived(name: &str, request: &Value) -> Vec<u8> {
    let mut payload = Vec::new();
    (operation(name).1.from_json)(request.to_string().as_bytes(), &mut payload).unwrap();
    payload
}

/// What the RPC door says, its answer as JSON.
pub(crate) fn call(client: &Client, name: &str, request: &Value) -> Result<Value, Problem> {
    let payload = archived(name, request);
    let reply = client.call(&Call::query(operation(name).0, &payload)).unwrap();
    outcome(name, &reply)
}

pub(crate) fn outcome(name: &str, reply: &client::Reply) -> Result<Value, Problem> {
    if let Some(problem) = reply.problem().unwrap() {
        return Err(Problem {
            status: problem.status,
            field: problem.field.to_owned(),
            detail: problem.detail.to_owned(),
            code: problem.code,
        });
    }
    let mut json = Vec::new();
    (operation(name).1.to_json)(&reply.payload, &mut json).unwrap();
    Ok(serde_json::from_slice(&json).unwrap())
}

/// What the RPC door says no with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: Status,
    pub(crate) field: String,
    pub(crate) detail: String,
    pub(crate) code: u16,
}

/// What a process holds in memory, in KiB.
pub(crate) fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
