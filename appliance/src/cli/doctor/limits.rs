//! Limits of the process, cores and memory.

use std::fs;
use std::thread;

use config::Config;
use rustix::process::{Resource, getrlimit};

use super::finding::Finding;
use crate::table::{bytes, thousands};

/// What the log's ring locks.
const MEMLOCK_BYTES: u64 = 512 * 1024;
/// Below this, connections are refused long before the configured limits.
const FILES: u64 = 4096;
const MEMORY: &str = "/proc/meminfo";

pub(crate) fn memlock() -> Finding {
    let limit = getrlimit(Resource::Memlock);
    let text = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), bytes);
    match limit.maximum {
        // The soft limit is raised to the hard one at start.
        Some(hard) if hard < MEMLOCK_BYTES => Finding::warn(
            "locked memory",
            format!("at most {}: the log's ring needs {}", text(Some(hard)), bytes(MEMLOCK_BYTES)),
            "ulimit -l 8192 as root, or LimitMEMLOCK=8M in the systemd unit",
        ),
        hard => Finding::ok("locked memory", format!("at most {}", text(hard))),
    }
}

pub(crate) fn open_files() -> Finding {
    match getrlimit(Resource::Nofile).maximum {
        Some(hard) if hard < FILES => Finding::warn(
            "open files",
            format!("at most {}: so many connections at the most", thousands(hard)),
            "ulimit -n 65536 as root, or LimitNOFILE=65536 in the systemd unit",
        ),
        Some(hard) => Finding::ok("open files", format!("at most {}", thousands(hard))),
        None => Finding::ok("open files", "unlimited"),
    }
}

pub(crate) fn cores(config: &Config) -> Finding {
    let available = thread::available_parallelism().map_or(1, usize::from);
    let used = usize::from(config.cores.count);
    let found = format!("{available} available, {used} used as data-plane cores");
    if available == 1 {
        let found = format!("{found}: log and data plane take turns on it");
        Finding::warn("cores", found, "give the process two cores or more")
    } else if available < used {
        let found = format!("{found}: threads take turns");
        Finding::warn("cores", found, "set cores.count to 0 or to what is available")
    } else {
        Finding::ok("cores", found)
    }
}

/// Whether what the configuration lets the box keep in memory is there.
pub(crate) fn memory(config: &Config) -> Finding {
    let text = fs::read_to_string(MEMORY).unwrap_or_default();
    let Some(available) = available_bytes(&text) else {
        return Finding::ok("memory", "the kernel does not say how much is available");
    };
    // Commands wait once twice the checkpoint's trigger is reached.
    let wanted = config.checkpoint.overlay_bytes * 2 + config.stores.cache_bytes as u64;
    let found =
        format!("{} available, at most {} for changes and cache", bytes(available), bytes(wanted));
    if available < wanted {
        Finding::warn(
            "memory",
            found,
            "lower checkpoint.overlay_mib or stores.cache_mib, or add memory",
        )
    } else {
        Finding::ok("memory", found)
    }
}

fn available_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_or_unknown() {
        let text = "MemTotal:  8 kB\nMemAvailable:    4 kB\n";
        assert_eq!(available_bytes(text), Some(4096));
        assert_eq!(available_bytes("MemTotal: 8 kB\n"), None);
        assert_eq!(available_bytes("MemAvailable: many kB\n"), None);
    }
}
