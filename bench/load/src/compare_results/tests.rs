use super::*;
use crate::html::tests::sample;
use crate::plan::result::PlanResult;

/// The report of a bench with these rounds: answers per second and p99 in microseconds.
fn bench(connections: u32, rounds: &[(f64, u64)]) -> String {
    let rounds: Vec<_> = rounds
        .iter()
        .map(|(ok_per_s, p99_us)| {
            serde_json::json!({"figures": {
                "ok_per_s": ok_per_s, "p50_ns": 200_000, "p90_ns": 300_000,
                "p99_ns": p99_us * 1_000, "p999_ns": 900_000, "server_cpu_us": null,
            }})
        })
        .collect();
    let settings = serde_json::json!({
        "workload": "quote", "protocol": "rpc", "connections": connections, "address": "127.0.0.1:1",
    });
    serde_json::json!({"settings": settings, "target": {"rounds": rounds}, "baseline": null})
        .to_string()
}

fn verdicts(it: &Comparison) -> Vec<(&str, Verdict)> {
    it.differences.iter().map(|it| (it.figure.as_str(), it.verdict)).collect()
}

#[test]
fn rounds_tell_a_difference_from_chance() {
    let before = bench(64, &[(100.0, 500), (101.0, 510), (99.0, 490), (100.5, 505), (99.5, 495)]);
    let after = bench(32, &[(110.0, 500), (111.0, 900), (109.0, 480), (110.5, 503), (109.5, 498)]);
    let found = compare_results(("a", &before), ("b", &after)).unwrap();
    assert_eq!(
        verdicts(&found),
        [
            ("answers/s", Verdict::Better),
            ("p50 µs", Verdict::NotTold),
            ("p90 µs", Verdict::NotTold),
            ("p99 µs", Verdict::NotTold),
            ("p99.9 µs", Verdict::NotTold),
        ]
    );
    let rate = &found.differences[0];
    let change = rate.change.unwrap();
    assert!((9.0..11.0).contains(&change.percent), "{change:?}");
    assert!(0.0 < change.low_percent && change.high_percent < 15.0, "{change:?}");
    // Two of the 252 ways to choose five of ten.
    assert!((rate.chance.unwrap() - 2.0 / 252.0).abs() < 1e-9, "{rate:?}");
    assert_eq!(found.remarks, ["not the same connections: 64; 32"]);
    assert!(!found.is_worse());
    let back = compare_results(("b", &after), ("a", &before)).unwrap();
    assert_eq!(back.differences[0].verdict, Verdict::Worse);
    assert!(back.is_worse());
    let text = back.to_string();
    assert!(text.contains("Mann-Whitney") && text.contains("WORSE"), "{text}");
}

#[test]
fn three_rounds_tell_nothing() {
    let before = bench(64, &[(100.0, 500), (101.0, 510), (99.0, 490)]);
    let after = bench(64, &[(200.0, 100), (201.0, 110), (199.0, 90)]);
    let found = compare_results(("a", &before), ("b", &after)).unwrap();
    assert!(found.differences.iter().all(|it| it.verdict == Verdict::TooFew), "{found:?}");
    assert!(found.to_string().contains("give at least 4 rounds"));
    assert!(!found.tells() && !found.is_worse());
}

#[test]
fn benches_of_other_work_are_named_by_both() {
    let rounds = [(100.0, 500), (101.0, 510), (99.0, 490), (100.5, 505)];
    let before = bench(64, &rounds);
    let after = before.replace("quote", "accept").replace("rpc", "http");
    let found = compare_results(("a", &before), ("b", &after)).unwrap();
    assert!(
        found.tells() && found.of.starts_with("quote over rpc and accept over http"),
        "{found}"
    );
    assert_eq!(found.remarks.len(), 2, "{:?}", found.remarks);
}

#[test]
fn figures_of_nothing_and_equal_figures_are_told_by_their_ranks() {
    let difference = |more_is_better, before: &[f64], after: &[f64]| {
        Difference::of("figure", more_is_better, before, after)
    };
    // A door that answers nothing any more.
    let found = difference(true, &[100.0, 101.0, 99.0, 100.5, 98.0], &[0.0; 5]);
    assert_eq!((found.verdict, found.change), (Verdict::Worse, None));
    // The middle ratio is one, and yet more of them are slower.
    let mut slower = [5.0; 20];
    slower[12..].fill(6.0);
    for (more_is_better, verdict) in [(false, Verdict::Worse), (true, Verdict::Better)] {
        let found = difference(more_is_better, &[5.0; 20], &slower);
        assert_eq!((found.verdict, found.change.unwrap().percent), (verdict, 0.0));
    }
    let found = difference(true, &[5.0; 20], &[5.0; 20]);
    assert_eq!((found.verdict, found.chance), (Verdict::NotTold, Some(1.0)));
}

/// The sample with its knee and its latencies this many times as high.
fn plan(knee: f64, latency: u64) -> PlanResult {
    let mut plan = sample();
    if let Some(it) = &mut plan.knee {
        it.sustained_per_s *= knee;
        it.not_sustained_per_s = it.not_sustained_per_s.map(|it| it * knee);
    }
    for second in plan.steps.iter_mut().flat_map(|it| &mut it.seconds) {
        second.p50_ns = second.p50_ns * latency / 100;
        second.p99_ns = second.p99_ns * latency / 100;
        second.max_ns = second.max_ns * latency / 100 + u64::from(second.second);
    }
    plan
}

