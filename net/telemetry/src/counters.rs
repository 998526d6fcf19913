//! What became of records, and its text for a scraper.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Records that found a core's queue full, by core.
    queue_full: Box<[AtomicU64]>,
    /// Spans that a collector took.
    pub(crate) exported: AtomicU64,
    /// Spans that were given up because the collector did not keep up, was away, or the box stopped.
    pub(crate) dropped: AtomicU64,
    /// Spans that a collector refused for good.
    pub(crate) failed: AtomicU64,
    /// Spans that wait.
    pub(crate) waiting: AtomicU64,
}

impl Counters {
    pub(crate) fn new(cores: u16) -> Self {
        Self {
            queue_full: (0..cores).map(|_| AtomicU64::new(0)).collect(),
            exported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        }
    }

    pub(crate) fn queue_was_full(&self, core: u16) {
        if let Some(counter) = self.queue_full.get(usize::from(core)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Families of `OpenMetrics` 1.0.
    pub(crate) fn write(&self, exports: bool, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# TYPE quoin_telemetry_queue_drops counter")?;
        writeln!(
            out,
            "# HELP quoin_telemetry_queue_drops Finished requests that found their core's queue full."
        )?;
        for (core, count) in self.queue_full.iter().enumerate() {
            let count = count.load(Relaxed);
            writeln!(out, "quoin_telemetry_queue_drops_total{{core=\"{core}\"}} {count}")?;
        }
        if !exports {
            return Ok(());
        }
        writeln!(out, "# TYPE quoin_spans counter")?;
        writeln!(out, "# HELP quoin_spans What became of sampled spans on the way out.")?;
        for (outcome, count) in
            [("exported", &self.exported), ("dropped", &self.dropped), ("failed", &self.failed)]
        {
            let count = count.load(Relaxed);
            writeln!(out, "quoin_spans_total{{outcome=\"{outcome}\"}} {count}")?;
        }
        writeln!(out, "# TYPE quoin_spans_waiting gauge")?;
        writeln!(out, "# HELP quoin_spans_waiting Spans that wait for the collector.")?;
        writeln!(out, "quoin_spans_waiting {}", self.waiting.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let counters = Counters::new(2);
        counters.queue_was_full(1);
        counters.queue_was_full(9);
        counters.exported.store(4, Relaxed);
        counters.waiting.store(5, Relaxed);
        let mut text = String::new();
        counters.write(true, &mut text).unwrap();
        for line in [
            r#"quoin_telemetry_queue_drops_total{core="0"} 0"#,
            r#"quoin_telemetry_queue_drops_total{core="1"} 1"#,
            r#"quoin_spans_total{outcome="exported"} 4"#,
            r#"quoin_spans_total{outcome="failed"} 0"#,
            "quoin_spans_waiting 5",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        let mut text = String::new();
        counters.write(false, &mut text).unwrap();
        assert!(!text.contains("quoin_spans"), "without a collector there are no spans to tell of");
    }
}
