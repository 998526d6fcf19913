use super::*;
use crate::plan::result::{
    Bucket, Cost, DoorFigures, Growth, Knee, LatencySummary, Objectives, OperationFigures, Purpose,
    ScenarioSummary, Second, Target,
};
use crate::plan::sheet::{DiskRow, ModelError, Sheet, SheetRow};

/// What a machine of two cores could have shown, with everything that a result may have.
pub(crate) fn sample() -> PlanResult {
    let rates = [4_000.0, 8_000.0, 16_000.0, 32_000.0, 24_000.0, 28_000.0, 26_000.0, 26_000.0];
    let steps = rates.into_iter().enumerate().map(|(index, rate)| step(index, rate)).collect();
    PlanResult {
        format: crate::plan::result::FORMAT,
        version: "0.0.0".to_owned(),
        began_unix_s: 1_763_740_800,
        took_s: 142.4,
        complete: true,
        missing: vec![],
        machine: machine(),
        load_average: 0.4,
        scenario: ScenarioSummary {
            name: "rates-day".to_owned(),
            about: "An API of rates on a working day <& its \"peaks\">".to_owned(),
            source: "config/scenarios/rates-day.toml".to_owned(),
            operations: [("rates.quote".to_owned(), 0.9), ("rates.accept-quote".to_owned(), 0.1)]
                .into(),
            doors: [("http2".to_owned(), 0.7), ("rpc".to_owned(), 0.3)].into(),
            connections: 128,
            tenants: 8,
            keys: "Zipf 0.99 over 10,000".to_owned(),
            arrivals: "poisson".to_owned(),
            durable_share: 0.1,
            seed: 7,
        },
        objectives: Objectives {
            p99_ns: 25_000_000,
            p999_ns: Some(100_000_000),
            error_share_max: 0.001,
            limited_is_fine: false,
        },
        target: Target {
            doors: [("rpc".to_owned(), "127.0.0.1:9000".to_owned())].into(),
            own_box: true,
            cores: Some(1),
            pid: Some(42),
            client_cores: vec![1],
        },
        steps,
        knee: Some(Knee {
            sustained_per_s: 26_000.0,
            not_sustained_per_s: Some(28_000.0),
            passes_per_s: vec![25_000.0, 26_000.0, 26_000.0],
            step: 6,
            limit: "the core's thread, 97 % at work".to_owned(),
            of_server: true,
        }),
        cost: Some(Cost {
            cpu_us: Some(31.2),
            cpu_us_by: [("core".to_owned(), 28.0), ("log".to_owned(), 3.2)].into(),
            request_bytes: 412.0,
            reply_bytes: 688.0,
            log_bytes: Some(33.0),
            log_bytes_durable: Some(330.0),
            checkpoint_s_per_million: Some(1.9),
            write_amplification: Some(2.4),
        }),
        growth: Some(Growth {
            records: 200_000,
            resident_before_bytes: 60 << 20,
            resident_after_bytes: 180 << 20,
            resident_bytes_per_million: Some(600 << 20),
            log_bytes_per_million: Some(330 << 20),
        }),
        sheet: Some(sheet()),
        warnings: vec!["the generator shared its core with others".to_owned()],
    }
}

fn machine() -> crate::machine::Machine {
    serde_json::from_str(
        r#"{"cpu":"AMD EPYC","architecture":"x86_64","cores":2,"cores_online":2,"cache":"32768K",
        "memory_bytes":25769803776,"kernel":"6.12.3","governor":null,"clock":"tsc",
        "virtualisation":"virtual machine","io_uring":"usable",
        "disk":{"file_system":"ext4","device":"/dev/vda","write_cache":"write back","direct":true,
        "rounds":300,"commit_p50_ns":133000,"commit_p99_ns":218000,"write_p50_ns":70000,
        "sync_p50_ns":62000}}"#,
    )
    .unwrap()
}