#[test]
fn plans_are_compared_by_brackets_and_at_a_common_rate() {
    let verdict = |before: &PlanResult, after: &PlanResult| {
        let (before, after) = (before.to_json(), after.to_json());
        compare_results(("a", &before), ("b", &after)).unwrap()
    };
    let same = verdict(&plan(1.0, 100), &plan(1.0, 100));
    assert!(same.differences.iter().all(|it| it.verdict == Verdict::NotTold), "{same:?}");
    // 26,000 up to 28,000: a twentieth more is within the bracket, a tenth is beyond it.
    for (knee, expected) in [
        (1.05, Verdict::NotTold),
        (1.1, Verdict::Better),
        (0.95, Verdict::NotTold),
        (0.9, Verdict::Worse),
    ] {
        let found = verdict(&plan(1.0, 100), &plan(knee, 100));
        assert_eq!(found.differences[0].verdict, expected, "{knee}");
    }
    let slower = verdict(&plan(1.0, 100), &plan(1.0, 130));
    for figure in ["p50 µs", "p99 µs", "slowest µs"] {
        let found = slower.differences.iter().find(|it| it.figure == figure).unwrap();
        assert_eq!(found.verdict, Verdict::Worse, "{found:?}");
        assert!((29.0..31.0).contains(&found.change.unwrap().percent), "{found:?}");
    }
    assert!(slower.remarks.iter().any(|it| it.contains("26,000")), "{:?}", slower.remarks);
    let mut other = plan(1.0, 100);
    other.machine.kernel = "5.4.0".to_owned();
    (other.complete, other.knee) = (false, None);
    other.missing = vec!["stopped".to_owned()];
    let found = verdict(&plan(1.0, 100), &other);
    for words in ["not the same machine: kernel", "after is not complete: stopped", "no knee"] {
        assert!(found.remarks.iter().any(|it| it.contains(words)), "{words}: {:?}", found.remarks);
    }
}

#[test]
fn what_an_answer_costs_is_compared_rate_by_rate() {
    // At rest an answer costs six times what it costs near the knee: far more than what changed.
    let at_cost = |percent: f64| {
        let mut plan = plan(1.0, 100);
        for step in &mut plan.steps {
            step.server_cpu_us = Some(percent / 100.0 * (10.0 + 200_000.0 / step.offered_per_s));
        }
        plan.to_json()
    };
    let found = compare_results(("a", &at_cost(100.0)), ("b", &at_cost(110.0))).unwrap();
    let cpu = found.differences.iter().find(|it| it.figure.starts_with("CPU")).unwrap();
    assert_eq!(cpu.verdict, Verdict::Worse, "{cpu:?}");
    assert!((9.9..10.1).contains(&cpu.change.unwrap().percent), "{cpu:?}");
    let mut elsewhere = plan(1.0, 100);
    elsewhere.steps.iter_mut().for_each(|it| it.offered_per_s *= 1.3);
    let found = compare_results(("a", &at_cost(100.0)), ("b", &elsewhere.to_json())).unwrap();
    assert!(found.differences.iter().all(|it| !it.figure.starts_with("CPU")), "{found:?}");
}

#[test]
fn what_is_no_pair_is_refused_with_its_name() {
    let bench = bench(1, &[(1.0, 1)]);
    let plan = sample().to_json();
    for (before, after, words) in [
        ("{", plan.as_str(), "a.json is neither"),
        (plan.as_str(), "{\"target\":{}}", "b.json is neither"),
        (plan.as_str(), bench.as_str(), "a.json is a plan and b.json is a bench"),
        (bench.as_str(), plan.as_str(), "a.json is a bench and b.json is a plan"),
    ] {
        let error = compare_results(("a.json", before), ("b.json", after)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
    // Without a figure that both have a gate would pass on nothing.
    for (rounds, words) in
        [(r#"[{"figures":{"rate":1}}]"#, "no figure in common"), ("[]", "no `target.rounds`")]
    {
        let other = format!(r#"{{"target":{{"rounds":{rounds}}}}}"#);
        let error =
            compare_results(("a.json", &bench), ("b.json", &other)).unwrap_err().to_string();
        assert!(error.contains("b.json") && error.contains(words), "{error}");
    }
    let mut bare = sample();
    (bare.knee, bare.steps) = (None, Vec::new());
    let bare = bare.to_json();
    let error = compare_results(("a.json", &bare), ("b.json", &bare)).unwrap_err().to_string();
    assert!(error.contains("has no knee") && error.contains("no rate was sustained"), "{error}");
    let newer = plan.replacen("\"format\": 1", "\"format\": 99", 1);
    let error = compare_results(("a.json", &newer), ("b.json", &plan)).unwrap_err().to_string();
    assert!(error.contains("format 99"), "{error}");
}

#[test]
fn the_page_has_a_row_for_each_figure_and_asks_for_nothing() {
    let (before, after) = (plan(1.0, 100).to_json(), plan(1.1, 130).to_json());
    let found = compare_results(("a", &before), ("b", &after)).unwrap();
    let page = found.to_html();
    assert_eq!(page.matches("<svg").count(), 1);
    for words in [">knee/s</text>", ">p99 µs</text>", "no change", "95 % interval", "Mann-Whitney"]
    {
        assert!(page.contains(words), "{words}");
    }
    for word in ["http:", "https:", "url(", "src=", "href=", "<script", "NaN"] {
        assert!(!page.contains(word), "{word}");
    }
    let json: serde_json::Value = serde_json::from_str(&found.to_json()).unwrap();
    assert_eq!(json.pointer("/differences/0/verdict").unwrap(), "better");
}
