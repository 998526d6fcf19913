//! Servers whose figures are known before they are measured.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use load::{Args, LoadError, OverloadArgs, Report, Workload, overload_workload, run_workload};
use wire::{
    Hello, Limits, Problem, ReplyMark, SlotMap, Status, Welcome, decode_request,
    encode_problem_reply,
};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    args: Args,
}

fn args(flags: &str) -> Args {
    let words = std::iter::once("load").chain(flags.split_ascii_whitespace());
    Flags::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args
}

fn run(flags: &str) -> Result<Report, LoadError> {
    run_workload(
        &args(flags),
        &Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"question") },
    )
}

/// Runs a measurement, with none beside it: they would measure each other. A machine that is busy
/// with something else adds to times and takes from rates, so what it cannot change is asked narrowly,
/// the least time and the most answers, and the rest within a factor. It may still spoil an attempt,
/// so the last of a few counts; a wrong generator fails them all.
fn measured(check: impl Fn()) {
    static MACHINE: Mutex<()> = Mutex::new(());
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 1..ATTEMPTS {
        if catch_unwind(AssertUnwindSafe(&check)).is_ok() {
            return;
        }
    }
    check();
}

const ATTEMPTS: u32 = 4;

/// What a scripted server does before it answers its `n`th request on a connection.
type Script = fn(n: u64, since_start: Duration) -> Act;

enum Act {
    /// Works so long, then answers.
    Work(Duration),
    /// Says Busy.
    Busy,
}

/// Serves connections one thread each.
fn serve(script: Script, http: bool) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            // The generator closes its connections at the end of a round: not a failure.
            thread::spawn(move || {
                drop(if http { answer_http(stream, script) } else { answer_rpc(stream, script) });
            });
        }
    });
    address
}

/// Sleeps most of the time and spins the rest: sleeping alone ends late.
fn work(time: Duration) {
    let end = Instant::now() + time;
    thread::sleep(time.saturating_sub(Duration::from_millis(1)));
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

fn answer_rpc(mut stream: TcpStream, script: Script) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let mut out = Vec::new();
    let (mut greeted, mut count, start) = (false, 0, Instant::now());
    loop {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..read]);
        if !greeted {
            let Some((_, taken)) = Hello::decode(&bytes).unwrap() else { continue };
            bytes.drain(..taken);
            welcome().encode(&mut out);
            greeted = true;
        }
        while let Some((request, taken)) = decode_request(&bytes, &Limits::DEFAULT).unwrap() {
            let id = request.head.request_id;
            bytes.drain(..taken);
            count += 1;
            match script(count, start.elapsed()) {
                Act::Work(time) => {
                    work(time);
                    let mark = ReplyMark::begin(&mut out, id, &Limits::DEFAULT);
                    out.extend_from_slice(b"answer");
                    mark.finish(&mut out, Status::Ok, 1);
                }
                Act::Busy => {
                    let problem = Problem::new(Status::Busy, "a queue is full");
                    encode_problem_reply(&mut out, id, &problem, 1);
                }
            }
            stream.write_all(&out)?;
            out.clear();
        }
        stream.write_all(&out)?;
        out.clear();
    }
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        core: 0,
        limits: Limits::DEFAULT,
        epoch: 1,
        position: 0,
        addresses: vec![None],
        slots: SlotMap::from_fn(|_| 0),
    }
}

fn answer_http(mut stream: TcpStream, script: Script) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let (mut count, start) = (0, Instant::now());
    loop {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..read]);
        while let Some(head) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            // Requests have the body `{}`, but for those of a peer.
            let end = head + if bytes.starts_with(b"GET ") { 4 } else { 6 };
            if bytes.len() < end {
                break;
            }
            bytes.drain(..end);
            count += 1;
            let reply = match script(count, start.elapsed()) {
                Act::Work(time) => {
                    work(time);
                    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine"
                }
                Act::Busy => "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
            };
            stream.write_all(reply.as_bytes())?;
        }
    }
}

/// Whether a time is no shorter than `expected`, but for the width of a histogram's bar and a start
/// between two ticks, and not many times as long.
#[track_caller]
fn at_least(found: f64, expected: f64) {
    assert!((0.95 * expected..4.0 * expected).contains(&found), "{found}, not {expected}");
}

/// Whether a rate is no higher than `expected`, but for what falls into a window at its edges, and
/// not a small part of it.
#[track_caller]
fn at_most(found: f64, expected: f64) {
    assert!((0.4 * expected..=1.1 * expected).contains(&found), "{found}, not {expected}");
}

fn micros(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1e6
}

