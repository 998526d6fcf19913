//! A log that was damaged in the middle: the box refuses to start, and says where.

use std::fs;
use std::path::{Path, PathBuf};

use client::{Call, Options};
use process::{Server, run};
use serde_json::Value;
use wire::Status;

use crate::support::{accept, archived, initialised, operation, text};

/// Writes of the second start, each acknowledged before the next is sent.
const WRITES: u64 = 20;

/// A log of several acknowledged groups that no checkpoint has taken over; the box was killed.
fn killed() -> (tempfile::TempDir, PathBuf) {
    let (folder, data) = initialised();
    let server = Server::start(&data, 1, &[]).unwrap();
    let client = server.connect(Options::default());
    for turn in 0..WRITES {
        let payload = archived("rates.accept-quote", &accept(&format!("write {turn}")));
        let call = Call::command(operation("rates.accept-quote").0, &payload);
        assert_eq!(client.call(&call).unwrap().status, Status::Ok);
    }
    server.kill();
    (folder, data)
}

/// The frames of the log, as `inspect` prints them.
fn frames(data: &Path) -> Vec<Value> {
    let (status, out, error) = run(&["inspect", "--data", text(data), "--json", "--limit", "0"]);
    assert!(status.success(), "{error}");
    out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// The newest segment with frames in it, and where the frame that holds `needle` has it.
fn find(data: &Path, needle: &[u8]) -> (PathBuf, usize) {
    let files = fs::read_dir(data.join("log")).unwrap().map(|it| it.unwrap().path());
    for path in files.filter(|it| it.extension().is_some_and(|it| it == "seg")) {
        let bytes = fs::read(&path).unwrap();
        if let Some(at) = bytes.windows(needle.len()).position(|it| it == needle) {
            return (path, at);
        }
    }
    panic!("no segment holds {}", String::from_utf8_lossy(needle));
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_flipped_bit_among_acknowledged_frames_is_refused_with_file_and_offset() {
    let (_folder, data) = killed();
    let whole = frames(&data);
    let last = whole.last().unwrap()["lsn"].as_u64().unwrap();
    let first = last - WRITES + 1;
    let (path, at) = find(&data, b"write 7");
    flip(&path, at);

    let ports = ["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=127.0.0.1:0"];
    let refused = |command: &[&str]| {
        let (status, out, error) = run(&[command, &["--data", text(&data)]].concat());
        assert_eq!(status.code(), Some(1), "{command:?}: {out} {error}");
        format!("{out}{error}")
    };
    let said = refused(&[&["serve"][..], &ports].concat());
    for part in [
        path.file_name().unwrap().to_str().unwrap(),
        ", offset ",
        &format!("frame {} is damaged", first + 7),
        "acknowledged",
        "restore a backup",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let offset: usize =
        said.split(", offset ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    assert!(offset < at && at - offset < 4096, "the frame at {offset} holds byte {at}");
    assert!(refused(&["check"]).contains(&format!("offset {offset}")));
    assert!(refused(&["inspect", "--json"]).contains(&format!("offset {offset}")));
    let report: Value = {
        let (_, out, _) = run(&["check", "--json", "--data", text(&data)]);
        serde_json::from_str(&out).unwrap()
    };
    assert_eq!((&report["good"], report["damages"].as_array().unwrap().len()), (&false.into(), 1));

    // Nothing was changed by all that: with the bit back, everything is there.
    flip(&path, at);
    assert_eq!(frames(&data), whole);
    let server = Server::start(&data, 2, &[]).unwrap();
    let status = server.stop();
    let printed = fs::read_to_string(data.with_extension("serve.log")).unwrap();
    assert!(status.success(), "{status}: {printed}");
}

#[test]
fn a_tail_that_was_never_acknowledged_is_left_behind() {
    let (_folder, data) = killed();
    let whole = frames(&data);
    let last = whole.last().unwrap()["lsn"].as_u64().unwrap();
    // The last frame, torn: no frame after it proves that it was acknowledged.
    let needle = format!("write {}", WRITES - 1);
    let (path, at) = find(&data, needle.as_bytes());
    flip(&path, at);
    assert_eq!(frames(&data).last().unwrap()["lsn"], last - 1);
    let server = Server::start(&data, 1, &[]).unwrap();
    let position = crate::support::http::get(&server.http(), "/health/live").position();
    assert_eq!(position, last - 1);
    assert!(server.stop().success());
}
