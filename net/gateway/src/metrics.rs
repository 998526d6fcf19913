//! Counters of everything that passes a door, and their text for a scraper.
//!
//! Each core counts in memory of its own and no other core writes there: a count is a load and a
//! store. Whoever asks for `/metrics` adds the cores up.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use contract::Entry;

use crate::gate::DoorKind;

/// Upper ends of the buckets of latencies, in microseconds.
const BOUNDS_US: [u64; 16] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_000_000,
    10_000_000,
];

/// What became of requests, as they are counted.
const OUTCOMES: [&str; 5] = ["ok", "refused", "limited", "busy", "failed"];

/// One core's counters of one operation.
#[derive(Debug, Default)]
struct Count {
    outcomes: [AtomicU64; OUTCOMES.len()],
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    total_us: AtomicU64,
}

/// One core's counters.
#[derive(Debug)]
#[repr(align(128))]
pub struct CoreMetrics {
    operations: Box<[Count]>,
    /// Requests that reached no operation.
    strays: Count,
    doors: [AtomicU64; DoorKind::ALL.len()],
    connections: [AtomicU64; DoorKind::ALL.len()],
    pub(crate) limits: Arc<LimitCounts>,
}

/// What one core's limiter said, whatever core asked.
#[derive(Debug, Default)]
pub(crate) struct LimitCounts {
    admitted: AtomicU64,
    refused: AtomicU64,
    subjects: AtomicU64,
}

impl LimitCounts {
    /// It was asked, and counts so many subjects now.
    pub(crate) fn asked(&self, is_admitted: bool, subjects: usize) {
        add(if is_admitted { &self.admitted } else { &self.refused }, 1);
        self.subjects.store(u64::try_from(subjects).unwrap_or(u64::MAX), Relaxed);
    }
}

/// What one core's side of the QUIC door tells of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuicCounts {
    /// Connections that speak HTTP/3 and are open.
    pub open: u64,
    /// Datagrams that its socket received.
    pub received: u64,
    /// Those of them that belonged to other cores and were handed on.
    pub forwarded: u64,
    /// Those of them that belonged to other cores, which had no room.
    pub dropped: u64,
    /// Clients that were asked to show that their address is their own.
    pub retries: u64,
    /// Connections that were refused: too many, or the door was stopping.
    pub refused: u64,
}

/// Every core's counters.
pub struct Metrics {
    cores: Box<[CoreMetrics]>,
    names: Vec<&'static str>,
    began: Instant,
    quic: OnceLock<AskQuic>,
}

/// What the QUIC door says of a core.
type AskQuic = Box<dyn Fn(u16) -> QuicCounts + Send + Sync>;

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("cores", &self.cores).finish_non_exhaustive()
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed);
}

impl Count {
    fn take(&self, status: u16, took: Duration) {
        let outcome = match status {
            429 => 2,
            503 => 3,
            500.. => 4,
            400.. => 1,
            _ => 0,
        };
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(&self.outcomes[outcome], 1);
        add(&self.buckets[BOUNDS_US.partition_point(|bound| *bound < took_us)], 1);
        add(&self.total_us, took_us);
    }
}

impl CoreMetrics {
    fn new(operations: usize) -> Self {
        Self {
            operations: (0..operations).map(|_| Count::default()).collect(),
            strays: Count::default(),
            doors: Default::default(),
            connections: Default::default(),
            limits: Arc::default(),
        }
    }

    /// A request was answered: `operation` is its place among all, if it reached one.
    pub fn answered(&self, door: DoorKind, operation: Option<usize>, status: u16, took: Duration) {
        let count = operation.and_then(|it| self.operations.get(it)).unwrap_or(&self.strays);
        count.take(status, took);
        add(&self.doors[door as usize], 1);
    }

    /// Requests came through a door that counts them together and times none.
    pub fn passed(&self, door: DoorKind, requests: u64) {
        add(&self.doors[door as usize], requests);
    }

    /// A connection was accepted.
    pub fn connected(&self, door: DoorKind) {
        add(&self.connections[door as usize], 1);
    }

    /// A connection ended.
    pub fn disconnected(&self, door: DoorKind) {
        add(&self.connections[door as usize], u64::MAX);
    }
}

impl Metrics {
    pub(crate) fn new(entries: &'static [Entry], cores: u16) -> Self {
        let names: Vec<_> =
            entries.iter().flat_map(|it| it.operations).map(|it| it.shape.name).collect();
        let cores = (0..cores).map(|_| CoreMetrics::new(names.len())).collect();
        Self { cores, names, began: Instant::now(), quic: OnceLock::new() }
    }

    /// The QUIC door counts by itself: this asks it. The first one given stays.
    pub fn ask_quic(&self, counts: impl Fn(u16) -> QuicCounts + Send + Sync + 'static) {
        // A second door would be a second box.
        let _ = self.quic.set(Box::new(counts));
    }

    /// One core's counters.
    ///
    /// # Panics
    ///
    /// When there is no such core.
    pub fn of(&self, core: u16) -> &CoreMetrics {
        &self.cores[usize::from(core)]
    }