/// Whether a server that takes `SERVICE_MS` for one request at a time gave these figures.
fn check_service(report: &Report, in_flight: f64) {
    let p50_ms = micros(report.target.median.p50_ns) / 1e3;
    at_least(p50_ms, in_flight * SERVICE_MS);
    at_most(report.target.median.ok_per_s, 1e3 / SERVICE_MS);
    // Whatever the machine adds to one it takes from the other (Little's law).
    let under_way = report.target.median.ok_per_s * p50_ms / 1e3;
    assert!((0.4 * in_flight..1.2 * in_flight).contains(&under_way), "{report}");
}

const SERVICE_MS: f64 = 5.0;

#[test]
fn a_fixed_service_time_is_what_a_closed_loop_shows() {
    measured(|| {
        for http in [false, true] {
            let address = serve(|_, _| Act::Work(Duration::from_secs_f64(SERVICE_MS / 1e3)), http);
            let door = if http { "http" } else { "rpc" };
            let flags = format!("quote --{door} {address} -c 1 -s 0.3 --warmup 0.05 --rounds 1");
            check_service(&run(&flags).unwrap(), 1.0);
            // In flight on one connection, a server that works one after the other: they queue.
            let flags =
                format!("quote --{door} {address} -c 1 -p 4 -s 0.4 --warmup 0.05 --rounds 1");
            check_service(&run(&flags).unwrap(), 4.0);
        }
    });
}

/// Stalls once, 0.4 s after the connection's first request, for 200 ms.
fn stall(_: u64, since_start: Duration) -> Act {
    let stalled = Duration::from_millis(400)..Duration::from_millis(420);
    Act::Work(if stalled.contains(&since_start) {
        Duration::from_millis(200)
    } else {
        Duration::from_micros(20)
    })
}

#[test]
fn a_stall_counts_for_every_request_it_kept_from_being_sent() {
    measured(|| {
        // 1,000 starts in the window; 200 fall into the stall and wait 200 ms down to nothing.
        let address = serve(stall, false);
        for (depth, flags) in [(1024, "-p 1024"), (1, "-p 1")] {
            let flags =
                format!("quote --rpc {address} -c 1 {flags} -r 1000 -s 1 --warmup 0.1 --rounds 1");
            let report = run(&flags).unwrap();
            let round = &report.target.rounds[0];
            assert_eq!(round.latency.count, 1_000, "depth {depth}");
            at_least(micros(round.latency.p999_ns), 199_000.0);
            at_least(micros(round.latency.p99_ns), 190_000.0);
            let open = round.open.unwrap();
            // With room in flight the requests left on time; without, they waited here.
            if depth == 1 {
                at_least(micros(open.late_p99_ns), 190_000.0);
                assert!((180..=800).contains(&open.backlog_max), "{}", open.backlog_max);
            } else {
                assert!(micros(open.late_p99_ns) < 100_000.0, "{}", open.late_p99_ns);
            }
            assert_eq!(open.backlog_end, 0);
        }
        // The closed loop meets the same stall with one request, and its 99th percentile hides it.
        let report =
            run(&format!("quote --rpc {address} -c 1 -s 0.8 --warmup 0.1 --rounds 1")).unwrap();
        assert!(micros(report.target.median.p99_ns) < 100_000.0, "{report}");
        at_least(micros(report.target.all.max_ns), 200_000.0);
    });
}

#[derive(Debug, Parser)]
struct OverloadFlags {
    #[command(flatten)]
    args: OverloadArgs,
}

#[test]
fn goodput_under_overload_is_what_came_in_time() {
    measured(|| {
        // 200/s is all it does, one after the other. With room for 64 that wait, at twice that they
        // wait ever longer, up to 64 services, and nearly all is late; with room for one, what finds
        // it taken is lost, and the rest comes in time.
        let address = serve(|_, _| Act::Work(Duration::from_millis(5)), true);
        let run = |waiting: u32| {
            let flags = format!(
                "overload --http {address} -c 1 --waiting {waiting} --steps 2,0.5 --peak 200 \
                 --objective 60 -s 0.5 --warmup 0.5 --rounds 1"
            );
            let flags = OverloadFlags::try_parse_from(flags.split_ascii_whitespace()).unwrap();
            let workload = Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"question") };
            let report = overload_workload(&flags.args, &workload).unwrap();
            let [half, double] = <[load::Step; 2]>::try_from(report.steps.clone()).unwrap();
            at_most(half.goodput_per_s, 100.0);
            assert!(half.latency.p50_ns < 60_000_000, "{report}");
            assert!(double.shed_per_s < 1.0, "{report}");
            (double, report)
        };
        let (queued, report) = run(64);
        assert!(queued.goodput_per_s < 20.0, "{report}");
        assert!(300_000_000 < queued.latency.p50_ns, "{report}");
        let (refused, report) = run(1);
        at_most(refused.goodput_per_s, 200.0);
        // What it did not take of 400.
        assert!((170.0..340.0).contains(&refused.unsent_per_s), "{report}");
        assert!(refused.latency.p50_ns < 60_000_000, "{report}");
        assert!(report.warnings.iter().any(|it| it.contains("found no place to wait")), "{report}");
    });
}

