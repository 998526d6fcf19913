//! Any request through the whole way of the HTTP doors, on a running box: there is always an answer,
//! never one that blames the box, and every refusal is a problem document.
//!
//! The input is a byte that chooses door and method, then lines: the target, `name: value` for each
//! header, an empty line, and the body.
#![no_main]

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use gateway::{DoorKind, Front, Gate, Origins, Peer, Terms, TokenTerms};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use runtime::{DeviceChoice, Doors, Running, start};

/// How long the core rests when nothing was asked.
const REST: Duration = Duration::from_micros(20);
/// Longer than any answer takes: without one by then, something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

type Job = (DoorKind, Request<Bytes>);

struct TestBox {
    ask: Sender<Job>,
    answers: Receiver<Response<Bytes>>,
    _running: Running,
}

static BOX: LazyLock<Mutex<TestBox>> = LazyLock::new(|| Mutex::new(open()));

fn open() -> TestBox {
    let (ask, asked) = mpsc::channel::<Job>();
    let (answer, answers) = mpsc::channel();
    let ends = Mutex::new(Some((asked, answer)));
    let origins = Origins::of(vec!["https://a.test".to_owned()]);
    let terms = Terms {
        body_bytes_max: 1 << 16,
        origins,
        version: "1".to_owned(),
        tokens: TokenTerms::default(),
    };
    let front = Front::new(terms, registry::ALL, 1);
    let doors: Doors = Arc::new(move |core| {
        let (asked, answer) = ends.lock().expect("one core").take().expect("one core");
        let gate = Rc::new(Gate::new(&front, &core));
        monoio::spawn(async move {
            loop {
                while let Ok((door, request)) = asked.try_recv() {
                    let received = Cell::new(false);
                    let address = Some(SocketAddr::from(([192, 0, 2, 1], 9)));
                    let peer = Peer {
                        door,
                        address,
                        client: None,
                        early_data: false,
                        received: &received,
                    };
                    let response = gateway::answer(&gate, &peer, request.map(Full::new)).await;
                    if answer.send(response).is_err() {
                        return;
                    }
                }
                monoio::time::sleep(REST).await;
            }
        });
        Ok(())
    });
    let folder = tempfile::tempdir().expect("a temporary directory").keep();
    let mut options = runtime::Options::new(Path::new(&folder).join("data"));
    options.log.device = DeviceChoice::Plain;
    options.log.segment_bytes = 16 << 20;
    let running = start(&options, registry::ALL, &doors, &mut |_| {}).expect("it starts");
    TestBox { ask, answers, _running: running }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(job) = job(bytes) else { return };
    let head = job.1.method() == Method::HEAD;
    let what = format!("{} {}", job.1.method(), job.1.uri());
    let quoin = BOX.lock().expect("one fuzzer");
    quoin.ask.send(job).expect("the core lives");
    let response = quoin.answers.recv_timeout(PATIENCE).expect("there is an answer");
    let status = response.status();
    // 503: a position or a place in line that was not to be had in time.
    assert!(status.as_u16() < 500 || status == 503, "{what}: {response:?}");
    assert!(response.headers().contains_key("x-log-position"));
    if !head && 400 <= status.as_u16() {
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{what}");
        let problem: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!(problem["status"], status.as_u16(), "{what}");
    }
});

fn job(bytes: &[u8]) -> Option<Job> {
    let (choice, text) = bytes.split_first()?;
    let door = if choice & 1 == 0 { DoorKind::Plain } else { DoorKind::Https };
    let methods =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];
    let method = methods.get(usize::from(choice >> 1)).cloned().unwrap_or(Method::PATCH);
    let mut rest = text;
    let mut line = || {
        let at = rest.iter().position(|it| *it == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(at);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let target = PathAndQuery::try_from(line()).ok()?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = target.into();
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let at = header.iter().position(|it| *it == b':')?;
        let name = HeaderName::from_bytes(&header[..at]).ok()?;
        let value = HeaderValue::from_bytes(header[at + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    *request.body_mut() = Bytes::copy_from_slice(rest);
    Some((door, request))
}
