//! Start, stop, and what a second process and a careless operator get.

use std::fs;
use std::sync::mpsc;
use std::thread;

use client::{Call, Client, Options};
use process::{Server, free_port, run};
use serde_json::json;
use wire::Status;

use crate::support::http::{Wire, get, post, request};
use crate::support::{TestBox, accept, archived, call, initialised, operation, text};

const WRITERS: usize = 4;

fn accept_one(client: &Client, key: &str) -> Option<(u64, String)> {
    let payload = archived("rates.accept-quote", &accept(key));
    let call = Call::command(operation("rates.accept-quote").0, &payload);
    let reply = client.call(&call.idempotency_key(key.as_bytes())).ok()?;
    if reply.status != Status::Ok {
        assert_eq!(reply.status, Status::ShuttingDown, "{key}");
        return None;
    }
    let accepted = crate::support::outcome("rates.accept-quote", &reply).unwrap();
    Some((reply.position, accepted["id"].as_str().unwrap().to_owned()))
}

#[test]
fn a_stop_finishes_what_is_under_way_and_a_start_finds_it_again() {
    let (_folder, data) = initialised();
    let server = Server::start(&data, 2, &[]).unwrap();
    // Each writer stops at the first call that is not answered any more.
    let impatient = Options { call_ms: 2_000, reconnect_ms: 1, ..Options::default() };
    let (told, acknowledged) = mpsc::channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, told) = (server.connect(impatient.clone()), told.clone());
            thread::spawn(move || {
                let keys = (0..100_000).map(|turn| format!("writer {writer}, {turn}"));
                let write = |key: String| {
                    let accepted = accept_one(&client, &key)?;
                    told.send(()).unwrap();
                    Some((accepted, key))
                };
                keys.map_while(write).collect::<Vec<_>>()
            })
        })
        .collect();
    // A request that the box has begun to read when it is told to stop.
    let body = accept("slow").to_string();
    let headers = [("content-type", "application/json"), ("expect", "100-continue")];
    let whole = request("POST", "/v1/rates/quotes", &headers, &body);
    let (head, body) = whole.split_at(whole.len() - body.len());
    let mut slow = Wire::connect(&server.http());
    slow.send(head);
    assert_eq!(slow.answer().unwrap().status, 100);
    let mut idle = Wire::connect(&server.http());
    idle.send(&request("GET", "/health/live", &[], ""));
    assert_eq!(idle.answer().unwrap().status, 200);
    for _ in 0..10 * WRITERS {
        acknowledged.recv().unwrap();
    }
    let stopping = thread::spawn(move || server.stop());
    assert!(idle.is_closed(), "an idle connection ends when the stop begins");
    slow.send(body);
    let answer = slow.answer().expect("what was begun is finished");
    assert_eq!(answer.status, 200, "{}", answer.json());
    let slow_id = answer.json()["id"].clone();
    assert!(slow.is_closed(), "and nothing more is taken");
    let status = stopping.join().unwrap();
    assert_eq!(status.code(), Some(0));
    let accepted: Vec<_> = writers.into_iter().flat_map(|it| it.join().unwrap()).collect();

    let server = Server::start(&data, 1, &[]).unwrap();
    let client = server.connect(Options::default());
    let recalled =
        |id: &serde_json::Value| call(&client, "rates.recall-quote", &json!({ "id": id }));
    assert_eq!(recalled(&slow_id).unwrap()["reference"], "slow");
    for ((_, id), key) in &accepted {
        assert_eq!(recalled(&json!(id)).unwrap()["reference"], **key);
        let (_, again) = accept_one(&client, key).unwrap();
        assert_eq!(&again, id, "the key is remembered across the restart");
    }
    let position = get(&server.http(), "/health/live").position();
    let newest = accepted.iter().map(|it| it.0.0).max().unwrap();
    assert!(newest <= position, "{newest} {position}");
    println!("{} writes were acknowledged before the stop, all are there", accepted.len());
    assert!(server.stop().success());
}

#[test]
fn a_stop_in_the_moment_of_the_start_is_in_order_too() {
    let (_folder, data) = initialised();
    for _ in 0..5 {
        let server = Server::start(&data, 2, &[]).unwrap();
        let status = server.stop();
        let printed = fs::read_to_string(data.with_extension("serve.log")).unwrap();
        assert_eq!(status.code(), Some(0), "{printed}");
    }
}

#[test]
fn a_second_process_on_the_same_directory_is_refused_and_harms_nothing() {
    let (_folder, data) = initialised();
    let server = Server::start(&data, 1, &[]).unwrap();
    let holder = format!("in use by process {}", server.id());
    let ports = ["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=127.0.0.1:0"];
    for command in [&["serve"][..], &["check"], &["demo", "--once"], &["init"]] {
        let (status, out, error) = run(&[command, &["--data", text(&data)], &ports].concat());
        assert_eq!(status.code(), Some(1), "{command:?}: {out} {error}");
        assert!(error.contains(&holder), "{command:?}: {error}");
        assert!(error.contains(text(&data)), "{command:?}: {error}");
    }
    let answer = post(&server.http(), "/v1/rates/quotes", &accept("still here").to_string());
    assert_eq!(answer.status, 200);
    assert!(server.stop().success());
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let (_folder, data) = initialised();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        for (door, other) in [("--http", "--rpc"), ("--rpc", "--http")] {
            let (status, out, error) = run(&[
                "serve",
                "--data",
                text(&data),
                door,
                address,
                other,
                "127.0.0.1:0",
                "--https=",
            ]);
            assert_eq!(status.code(), Some(1), "{door} {address}: {out} {error}");
            for says in [door, address, "serves loopback addresses only", "127.0.0.1"] {
                assert!(error.contains(says), "{door} {address}, {says}: {error}");
            }
        }
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let quoin = TestBox::quiet();
    let (_folder, data) = initialised();
    let rpc = format!("127.0.0.1:{}", free_port());
    let http = quoin.http();
    for cores in ["1", "2"] {
        let (status, _, error) = run(&[
            "serve",
            "--data",
            text(&data),
            "--http",
            &http,
            "--rpc",
            &rpc,
            "--https=",
            "--cores",
            cores,
        ]);
        assert_eq!(status.code(), Some(1), "{error}");
        assert!(error.contains(&http), "{error}");
    }
    quoin.assert_untouched();
}

#[test]
fn what_is_not_a_setting_is_refused_with_exit_code_2_or_1() {
    let (_folder, data) = initialised();
    let check = |flags: &[&str], code: i32, says: &str| {
        let (status, _, error) = run(&[&["serve", "--data", text(&data)], flags].concat());
        assert_eq!(status.code(), Some(code), "{flags:?}: {error}");
        assert!(error.contains(says), "{flags:?}: {error}");
    };
    check(&["--nonsense"], 2, "--nonsense");
    check(&["--cores", "many"], 1, "--cores");
    check(&["--cores", "257"], 1, "257");
    check(&["--http", "localhost"], 1, "--http");
    let file = data.join("quoin.toml");
    let written = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{written}\n[stop]\ngrase_s = 1\n")).unwrap();
    check(&[], 1, "quoin.toml");
    fs::write(&file, "[stop]\ngrase_s = 1\n").unwrap();
    check(&[], 1, "grase_s");
}
