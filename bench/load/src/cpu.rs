//! Who used how much CPU, and on which core a thread runs.

use std::fs;
use std::io;

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Keeps the calling thread on one core.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    if CpuSet::MAX_CPU <= core {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// CPU time of the calling thread so far, in nanoseconds.
pub(crate) fn thread_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Most processes whose CPU time is added up, without those that they started.
pub(crate) const TREES_MAX: usize = 8;

/// Whose CPU time to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All threads of a process.
    Process(u32),
    /// All threads of these processes and of all that they started; 0 is none.
    Trees([u32; TREES_MAX]),
    /// One thread of this process.
    Thread(i32),
}

/// CPU time so far, in clock ticks, thread by thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<(i32, u64)>);

/// CPU time between two samples, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) all_us: u64,
    pub(crate) busiest_thread_us: u64,
}

impl Subject {
    /// Reads user and system time from `/proc`. A thread that ended meanwhile is left out.
    pub(crate) fn sample(self) -> io::Result<Sample> {
        let mut threads = Vec::new();
        match self {
            Self::Process(pid) => add_threads(pid, &mut threads)?,
            Self::Trees(roots) => {
                for root in roots.into_iter().filter(|it| *it != 0) {
                    add_threads(root, &mut threads)?;
                }
                for pid in descendants(&roots)? {
                    // One that ended meanwhile is left out.
                    drop(add_threads(pid, &mut threads));
                }
            }
            Self::Thread(tid) => {
                let stat = fs::read_to_string(format!("/proc/self/task/{tid}/stat"))?;
                threads.extend(ticks(&stat).map(|ticks| (tid, ticks)));
            }
        }
        Ok(Sample(threads))
    }
}

fn add_threads(pid: u32, threads: &mut Vec<(i32, u64)>) -> io::Result<()> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?;
        let tid = task.file_name().to_str().and_then(|name| name.parse().ok());
        let stat = fs::read_to_string(task.path().join("stat"));
        if let (Some(tid), Some(ticks)) = (tid, stat.ok().and_then(|stat| ticks(&stat))) {
            threads.push((tid, ticks));
        }
    }
    Ok(())
}

/// Every process that one of `roots` started, and what that started in turn; without the roots.
fn descendants(roots: &[u32]) -> io::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for process in fs::read_dir("/proc")? {
        let process = process?;
        let pid = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let stat = pid.and_then(|_| fs::read_to_string(process.path().join("stat")).ok());
        parents.extend(pid.zip(stat.and_then(|it| parent(&it))));
    }
    let mut found: Vec<u32> = Vec::new();
    loop {
        let is_new = |(pid, of): &&(u32, u32)| {
            (roots.contains(of) || found.contains(of))
                && !found.contains(pid)
                && !roots.contains(pid)
        };
        let more: Vec<u32> =
            parents.iter().filter(|(_, of)| *of != 0).filter(is_new).map(|it| it.0).collect();
        if more.is_empty() {
            return Ok(found);
        }
        found.extend(more);
    }
}

/// Field 4 of a `stat` line.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

impl Sample {
    /// What was used since an earlier sample.
    pub(crate) fn since(&self, earlier: &Self) -> Used {
        let before = |tid| {
            let found = earlier.0.iter().find(|(earlier_tid, _)| *earlier_tid == tid);
            found.map_or(0, |(_, ticks)| *ticks)
        };
        let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
        let used = |(tid, ticks): &(i32, u64)| ticks.saturating_sub(before(*tid)) * tick_us;
        Used {
            all_us: self.0.iter().map(used).sum(),
            busiest_thread_us: self.0.iter().map(used).max().unwrap_or(0),
        }
    }
}

/// Fields 14 and 15 of a `stat` line. The name in field 2 may hold blanks and parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        for name in ["load", "a) b (c", ") 1 2 3"] {
            let stat = format!("42 ({name}) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0 5 0");
            assert_eq!(ticks(&stat), Some(42), "{name}");
        }
        assert_eq!(ticks("42 (short) S 1"), None);
    }

    #[test]
    fn a_thread_that_began_between_samples_counts_in_full() {
        let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second();
        let (before, after) = (Sample(vec![(1, 10)]), Sample(vec![(1, 13), (2, 5)]));
        let used = after.since(&before);
        assert_eq!((used.all_us, used.busiest_thread_us), (8 * tick_us, 5 * tick_us));
    }

    #[test]
    fn whoever_a_process_started_counts_along() {
        let mut child = Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let own = std::process::id();
        let both = || descendants(&[own, 0]).unwrap().len();
        let until = Instant::now() + Duration::from_secs(10);
        while both() < 2 && Instant::now() < until {
            std::thread::yield_now();
        }
        let found = descendants(&[own, 0]).unwrap();
        let threads = Subject::Trees([own, 0, 0, 0, 0, 0, 0, 0]).sample().unwrap();
        let grandchild = found.iter().find(|it| **it != child.id()).copied();
        for pid in grandchild.into_iter().chain([child.id()]) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        child.wait().unwrap();
        assert!(found.contains(&child.id()) && 2 <= found.len(), "{found:?}");
        assert!(!found.contains(&own) && 3 <= threads.0.len());
        assert!(Subject::Trees([u32::MAX, 0, 0, 0, 0, 0, 0, 0]).sample().is_err());
    }

    #[test]
    fn this_process_can_be_sampled() {
        let sample = Subject::Process(std::process::id()).sample().unwrap();
        assert!(!sample.0.is_empty());
        assert!(Subject::Process(u32::MAX).sample().is_err());
    }
}
