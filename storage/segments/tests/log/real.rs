//! The same log on real files, through both devices.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use disk::direct::ThreadOptions;
use disk::plain::{PlainDevice, block_on};
use disk::probe;
use frame::{Lsn, Position};
use segments::{
    Control, LogOptions, Recovered, Resume, recover, spawn_direct_log, spawn_plain_log,
};

use crate::engine::Sequencer;

const OPTIONS: LogOptions = LogOptions {
    segment_bytes: 512 * 1024,
    body_bytes_max: 100_000,
    spares_count: 1,
    recycled_max: 2,
    retry_ms: 10,
};

fn read(root: &Path, applied: Position) -> (Recovered, Vec<u64>) {
    let device = PlainDevice::open_directory(root).unwrap();
    let mut lsns = Vec::new();
    let mut on_frame = |frame: &frame::Frame<'_>| lsns.push(frame.lsn().0);
    let mut progress = |_| {};
    let recovered = recover(&device, &OPTIONS, applied, &mut on_frame, &mut progress);
    let recovered = block_on(&device, recovered).unwrap();
    (recovered, lsns)
}

fn until(feed: &Sequencer, mut done: impl FnMut() -> bool) {
    while !done() {
        assert!(feed.seen().failure.is_none(), "{:?}", feed.seen().failure);
        thread::yield_now();
    }
}

/// Three lives of a log with frames of many sizes, segments released on the way.
fn round_trip(root: &Path, start: impl Fn(Resume, Arc<Sequencer>, Arc<Control>) -> JoinHandle<()>) {
    let mut applied = Position::NONE;
    for life in 1..=3u32 {
        let (recovered, lsns) = read(root, applied);
        assert_eq!(recovered.resume.epoch(), life);
        assert_eq!(lsns.len() as u64, recovered.position.lsn.0 - applied.lsn.0);
        let feed = Arc::new(Sequencer::after(recovered.position));
        let control = Arc::new(Control::default());
        let thread = start(recovered.resume, Arc::clone(&feed), Arc::clone(&control));
        for frame in 0..400usize {
            until(&feed, || feed.push(frame * 7919 % 20_000));
            control.ring();
            if frame % 97 == 0 {
                let pushed = feed.seen().pushed;
                until(&feed, || pushed <= feed.seen().durable.lsn);
                applied = feed.seen().durable;
                control.release(applied.lsn);
            }
        }
        feed.seen().closing = true;
        control.ring();
        thread.join().unwrap();
        assert!(feed.seen().failure.is_none(), "{:?}", feed.seen().failure);
        assert_eq!(feed.seen().durable.lsn, Lsn(u64::from(life) * 400));
    }
    let (recovered, lsns) = read(root, applied);
    assert_eq!(recovered.position.lsn, Lsn(1200));
    assert!(lsns.into_iter().eq(applied.lsn.0 + 1..=1200));
}

#[test]
fn the_plain_device_keeps_every_frame() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = directory.path().join("log");
    round_trip(&root, |resume, feed, control| {
        spawn_plain_log(root.clone(), OPTIONS, resume, feed, control).unwrap()
    });
}

#[test]
fn the_direct_device_keeps_every_frame() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if !probe::measure(directory.path(), 1).unwrap().direct {
        println!("skipped: the file system of {} has no direct I/O", directory.path().display());
        return;
    }
    let root = directory.path().join("log");
    round_trip(&root, |resume, feed, control| {
        let options = ThreadOptions::default();
        spawn_direct_log(root.clone(), OPTIONS, resume, feed, control, options).unwrap()
    });
}
