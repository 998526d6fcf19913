//! The device's own speed: what a durable write costs before any of our code runs.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Instant;

use rustix::fs::OFlags;

use crate::plain::{AlignedBytes, BLOCK_BYTES};
use crate::{DiskError, Operation};

/// The probe's file, removed afterwards.
const NAME: &str = "probe.tmp";
/// Blocks of the probed file; writes go round in it.
const BLOCKS: u64 = 1024;

/// What one 4 KiB write followed by one fdatasync costs, on preallocated and zeroed space, nothing
/// else running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Whether the file system takes direct I/O. If not, the figures went through the page cache.
    pub direct: bool,
    /// How many times it was measured.
    pub rounds: u32,
    /// Median of write and sync together.
    pub commit_p50_ns: u64,
    /// 99th percentile of write and sync together.
    pub commit_p99_ns: u64,
    /// Median of the write alone.
    pub write_p50_ns: u64,
    /// Median of the sync alone.
    pub sync_p50_ns: u64,
}

/// Measures the device under `directory`, in `rounds` rounds (at least one) of some hundred
/// microseconds each.
pub fn measure(directory: &Path, rounds: u32) -> Result<Probe, DiskError> {
    let path = directory.join(NAME);
    let failed = |operation| {
        let place = path.display().to_string();
        move |source| DiskError { operation, place, source }
    };
    let probe = write_rounds(&path, rounds.max(1)).map_err(failed(Operation::Write));
    fs::remove_file(&path).map_err(failed(Operation::Remove))?;
    probe
}

fn write_rounds(path: &Path, rounds: u32) -> io::Result<Probe> {
    let block = AlignedBytes::new(BLOCK_BYTES);
    let block = block.as_ref();
    let (file, direct) = open(path, block)?;
    for index in 0..BLOCKS {
        file.write_all_at(block, index * BLOCK_BYTES as u64)?;
    }
    file.sync_all()?;
    let mut writes = Vec::with_capacity(usize::try_from(rounds).unwrap_or(0));
    let mut syncs = Vec::with_capacity(writes.capacity());
    let mut commits = Vec::with_capacity(writes.capacity());
    for round in 0..u64::from(rounds) {
        let begun = Instant::now();
        file.write_all_at(block, round % BLOCKS * BLOCK_BYTES as u64)?;
        let written = Instant::now();
        file.sync_data()?;
        let synced = Instant::now();
        writes.push(nanos(begun, written));
        syncs.push(nanos(written, synced));
        commits.push(nanos(begun, synced));
    }
    Ok(Probe {
        direct,
        rounds,
        commit_p50_ns: percentile(&mut commits, 50),
        commit_p99_ns: percentile(&mut commits, 99),
        write_p50_ns: percentile(&mut writes, 50),
        sync_p50_ns: percentile(&mut syncs, 50),
    })
}

/// The probe's file, opened for direct I/O where a first write shows that it works.
fn open(path: &Path, block: &[u8]) -> io::Result<(File, bool)> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    let flags = i32::try_from(OFlags::DIRECT.bits()).unwrap_or(0);
    let direct = options.clone().custom_flags(flags).open(path);
    if let Ok(file) = direct
        && file.write_all_at(block, 0).is_ok()
    {
        return Ok((file, true));
    }
    Ok((options.open(path)?, false))
}

fn nanos(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}

fn percentile(samples: &mut [u64], percent: usize) -> u64 {
    samples.sort_unstable();
    let index = samples.len() * percent / 100;
    samples.get(index.min(samples.len() - 1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_measures_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let probe = measure(directory.path(), 5).unwrap();
        assert_eq!(probe.rounds, 5);
        assert!(probe.commit_p50_ns >= probe.sync_p50_ns.min(probe.write_p50_ns));
        assert!(probe.commit_p99_ns >= probe.commit_p50_ns);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn percentiles_stay_inside_the_samples() {
        assert_eq!(percentile(&mut [5], 99), 5);
        assert_eq!(percentile(&mut [3, 1, 2, 4], 50), 3);
    }
}
