//! The machine that a result is of: figures without it cannot be held against others.

mod disk_sync;
mod look;

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::figure::{bytes, duration};

pub use disk_sync::DiskSync;

/// Looks at the machine that the generator runs on; of a box elsewhere it says nothing. What the
/// kernel does not tell is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The model, as the processor names itself.
    pub cpu: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Logical processors that this process may use.
    pub cores: u32,
    /// Logical processors that are there.
    pub cores_online: u32,
    /// Of the last level, as the kernel writes it: `32768K`.
    pub cache: Option<String>,
    /// In bytes.
    pub memory_bytes: u64,
    /// The release, such as `6.12.3`.
    pub kernel: String,
    /// What steers the clock frequency; absent in most virtual machines.
    pub governor: Option<String>,
    /// What the kernel reads time from.
    pub clock: Option<String>,
    /// What the machine runs on, when it is not on its own.
    pub virtualisation: Option<String>,
    /// Whether a ring could be made, and the reason when it could not.
    pub io_uring: Ring,
    /// The disk under the probed directory, when one was.
    pub disk: Option<DiskSync>,
}

/// What the kernel says to a ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ring {
    /// A ring could be made.
    Usable,
    /// It could not, for this reason; cores use epoll then, and the log writes by `pwrite`.
    Refused(String),
}

impl Machine {
    /// Looks, and measures the disk under `directory` when one is given: some hundred synced writes,
    /// which take a tenth of a second on a fast disk and some seconds on a slow one.
    pub fn look(directory: Option<&Path>) -> Self {
        Self { disk: directory.and_then(DiskSync::measure), ..look::machine() }
    }

    /// Each property with its title, for a table.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let or_unknown = |it: &Option<String>| it.clone().unwrap_or_else(|| "not told".to_owned());
        let mut cores = format!("{} of {}", self.cores, self.cores_online);
        if let Some(cache) = &self.cache {
            cores = format!("{cores}, last-level cache {cache}");
        }
        let ring = match &self.io_uring {
            Ring::Usable => "usable".to_owned(),
            Ring::Refused(why) => format!("not usable: {why}"),
        };
        let bare = "none that is seen".to_owned();
        vec![
            ("CPU", format!("{} ({})", self.cpu, self.architecture)),
            ("cores", cores),
            ("memory", bytes(self.memory_bytes)),
            ("kernel", format!("Linux {}", self.kernel)),
            ("governor", or_unknown(&self.governor)),
            ("clock", or_unknown(&self.clock)),
            ("virtualisation", self.virtualisation.clone().unwrap_or(bare)),
            ("io_uring", ring),
            ("disk", self.disk.as_ref().map_or_else(|| "not measured".to_owned(), DiskSync::text)),
        ]
    }

    /// What differs between two machines, so that a comparison of their figures can say it. What was
    /// measured is not compared: it is never the same twice.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let settled =
            |it: &Self| Self { disk: it.disk.as_ref().map(DiskSync::settled), ..it.clone() };
        let (mine, theirs) = (settled(self).lines(), settled(other).lines());
        let both = mine.into_iter().zip(theirs).filter(|(a, b)| a != b);
        both.map(|((title, a), (_, b))| format!("{title}: {a}; {b}")).collect()
    }
}

/// In one line.
impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} of {} cores, ", self.cpu, self.cores, self.cores_online)?;
        write!(f, "{}, Linux {}", bytes(self.memory_bytes), self.kernel)?;
        if let Some(governor) = &self.governor {
            write!(f, ", governor {governor}")?;
        }
        if let Some(kind) = &self.virtualisation {
            write!(f, ", {kind}")?;
        }
        match &self.io_uring {
            Ring::Usable => write!(f, ", io_uring"),
            Ring::Refused(why) => write!(f, ", no io_uring ({why})"),
        }
    }
}

impl DiskSync {
    fn text(&self) -> String {
        let mut text = format!("{} on {}", self.file_system, self.device);
        if let Some(cache) = &self.write_cache {
            text = format!("{text} (write cache: {cache})");
        }
        if self.commit_p50_ns == 0 {
            return text;
        }
        let way = if self.direct { "direct" } else { "through the page cache" };
        format!(
            "{text}; 4 KiB write + fdatasync {way}: p50 {}, p99 {}, of {}",
            duration(self.commit_p50_ns),
            duration(self.commit_p99_ns),
            self.rounds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let machine = Machine::look(Some(directory.path()));
        assert!(!machine.cpu.is_empty());
        assert!((1..=machine.cores_online).contains(&machine.cores), "{machine:?}");
        assert!(1 << 20 < machine.memory_bytes, "{machine:?}");
        let disk = machine.disk.as_ref().unwrap();
        assert!(0 < disk.commit_p50_ns && disk.commit_p50_ns <= disk.commit_p99_ns, "{disk:?}");
        let json = serde_json::to_string(&machine).unwrap();
        assert_eq!(serde_json::from_str::<Machine>(&json).unwrap(), machine);
        let titles: Vec<&str> = machine.lines().iter().map(|it| it.0).collect();
        for title in ["CPU", "cores", "kernel", "memory", "governor", "io_uring", "disk"] {
            assert!(titles.contains(&title), "{title}");
        }
    }

    #[test]
    fn only_what_stays_is_compared() {
        let mut a = look::machine();
        a.disk = Some(DiskSync {
            file_system: "ext4".to_owned(),
            device: "/dev/vda".to_owned(),
            write_cache: Some("write back".to_owned()),
            direct: true,
            rounds: 200,
            commit_p50_ns: 100_000,
            commit_p99_ns: 200_000,
            write_p50_ns: 60_000,
            sync_p50_ns: 40_000,
        });
        let mut b = a.clone();
        if let Some(disk) = &mut b.disk {
            disk.commit_p50_ns = 900_000;
        }
        assert_eq!(a.differences(&b), Vec::<String>::new());
        b.kernel = "5.4.0".to_owned();
        b.io_uring = Ring::Refused("not in this kernel".to_owned());
        let found = b.differences(&a);
        assert_eq!(found.len(), 2 - usize::from(a.io_uring == b.io_uring), "{found:?}");
        assert!(found[0].starts_with("kernel: Linux 5.4.0; Linux "), "{found:?}");
    }
}
