//! The disk under a directory, and what a synced write costs there.

use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use disk::probe;
use serde::{Deserialize, Serialize};

/// Enough for a 99th percentile that means something.
const ROUNDS: u32 = 300;
const MOUNTS: &str = "/proc/self/mountinfo";

/// A disk, and one 4 KiB write followed by one fdatasync on it, nothing else running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSync {
    /// Such as `ext4`.
    pub file_system: String,
    /// As it was mounted, such as `/dev/nvme0n1p2`.
    pub device: String,
    /// `write back` or `write through`, as the kernel takes it to be: with the first a sync has to
    /// empty the disk's own cache, unless that outlives a power failure.
    pub write_cache: Option<String>,
    /// Whether the file system takes direct I/O.
    pub direct: bool,
    /// How many times it was measured.
    pub rounds: u32,
    /// Median of write and sync together, in nanoseconds.
    pub commit_p50_ns: u64,
    /// 99th percentile of write and sync together, in nanoseconds.
    pub commit_p99_ns: u64,
    /// Median of the write alone, in nanoseconds.
    pub write_p50_ns: u64,
    /// Median of the sync alone, in nanoseconds.
    pub sync_p50_ns: u64,
}

impl DiskSync {
    /// Nothing when the directory cannot be written to.
    pub(super) fn measure(directory: &Path) -> Option<Self> {
        let place = directory.canonicalize().ok()?;
        let probe = probe::measure(&place, ROUNDS).ok()?;
        let mounts = fs::read_to_string(MOUNTS).unwrap_or_default();
        let (file_system, device) = mount(&mounts, &place).unwrap_or_default();
        Some(Self {
            file_system,
            device,
            write_cache: write_cache(&place),
            direct: probe.direct,
            rounds: probe.rounds,
            commit_p50_ns: probe.commit_p50_ns,
            commit_p99_ns: probe.commit_p99_ns,
            write_p50_ns: probe.write_p50_ns,
            sync_p50_ns: probe.sync_p50_ns,
        })
    }

    /// Without what is never the same twice.
    pub(super) fn settled(&self) -> Self {
        let none = (0, 0, 0, 0);
        let mut it = self.clone();
        (it.commit_p50_ns, it.commit_p99_ns, it.write_p50_ns, it.sync_p50_ns) = none;
        it
    }
}

/// File system and device of the mount that holds `place`: the one with the longest path, and of
/// several on the same path the last.
fn mount(mountinfo: &str, place: &Path) -> Option<(String, String)> {
    let rows = mountinfo.lines().filter_map(|line| {
        let (place, source) = line.split_once(" - ")?;
        let at = place.split(' ').nth(4)?;
        let mut source = source.split(' ');
        Some((at, source.next()?, source.next()?))
    });
    let holds = rows.filter(|(at, ..)| place.starts_with(at));
    let (_, file_system, device) = holds.max_by_key(|(at, ..)| at.len())?;
    Some((file_system.to_owned(), device.to_owned()))
}

fn write_cache(place: &Path) -> Option<String> {
    let device = fs::metadata(place).ok()?.st_dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    // A partition has no queue of its own: the disk above it has.
    ["queue", "../queue"].into_iter().find_map(|queue| {
        let file = format!("/sys/dev/block/{major}:{minor}/{queue}/write_cache");
        Some(fs::read_to_string(file).ok()?.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_that_holds_a_place_is_its_own() {
        let mounts = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
28 27 0:20 / /srv rw shared:1 - xfs /dev/nvme0n1p2 rw
29 27 0:21 / /srv/quoin rw - tmpfs tmpfs rw
30 27 0:22 / /srv/quoin rw - btrfs /dev/sdb rw
a line that is none
";
        for (place, file_system, device) in [
            ("/", "ext4", "/dev/vda"),
            ("/srvs", "ext4", "/dev/vda"),
            ("/srv", "xfs", "/dev/nvme0n1p2"),
            ("/srv/quoin/data", "btrfs", "/dev/sdb"),
        ] {
            let found = mount(mounts, Path::new(place)).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_str()), (file_system, device), "{place}");
        }
        assert_eq!(mount("", Path::new("/")), None);
    }
}