    /// The text for a scraper (`OpenMetrics` 1.0), up to but without the end mark, so that others may
    /// append theirs.
    pub fn write(&self, out: &mut String) {
        self.try_write(out).expect("writing into memory cannot fail");
    }

    fn try_write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# TYPE quoin_uptime_seconds gauge")?;
        writeln!(out, "# HELP quoin_uptime_seconds Time since the start.")?;
        writeln!(out, "quoin_uptime_seconds {}", self.began.elapsed().as_secs())?;
        writeln!(out, "# TYPE quoin_requests counter")?;
        writeln!(out, "# HELP quoin_requests Requests answered, by operation and outcome.")?;
        let strays = (usize::MAX, "none");
        let named = || self.names.iter().copied().enumerate().chain([strays]);
        for (index, name) in named() {
            for (outcome, word) in OUTCOMES.iter().enumerate() {
                let total = self.sum(|core| core.count(index).outcomes[outcome].load(Relaxed));
                if total != 0 {
                    writeln!(
                        out,
                        "quoin_requests_total{{operation=\"{name}\",outcome=\"{word}\"}} {total}"
                    )?;
                }
            }
        }
        writeln!(out, "# TYPE quoin_request_seconds histogram")?;
        writeln!(out, "# UNIT quoin_request_seconds seconds")?;
        writeln!(out, "# HELP quoin_request_seconds Time from a whole request to its answer.")?;
        for (index, name) in named() {
            self.write_histogram(index, name, out)?;
        }
        writeln!(out, "# TYPE quoin_door_requests counter")?;
        writeln!(out, "# HELP quoin_door_requests Requests answered, by door and core.")?;
        for (core, counters) in self.cores.iter().enumerate() {
            for door in DoorKind::ALL {
                let (name, total) = (door.name(), counters.doors[door as usize].load(Relaxed));
                writeln!(
                    out,
                    "quoin_door_requests_total{{door=\"{name}\",core=\"{core}\"}} {total}"
                )?;
            }
        }
        writeln!(out, "# TYPE quoin_connections gauge")?;
        writeln!(out, "# HELP quoin_connections Connections that are open, by door and core.")?;
        for (core, counters) in (0..).zip(&self.cores) {
            for door in DoorKind::ALL {
                let open = match (door, self.quic.get()) {
                    (DoorKind::Http3, Some(quic)) => quic(core).open,
                    // No door, no series.
                    (DoorKind::Http3, None) => continue,
                    _ => counters.connections[door as usize].load(Relaxed),
                };
                let name = door.name();
                writeln!(out, "quoin_connections{{door=\"{name}\",core=\"{core}\"}} {open}")?;
            }
        }
        self.write_limits(out)?;
        self.quic.get().map_or(Ok(()), |quic| self.write_quic(quic, out))
    }

    fn write_limits(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# TYPE quoin_limit_checks counter")?;
        writeln!(out, "# HELP quoin_limit_checks Questions to the limiter, by its word and core.")?;
        for (core, counters) in self.cores.iter().enumerate() {
            let LimitCounts { admitted, refused, .. } = &*counters.limits;
            for (word, count) in [("admitted", admitted), ("refused", refused)] {
                let count = count.load(Relaxed);
                writeln!(
                    out,
                    "quoin_limit_checks_total{{word=\"{word}\",core=\"{core}\"}} {count}"
                )?;
            }
        }
        writeln!(out, "# TYPE quoin_limit_subjects gauge")?;
        writeln!(out, "# HELP quoin_limit_subjects Subjects that the limiter keeps, by core.")?;
        for (core, counters) in self.cores.iter().enumerate() {
            let kept = counters.limits.subjects.load(Relaxed);
            writeln!(out, "quoin_limit_subjects{{core=\"{core}\"}} {kept}")?;
        }
        Ok(())
    }

    fn write_quic(&self, quic: &AskQuic, out: &mut String) -> fmt::Result {
        let cores = u16::try_from(self.cores.len()).unwrap_or(u16::MAX);
        let counts: Vec<_> = (0..cores).map(quic).collect();
        let of: [fn(&QuicCounts) -> u64; 5] = [
            |it| it.received,
            |it| it.forwarded,
            |it| it.dropped,
            |it| it.retries,
            |it| it.refused,
        ];
        let names = [
            ("datagrams", "Datagrams received"),
            ("forwarded", "Datagrams received and handed on to their core"),
            ("dropped", "Datagrams of another core, which had no room"),
            ("retries", "Clients asked to show their address"),
            ("refused", "Connections refused"),
        ];
        for ((name, help), of) in names.into_iter().zip(of) {
            writeln!(out, "# TYPE quoin_quic_{name} counter")?;
            writeln!(out, "# HELP quoin_quic_{name} {help}, by core.")?;
            for (core, counts) in counts.iter().enumerate() {
                let count = of(counts);
                writeln!(out, "quoin_quic_{name}_total{{core=\"{core}\"}} {count}")?;
            }
        }
        Ok(())
    }

    fn write_histogram(&self, index: usize, name: &str, out: &mut String) -> fmt::Result {
        let mut below = 0;
        let counts: Vec<_> = (0..=BOUNDS_US.len())
            .map(|bucket| self.sum(|core| core.count(index).buckets[bucket].load(Relaxed)))
            .collect();
        let all: u64 = counts.iter().sum();
        if all == 0 {
            return Ok(());
        }
        for (bound, count) in BOUNDS_US.iter().zip(&counts) {
            below += count;
            let (whole, rest) = (bound / 1_000_000, bound % 1_000_000);
            writeln!(
                out,
                "quoin_request_seconds_bucket{{operation=\"{name}\",le=\"{whole}.{rest:06}\"}} {below}"
            )?;
        }
        let total_us = self.sum(|core| core.count(index).total_us.load(Relaxed));
        let (whole, rest) = (total_us / 1_000_000, total_us % 1_000_000);
        writeln!(out, "quoin_request_seconds_bucket{{operation=\"{name}\",le=\"+Inf\"}} {all}")?;
        writeln!(out, "quoin_request_seconds_sum{{operation=\"{name}\"}} {whole}.{rest:06}")?;
        writeln!(out, "quoin_request_seconds_count{{operation=\"{name}\"}} {all}")
    }

    fn sum(&self, of: impl Fn(&CoreMetrics) -> u64) -> u64 {
        self.cores.iter().map(of).sum()
    }
}

