//! Stores whose answers are scripted, beside a target.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use clap::Parser;
use load::{Args, LoadError, Report, run};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    args: Args,
}

/// Measures the bare echo with a peer beside it.
fn beside(url: &str, flags: &[&str]) -> Result<Report, LoadError> {
    let words = "load echo -c 2 -p 3 --seconds 0.5 --warmup 0.05 --rounds 2 --peer";
    let words = words.split(' ').chain([url]).chain(flags.iter().copied());
    run(&Flags::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args)
}

fn serve(answer: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), answer.clone());
            stream.set_nodelay(true).unwrap();
            // The generator closes its connections at the end of a round: not a failure.
            thread::spawn(move || drop(answer(stream)));
        }
    });
    address
}

/// Reads the words of one command.
fn command(stream: &mut impl Read) -> io::Result<Vec<String>> {
    let mut line = || {
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.ends_with("\r\n") {
            stream.read_exact(&mut byte)?;
            text.push(char::from(byte[0]));
        }
        io::Result::Ok(text.trim_end().to_owned())
    };
    let count: usize = line()?[1..].parse().unwrap();
    (0..count)
        .map(|_| {
            let length: usize = line()?[1..].parse().unwrap();
            let word = line()?;
            assert_eq!(word.len(), length);
            Ok(word)
        })
        .collect()
}

type Seen = Arc<Mutex<BTreeSet<String>>>;

/// Sets keys, each once, and refuses every tenth.
fn redis(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    let mut reader = io::BufReader::new(stream.try_clone()?);
    loop {
        let words = command(&mut reader)?;
        let reply = match words[0].as_str() {
            "SCRIPT" => {
                assert_eq!(words[1..], ["LOAD", "return 1"]);
                format!("$40\r\n{}\r\n", "a".repeat(40))
            }
            "EVALSHA" => {
                assert_eq!(words[1], "a".repeat(40));
                "*2\r\n:1\r\n:9\r\n".to_owned()
            }
            _ => {
                let mut seen = seen.lock().unwrap();
                assert!(seen.insert(words[1].clone()), "{} came twice", words[1]);
                let tenth = seen.len().is_multiple_of(10);
                if tenth { "-OOM full\r\n" } else { "+OK\r\n" }.to_owned()
            }
        };
        stream.write_all(reply.as_bytes())?;
    }
}

#[test]
fn a_redis_is_asked_with_keys_of_its_own_and_its_errors_are_counted() {
    let seen = Seen::default();
    let server = Arc::clone(&seen);
    let address = serve(move |stream| redis(stream, &server));
    let flags = ["--peer-payload", "5", "--peer-command", "SET k:{c}:{n} {payload}"];
    let report = beside(&format!("redis://{address}"), &flags).unwrap();
    let peer = report.peer.unwrap();
    let answers =
        |label: &str| -> u64 { peer.rounds.iter().filter_map(|it| it.statuses.get(label)).sum() };
    let outside: u64 = peer.rounds.iter().map(|it| it.errors_outside).sum();
    let (fine, errors) = (answers("ok"), answers("error") + outside);
    // Every tenth, but for those outside the windows.
    assert!(0 < errors && 2 * errors < fine, "{fine} and {errors}");
    assert!(0.0 < report.peer_ratio.unwrap().ok_per_s.median);
    let asked = report.settings.peer.unwrap();
    assert_eq!((asked.request.as_str(), asked.reply_bytes), (flags[3], 5));
    assert!(seen.lock().unwrap().iter().any(|it| it.starts_with("k:1:")));
    assert!(report.warnings.iter().any(|it| it.starts_with("peer:") && it.contains("no ordinary")));
}

