//! What a durable frame costs beside what the device itself costs.
//!
//! `cargo run --release -p segments --example commit_latency -- DIRECTORY [ROUNDS]`
//!
//! Each row: median and 99th percentile of one frame at a time, from the push to the pushing thread
//! seeing it durable, and durable frames per second with many in flight. The device's own 4 KiB
//! write + fdatasync stands above.
#![allow(clippy::print_stdout, reason = "a measurement prints")]

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use disk::direct::ThreadOptions;
use disk::plain::{PlainDevice, block_on};
use disk::probe;
use frame::{Event, Feed, Group, Meta, Position, encode_body, space_bytes};
use segments::{Control, LogOptions, Recovered, recover, spawn_direct_log, spawn_plain_log};

const BODY_BYTES: usize = 150;

/// A sequencer for one pushing thread.
struct Sequencer {
    pending: Mutex<(Group, u64)>,
    durable: AtomicU64,
    closing: AtomicU64,
    pusher: Thread,
}

impl Feed for Sequencer {
    fn take(&self, group: &mut Group) -> bool {
        let (pending, _) = &mut *self.pending.lock().expect("no holder panics");
        if pending.is_empty() {
            return false;
        }
        let next = pending.last().next();
        std::mem::swap(pending, group);
        pending.clear();
        pending.start_at(next);
        true
    }

    fn durable(&self, position: Position) {
        self.durable.store(position.lsn.0, Ordering::Release);
        self.pusher.unpark();
    }

    fn grant(&self, bytes: u64) {
        self.pending.lock().expect("no holder panics").1 += bytes;
        self.pusher.unpark();
    }

    fn starved(&self, starved: bool) {
        println!("starved: {starved}");
    }

    fn failed(&self, error: &str) {
        panic!("{error}");
    }

    fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire) != 0
    }
}

impl Sequencer {
    fn push(&self, body: &[u8]) -> Option<u64> {
        let (pending, credit) = &mut *self.pending.lock().expect("no holder panics");
        let cost = space_bytes(body.len(), pending.is_empty());
        *credit = credit.checked_sub(cost)?;
        Some(pending.push(1, body).0)
    }

    fn wait(&self, lsn: u64) {
        while self.durable.load(Ordering::Acquire) < lsn {
            thread::park();
        }
    }
}

fn body() -> Vec<u8> {
    let payload = [7; BODY_BYTES - 36 - 12 - 8];
    let event = Event { domain: 1, code: 1, version: 1, key: &[1; 8], payload: &payload };
    let mut out = Vec::new();
    encode_body(&mut out, &Meta::default(), [event]).expect("a short body");
    out
}

fn read(root: &Path) -> Recovered {
    let device = PlainDevice::open_directory(root).expect("a directory");
    let (mut frames, mut events, begun) = (0u64, 0u64, Instant::now());
    let mut on_frame = |frame: &frame::Frame<'_>| {
        frames += 1;
        events += frame.events().map(|event| u64::from(event.version)).sum::<u64>();
    };
    let mut progress = |_| {};
    let options = LogOptions::default();
    let recovered = recover(&device, &options, Position::NONE, &mut on_frame, &mut progress);
    let recovered = block_on(&device, recovered).expect("a whole log");
    let elapsed = begun.elapsed();
    if 0 < frames {
        println!("  replay: {frames} frames, {events} events in {elapsed:.1?}");
    }
    recovered
}

type Start<'s> = &'s dyn Fn(PathBuf, Recovered, Arc<Sequencer>, Arc<Control>) -> JoinHandle<()>;

fn measure(
    name: &str,
    root: &Path,
    rounds: usize,
    device_ns: u64,
    spin: Duration,
    start: Start<'_>,
) {
    drop(std::fs::remove_dir_all(root));
    let recovered = read(root);
    let mut pending = Group::default();
    pending.start_at(recovered.position.lsn.next());
    let feed = Arc::new(Sequencer {
        pending: Mutex::new((pending, 0)),
        durable: AtomicU64::new(recovered.position.lsn.0),
        closing: AtomicU64::new(0),
        pusher: thread::current(),
    });
    let control = Arc::new(Control::new(spin));
    let thread = start(root.to_owned(), recovered, Arc::clone(&feed), Arc::clone(&control));
    let body = body();
    let push = || loop {
        if let Some(lsn) = feed.push(&body) {
            control.ring();
            return lsn;
        }
        thread::park_timeout(Duration::from_millis(1));
    };
    for _ in 0..200 {
        feed.wait(push());
    }
    // Let the spare segments be prepared before anything is measured.
    thread::sleep(Duration::from_millis(600));
    let mut latencies: Vec<u64> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            feed.wait(push());
            u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
        })
        .collect();
    latencies.sort_unstable();
    let (p50, p99) = (latencies[rounds / 2], latencies[rounds * 99 / 100]);
    print!(
        "{name:34} p50 {:6.1} us ({:.2}x) p99 {:6.1} us",
        us(p50),
        us(p50) / us(device_ns),
        us(p99)
    );
    for in_flight in [64u64, 800] {
        let (begun, mut count) = (Instant::now(), 0u64);
        while begun.elapsed() < Duration::from_secs(1) {
            let lsn = push();
            count += 1;
            if in_flight <= lsn {
                feed.wait(lsn + 1 - in_flight);
            }
        }
        let per_second = u128::from(count) * 1_000_000 / begun.elapsed().as_micros();
        print!("  {in_flight} in flight {per_second}/s");
    }
    println!();
    feed.closing.store(1, Ordering::Release);
    control.ring();
    thread.join().expect("the log thread ends");
    read(root);
}

#[expect(clippy::cast_precision_loss, reason = "printed only")]
fn us(ns: u64) -> f64 {
    ns as f64 / 1000.0
}

fn main() {
    let mut args = env::args().skip(1);
    let directory = PathBuf::from(args.next().unwrap_or_else(|| ".".to_owned()));
    let rounds = args.next().and_then(|it| it.parse().ok()).unwrap_or(5000usize);
    let probed = || {
        let probe =
            probe::measure(&directory, u32::try_from(rounds).unwrap_or(1000)).expect("a probe");
        println!(
            "device{:28} p50 {:6.1} us p99 {:6.1} us (write {:.1}, sync {:.1}, direct {})",
            "",
            us(probe.commit_p50_ns),
            us(probe.commit_p99_ns),
            us(probe.write_p50_ns),
            us(probe.sync_p50_ns),
            probe.direct,
        );
        probe.commit_p50_ns
    };
    let root = directory.join("log");
    for (bell_us, park_us) in [(0, 0), (20, 0), (100, 0), (0, 20), (0, 200), (20, 200)] {
        let device_ns = probed();
        let name = format!("direct, bell {bell_us} us, executor {park_us} us");
        let thread = ThreadOptions { cpu: None, spin_before_park: Duration::from_micros(park_us) };
        measure(
            &name,
            &root,
            rounds,
            device_ns,
            Duration::from_micros(bell_us),
            &|root, found, feed, control| {
                spawn_direct_log(root, LogOptions::default(), found.resume, feed, control, thread)
                    .expect("a thread")
            },
        );
    }
    let device_ns = probed();
    measure("plain", &root, rounds, device_ns, Duration::ZERO, &|root, found, feed, control| {
        spawn_plain_log(root, LogOptions::default(), found.resume, feed, control).expect("a thread")
    });
    drop(std::fs::remove_dir_all(&root));
}
