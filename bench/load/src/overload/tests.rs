use std::net::SocketAddr;

use clap::Parser;

use super::*;
use crate::cpu::Used;
use crate::tally::Tally;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    args: OverloadArgs,
}

fn args(flags: &str) -> OverloadArgs {
    let words = std::iter::once("overload").chain(flags.split_ascii_whitespace());
    Flags::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args
}

#[test]
fn flags_without_meaning_are_named() {
    for (flags, flag) in [
        ("--rpc 127.0.0.1:1 --rate 5", "rate"),
        ("--rpc 127.0.0.1:1 --baseline", "baseline"),
        ("--http 127.0.0.1:1 --peer 127.0.0.1:2", "peer"),
        ("--rpc 127.0.0.1:1 --steps 0", "steps"),
        ("--rpc 127.0.0.1:1 --steps 1,101", "steps"),
        ("--rpc 127.0.0.1:1 --peak 0", "peak"),
        ("--rpc 127.0.0.1:1 --waiting 0", "waiting"),
        ("--rpc 127.0.0.1:1 --objective 0", "objective"),
        ("--rpc 127.0.0.1:1 -c 0", "connections"),
        ("--rpc 127.0.0.1:1 --over http3", "over"),
        ("--https 127.0.0.1:1 --over rpc", "over"),
        ("--https 127.0.0.1:1", "authority"),
        ("", "rpc"),
    ] {
        match overload(&args(flags)) {
            Err(LoadError::Invalid { flag: found, .. }) => assert_eq!(found, flag, "{flags}"),
            other => panic!("{flags}: {other:?}"),
        }
    }
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let it = args("roster --http 127.0.0.1:1 --steps 2,0.5");
    assert_eq!((it.load.http, it.steps), (Some(address), vec![2.0, 0.5]));
}

fn shape() -> Shape {
    Shape {
        connections: 1,
        rate: None,
        warmup_ns: 0,
        window_ns: 2_000_000_000,
        client_cores: vec![0],
        spin: false,
        patience_ns: None,
    }
}

/// A round of two seconds with these answers: statuses, and latencies in milliseconds.
fn measured(statuses: &[(u16, u64)], latencies: &[(u64, u64)], unanswered: u64) -> Measured {
    let mut tally = Tally::new();
    for (status, count) in statuses {
        (0..*count).for_each(|_| tally.statuses.add(*status));
    }
    for (ms, count) in latencies {
        tally.latency.saturating_record_n(ms * 1_000_000, *count);
    }
    tally.unanswered = unanswered;
    tally.generator_ns = 500_000_000;
    Measured { tally, used: Some(Used { all_us: 1_000_000, busiest_thread_us: 1_500_000 }) }
}

#[test]
fn goodput_is_what_came_in_time_and_nothing_else() {
    let rounds = [
        measured(&[(200, 1_000), (429, 300), (503, 200), (500, 10)], &[(5, 900), (80, 100)], 0),
        measured(&[(200, 800), (503, 700)], &[(5, 800), (6_000, 20)], 20),
    ];
    let step = Step::new(2.0, 1_000.0, 500.0, 50_000_000, true, &shape(), &rounds);
    // Four seconds of windows.
    let close = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    };
    close(step.goodput_per_s, 1_700.0 / 4.0);
    close(step.goodput_over_peak, 0.85);
    close(step.ok_per_s, 450.0);
    close(step.shed_per_s, 300.0);
    close(step.failed_per_s, 2.5);
    close(step.unanswered_per_s, 5.0);
    close(step.server_busy_percent.unwrap(), 75.0);
    close(step.generator_busy_percent, 25.0);
    close(step.server_cpu_us.unwrap(), 2e6 / 3_010.0);
    assert_eq!(step.latency.count, 1_820);
    assert_eq!(step.statuses.get("503"), Some(&900));
    // Over RPC the same numbers mean other things: 40 is busy, 12 over quota.
    let rounds = [measured(&[(0, 10), (40, 4), (12, 2), (50, 2)], &[(1, 10)], 0)];
    let step = Step::new(1.0, 10.0, 5.0, 50_000_000, false, &shape(), &rounds);
    close(step.ok_per_s, 5.0);
    close(step.shed_per_s, 3.0);
    close(step.failed_per_s, 1.0);
}

fn report() -> OverloadReport {
    let load = args("roster --http 127.0.0.1:1").load;
    let workload = load.workload.build();
    let site = Site::new(&load, &workload).unwrap();
    let target = site.peer(&load, &workload);
    let sounding = crate::link::Sounding { request: 300, reply: 700, body: 400 };
    let objective_ns = 50_000_000;
    let step = |part: f64, shed: u64, slow_ms: u64| {
        let rounds = [measured(&[(200, 60_000), (503, shed)], &[(1, 59_000), (slow_ms, 1_000)], 0)];
        Step::new(part, 30_000.0 * part, 30_000.0, objective_ns, true, &shape(), &rounds)
    };
    let steps = vec![step(0.5, 0, 2), step(1.0, 100, 12), step(2.0, 58_000, 900)];
    OverloadReport {
        settings: Settings::new(&load, &target, &shape(), sounding, None),
        machine: Machine::look(None),
        objective_ns,
        waiting: 64,
        peak_per_s: 30_000.0,
        closed: None,
        warnings: warnings(&steps),
        steps,
    }
}

/// Reads it as XML: every element is closed in order, no attribute is cut short.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut all, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a stray bracket in {:?}", &rest[..at]);
        let end = at + rest[at..].find('>').expect("every tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = |tag: &str| tag.split([' ', '/']).next().unwrap().to_owned();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else {
            all.push(name(tag));
            if !tag.ends_with('/') {
                open.push(name(tag));
            }
        }
    }
    assert!(open.is_empty(), "{open:?} stays open");
    all
}

#[test]
fn the_picture_is_well_formed_and_says_what_it_shows() {
    let report = report();
    let svg = report.to_svg();
    let elements = elements(&svg);
    let count = |name: &str| elements.iter().filter(|it| *it == name).count();
    // Goodput and shed above, three percentiles below; nothing failed, so no line says so.
    assert_eq!((count("svg"), count("polyline"), count("circle")), (1, 5, 15));
    for part in [
        "offered requests per second",
        "answers per second",
        "latency, logarithmic",
        "goodput</text>",
        "shed</text>",
        "p99.9</text>",
        "peak 30k",
        "objective 50 ms",
        "roster over http",
        ">40k</text>",
        ">100 ms</text>",
        "<title>",
    ] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    assert!(!svg.contains("failed or lost") && !svg.contains("NaN") && !svg.contains("inf"));
    // Self-contained: the one address is the name of the format.
    assert_eq!((svg.matches("http://").count(), svg.matches("href").count()), (1, 0));
}

#[test]
fn table_and_json_have_the_same_steps() {
    let report = report();
    let table = report.to_string();
    for part in ["# goodput", "60,000", "29,000", "peak 30,000/s, as given", "up to 64 waiting"] {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    for path in [
        "/steps/2/goodput_per_s",
        "/steps/2/shed_per_s",
        "/steps/0/latency/p999_ns",
        "/steps/1/goodput_over_peak",
        "/settings/connections",
        "/peak_per_s",
    ] {
        assert!(json.pointer(path).is_some_and(serde_json::Value::is_number), "{path}");
    }
}
