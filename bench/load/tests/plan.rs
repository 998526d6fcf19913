//! Plans against a server over real sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use load::{LoadError, PlanStop, PlanTarget, Planner, Scenario};

const SERVICE: Duration = Duration::from_millis(2);

/// Answers one request after another, each [`SERVICE`] after it was asked or after the one before:
/// by the clock, so that a machine that is late with one is not late with the next.
struct Stub {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
}

impl Stub {
    /// After so many requests it goes away.
    fn start(dies_after: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let asked = Arc::new(AtomicU64::new(0));
        let (counter, free_at) = (Arc::clone(&asked), Arc::new(Mutex::new(Instant::now())));
        thread::spawn(move || {
            while counter.load(SeqCst) < dies_after {
                let Ok((stream, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                stream.set_nodelay(true).unwrap();
                let (counter, free_at) = (Arc::clone(&counter), Arc::clone(&free_at));
                // The generator closes its connections at the end of a step: not a failure.
                thread::spawn(move || drop(answer(stream, &counter, &free_at, dies_after)));
            }
        });
        Self { address, asked }
    }

    fn target(&self) -> PlanTarget {
        PlanTarget { http: Some(self.address), ..PlanTarget::default() }
    }
}

fn answer(
    mut stream: TcpStream,
    asked: &AtomicU64,
    free_at: &Mutex<Instant>,
    dies_after: u64,
) -> std::io::Result<()> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while asked.load(SeqCst) < dies_after {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..read]);
        while let Some(end) = request_end(&bytes) {
            let is_last = String::from_utf8_lossy(&bytes[..end]).contains("connection: close");
            bytes.drain(..end);
            asked.fetch_add(1, SeqCst);
            let due = {
                let mut free_at = free_at.lock().unwrap();
                *free_at = (*free_at).max(Instant::now()) + SERVICE;
                *free_at
            };
            thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine")?;
            if is_last {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Where the first request ends, when all of it is here.
fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let end = head + length.map_or(0, |it| it.parse::<usize>().unwrap());
    (end <= bytes.len()).then_some(end)
}

fn scenario() -> Scenario {
    let text = r#"
        name = "stub"
        about = "a server of which everything is known"
        seed = 1
        [objectives]
        p99_ms = 50.0
        error_percent = 0.1
        [population]
        who = "people"
        think_s = 10.0
        peak_over_mean = 2.0
        planned_percent = 50.0
        [arrivals]
        process = "even"
        [ramp]
        first_per_s = 420.0
        factor = 1.3
        rise_s = 0.1
        settle_s = 0.2
        window_s = 1.0
        confirm_s = 1.0
        [keys]
        distribution = "uniform"
        count = 1
        [[doors]]
        speak = "http"
        weight = 1.0
        connections = 48
        waiting = 1
        [[operations]]
        name = "rates.quote"
        weight = 1.0
    "#;
    Scenario::parse(text, "stub.toml").unwrap()
}

#[test]
fn the_knee_of_a_server_that_takes_two_milliseconds_is_five_hundred() {
    let scenario = scenario();
    // A machine that is busy with something else for long spoils an attempt; a wrong planner all.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let stub = Stub::start(u64::MAX);
        let (halt, mut said) = (Arc::new(AtomicBool::new(false)), Vec::new());
        let mut say = |line: &str| said.push(line.to_owned());
        let mut planner = Planner::new(&scenario, "test", &[], &halt, &mut say);
        planner.search(&stub.target(), Duration::from_secs(20)).unwrap();
        let result = planner.finish(None);
        let knee = result.knee.clone().unwrap();
        let step = &result.steps[knee.step];
        assert!(step.sustained && step.achieved_per_s <= 1.02 * step.offered_per_s);
        assert!(result.steps.iter().all(|it| it.doors["http"].sent_bytes == it.sent_bytes));
        // No process, no CPU time, no sheet.
        assert!(!result.complete && result.missing.len() == 1, "{:?}", result.missing);
        if (475.0..525.0).contains(&knee.sustained_per_s) {
            return;
        }
        seen.push((knee, said));
    }
    panic!("{seen:#?}");
}

#[test]
fn a_server_that_dies_leaves_what_was_measured_until_then() {
    let (scenario, stub) = (scenario(), Stub::start(700));
    let (halt, mut say) = (Arc::new(AtomicBool::new(false)), |_: &str| {});
    let mut planner = Planner::new(&scenario, "test", &[], &halt, &mut say);
    let stop = planner.search(&stub.target(), Duration::from_mins(2)).unwrap_err();
    let PlanStop::Failed(error) = stop else { panic!("nobody halted it") };
    assert!(planner.has_steps() && 700 <= stub.asked.load(SeqCst), "{error}");
    let result = planner.finish(Some(error.to_string()));
    assert!(!result.complete && !result.steps.is_empty());
    assert_eq!(result.missing[0], error.to_string());
    assert!(result.steps[0].sustained, "{:?}", result.steps[0].failed);
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so_and_nothing_is_kept() {
    let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (scenario, halt) = (scenario(), Arc::new(AtomicBool::new(false)));
    let mut say = |_: &str| {};
    let mut planner = Planner::new(&scenario, "test", &[], &halt, &mut say);
    let target = PlanTarget { http: Some(address), ..PlanTarget::default() };
    let stop = planner.search(&target, Duration::from_secs(10)).unwrap_err();
    assert!(matches!(stop, PlanStop::Failed(LoadError::Connect { .. })), "{stop:?}");
    assert!(!planner.has_steps());
    let stop = planner.search(&PlanTarget::default(), Duration::from_secs(10)).unwrap_err();
    let PlanStop::Failed(error) = stop else { panic!("nobody halted it") };
    assert!(error.to_string().contains("stub speaks http (--http)"), "{error}");
}

#[test]
fn a_plan_that_nobody_wants_any_more_ends_at_once() {
    let (scenario, stub) = (scenario(), Stub::start(u64::MAX));
    let halt = Arc::new(AtomicBool::new(false));
    let mut lines = 0;
    let stopper = Arc::clone(&halt);
    let mut say = |_: &str| {
        lines += 1;
        stopper.store(true, SeqCst);
    };
    let mut planner = Planner::new(&scenario, "test", &[], &halt, &mut say);
    let stop = planner.search(&stub.target(), Duration::from_mins(2)).unwrap_err();
    assert!(matches!(stop, PlanStop::Halted), "{stop:?}");
    let result = planner.finish(Some("interrupted".to_owned()));
    assert_eq!((result.steps.len(), result.complete), (1, false));
    assert_eq!(lines, 1);
}
