//! What a process and the machine used, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use std::io::{Read, Write};
use std::net::TcpStream;

/// CPU time so far, in microseconds, and what else the kernel tells of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    threads: BTreeMap<i32, Thread>,
    pub(crate) resident_bytes: u64,
    /// None where only its owner may know.
    pub(crate) written_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thread {
    name: String,
    user_us: u64,
    kernel_us: u64,
}

/// What was used between two looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) all_us: u64,
    pub(crate) busiest_us: u64,
    /// By what the thread does, and by where it ran.
    pub(crate) by: BTreeMap<String, u64>,
}

impl Usage {
    pub(crate) fn look(pid: u32) -> io::Result<Self> {
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let tid = task.file_name().to_str().and_then(|name| name.parse().ok());
            // One that ended meanwhile is left out.
            let stat = fs::read_to_string(task.path().join("stat")).ok();
            if let Some((tid, thread)) = tid.zip(stat.and_then(|it| Thread::parse(&it))) {
                threads.insert(tid, thread);
            }
        }
        let memory = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let written = fs::read_to_string(format!("/proc/{pid}/io")).ok();
        Ok(Self {
            threads,
            resident_bytes: field(&memory, "VmRSS:").unwrap_or(0) * 1024,
            written_bytes: written.and_then(|it| field(&it, "write_bytes:")),
        })
    }

    /// What was used since an earlier look.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        let mut spent = Spent::default();
        for (tid, now) in &self.threads {
            let before = earlier.threads.get(tid);
            let user_us = now.user_us.saturating_sub(before.map_or(0, |it| it.user_us));
            let kernel_us = now.kernel_us.saturating_sub(before.map_or(0, |it| it.kernel_us));
            let both = user_us + kernel_us;
            spent.all_us += both;
            spent.busiest_us = spent.busiest_us.max(both);
            for (part, us) in [(now.part(), both), ("user", user_us), ("kernel", kernel_us)] {
                *spent.by.entry(part.to_owned()).or_default() += us;
            }
        }
        spent
    }
}

impl Thread {
    /// Reads a `stat` line. The name in field 2 may hold blanks and parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let (front, rest) = stat.rsplit_once(')')?;
        let (_, name) = front.split_once('(')?;
        let mut fields = rest.split_ascii_whitespace().skip(11);
        let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
        let user_us = fields.next()?.parse::<u64>().ok()? * tick_us;
        let kernel_us = fields.next()?.parse::<u64>().ok()? * tick_us;
        Some(Self { name: name.to_owned(), user_us, kernel_us })
    }

    /// What it does, by the names that the server gives its threads.
    fn part(&self) -> &'static str {
        match self.name.as_str() {
            name if name.starts_with("quoin-core") => "core",
            // The kernel keeps fifteen letters.
            name if name.starts_with("quoin-checkp") => "checkpoint",
            name if name.starts_with("quoin-log") => "log",
            _ => "other",
        }
    }
}

/// The first number behind a word at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Ticks that each core worked and ticks that there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cores(Vec<(u64, u64)>);

impl Cores {
    /// Empty where the kernel tells nothing.
    pub(crate) fn look() -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    fn parse(stat: &str) -> Self {
        let of_core = |line: &str| {
            let (name, rest) = line.split_once(' ')?;
            name.strip_prefix("cpu")?.parse::<u32>().ok()?;
            // user nice system idle iowait irq softirq steal; guests are part of user.
            let ticks: Vec<u64> =
                rest.split_ascii_whitespace().take(8).filter_map(|it| it.parse().ok()).collect();
            let all: u64 = ticks.iter().sum();
            let idle = ticks.get(3)? + ticks.get(4)?;
            Some((all - idle, all))
        };
        Self(stat.lines().filter_map(of_core).collect())
    }

