//! The real binary under load, killed at random moments: no acknowledged write is lost, none is
//! applied twice. The record of what was acknowledged is kept here, outside the box.
//!
//! `QUOIN_CRASH_ROUNDS` sets how often it is killed (default 5), `QUOIN_CRASH_SEED` the moments.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use client::{Call, Client, Options, Status};
use contract::{Request, Stored};
use process::{Server, run};
use rates::{AcceptQuote, Accepted, AcceptedQuote, Recall, Recalled};

const WRITERS: usize = 4;
const CORES: u16 = 2;

/// What became of every key that was ever sent: the id of its quote, once a reply said so.
type Record = Arc<Mutex<BTreeMap<String, Option<u64>>>>;

#[test]
fn no_acknowledged_write_is_lost_and_none_is_applied_twice() {
    let rounds = number("QUOIN_CRASH_ROUNDS", 5);
    let mut random = Random(number("QUOIN_CRASH_SEED", 42));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (status, out, err) = run(&["init", "--data", data.to_str().unwrap()]);
    assert!(status.success(), "init: {out} {err}");
    // Checkpoints every second, so that kills also hit them.
    let settings = data.join("quoin.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    assert!(text.contains("# interval_s = 60"), "{text}");
    std::fs::write(&settings, text.replace("# interval_s = 60", "interval_s = 1")).unwrap();

    let record: Record = Arc::default();
    for round in 0..rounds {
        let server = Server::start(&data, CORES, &[]).unwrap();
        settle(&server, &record);
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| spawn_writer(&server, &record, &stop, round, writer))
            .collect();
        thread::sleep(Duration::from_millis(50 + random.below(1500)));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().unwrap();
        }
    }
    let server = Server::start(&data, CORES, &[]).unwrap();
    settle(&server, &record);
    verify(&server, &record);
    assert!(server.stop().success());

    let sent = record.lock().unwrap().len();
    assert_eq!(stored_quotes(&data), sent, "every key that was sent is stored exactly once");
    println!("{rounds} kills, {sent} writes, none lost, none twice");
    assert!(sent > 0, "the writers wrote");
}

/// Sends every key again whose fate is unknown: it must be answered now, with one id for ever.
fn settle(server: &Server, record: &Record) {
    let client = server.connect(Options::default());
    let unknown: Vec<String> = {
        let record = record.lock().unwrap();
        record.iter().filter(|(_, id)| id.is_none()).map(|(key, _)| key.clone()).collect()
    };
    for key in unknown {
        let id = accept(&client, &key).expect("a box that is up answers");
        record.lock().unwrap().insert(key, Some(id));
    }
}

/// Every acknowledged write can be recalled, and its key still gives the same id.
fn verify(server: &Server, record: &Record) {
    let client = server.connect(Options::default());
    for (turn, (key, id)) in record.lock().unwrap().iter().enumerate() {
        let id = id.expect("all are settled");
        let mut payload = Vec::new();
        Recall { id: rates::QuoteId::new(id), as_known_at_us: None }.encode(&mut payload);
        let reply = client.call(&Call::query(operation::<Recall>(), &payload)).unwrap();
        assert_eq!(reply.status, Status::Ok, "{key} was acknowledged as {id} and is gone");
        let recalled = Recalled::decode(&reply.payload).unwrap();
        assert_eq!(&recalled.reference, key);
        if turn % 7 == 0 {
            assert_eq!(accept(&client, key), Some(id), "{key} was applied twice");
        }
    }
}

fn spawn_writer(
    server: &Server,
    record: &Record,
    stop: &Arc<AtomicBool>,
    round: u64,
    writer: usize,
) -> thread::JoinHandle<()> {
    let (record, stop) = (Arc::clone(record), Arc::clone(stop));
    // Gives up at once when the box is gone: the fate of what was in flight is unknown then.
    let options = Options { call_ms: 300, reconnect_ms: 1, connect_ms: 200, ..Options::default() };
    let client = server.connect(options);
    thread::spawn(move || {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("round {round} writer {writer} turn {turn}");
            record.lock().unwrap().insert(key.clone(), None);
            match accept(&client, &key) {
                Some(id) => {
                    record.lock().unwrap().insert(key, Some(id));
                }
                None => return,
            }
        }
    })
}

fn accept(client: &Client, key: &str) -> Option<u64> {
    let mut request: AcceptQuote = serde_json_example();
    key.clone_into(&mut request.reference);
    let mut payload = Vec::new();
    request.encode(&mut payload);
    let call = Call::command(operation::<AcceptQuote>(), &payload);
    let reply = client.call(&call.idempotency_key(key.as_bytes())).ok()?;
    match reply.status {
        Status::Ok => Some(Accepted::decode(&reply.payload).unwrap().id.get()),
        _ => None,
    }
}

/// The request of the operation's own example.
fn serde_json_example() -> AcceptQuote {
    let mut payload = Vec::new();
    let (_, operation) = registry::operation(AcceptQuote::SHAPE.name).unwrap();
    (operation.from_json)(AcceptQuote::SHAPE.example.as_bytes(), &mut payload).unwrap();
    AcceptQuote::decode(&payload).unwrap()
}

fn operation<R: Request>() -> u32 {
    registry::operation(R::SHAPE.name).unwrap().0
}

/// How many accepted quotes the data directory holds, read without the box.
fn stored_quotes(data: &Path) -> usize {
    let map = shard::SlotMap::new(1);
    let log = segments::LogOptions::default();
    let recovery =
        runtime::recover_offline(data, registry::ALL, map, &log, 1 << 20, &mut |_| {}).unwrap();
    recovery.rows_of(<AcceptedQuote as contract::Record>::TABLE).unwrap().len()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