#[test]
fn an_overloaded_target_shows_its_backlog() {
    measured(|| {
        // 200/s is all it does; 400/s is asked for, so half a second leaves about 100 behind.
        let address = serve(|_, _| Act::Work(Duration::from_millis(5)), false);
        let flags = format!("quote --rpc {address} -c 1 -r 400 -s 0.5 --warmup 0 --rounds 1");
        let report = run(&flags).unwrap();
        let open = report.target.rounds[0].open.unwrap();
        assert!((80..=180).contains(&open.backlog_end), "{}", open.backlog_end);
        assert_eq!(report.target.rounds[0].latency.count, 200);
        assert!(report.warnings.iter().any(|it| it.contains("cannot keep up")), "{report}");
    });
}

#[test]
fn answers_that_are_not_ok_are_counted_and_not_timed() {
    measured(|| {
        for http in [false, true] {
            let script: Script =
                |n, _| if n % 4 == 0 { Act::Busy } else { Act::Work(Duration::from_millis(1)) };
            let address = serve(script, http);
            let door = if http { "http" } else { "rpc" };
            let flags = format!("quote --{door} {address} -c 2 -s 0.2 --warmup 0.05 --rounds 1");
            let report = run(&flags).unwrap();
            let statuses = &report.target.rounds[0].statuses;
            let count = |labels: [&str; 2]| -> u64 {
                labels.iter().filter_map(|it| statuses.get(*it)).sum()
            };
            // Either connection may be up to three answers into its turn of four.
            let (ok, busy) = (count(["ok", "200"]), count(["overloaded", "503"]));
            assert!(0 < busy && ok.abs_diff(3 * busy) <= 12, "{ok} ok, {busy} busy");
            // Timing the refusals, which take no time, would pull the least below the service time.
            assert!(990.0 < micros(report.target.all.min_ns), "{report}");
            assert!(report.warnings.iter().any(|it| it.contains("no ordinary answer")), "{report}");
        }
    });
}

