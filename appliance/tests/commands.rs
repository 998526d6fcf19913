//! The real binary, command by command. Servers listen on free ports and are stopped by signal.

#[path = "commands/certificates.rs"]
mod certificates;
#[path = "commands/identities.rs"]
mod identities;
#[path = "commands/packs.rs"]
mod packs;
#[path = "commands/rosters.rs"]
mod rosters;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const QUOTE: &[&str] = &[
    "quote",
    "--award=MA000004",
    "--employment=casual",
    "--state=NSW",
    "--pay-period-start=2025-07-07",
    "--shift=2025-07-13T10:00/2025-07-13T15:00",
];
const FREE_PORTS: &[&str] =
    &["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=127.0.0.1:0", "--cores=1", "--pin=false"];

fn quoin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quoin"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    quoin(arguments).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

fn data(directory: &Path) -> String {
    format!("--data={}", directory.join("data").display())
}

fn init(directory: &Path) -> Output {
    let data = data(directory);
    let arguments = [&["init", &data], FREE_PORTS].concat();
    output(&arguments)
}

/// A server, killed if the test fails before it stops it.
struct Server {
    child: Child,
    ready: Value,
}

impl Server {
    fn start(directory: &Path, more: &[&str]) -> Self {
        let data = data(directory);
        let arguments = [&["serve", "--json", &data], FREE_PORTS, more].concat();
        let mut command = quoin(&arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).expect("the ready line is JSON");
        Self { child, ready }
    }

    fn address(&self, door: &str) -> &str {
        self.ready[door].as_str().expect("an address")
    }