fn sheet() -> Sheet {
    let row = |cores: u32| SheetRow {
        cores,
        measured: cores <= 2,
        sustained_per_s: 26_000.0 * f64::from(cores) * 0.95,
        users: 120_000 * u64::from(cores),
        users_low: 110_000 * u64::from(cores),
        users_high: 128_000 * u64::from(cores),
        limit: "cores".to_owned(),
    };
    Sheet {
        population: "clerks, one request in five seconds".to_owned(),
        requests_per_user_per_s: 0.2,
        peak_over_mean: 3.0,
        planned_share: 0.7,
        model: "rate(n) = n * rate(1) / (1 + contention * (n - 1))".to_owned(),
        contention: 0.03,
        contention_from: "measured on 1 and 2 cores".to_owned(),
        errors: vec![ModelError {
            cores: 2,
            predicted_per_s: 49_000.0,
            measured_per_s: 47_500.0,
            error_percent: 3.2,
            note: String::new(),
        }],
        rows: [1, 2, 8, 16, 32].map(row).into(),
        disks: vec![DiskRow {
            disk: "NVMe without power-loss protection".to_owned(),
            sync_ns: 900_000,
            durable_p99_ns: 6_000_000,
            meets_objective: true,
        }],
    }
}

fn step(index: usize, rate: f64) -> Step {
    // A queue before one server: the wait grows without bound towards 30,000 a second.
    let used = (rate / 30_000.0).min(0.995);
    let nanos = |us: f64| -> u64 { format!("{:.0}", us * 1_000.0).parse().unwrap() };
    let (p50, p99) = (nanos(180.0 / (1.0 - used)), nanos(900.0 / (1.0 - used)));
    let p999 = p99 * 3;
    let sustained = p99 <= 25_000_000 && rate < 27_000.0;
    let bucket = |part: u64| {
        let to_ns = p50 / 2 + part * part * p50 / 400;
        let near = if part < 20 { part } else { 60_u64.saturating_sub(part) };
        Bucket { to_ns, count: near * near * near + 1 }
    };
    let second = |second: u32| Second {
        second,
        ok: nanos(rate / 1e3) / 1_000 * 1_000,
        other: u64::from(second == 5 && !sustained) * 40,
        p50_ns: p50 + u64::from(second) * 1_000,
        p99_ns: p99 + u64::from(second % 3) * 200_000,
        max_ns: p999 * 2,
    };
    Step {
        purpose: if index < 4 { Purpose::Ramp } else { Purpose::Bisect },
        server_cores: Some(1),
        offered_per_s: rate,
        achieved_per_s: rate.min(29_500.0),
        sustained,
        failed: if sustained { vec![] } else { vec!["p99 45 ms over 25 ms".to_owned()] },
        window_s: 10.0,
        latency: LatencySummary {
            count: 100_000,
            mean_ns: p50,
            p50_ns: p50,
            p90_ns: p50 * 2,
            p99_ns: p99,
            p999_ns: p999,
            max_ns: p999 * 2,
        },
        histogram: (1..60).map(bucket).collect(),
        operations: [(
            "rates.quote".to_owned(),
            OperationFigures { ok_per_s: rate, other_per_s: 0.0, p50_ns: p50, p99_ns: p99 },
        )]
        .into(),
        doors: [(
            "rpc".to_owned(),
            DoorFigures {
                offered_per_s: rate,
                ok_per_s: rate,
                p50_ns: p50,
                p99_ns: p99,
                p999_ns: p999,
                sent_bytes: 4_000_000,
                received_bytes: 7_000_000,
            },
        )]
        .into(),
        statuses: [("rpc Ok".to_owned(), 100_000)].into(),
        errors: if sustained { 0 } else { 9_000 },
        shed: 0,
        limited: 0,
        unanswered: 0,
        server_cpu_us: Some(31.2),
        server_cpu_us_by: [("core".to_owned(), 28.0)].into(),
        generator_cpu_us: 4.1,
        server_busy_percent: Some(100.0 * used),
        generator_busy_percent: 60.0 * used,
        core_busy_percent: vec![100.0 * used, 60.0 * used + 5.0],
        late_p99_ns: 40_000,
        backlog_end: 0,
        sent_bytes: 4_000_000,
        received_bytes: 7_000_000,
        log_bytes: Some(330_000),
        disk_written_bytes: Some(800_000),
        checkpoints: Some(1),
        resident_bytes: Some(90 << 20),
        seconds: (0..10).map(second).collect(),
    }
}

