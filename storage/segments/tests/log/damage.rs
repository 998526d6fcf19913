//! A torn tail is cut off; damage to what was acknowledged refuses to start and says where.

use disk::sim::SimDisk;
use frame::{Lsn, Position, stamp};
use segments::{Damage, RecoverError, inspect};

use crate::engine::{OPTIONS, body, recovered, write};

const BLOCK: u64 = 4096;

/// A log of two epochs and several segments, the last with three frames; every frame is a group
/// of its own.
fn history(seed: u64) -> (SimDisk, Position) {
    let disk = SimDisk::new(seed, 100 * OPTIONS.segment_bytes);
    write(&disk, &[3000, 100, 5000, 4000, 8000, 20, 6000]);
    let end = write(&disk, &[2000, 4000, 7000, 300, 200, 5000]);
    (disk, end)
}

fn segment_names(disk: &SimDisk) -> Vec<String> {
    disk.file_names()
        .into_iter()
        .filter(|name| name.split_once('.').is_some_and(|it| it.1 == "seg"))
        .collect()
}

fn refused(disk: &SimDisk, applied: Position) -> Damage {
    match recovered(disk, applied) {
        Err(RecoverError::Damage(damage)) => damage,
        other => panic!("not refused: {other:?}"),
    }
}

/// Where each frame lies: file, first byte, byte after the last.
fn frames(disk: &SimDisk) -> Vec<(String, u64, u64)> {
    let mut frames = Vec::new();
    for name in segment_names(disk) {
        let content = disk.content(&name);
        let id = u64::from_str_radix(&name[..16], 16).unwrap();
        let mut offset = 4096;
        while let Some(Ok(frame)) = content.get(offset..).map(|rest| frame::decode(rest, id)) {
            let end = offset + frame.frame_bytes();
            frames.push((name.clone(), offset as u64, end as u64));
            offset = end.next_multiple_of(4096);
        }
    }
    frames
}

#[test]
fn a_flipped_bit_in_any_block_is_cut_off_only_where_nothing_proves_it() {
    let (_, end) = history(1);
    let frames = frames(&history(1).0);
    assert_eq!(frames.len() as u64, end.lsn.0);
    let mut refusals = 0;
    for name in segment_names(&history(1).0) {
        for block in 0..OPTIONS.segment_bytes / BLOCK {
            let (disk, _) = history(1);
            let offset = block * BLOCK + 33;
            disk.flip_bit(&name, offset, 5);
            let hit = frames
                .iter()
                .position(|(file, from, to)| *file == name && (*from..*to).contains(&offset));
            match hit {
                _ if block == 0 => {
                    assert!(matches!(refused(&disk, Position::NONE), Damage::Header { .. }));
                    refusals += 1;
                }
                Some(index) if index + 1 == frames.len() => {
                    // The last group: no later frame says that it was acknowledged.
                    let (found, _) = recovered(&disk, Position::NONE).unwrap();
                    assert_eq!(found.position.lsn, end.lsn.previous());
                    // But the stores may.
                    assert!(matches!(refused(&disk, end), Damage::Apart { .. }));
                }
                Some(index) => {
                    let damage = refused(&disk, Position::NONE);
                    let Damage::Frame { place, offset, lsn, .. } = &damage else {
                        panic!("{damage}");
                    };
                    assert_eq!(*place, format!("sim/{name}"));
                    assert_eq!((*offset, lsn.0), (frames[index].1, index as u64 + 1));
                    let text = damage.to_string();
                    assert!(text.contains("from the standby, or restore a backup"), "{text}");
                    refusals += 1;
                }
                None => {
                    let (found, _) = recovered(&disk, Position::NONE).unwrap();
                    assert_eq!(found.position, end, "{name}, block {block}");
                }
            }
        }
    }
    assert!(15 < refusals);
}

