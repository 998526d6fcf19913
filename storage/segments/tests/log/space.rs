//! Credit, full disks, and segments used again.

use disk::sim::SimDisk;
use frame::{Lsn, Position};
use segments::{Control, Log, inspect};

use crate::engine::{Machine, OPTIONS, Sequencer, recovered, write};

#[test]
fn a_full_disk_stops_the_credit_and_nothing_that_was_pushed_is_lost() {
    let disk = SimDisk::new(3, 3 * OPTIONS.segment_bytes);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    while it.commit(&disk, 3000) {}
    let full = feed.seen().durable;
    assert_eq!(full.lsn, feed.seen().pushed, "what was pushed is durable");
    assert!(feed.seen().starved);
    assert!(Lsn(6) < full.lsn, "three segments hold more than {}", full.lsn);
    assert!(it.ended().is_none());

    disk.set_capacity(20 * OPTIONS.segment_bytes);
    it.settle(&disk);
    assert!(feed.seen().starved, "space is asked for again after a second, not at once");
    disk.advance_ms(OPTIONS.retry_ms);
    it.settle(&disk);
    assert!(!feed.seen().starved);
    assert_eq!(feed.seen().starved_count, 1);
    assert!(it.commit(&disk, 3000));
    let (found, _) = recovered(&disk.crash(), Position::NONE).unwrap();
    assert_eq!(found.position, feed.seen().durable);
    assert!(full.lsn < found.position.lsn);
}

#[test]
fn a_release_brings_a_full_disk_back_by_itself() {
    let disk = SimDisk::new(4, 3 * OPTIONS.segment_bytes);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    let mut lsn = Lsn::NONE;
    for round in 0..20 {
        while it.commit(&disk, 3000) {}
        assert!(lsn < feed.seen().durable.lsn, "round {round}");
        lsn = feed.seen().durable.lsn;
        control.release(lsn.next());
        it.settle(&disk);
        assert!(!feed.seen().starved, "round {round}");
    }
    assert!(Lsn(60) < lsn);
    let applied = feed.seen().durable;
    let (found, lsns) = recovered(&disk.crash(), applied).unwrap();
    assert_eq!((found.position, lsns.len()), (applied, 0));
}

#[test]
fn segments_are_used_again_and_their_old_frames_are_never_read() {
    let disk = SimDisk::new(9, 100 * OPTIONS.segment_bytes);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    // Equal frames, so that the old ones lie exactly where new ones are expected.
    let mut applied = Position::NONE;
    for round in 0..60 {
        assert!(it.commit(&disk, 1000));
        if round % 7 == 6 {
            applied = feed.seen().durable;
            control.release(applied.lsn);
            it.settle(&disk);
        }
        let (found, _) = recovered(&disk.crash(), applied).unwrap();
        assert_eq!(found.position, feed.seen().durable, "round {round}");
    }
    let names = disk.file_names();
    assert!(names.len() < 8, "released segments are reused: {names:?}");
    assert!(names.iter().all(|name| name.as_str() > "000000000000000a"), "{names:?}");
}

#[test]
fn frames_pushed_while_a_sync_is_in_flight_form_one_group() {
    let disk = SimDisk::new(11, 100 * OPTIONS.segment_bytes);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    let before = disk.steps_count();
    it.push(10);
    for _ in 0..50 {
        it.push(10);
    }
    it.settle(&disk);
    assert_eq!(feed.seen().durable.lsn, Lsn(51));
    assert_eq!(disk.steps_count() - before, 4, "two groups, each one write and one sync");
}

#[test]
fn the_longest_body_fits_and_a_group_may_span_segments() {
    let disk = SimDisk::new(12, 100 * OPTIONS.segment_bytes);
    let longest = OPTIONS.body_bytes_max - 51;
    assert_eq!(crate::engine::body(Lsn(1), longest).len(), OPTIONS.body_bytes_max);
    let feed = Sequencer::after(Position::NONE);
    let control = Control::default();
    let (fresh, _) = recovered(&disk, Position::NONE).unwrap();
    let mut log = Log::resume(disk.clone(), OPTIONS, fresh.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(&disk);
    for round in 0..5 {
        while it.push(longest) {}
        it.settle(&disk);
        assert!(feed.seen().failure.is_none(), "round {round}: {:?}", feed.seen().failure);
    }
    let pushed = feed.seen().pushed;
    assert_eq!(feed.seen().durable.lsn, pushed);
    assert!(Lsn(10) < pushed);
    let (found, _) = recovered(&disk.crash(), Position::NONE).unwrap();
    assert_eq!(found.position, feed.seen().durable);
}

#[test]
fn an_unfinished_spare_is_cleaned_up() {
    let disk = SimDisk::new(13, 100 * OPTIONS.segment_bytes);
    write(&disk, &[10]);
    disk.run(async {
        let device = disk.clone();
        disk::Device::create(&device, "00000000000000ff.new", 8192).await.unwrap();
        disk::Device::create(&device, "00000000000000fe.spare", 8192).await.unwrap();
        disk::Device::create(&device, "notes.txt", 4096).await.unwrap();
    });
    let position = write(&disk, &[10]);
    assert_eq!(position.lsn, Lsn(2));
    let names = disk.file_names();
    assert!(!names.iter().any(|name| name.contains("ff.new") || name.contains("fe.spare")));
    assert!(names.contains(&"notes.txt".to_owned()), "files of others are left alone");
    assert!(names.iter().any(|name| "0000000000000100" <= name.as_str()), "ids are not used twice");
}

#[test]
fn an_inspection_reports_every_segment() {
    let disk = SimDisk::new(14, 100 * OPTIONS.segment_bytes);
    write(&disk, &[5000, 6000, 7000]);
    let end = write(&disk, &[100, 200]);
    let mut frames_count = 0;
    let found = disk.run(inspect(&disk, &mut |_| frames_count += 1, &mut |_| {})).unwrap();
    assert_eq!((found.position, found.damage, frames_count), (end, None, 5));
    let frames: u64 = found.segments.iter().map(|it| it.frames_count).sum();
    assert_eq!(frames, 5);
    assert_eq!(found.segments.last().unwrap().header.epoch, 2);
}
