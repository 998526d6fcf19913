//! The Python program `python/oracle.py`, one request and one answer at a time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rates::Quote;
use serde_json::Value;

use crate::packs::reference;

/// A running `oracle.py`.
#[derive(Debug)]
pub struct Second {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Second {
    /// Starts it; none when this machine has no Python with what the program needs.
    pub fn start() -> Option<Self> {
        let needed = "import sys, tomllib, zoneinfo; zoneinfo.ZoneInfo('Australia/Sydney')";
        let mut probe = Command::new("python3");
        probe.args(["-c", needed]).stdout(Stdio::null()).stderr(Stdio::null());
        if !probe.status().is_ok_and(|it| it.success()) {
            return None;
        }
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/oracle.py");
        let mut child = Command::new("python3")
            // Leaves no compiled files among the sources.
            .arg("-B")
            .arg(program)
            .arg(reference())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 ran a moment ago");
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Some(Self { child, requests, answers })
    }

    /// What it answers.
    pub fn answer(&mut self, quote: &Quote) -> Value {
        let request = serde_json::to_string(quote).expect("a quote is plain data");
        writeln!(self.requests, "{request}").expect("the program reads until the end");
        let mut line = String::new();
        let count = self.answers.read_line(&mut line).expect("the program writes text");
        assert!(0 < count, "the program ended at {request}");
        serde_json::from_str(&line).unwrap_or_else(|it| panic!("{it}: {line}"))
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // It waits for more requests; there are none.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
