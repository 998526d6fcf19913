//! `h2spec`: what RFC 9113 and RFC 7541 want of a server, case by case.

use std::process::Command;

use crate::support::{TestBox, has, named};

/// Timing decides in some cases what the judge sees first.
const TURNS: usize = 3;

#[test]
fn h2spec_finds_nothing() {
    let h2spec = named("H2SPEC", "h2spec");
    if !has(&h2spec, &["--version"]) {
        return;
    }
    let quoin = TestBox::start(2);
    for _ in 0..TURNS {
        let output = Command::new(&h2spec)
            .args(["--strict", "--tls", "--insecure", "--timeout", "5"])
            .args(["--host", "127.0.0.1", "--port", &quoin.port()])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        assert!(output.status.success() && last.ends_with(", 0 skipped, 0 failed"), "{text}");
    }
    assert!(quoin.server.stop().success());
}