    /// Sends `signal`; gives the exit status and standard error.
    fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("the server runs");
        let mut log = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut log).expect("text");
        (self.child.wait().expect("it ends").code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_quote_needs_no_server_and_names_what_is_wrong() {
    let arguments = [QUOTE, &["--classification=retail-employee-level-1", "--json"]].concat();
    let quote = json(&output(&arguments));
    assert_eq!(quote["total"], "232.30");
    assert_eq!(quote["lines"][0]["rule"], "sunday");

    let refused = output(&[QUOTE, &["--classification=nobody"]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("classification"), "{}", text(&refused.stderr));
    assert!(refused.stdout.is_empty());
}

#[test]
fn a_bad_configuration_is_refused_before_anything_starts() {
    let directory = tempfile::tempdir().unwrap();
    let data = data(directory.path());
    for (arguments, expected) in [
        (vec!["serve", &data, "--http=0.0.0.0:8080"], "serves loopback addresses only"),
        (vec!["serve", &data, "--cores=257"], "--cores: `cores.count` must be 0 to 256"),
        (vec!["serve", &data, "--config=/nonexistent"], "reading the configuration /nonexistent"),
        (vec!["check", &data], "is not a data directory"),
    ] {
        let refused = output(&arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(text(&refused.stderr).contains(expected), "{}", text(&refused.stderr));
    }
    assert!(!directory.path().join("data").exists(), "nothing was made");
    let mut typo = quoin(&["config"]);
    let refused = typo.env("QUOIN_RPC__LISEN", "x").output().unwrap();
    assert!(text(&refused.stderr).contains("did you mean QUOIN_RPC__LISTEN?"));
}

#[test]
fn the_doctor_answers_in_json_whatever_it_finds() {
    let directory = tempfile::tempdir().unwrap();
    let answer = output(&["doctor", "--json", &data(directory.path())]);
    let document = json(&answer);
    let subjects = document["findings"].as_array().unwrap();
    for subject in ["kernel", "io_uring", "cores", "free space", "sync latency"] {
        assert!(subjects.iter().any(|it| it["subject"] == subject), "{subject}");
    }
    assert_eq!(answer.status.success(), document["verdict"] != "fail");
}

#[test]
fn the_demonstration_adds_up_and_leaves_nothing() {
    let answer = output(&["demo", "--once", "--json", "--cores=2", "--pin=false"]);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    let document = json(&answer);
    let cents = |value: &Value| -> u64 {
        value.as_str().expect("money is text").replace('.', "").parse().expect("two decimals")
    };
    let awards = document["awards"].as_array().unwrap();
    assert!(awards.len() >= 3);
    assert_eq!(awards.iter().map(|it| cents(&it["pay"])).sum::<u64>(), cents(&document["total"]));
    assert!(document["shifts"].as_u64().unwrap() >= 1_000);
    assert_eq!(document["example"]["total"], "232.30");
    assert!(!Path::new(document["data"].as_str().unwrap()).exists());
}

#[test]
fn a_directory_is_initialised_once_inspected_and_checked() {
    let directory = tempfile::tempdir().unwrap();
    let first = init(directory.path());
    assert!(first.status.success(), "{}", text(&first.stderr));
    let data = data(directory.path());
    let checked = json(&output(&["check", "--rebuild", "--json", &data]));
    assert_eq!(checked["good"], true, "{checked}");
    assert!(checked["rebuilt_rows"].as_u64().unwrap() > 1, "{checked}");
    let frames = checked["frames"].as_u64().unwrap();
    assert!(frames > 1);
    assert!(init(directory.path()).status.success());
    let again = json(&output(&["check", "--json", &data]));
    assert_eq!(again["frames"], frames, "a second init publishes nothing");

    let listed = output(&["inspect", "--json", "--limit=2", &data]);
    let lines = text(&listed.stdout);
    assert_eq!(lines.lines().count(), 2);
    let frame: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(frame["lsn"], 1);
    // What was known before is kept in the same frame.
    let events = frame["events"].as_array().unwrap();
    assert!(events.iter().any(|it| it["event"] == "HolidaysPublished"), "{frame}");
}

#[test]
fn damage_is_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let log = directory.path().join("data/log");
    let mut segments: Vec<_> = fs::read_dir(&log).unwrap().map(|it| it.unwrap().path()).collect();
    segments.retain(|it| it.extension().is_some_and(|it| it == "seg"));
    segments.sort();
    let mut bytes = fs::read(&segments[0]).unwrap();
    // Inside the first frame, which later frames prove to have been acknowledged.
    bytes[4096 + 200] ^= 1;
    fs::write(&segments[0], bytes).unwrap();
    let data = data(directory.path());
    let checked = output(&["check", "--json", &data]);
    assert_eq!(checked.status.code(), Some(1));
    let document = json(&checked);
    let damage = document["damages"][0].as_str().unwrap().to_owned();
    let file = segments[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(damage.contains(&file) && damage.contains("offset 4096"), "{damage}");
    assert_eq!(output(&["inspect", &data]).status.code(), Some(1));
}

#[test]
fn a_server_answers_refuses_a_second_one_and_stops_in_order() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let file = directory.path().join("ready.json");
    let server = Server::start(directory.path(), &[&format!("--ready-file={}", file.display())]);
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written, server.ready);

    let rpc = format!("--rpc={}", server.address("rpc"));
    let arguments = [QUOTE, &["--classification=fwc:112", "--json", &rpc]].concat();
    assert_eq!(json(&output(&arguments))["total"], "232.30");

    let data = data(directory.path());
    let second = output(&[&["serve", &data], FREE_PORTS].concat());
    assert_eq!(second.status.code(), Some(1));
    let process = format!("is in use by process {}", server.child.id());
    assert!(text(&second.stderr).contains(&process), "{}", text(&second.stderr));

    let other = tempfile::tempdir().unwrap();
    let other = format!("--data={}", other.path().join("other").display());
    let http = format!("--http={}", server.address("http"));
    let shared =
        output(&["serve", &other, &http, "--rpc=127.0.0.1:0", "--https=127.0.0.1:0", "--cores=2"]);
    assert_eq!(shared.status.code(), Some(1));
    assert!(text(&shared.stderr).contains("http.listen"), "{}", text(&shared.stderr));

    let (status, log) = server.stop(Signal::TERM);
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("stopped"), "{log}");
    let checked = json(&output(&["check", "--json", &data]));
    assert_eq!(checked["good"], true, "{checked}");
    assert_eq!(checked["replayed"]["frames"], 0, "the last checkpoint holds everything");
}

#[test]
fn every_log_device_serves() {
    for device in ["plain", "auto"] {
        let directory = tempfile::tempdir().unwrap();
        assert!(init(directory.path()).status.success());
        let server = Server::start(directory.path(), &[&format!("--log-device={device}")]);
        let rpc = format!("--rpc={}", server.address("rpc"));
        let arguments = [QUOTE, &["--classification=fwc:112", "--json", &rpc]].concat();
        assert_eq!(json(&output(&arguments))["total"], "232.30");
        let (status, log) = server.stop(Signal::INT);
        assert_eq!(status, Some(0), "{log}");
        assert!(log.contains("log ready"), "{log}");
    }
}
