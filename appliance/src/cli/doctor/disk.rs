//! The disk under the data directory: what it is, how fast it syncs, how much is free.

use std::path::{Path, PathBuf};

use disk::probe::{Probe, measure};
use rustix::fs::{statfs, statvfs};

use super::finding::Finding;
use crate::table::{bytes, duration};

const ROUNDS: u32 = 200;
/// A durable reply cannot come sooner than one sync.
const SLOW_NS: u64 = 2_000_000;
/// No device answers a real sync so soon.
const TOO_FAST_NS: u64 = 5_000;
const FREE_COMFORT_BYTES: u64 = 4 << 30;

/// `statfs` types with a name and, where it matters, what is wrong with them for a log.
const KINDS: &[(i64, &str, Option<&str>)] = &[
    (0xEF53, "ext4", None),
    (0x5846_5342, "xfs", None),
    (0x9123_683E, "btrfs", Some("copy-on-write: every sync writes several times")),
    (0x2FC1_2FC1, "zfs", Some("copy-on-write: every sync writes several times")),
    (0x0102_1994, "tmpfs", Some("memory: everything is lost when the machine stops")),
    (0x8584_58F6, "ramfs", Some("memory: everything is lost when the machine stops")),
    (0x794C_7630, "overlayfs", Some("a container's own layer: gone with the container")),
    (0x6969, "nfs", Some("a network: locks and syncs are as good as the server")),
    (0xFF53_4D42, "cifs", Some("a network: locks and syncs are as good as the server")),
    (0x0102_1997, "9p", Some("a hypervisor's share: syncs are as good as the host")),
    (0x6573_5546, "fuse", Some("a program of its own: syncs are as good as that program")),
];

pub(crate) fn look(data: &Path, segment_bytes: u64) -> Vec<Finding> {
    let Some(place) = existing(data) else {
        let found = format!("{}: no directory above it can be read", data.display());
        return vec![Finding::fail("data directory", found, "choose another with --data")];
    };
    let mut findings = vec![directory(data, &place), kind(&place), space(&place, segment_bytes)];
    match measure(&place, ROUNDS) {
        Ok(probe) => findings.extend([direct(&probe), sync(&probe)]),
        Err(error) => findings.push(Finding::fail(
            "disk",
            format!("cannot be written: {error}"),
            "make the directory writable for this user, or choose another with --data",
        )),
    }
    findings
}

/// The directory itself, or the nearest one above it that exists.
fn existing(data: &Path) -> Option<PathBuf> {
    let data = std::path::absolute(data).ok()?;
    data.ancestors().find(|it| it.is_dir()).map(Path::to_owned)
}

fn directory(data: &Path, place: &Path) -> Finding {
    if data.is_dir() {
        Finding::ok("data directory", data.display().to_string())
    } else {
        let found = format!("{} does not exist yet; looked at {}", data.display(), place.display());
        Finding::ok("data directory", found)
    }
}

fn kind(place: &Path) -> Finding {
    const SUBJECT: &str = "file system";
    let Ok(found) = statfs(place) else {
        return Finding::ok(SUBJECT, "not told");
    };
    match KINDS.iter().find(|(kind, ..)| i128::from(*kind) == i128::from(found.f_type)) {
        Some((_, name, None)) => Finding::ok(SUBJECT, *name),
        Some((_, name, Some(fault))) => Finding::warn(
            SUBJECT,
            format!("{name}, {fault}"),
            "put the data directory on ext4 or xfs on a local disk",
        ),
        None => Finding::ok(SUBJECT, format!("type {:#x}, not known here", found.f_type)),
    }
}

fn space(place: &Path, segment_bytes: u64) -> Finding {
    const SUBJECT: &str = "free space";
    let Ok(found) = statvfs(place) else {
        return Finding::ok(SUBJECT, "not told");
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    // The segment that is written, the next one, and the same again for the stores.
    let least = segment_bytes * 4;
    if free < least {
        let text = format!(
            "{}: the log's first segments and the stores need {}",
            bytes(free),
            bytes(least)
        );
        Finding::fail(SUBJECT, text, "free space, or set a smaller log.segment_mib")
    } else if free < FREE_COMFORT_BYTES {
        let text = format!("{}: commands are refused once it is used up", bytes(free));
        Finding::warn(SUBJECT, text, "free space, and watch it")
    } else {
        Finding::ok(SUBJECT, bytes(free))
    }
}

fn direct(probe: &Probe) -> Finding {
    if probe.direct {
        Finding::ok("direct I/O", "works")
    } else {
        Finding::warn(
            "direct I/O",
            "not on this file system: the log writes through the page cache, with a longer tail",
            "put the data directory on ext4 or xfs",
        )
    }
}

fn sync(probe: &Probe) -> Finding {
    const SUBJECT: &str = "sync latency";
    let (p50, p99) = (probe.commit_p50_ns, probe.commit_p99_ns);
    let found = format!(
        "4 KiB write and fdatasync: p50 {}, p99 {} over {} rounds",
        duration(p50),
        duration(p99),
        probe.rounds
    );
    if SLOW_NS < p50 {
        let found = format!("{found}: every durable reply waits at least so long");
        Finding::warn(SUBJECT, found, "use an SSD, best with power-loss protection")
    } else if p50 < TOO_FAST_NS {
        let found =
            format!("{found}: too fast for a device, so a sync here may not survive a power cut");
        Finding::warn(SUBJECT, found, "make sure that syncs reach the device")
    } else {
        Finding::ok(SUBJECT, found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn probe(commit_p50_ns: u64) -> Probe {
        Probe {
            direct: true,
            rounds: 1,
            commit_p50_ns,
            commit_p99_ns: commit_p50_ns,
            write_p50_ns: 0,
            sync_p50_ns: commit_p50_ns,
        }
    }

    #[test]
    fn a_sync_is_judged_at_its_bounds() {
        for (nanos, verdict) in [
            (TOO_FAST_NS - 1, Verdict::Warn),
            (TOO_FAST_NS, Verdict::Ok),
            (SLOW_NS, Verdict::Ok),
            (SLOW_NS + 1, Verdict::Warn),
        ] {
            assert_eq!(sync(&probe(nanos)).verdict, verdict, "{nanos}");
        }
    }

    #[test]
    fn a_missing_directory_is_looked_at_from_above() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("a/b");
        assert_eq!(existing(&missing).unwrap(), directory.path());
        let findings = look(&missing, 16 << 20);
        assert!(findings[0].found.contains("does not exist yet"));
        assert!(!missing.exists(), "nothing is made");
    }

    #[test]
    fn too_little_space_fails() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(space(directory.path(), 1 << 60).verdict, Verdict::Fail);
    }
}