/// Every tag of the page, and that each is closed in order.
fn tags(page: &str) -> Vec<&str> {
    const ALONE: [&str; 2] = ["meta", "!doctype"];
    let (mut open, mut all, mut rest) = (Vec::new(), Vec::new(), page);
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("every tag ends");
        let tag = &rest[at + 1..end];
        // Between a style's tags only its end is a tag.
        rest = &rest[end + 1..];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{tag}");
        } else {
            all.push(tag);
            let name = tag.split([' ', '/']).next().unwrap();
            if !tag.ends_with('/') && !ALONE.contains(&name) {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?} stays open");
    all
}

#[test]
fn the_page_asks_for_nothing_outside() {
    let page = page(&sample());
    let tags = tags(&page);
    for tag in &tags {
        let name = tag.split([' ', '/']).next().unwrap();
        let outside =
            ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"];
        assert!(!outside.contains(&name), "<{tag}>");
        for attribute in ["src=", "href=", "srcset=", "action=", "data=", "style=", " on"] {
            assert!(!tag.contains(attribute), "<{tag}>");
        }
    }
    for word in ["http:", "https:", "url(", "@import", "//"] {
        let found = page.find(word).map(|at| &page[at.saturating_sub(30)..at + 30]);
        assert_eq!(found, None, "{word}");
    }
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'"));
    assert!(page.contains("@media print") && page.contains("prefers-color-scheme:dark"));
}

#[test]
fn every_plot_has_a_title_and_units() {
    let page = page(&sample());
    assert_eq!(page.matches("<svg class=\"plot\"").count(), 4);
    for words in [
        "rates-day: answers and latency over the offered rate",
        "How long answers took",
        "Second by second",
        "How busy the cores were",
        "offered requests per second",
        "latency from the intended start, logarithmic",
        "seconds from the start of the window",
        "knee 26k/s",
        "objective of p99: 25 ms",
        ">99.9 %</text>",
        ">core 0</text>",
        "Sustains 26,000 requests/s with p99 within 25 ms, p99.9 within 100 ms, at most 0.1 % without \
         an ordinary answer. 28,000 requests/s did not.",
        "A box of 1 core carries 120,000 users",
        "An API of rates on a working day &lt;&amp; its &quot;peaks&quot;&gt;",
        "4 KiB write + fdatasync direct: p50 133 µs, p99 218 µs",
        "Measured 2025-11-21 16:00 UTC",
        "the generator shared its core with others",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("NaN") && !page.contains(">inf"), "a figure is none");
    assert!(!page.contains("not complete"));
}

#[test]
fn half_a_result_says_so_and_still_makes_a_page() {
    let mut result = sample();
    result.complete = false;
    result.missing = vec!["the knee: stopped after 3 rates".to_owned()];
    (result.knee, result.cost, result.growth, result.sheet) = (None, None, None, None);
    result.steps.truncate(3);
    let text = page(&result);
    tags(&text);
    assert!(text.contains("not complete: the knee: stopped after 3 rates."));
    assert!(text.contains("16,000 requests/s met the objectives"));
    result.steps.clear();
    let text = page(&result);
    tags(&text);
    assert!(text.contains("No rate that was offered met the objectives"));
    assert!(!text.contains("NaN"), "a figure is none");
    let terminal = result.to_string();
    assert!(terminal.contains("missing: the knee"), "{terminal}");
}

#[test]
fn the_terminal_has_the_answer_the_machine_and_every_rate() {
    let text = sample().to_string();
    for words in [
        "Sustains 26,000 requests/s",
        "carries 120,000 users",
        "virtualisation  virtual machine",
        "p99 45 ms over 25 ms",
        "28,000",
        "CPU time of the server",
        "memory for a million records",
        "warning: the generator",
        "+3.2 %",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

#[test]
fn moments_are_told_as_dates() {
    for (unix_s, text) in [
        (0, "1970-01-01 00:00 UTC"),
        (951_782_399, "2000-02-28 23:59 UTC"),
        (951_782_400, "2000-02-29 00:00 UTC"),
        (1_763_740_800, "2025-11-21 16:00 UTC"),
        (4_107_542_400, "2100-03-01 00:00 UTC"),
    ] {
        assert_eq!(tables::moment(unix_s), text);
    }
}