#[test]
fn a_zeroed_block_in_the_middle_is_damage_too() {
    let (_, end) = history(2);
    let frames = frames(&history(2).0);
    for (index, (name, from, _)) in frames.iter().enumerate() {
        let (disk, _) = history(2);
        disk.overwrite(name, *from, &[0; 4096]);
        if index + 1 == frames.len() {
            assert_eq!(
                recovered(&disk, Position::NONE).unwrap().0.position.lsn,
                end.lsn.previous()
            );
        } else {
            let damage = refused(&disk, Position::NONE);
            let Damage::Frame { lsn, .. } = damage else { panic!("{damage}") };
            assert_eq!(lsn, Lsn(index as u64 + 1));
        }
    }
}

#[test]
fn a_missing_segment_is_a_gap() {
    let names = segment_names(&history(3).0);
    for (index, name) in names.iter().enumerate() {
        let (disk, end) = history(3);
        disk.remove_durably(name);
        if index + 1 == names.len() {
            assert!(matches!(refused(&disk, end), Damage::Apart { .. }), "{name}");
        } else {
            let damage = refused(&disk, Position::NONE);
            let expected = match damage {
                Damage::Apart { .. } => index == 0,
                Damage::Frame { .. } | Damage::Gap { .. } => 0 < index,
                _ => false,
            };
            assert!(expected, "{name}: {damage}");
        }
    }
}

#[test]
fn a_truncated_directory_does_not_pass_for_a_fresh_one() {
    let (disk, end) = history(4);
    for name in disk.file_names() {
        disk.remove_durably(&name);
    }
    let damage = refused(&disk, end);
    assert!(matches!(damage, Damage::Apart { first: Lsn(1), last: Lsn(0), .. }), "{damage}");
}

#[test]
fn stores_of_another_history_are_refused() {
    let (disk, end) = history(5);
    let foreign = Position { chain: end.chain ^ 1, ..end };
    assert!(matches!(refused(&disk, foreign), Damage::Foreign { .. }));
    let first = write(&SimDisk::new(6, 1 << 20), &[3000, 100, 5000]);
    let foreign = Position { chain: first.chain ^ 8, ..first };
    assert!(matches!(refused(&disk, foreign), Damage::Foreign { .. }));
    assert!(recovered(&disk, first).is_ok(), "the same bodies make the same history");
    let ahead = Position { lsn: end.lsn.next(), ..end };
    assert!(matches!(refused(&disk, ahead), Damage::Apart { .. }));
}

#[test]
fn a_frame_with_another_past_is_refused() {
    let (disk, end) = history(7);
    let names = segment_names(&disk);
    let last = names.last().unwrap();
    let id = u64::from_str_radix(&last[..16], 16).unwrap();
    let found = disk.run(inspect(&disk, &mut |_| {}, &mut |_| {})).unwrap();
    let offset = found.segments.last().unwrap().end_offset;
    let forged = Position { chain: end.chain ^ 1, ..end };
    let body = body(end.lsn.next(), 10);
    let (header, _) = stamp(forged, end.epoch, Lsn::NONE, id, 7, &body);
    disk.overwrite(last, offset, &[&header[..], &body].concat());
    let damage = refused(&disk, Position::NONE);
    assert!(matches!(damage, Damage::Order { .. }), "{damage}");
}

#[test]
fn a_later_format_is_not_touched() {
    let (disk, _) = history(8);
    let name = segment_names(&disk).remove(0);
    let mut header = disk.content(&name)[..56].to_vec();
    header[8] = 2;
    let crc = crc32c::crc32c(&header[..52]);
    header[52..56].copy_from_slice(&crc.to_le_bytes());
    disk.overwrite(&name, 0, &header);
    let text = refused(&disk, Position::NONE).to_string();
    assert!(text.contains("format version 2, this program reads version 1"), "{text}");
}

#[test]
fn an_inspection_reports_damage_without_refusing() {
    let (disk, _) = history(9);
    let (name, from, _) = frames(&disk).remove(3);
    disk.flip_bit(&name, from + 70, 0);
    let mut frames_count = 0;
    let found = disk.run(inspect(&disk, &mut |_| frames_count += 1, &mut |_| {})).unwrap();
    assert_eq!((frames_count, found.position.lsn), (3, Lsn(3)));
    assert!(matches!(found.damage, Some(Damage::Frame { lsn: Lsn(4), .. })));
}
