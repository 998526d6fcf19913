use super::*;

#[test]
fn every_ready_scenario_is_one_and_lies_under_its_name() {
    for (name, text) in READY {
        let scenario = Scenario::parse(text, name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.name, name);
        assert!(!scenario.about.is_empty());
    }
    assert_eq!(Scenario::find("mixed").unwrap().1, "built in");
}

/// The text of a ready scenario with one piece replaced.
fn spoiled(name: &str, piece: &str, by: &str) -> String {
    let (_, text) = READY.iter().find(|(ready, _)| *ready == name).unwrap();
    assert!(text.contains(piece), "{piece} is not in {name}");
    text.replacen(piece, by, 1)
}

#[test]
fn what_is_wrong_is_named_with_its_key() {
    for (name, piece, by, expected) in [
        (
            "rates-day",
            "name = \"rates.quote\"",
            "name = \"rates.qoute\"",
            "operations[0].name: `rates.qoute` is no operation; did you mean `rates.quote`?",
        ),
        ("rates-day", "weight = 88.0", "weight = 0.0", "operations[0].weight: 0 is no weight"),
        ("rates-day", "weight = 88.0", "weight = -1.0", "operations[0].weight: -1 is no weight"),
        ("rates-day", "weight = 88.0", "weight = nan", "operations[0].weight: NaN is no weight"),
        ("rates-day", "weight = 50.0", "weight = 0", "doors[0].weight: 0 is no weight"),
        ("rates-day", "weight = 70.0", "weight = 0", "operations[0].sizes[0].weight: 0 is no"),
        ("rates-day", "shifts = 1,", "shifts = 8,", "operations[0].sizes[0].shifts: 8 is not in"),
        ("rates-day", "speak = \"rpc\"", "speak = \"http\"", "doors[1].speak: http is given twice"),
        ("rates-day", "speak = \"rpc\"", "speak = \"gopher\"", "unknown variant `gopher`"),
        ("rates-day", "tenants = 4", "tenant = 4", "unknown field `tenant`"),
        ("rates-day", "tenants = 4", "tenants = 0", "tenants: 0 is not in 1 to 100000"),
        ("rates-day", "p99_ms = 50.0", "p99_ms = 0.0", "objectives.p99_ms: 0 is not in"),
        ("rates-day", "p99_ms = 50.0", "p99_ms = 20.0\np999_ms = 1.0", "objectives.p999_ms: 1 is"),
        ("rates-day", "exponent = 0.99", "", "keys.exponent: zipf wants one"),
        ("rates-day", "\"zipf\"", "\"uniform\"", "keys.exponent: only zipf has one"),
        ("rates-day", "count = 10000", "count = 0", "keys.count: 0 is not in"),
        ("rates-day", "think_s = 20.0", "think_s = 0.0", "population.think_s: 0 is not in"),
        ("rates-day", "\"poisson\"", "\"bursts\"", "arrivals.burst_every_s: bursts want it"),
        ("quote-burst", "factor = 4.0", "factor = 11.0", "arrivals.burst_factor: 11 is not in"),
        ("quote-burst", "\"bursts\"", "\"even\"", "arrivals.burst_every_s: only process"),
        ("limiter-abuse", "\"quota\":1000", "\"quota\":\"x\"", "policies[0].json: no request of"),
        ("quote-burst", "tenants = 1", "durable_percent = 5", "needs a command among"),
        ("rates-day", "name = \"rates-day\"", "name = \"a b\"", "name: give 1 to 64 characters"),
        ("rates-day", "seed = 20250707", "seed = \"x\"", "invalid type: string \"x\""),
    ] {
        let text = spoiled(name, piece, by);
        let error = Scenario::parse(&text, "x.toml").unwrap_err().to_string();
        assert!(error.starts_with("x.toml: "), "{error}");
        assert!(error.contains(expected), "{by}: {error}");
    }
}

#[test]
fn a_request_of_ones_own_is_checked_against_its_operation() {
    let sizes = "sizes = [{ shifts = 1, weight = 100.0 }]";
    for (by, expected) in [
        ("json = '{\"award\":1}'", "operations[0].json: no request of rates.quote: "),
        (&format!("{sizes}\njson = '{{}}'"), "operations[0].json: give either it or sizes"),
    ] {
        let text = spoiled("quote-burst", sizes, by);
        let error = Scenario::parse(&text, "x.toml").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_scenario_that_is_nowhere_is_answered_with_those_that_are() {
    let error = Scenario::find("rates-dya").unwrap_err().to_string();
    assert!(error.contains("rates-day, payroll-night, quote-burst"), "{error}");
}
