//! Whatever the moment of a crash: what was acknowledged is there, in order, and the box goes on.

use disk::Operation;
use disk::sim::{FaultRates, SimDisk};
use frame::{Lsn, Position};
use segments::{Control, Log};

use crate::engine::{Machine, OPTIONS, Sequencer, recovered, write};

/// Sizes that end inside blocks, at their edges, and fill more than a segment's rest.
const SIZES: [usize; 8] = [1, 4096 - 147, 100, 7000, 2500, 8000, 40, 5000];

fn mix(seed: u64, round: u64) -> u64 {
    (seed * 1_000_003 + round).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

/// One life of a box: recover, push, crash after `steps` disk operations. Returns what was
/// acknowledged and the trace.
fn live(disk: &SimDisk, acknowledged: Lsn, seed: u64, steps: u64) -> (Lsn, Vec<u64>) {
    let (recovered, lsns) = recovered(disk, Position::NONE).unwrap();
    assert!(acknowledged <= recovered.position.lsn, "an acknowledged frame is lost");
    assert!(lsns.iter().copied().eq(1..=recovered.position.lsn.0), "a gap: {lsns:?}");
    let feed = Sequencer::after(recovered.position);
    let control = Control::default();
    let mut log = Log::resume(disk.clone(), OPTIONS, recovered.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    let mut trace = vec![recovered.position.lsn.0, recovered.position.chain];
    for step in 0..steps {
        for _ in 0..mix(seed, step) % 3 {
            it.push(SIZES[usize::try_from(mix(seed, step + 7) % 8).unwrap()]);
        }
        if !it.step(disk) && !it.push(30) {
            break;
        }
        trace.push(feed.seen().durable.chain);
    }
    let acknowledged = feed.seen().durable.lsn;
    (acknowledged, trace)
}

fn lives_of(seed: u64) -> Vec<u64> {
    let mut disk = SimDisk::new(seed, 100 * OPTIONS.segment_bytes);
    let mut acknowledged = Lsn::NONE;
    let mut trace = Vec::new();
    for life in 0..6 {
        let (lsn, positions) = live(&disk, acknowledged, seed + life, mix(seed, life) % 120);
        acknowledged = lsn;
        trace.extend(positions);
        disk = disk.crash();
    }
    trace
}

#[test]
fn nothing_acknowledged_is_lost_over_many_crashes() {
    for seed in 0..300 {
        lives_of(seed);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 77, 4711] {
        assert_eq!(lives_of(seed), lives_of(seed));
    }
}

#[test]
fn a_crash_after_every_single_step_recovers() {
    for seed in 0..4 {
        for steps in 0..90 {
            let disk = SimDisk::new(seed, 100 * OPTIONS.segment_bytes);
            let (acknowledged, _) = live(&disk, Lsn::NONE, seed, steps);
            let disk = disk.crash();
            let (found, _) = recovered(&disk, Position::NONE).unwrap();
            assert!(acknowledged <= found.position.lsn, "seed {seed}, step {steps}");
            // Recovery itself may be cut short at any point as well; it changes nothing that
            // matters.
            let again = disk.crash();
            assert_eq!(recovered(&again, Position::NONE).unwrap().0.position, found.position);
        }
    }
}

#[test]
fn every_start_is_an_epoch_of_its_own() {
    let disk = SimDisk::new(5, 100 * OPTIONS.segment_bytes);
    for start in 1..5u32 {
        let position = write(&disk, &[10, 20]);
        assert_eq!((position.epoch, position.lsn), (start, Lsn(u64::from(start) * 2)));
    }
    // A start without a frame uses an epoch up too.
    assert_eq!(write(&disk, &[]).lsn, Lsn(8));
    assert_eq!(write(&disk, &[1]).epoch, 6);
}

#[test]
fn replay_begins_after_what_the_stores_hold() {
    let disk = SimDisk::new(6, 100 * OPTIONS.segment_bytes);
    let middle = write(&disk, &[5000, 6000, 7000]);
    let end = write(&disk, &[100, 8000, 30]);
    let from = |applied| recovered(&disk, applied).unwrap().1;
    assert_eq!(from(Position::NONE), [1, 2, 3, 4, 5, 6]);
    assert_eq!(from(middle), [4, 5, 6]);
    assert_eq!(from(end), [0; 0]);
}

fn fails_on(operation: Operation) {
    let disk = SimDisk::new(8, 100 * OPTIONS.segment_bytes);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    assert!(it.commit(&disk, 100));
    disk.fail_next(operation);
    assert!(it.commit(&disk, 100));
    assert!(matches!(it.ended(), Some(Err(_))), "the log goes on after a failed {operation}");
    let failure = feed.seen().failure.clone().unwrap();
    assert!(failure.starts_with(&operation.to_string()), "{failure}");
    assert_eq!(feed.seen().durable.lsn, Lsn(1));
    feed.push(100);
    control.ring();
    it.settle(&disk);
    assert_eq!(feed.seen().durable.lsn, Lsn(1), "acknowledged after a failed {operation}");
    let (found, _) = recovered(&disk.crash(), Position::NONE).unwrap();
    assert!(found.position.lsn >= Lsn(1));
}

#[test]
fn a_failed_write_or_sync_stops_acknowledging() {
    fails_on(Operation::Write);
    fails_on(Operation::Sync);
}

#[test]
fn random_errors_never_lose_what_was_acknowledged() {
    let mut failures = 0;
    for seed in 0..200 {
        let disk = SimDisk::new(seed, 100 * OPTIONS.segment_bytes);
        disk.set_fault_rates(FaultRates {
            write_errors: 9000,
            sync_errors: 9000,
            ..FaultRates::default()
        });
        let feed = Sequencer::after(Position::NONE);
        let control = Control::default();
        let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
        let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
        let mut it = Machine::start(&mut log, &feed, &control);
        for _ in 0..100 {
            it.push(700);
            it.step(&disk);
        }
        failures += u32::from(feed.seen().failure.is_some());
        let disk = disk.crash();
        let (found, _) = recovered(&disk, Position::NONE).unwrap();
        assert!(feed.seen().durable.lsn <= found.position.lsn, "seed {seed}");
    }
    assert!((20..180).contains(&failures), "{failures} of 200 runs met an error");
}

#[test]
fn a_crash_while_segments_are_released_and_reused_recovers() {
    for seed in 0..120 {
        let disk = SimDisk::new(seed, 100 * OPTIONS.segment_bytes);
        let feed = Sequencer::after(Position::NONE);
        let control = Control::default();
        let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
        let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
        let mut it = Machine::start(&mut log, &feed, &control);
        let mut applied = Position::NONE;
        for step in 0..150 + mix(seed, 0) % 100 {
            it.push(3000);
            it.step(&disk);
            if mix(seed, step).is_multiple_of(16) {
                applied = feed.seen().durable;
                control.release(applied.lsn.next());
            }
        }
        let durable = feed.seen().durable.lsn;
        let (found, _) = recovered(&disk.crash(), applied).unwrap();
        assert!(durable <= found.position.lsn, "seed {seed}");
    }
}
