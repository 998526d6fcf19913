//! The commands that run to their end.

use process::run;
use serde_json::{Value, json};

use crate::support::{initialised, text};

fn printed(arguments: &[&str]) -> Value {
    let (status, out, error) = run(arguments);
    assert_eq!(status.code(), Some(0), "{arguments:?}: {out} {error}");
    serde_json::from_str(&out).unwrap_or_else(|it| panic!("{arguments:?}: {it}: {out}"))
}

#[test]
fn the_demonstration_comes_to_the_cent() {
    let (folder, _) = initialised();
    let fresh = folder.path().join("fresh");
    let ports = ["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=127.0.0.1:0"];
    let report =
        printed(&[&["demo", "--once", "--json", "--data", text(&fresh)], &ports[..]].concat());
    assert_eq!(
        (&report["total"], &report["shifts"]),
        (&json!("298874.33"), &json!(1241)),
        "{report:#}"
    );
    assert!(fresh.join("log").is_dir());
    // Again on the same directory: what is published already is published once.
    let again =
        printed(&[&["demo", "--once", "--json", "--data", text(&fresh)], &ports[..]].concat());
    assert_eq!(again["total"], report["total"]);
    // Without a directory it leaves none behind, and needs no port that others use.
    assert_eq!(printed(&["demo", "--once", "--json"])["total"], report["total"]);
}

#[test]
fn a_quote_can_be_had_without_a_server() {
    let reply = printed(&[
        "quote",
        "--json",
        "--award",
        "MA000004",
        "--classification",
        "retail-employee-level-1",
        "--employment",
        "casual",
        "--state",
        "NSW",
        "--pay-period-start",
        "2025-07-07",
        "--shift",
        "2025-07-13T10:00/2025-07-13T15:00",
    ]);
    assert_eq!(reply["total"], "232.30", "{reply:#}");
}

#[test]
fn a_good_directory_is_checked_and_inspected() {
    let (_folder, data) = initialised();
    let report = printed(&["check", "--json", "--data", text(&data)]);
    assert_eq!((&report["good"], &report["damages"]), (&json!(true), &json!([])));
    let lsn = report["lsn"].as_u64().unwrap();
    assert_eq!(report["frames"], lsn, "{report:#}");
    assert!(report["stores"].as_array().unwrap().iter().any(|it| it["name"] == "rates"));

    let (status, out, _) = run(&["inspect", "--json", "--limit", "0", "--data", text(&data)]);
    assert!(status.success());
    let frames: Vec<Value> = out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let numbers: Vec<u64> = frames.iter().map(|it| it["lsn"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=lsn).collect::<Vec<_>>());
    let holds = |frame: &Value, name: &str| {
        frame["events"].as_array().unwrap().iter().any(|it| it["event"] == name)
    };
    assert!(holds(&frames[0], "HolidaysPublished"), "{:#}", frames[0]);
    let count = |name: &str| frames.iter().filter(|it| holds(it, name)).count();
    let counts = (count("AwardPublished"), count("UserCreated"));
    assert_eq!(counts, (71, 1), "the versions of seventeen awards, one administrator");
    let (_, out, _) =
        run(&["inspect", "--json", "--from", "2", "--limit", "1", "--data", text(&data)]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), frames[1]);
}

#[test]
fn a_directory_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for command in ["check", "inspect"] {
        let (status, _, error) = run(&[command, "--data", text(&missing)]);
        assert_eq!(status.code(), Some(1), "{command}");
        assert!(error.contains("is not a data directory"), "{command}: {error}");
        assert!(!missing.exists(), "{command}");
    }
    std::fs::write(folder.path().join("thesis.doc"), "").unwrap();
    for command in ["init", "serve", "check"] {
        let (status, _, error) = run(&[command, "--data", text(folder.path())]);
        assert_eq!(status.code(), Some(1), "{command}");
        assert!(error.contains("thesis.doc"), "{command}: {error}");
    }
}