#[test]
fn a_script_is_loaded_on_every_connection() {
    let address = serve(|stream| redis(stream, &Seen::default()));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("script.lua");
    std::fs::write(&file, "return 1").unwrap();
    // The scripted server reads lines, and one script of one line is one.
    let file = file.to_str().unwrap();
    let flags = ["--peer-script", file, "--peer-command", "EVALSHA {script} 1 b:{c}"];
    let report = beside(&format!("redis://{address}"), &flags).unwrap();
    let peer = report.peer.unwrap();
    assert!(peer.rounds.iter().all(|it| 0.0 < it.figures.ok_per_s && it.statuses.len() == 1));
}

/// One message of a client: its type, 0 for the first of a connection, and its body.
fn message(stream: &mut impl Read, typed: bool) -> io::Result<(u8, Vec<u8>)> {
    let (mut kind, mut length) = ([0], [0; 4]);
    if typed {
        stream.read_exact(&mut kind)?;
    }
    stream.read_exact(&mut length)?;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    stream.read_exact(&mut body)?;
    Ok((kind[0], body))
}

/// Lets anybody in, and inserts every row once.
fn postgres(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    let mut reader = io::BufReader::new(stream.try_clone()?);
    let (_, first) = message(&mut reader, false)?;
    assert_eq!(first, b"\0\x03\0\0user\0me\0database\0db\0\0");
    stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")?;
    let mut reply = Vec::new();
    loop {
        let (kind, body) = message(&mut reader, true)?;
        match kind {
            b'P' => {
                assert_eq!(body, b"q\0INSERT\0\0\0");
                reply.extend_from_slice(b"1\0\0\0\x04");
            }
            b'D' => {
                reply.extend_from_slice(b"t\0\0\0\x0e\0\x02\0\0\0\x19\0\0\0\x19n\0\0\0\x04");
            }
            b'B' => {
                let number = String::from_utf8(body[11..43].to_vec()).unwrap();
                assert!(seen.lock().unwrap().insert(number));
                reply.extend_from_slice(b"2\0\0\0\x04");
            }
            b'E' => reply.extend_from_slice(b"C\0\0\0\x0fINSERT 0 1\0"),
            b'S' => {
                reply.extend_from_slice(b"Z\0\0\0\x05I");
                stream.write_all(&reply)?;
                reply.clear();
            }
            other => panic!("an unexpected message {other}"),
        }
    }
}

#[test]
fn a_postgres_is_asked_with_rows_of_its_own() {
    let seen = Seen::default();
    let server = Arc::clone(&seen);
    let address = serve(move |stream| postgres(stream, &server));
    let flags = ["--peer-command", "INSERT"];
    let report = beside(&format!("postgres://me@{address}/db"), &flags).unwrap();
    let peer = report.peer.unwrap();
    assert!(peer.rounds.iter().all(|it| 0.0 < it.figures.ok_per_s && it.statuses.len() == 1));
    assert!(!seen.lock().unwrap().is_empty());
}

#[test]
fn who_is_no_store_is_told_from_one() {
    let address = serve(|mut stream| {
        drop(stream.read(&mut [0; 1]));
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    });
    let error = beside(&format!("redis://{address}"), &[]).unwrap_err().to_string();
    assert!(error.contains("begins with byte 0x48"), "{error}");
    let flags = ["--peer-command", "SELECT 1"];
    let error = beside(&format!("postgres://me@{address}/db"), &flags).unwrap_err().to_string();
    assert!(error.contains("does not speak PostgreSQL"), "{error}");
    // One that goes away without a word.
    let address = serve(|stream| stream.shutdown(std::net::Shutdown::Both));
    assert!(beside(&format!("redis://{address}"), &[]).is_err());
}

#[test]
fn a_store_that_refuses_the_first_request_is_quoted() {
    let address = serve(|mut stream| {
        loop {
            if stream.read(&mut [0; 4096])? == 0 {
                return Ok(());
            }
            stream.write_all(b"-NOAUTH Authentication required.\r\n")?;
        }
    });
    let error = beside(&format!("redis://{address}"), &[]).unwrap_err();
    assert!(
        matches!(&error, LoadError::Refused { answer, .. } if answer.contains("NOAUTH")),
        "{error}"
    );
}