    /// How much of the time since an earlier look each core worked, in percent.
    pub(crate) fn busy_percent_since(&self, earlier: &Self) -> Vec<f64> {
        let busy = |(now, before): (&(u64, u64), &(u64, u64))| {
            let all = now.1.saturating_sub(before.1).max(1);
            let worked = now.0.saturating_sub(before.0);
            100.0 * crate::report::float(worked) / crate::report::float(all)
        };
        self.0.iter().zip(&earlier.0).map(busy).collect()
    }
}

/// What a box tells at `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) log_bytes: u64,
    pub(crate) overlay_bytes: u64,
    pub(crate) cores: u32,
}

/// How long a box may take to tell.
const PATIENCE: Duration = Duration::from_secs(5);

impl Told {
    /// Asks the plain HTTP door.
    pub(crate) fn ask(address: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Self::parse(&text).ok_or_else(|| io::Error::other("no metrics of a box"))
    }

    fn parse(text: &str) -> Option<Self> {
        let cores = text.lines().filter(|it| it.starts_with("quoin_core_lag_seconds{")).count();
        Some(Self {
            log_bytes: field(text, "quoin_log_written_bytes_total ")?,
            overlay_bytes: field(text, "quoin_overlay_bytes ")?,
            cores: u32::try_from(cores).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &str, user: u64, kernel: u64) -> Thread {
        Thread::parse(&format!("7 ({name}) S 1 2 3 4 5 6 7 8 9 10 {user} {kernel} 0 0 20")).unwrap()
    }

    #[test]
    fn time_is_told_apart_by_what_a_thread_does_and_where_it_ran() {
        let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second();
        let usage = |of_core, of_log| Usage {
            threads: [(1, stat("quoin-core-0", of_core, 2)), (2, stat("quoin-log", 0, of_log))]
                .into(),
            ..Usage::default()
        };
        let mut after = usage(30, 9);
        after.threads.insert(3, stat("quoin-checkpoin", 1, 0));
        let spent = after.since(&usage(10, 4));
        let by: Vec<(&str, u64)> =
            spent.by.iter().map(|(part, us)| (part.as_str(), us / tick_us)).collect();
        let expected = [("checkpoint", 1), ("core", 20), ("kernel", 5), ("log", 5), ("user", 21)];
        assert_eq!(by, expected);
        assert_eq!((spent.all_us, spent.busiest_us), (26 * tick_us, 20 * tick_us));
        assert_eq!(stat("a) (b", 1, 1).part(), "other");
    }

    #[test]
    fn this_process_and_this_machine_can_be_looked_at() {
        let usage = Usage::look(std::process::id()).unwrap();
        assert!(!usage.threads.is_empty() && 0 < usage.resident_bytes);
        assert!(Usage::look(u32::MAX).is_err());
        assert!(!Cores::look().0.is_empty());
    }

    #[test]
    fn idle_and_waiting_are_no_work() {
        let before = Cores::parse("cpu  1 1 1 1 1\ncpu0 10 0 10 70 10 0 0 0 0 0\nintr 5\n");
        let after = Cores::parse("cpu  1 1 1 1 1\ncpu0 40 0 20 120 20 0 0 0 5 0\nintr 5\n");
        assert_eq!(after.busy_percent_since(&before), [40.0]);
    }

    #[test]
    fn a_box_tells_of_its_log_and_its_cores() {
        let text = "HTTP/1.1 200 OK\r\n\r\n# TYPE quoin_log_written_bytes counter\n\
                    quoin_log_written_bytes_total 4096\nquoin_overlay_bytes 12\n\
                    quoin_core_lag_seconds{core=\"0\"} 0.1\nquoin_core_lag_seconds{core=\"1\"} 0.1\n";
        let told = Told { log_bytes: 4096, overlay_bytes: 12, cores: 2 };
        assert_eq!(Told::parse(text), Some(told));
        assert_eq!(Told::parse("HTTP/1.1 200 OK\r\n\r\nhello"), None);
    }
}
