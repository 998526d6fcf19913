//! `promtool`: the alert rules, and what `/metrics` says.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{TestBox, has, named, printed};

#[test]
fn promtool_reads_the_alert_rules_and_the_metrics() {
    let promtool = named("PROMTOOL", "promtool");
    if !has(&promtool, &["--version"]) || !has("curl", &["--version"]) {
        return;
    }
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/observability/alerts.yaml");
    let checked = Command::new(&promtool).args(["check", "rules", rules]).output().unwrap();
    assert!(printed(&checked).contains("SUCCESS"));

    let quoin = TestBox::start(2);
    let metrics = Command::new("curl")
        .args(["-sS", "-f", "--cacert"])
        .arg(&quoin.authority)
        .args(["-H", &quoin.authorization(), &quoin.url("/metrics")])
        .output()
        .unwrap();
    let metrics = printed(&metrics);
    let mut check = Command::new(&promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    // It reads the format before OpenMetrics, where the name of a counter's family ends in `_total`:
    // it misses the texts of those.
    let beside = |it: &&str| !it.is_empty() && !it.ends_with("_total no help text");
    let said = String::from_utf8_lossy(&said);
    assert_eq!(said.lines().filter(beside).collect::<Vec<_>>(), Vec::<&str>::new(), "{metrics}");
}