impl CoreMetrics {
    fn count(&self, index: usize) -> &Count {
        self.operations.get(index).unwrap_or(&self.strays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new(&[], 2);
        metrics.of(0).answered(DoorKind::Plain, None, 404, Duration::from_micros(7));
        metrics.of(1).answered(DoorKind::Rpc, None, 500, Duration::from_secs(20));
        metrics.of(1).connected(DoorKind::Rpc);
        metrics.of(1).connected(DoorKind::Rpc);
        metrics.of(1).disconnected(DoorKind::Rpc);
        metrics.ask_quic(|core| QuicCounts {
            open: u64::from(core) + 5,
            forwarded: 3,
            ..QuicCounts::default()
        });
        metrics.of(1).limits.asked(true, 8);
        metrics.of(1).limits.asked(false, 9);
        let mut text = String::new();
        metrics.write(&mut text);
        for line in [
            r#"quoin_requests_total{operation="none",outcome="refused"} 1"#,
            r#"quoin_requests_total{operation="none",outcome="failed"} 1"#,
            r#"quoin_request_seconds_bucket{operation="none",le="0.000005"} 0"#,
            r#"quoin_request_seconds_bucket{operation="none",le="0.000010"} 1"#,
            r#"quoin_request_seconds_bucket{operation="none",le="10.000000"} 1"#,
            r#"quoin_request_seconds_bucket{operation="none",le="+Inf"} 2"#,
            r#"quoin_request_seconds_sum{operation="none"} 20.000007"#,
            r#"quoin_door_requests_total{door="http",core="0"} 1"#,
            r#"quoin_connections{door="rpc",core="1"} 1"#,
            r#"quoin_connections{door="http3",core="1"} 6"#,
            r#"quoin_limit_checks_total{word="admitted",core="1"} 1"#,
            r#"quoin_limit_checks_total{word="refused",core="1"} 1"#,
            r#"quoin_limit_subjects{core="1"} 9"#,
            r#"quoin_quic_forwarded_total{core="0"} 3"#,
            r#"quoin_quic_retries_total{core="0"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
    }

    /// The dashboard and the alert rules ask for nothing that is not told.
    #[test]
    fn whoever_watches_asks_for_what_exists() {
        let told = [
            "quoin_uptime_seconds",
            "quoin_requests_total",
            "quoin_request_seconds_bucket",
            "quoin_door_requests_total",
            "quoin_connections",
            "quoin_limit_checks_total",
            "quoin_limit_subjects",
            "quoin_log_durable_position",
            "quoin_log_written_bytes_total",
            "quoin_log_starved",
            "quoin_overlay_bytes",
            "quoin_log_epoch",
            "quoin_core_lag_seconds",
            "quoin_spans_total",
            "quoin_spans_waiting",
            "quoin_telemetry_queue_drops_total",
        ];
        let metrics = Metrics::new(&[], 1);
        metrics.of(0).answered(DoorKind::Plain, None, 200, Duration::from_micros(7));
        let mut text = String::new();
        metrics.write(&mut text);
        // What the log says of itself is written beside the counters.
        text.push_str(include_str!("pages.rs"));
        text.push_str(include_str!("../../telemetry/src/counters.rs"));
        for name in told {
            assert!(text.contains(name.trim_end_matches("_total")), "{name}");
        }
        for file in ["dashboard.json", "alerts.yaml"] {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/observability/");
            let text = std::fs::read_to_string(format!("{folder}{file}")).unwrap();
            let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            for word in words.filter(|it| it.starts_with("quoin_")) {
                assert!(told.contains(&word), "{file} asks for {word}");
            }
        }
    }
}
