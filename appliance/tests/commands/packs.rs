//! `quoin pack`: what a pack's author is told, and how a pack reaches a running box.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use super::{QUOTE, Server, init, json, output, text};

/// The shipped reference data.
fn reference() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/reference")
}

/// The worked example of config/reference/README.md: the fenced pack that names a file.
fn example() -> String {
    let page = fs::read_to_string(reference().join("README.md")).expect("the page is there");
    let (_, rest) = page.split_once("```toml\n# my-award.toml").expect("the page has it");
    let (pack, _) = rest.split_once("```").expect("the pack ends");
    format!("# my-award.toml{pack}")
}

fn check(directory: &Path, pack: &str) -> (Option<i32>, Value) {
    let file = directory.join("my-award.toml");
    fs::write(&file, pack).expect("the directory can be written");
    let answer = output(&["pack", "check", "--json", file.to_str().expect("a name in ASCII")]);
    (answer.status.code(), json(&answer))
}

#[test]
fn every_shipped_pack_is_good() {
    let answer = output(&["pack", "check", "--json", reference().to_str().unwrap()]);
    let document = json(&answer);
    assert_eq!(answer.status.code(), Some(0), "{document:#}");
    assert_eq!(document["good"], true);
    let files = document["files"].as_array().unwrap();
    assert_eq!(files.len(), fs::read_dir(reference().join("packs")).unwrap().count());
    for file in files {
        assert!(0 < file["examples"].as_u64().unwrap(), "{file}");
        assert!(!file["versions"].as_array().unwrap().is_empty(), "{file}");
    }
}

#[test]
fn the_page_shows_a_pack_that_passes() {
    let directory = tempfile::tempdir().unwrap();
    let (status, document) = check(directory.path(), &example());
    assert_eq!(status, Some(0), "{document:#}");
    let file = &document["files"][0];
    assert_eq!(file["gaps"], serde_json::json!([]), "{document:#}");
}

#[test]
fn faults_name_line_key_and_reason() {
    let directory = tempfile::tempdir().unwrap();
    let good = example();
    let line_of = |text: &str, wanted: &str| {
        1 + text.lines().position(|it| it.contains(wanted)).unwrap_or_else(|| panic!("{wanted}"))
    };
    for (from, to, at, key, says) in [
        ("week = \"38.00\"", "week = 38", "week = 38", "rules.week", "invalid type"),
        (
            "percent = \"150.00\"",
            "percent = \"0.00\"",
            "\"0.00\"",
            "rules.penalty.percent",
            "is 0.00 %",
        ),
        ("to = \"18:00\"", "to = \"17:00\"", "[[rules.penalty]]", "rules.penalty", "leave a gap"),
        ("total = \"200.00\"", "total = \"200.01\"", "200.01", "example.total", "come to 200.00"),
        ("helper = {", "help = {", "help = {", "version.rates.help", "is not a classification"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        let (status, document) = check(directory.path(), &bad);
        assert_eq!(status, Some(1), "{from}: {document:#}");
        let fault = &document["files"][0]["faults"][0];
        assert_eq!(fault["line"], line_of(&bad, at), "{from}: {fault}");
        assert_eq!(fault["key"], key, "{fault}");
        assert!(fault["reason"].as_str().unwrap().contains(says), "{fault}");
    }
    // People read one line for each.
    let file = directory.path().join("my-award.toml");
    fs::write(&file, good.replace("total = \"200.00\"", "total = \"1.00\"")).unwrap();
    let answer = output(&["pack", "check", file.to_str().unwrap()]);
    let line = format!("{}:", file.display());
    assert!(text(&answer.stdout).starts_with(&line), "{}", text(&answer.stdout));
    assert!(text(&answer.stdout).contains(" example.total: "), "{}", text(&answer.stdout));
}

#[test]
fn the_schema_names_the_keys() {
    let schema = json(&output(&["pack", "schema"]));
    for key in ["award", "rules", "classification", "juniors", "apprentices", "version", "example"]
    {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

#[test]
fn a_running_box_takes_a_new_award_and_a_correction() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let server = Server::start(directory.path(), &[]);
    let rpc = format!("--rpc={}", server.address("rpc"));
    let file = directory.path().join("my-award.toml");
    let publish = |pack: &str, more: &[&str]| {
        fs::write(&file, pack).unwrap();
        output(&[&["pack", "publish", &rpc, file.to_str().unwrap()], more].concat())
    };
    let quote = || {
        let of = QUOTE.iter().map(|it| it.replace("MA000004", "MY-AWARD"));
        let mut arguments: Vec<String> = of.collect();
        arguments.extend(["--classification=helper".to_owned(), "--json".to_owned(), rpc.clone()]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        json(&output(&arguments))["total"].clone()
    };
    let good = example();
    let published = publish(&good, &[]);
    assert!(published.status.success(), "{}", text(&published.stderr));
    assert!(text(&published.stdout).contains("MY-AWARD from 2025-07-01: published;"));
    let before = quote();
    assert!(text(&publish(&good, &[]).stdout).contains("was published already"));
    // A correction: another Sunday.
    let corrected = good
        .replacen("percent = \"150.00\"", "percent = \"175.00\"", 1)
        .replace("total = \"175.00\"", "total = \"200.00\"");
    let refused = publish(&corrected, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("set replace"), "{}", text(&refused.stderr));
    assert_eq!(quote(), before);
    assert!(publish(&corrected, &["--replace"]).status.success());
    assert_ne!(quote(), before);
    // A pack with a fault is not sent.
    let faulty = publish(&good.replace("total = \"200.00\"", "total = \"1.00\""), &["--replace"]);
    assert_eq!(faulty.status.code(), Some(1));
    assert!(text(&faulty.stderr).contains("come to"), "{}", text(&faulty.stderr));
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}