#[test]
fn a_first_answer_that_is_not_ok_ends_the_run() {
    for (http, word) in [(false, "a queue is full"), (true, "503")] {
        let address = serve(|_, _| Act::Busy, http);
        let door = if http { "http" } else { "rpc" };
        let error = run(&format!("quote --{door} {address}")).unwrap_err();
        assert!(matches!(error, LoadError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn flags_that_do_not_fit_are_named() {
    for (flags, flag) in [
        ("quote", "rpc"),
        ("echo --http 127.0.0.1:1", "rpc"),
        ("quote --http 127.0.0.1:1 -b 2", "batch"),
        ("quote --https 127.0.0.1:1 --over http2 -b 2", "batch"),
        ("quote --https 127.0.0.1:1", "authority"),
        ("quote --https 127.0.0.1:1 --over http3 --authority /dev/null/none", "authority"),
        ("quote --rpc-tls 127.0.0.1:1", "authority"),
        ("quote --http 127.0.0.1:1 --over http3", "over"),
        ("quote --rpc 127.0.0.1:1 --over rpc-tls", "over"),
        ("quote --over http", "rpc"),
        ("echo --peer 127.0.0.1:1", "peer"),
        ("echo -c 0", "connections"),
        ("echo -p 0", "pipeline"),
        ("echo --rounds 0", "rounds"),
        ("echo -s 0", "seconds"),
        ("echo --warmup -1", "warmup"),
        ("echo -c 1 --client-core 0,1", "connections"),
        ("echo -r 1 --client-core 0,1", "rate"),
        ("echo -b 5000", "batch"),
        ("echo -p 5000", "pipeline"),
    ] {
        let flags = flags.replace("--warmup -1", "--warmup=-1");
        match run(&flags) {
            Err(LoadError::Invalid { flag: found, .. }) => assert_eq!(found, flag, "{flags}"),
            other => panic!("{flags}: {other:?}"),
        }
    }
    let gone = run("quote --rpc 127.0.0.1:1").unwrap_err();
    assert!(gone.to_string().contains("is the server running"), "{gone}");
}

#[test]
fn the_report_has_one_shape_as_table_and_as_json() {
    measured(|| {
        let directory = std::env::temp_dir();
        let probe = format!("--probe-dir {}", directory.display());
        for (flags, beside) in [
            ("echo -c 2 --spin --baseline", "bare echo / bare echo"),
            ("echo -c 2 -p 4 --baseline", "bare echo / bare echo"),
            ("echo -c 2 -b 3 --baseline --client-core 0,0", "bare echo / bare echo"),
        ] {
            let flags = format!("{flags} {probe} -s 0.1 --warmup 0.02 --rounds 2");
            let report = run(&flags).unwrap();
            assert!(
                report.target.rounds.iter().all(|it| it.unanswered == 0 && 0 < it.latency.count)
            );
            let table = report.to_string();
            for part in [beside, "# ok/s", "# p50..max", "median", "device, one 4 KiB write"] {
                assert!(table.contains(part), "{part} is not in\n{table}");
            }
            let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
            for path in [
                "/settings/connections",
                "/target/median/p99_ns",
                "/target/median/ok_per_s",
                "/target/rounds/1/latency/max_ns",
                "/target/rounds/1/server_busy_percent",
                "/target/rounds/1/generator_cpu_us",
                "/target/all/p999_ns",
                "/baseline/rounds/1/generator_busy_percent",
                "/baseline/median/server_cpu_us",
                "/ratio/p50/median",
                "/ratio/ok_per_s/max",
                "/device/p50_over_device",
            ] {
                let figure = json.pointer(path).unwrap_or_else(|| panic!("{path} in {json:#}"));
                assert!(figure.is_number(), "{path}: {figure}");
            }
            assert_eq!(json.pointer("/settings/rate"), Some(&serde_json::Value::Null));
        }
    });
}

#[test]
fn a_peer_takes_rounds_in_turn_with_target_and_baseline() {
    measured(|| {
        let address = serve(|_, _| Act::Work(Duration::from_millis(8)), true);
        let peer = serve(|_, _| Act::Work(Duration::from_millis(1)), true);
        let flags = format!(
            "quote --http {address} --baseline --peer http://{peer}/ok?a=b --peer-pid {} -c 1 -s 0.2 \
             --warmup 0.02 --rounds 2",
            std::process::id()
        );
        let report = run(&flags).unwrap();
        let (baseline, peer) = (report.baseline.as_ref().unwrap(), report.peer.as_ref().unwrap());
        for series in [&report.target, baseline, peer] {
            assert_eq!(series.rounds.len(), 2, "{report}");
            for round in &series.rounds {
                assert!(0 < round.latency.count && round.unanswered == 0, "{report}");
                assert_eq!(round.statuses.keys().map(String::as_str).collect::<Vec<_>>(), ["200"]);
            }
        }
        // Eight times the service: far more of the time, and far fewer answers.
        let ratio = report.peer_ratio.unwrap();
        assert!(2.0 < ratio.p50.median && ratio.ok_per_s.median < 0.5, "{report}");
        assert!(0.0 < ratio.p999.median && ratio.server_cpu.is_none(), "{report}");
        assert!(peer.median.server_cpu_us.is_some(), "{report}");
        let asked = report.settings.peer.as_ref().unwrap();
        assert!(asked.request_bytes < report.settings.request_bytes, "{report}");
        let table = report.to_string();
        for part in ["peer: http://", "server / bare hyper ok:", "server / peer:", "p99.9 "] {
            assert!(table.contains(part), "{part} is not in\n{table}");
        }
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        for path in [
            "/peer/median/ok_per_s",
            "/peer/median/p999_ns",
            "/peer/rounds/1/figures/server_cpu_us",
            "/peer_ratio/ok_per_s/median",
            "/peer_ratio/p99/max",
            "/ratio/p999/median",
            "/settings/peer/reply_bytes",
        ] {
            assert!(json.pointer(path).is_some_and(serde_json::Value::is_number), "{path}");
        }
    });
}

#[test]
fn http_is_held_against_a_bare_hyper_with_a_body_of_the_same_size() {
    measured(|| {
        let address = serve(|_, _| Act::Work(Duration::ZERO), true);
        let flags =
            format!("quote --http {address} -c 2 -s 0.2 --warmup 0.05 --rounds 1 --baseline");
        let report = run(&flags).unwrap();
        let baseline = report.baseline.as_ref().unwrap();
        assert_eq!(baseline.name, "bare hyper ok");
        assert!(0.0 < baseline.median.ok_per_s && 0.0 < report.ratio.unwrap().p50.median);
    });
}
