//! `quoin top`.

mod scrape;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use self::scrape::{Reading, scrape};
use crate::table::{Align, Table};

/// Watch a running box: requests, latency, doors, log
///
/// Reads the box's /metrics again and again and shows what happened in between.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin top\n  \
    quoin top --http 127.0.0.1:8081 --every 5\n  \
    quoin top --once --json | jq .operations")]
pub(crate) struct Top {
    /// The box's HTTP door
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Show one interval and exit
    #[arg(long)]
    once: bool,
    /// One JSON document per interval
    #[arg(long)]
    json: bool,
}

/// What happened between two readings.
struct Interval<'r> {
    before: &'r Reading,
    now: &'r Reading,
    took: Duration,
}

impl Top {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut before = scrape(self.http)?;
        let mut began = Instant::now();
        let redraws = io::stdout().is_terminal() && !self.once && !self.json;
        loop {
            thread::sleep(Duration::from_secs(self.every));
            let now = scrape(self.http)?;
            let interval = Interval { before: &before, now: &now, took: began.elapsed() };
            began = Instant::now();
            let mut out = io::stdout().lock();
            if self.json {
                writeln!(out, "{}", interval.json())?;
            } else {
                if redraws {
                    // Home, and clear what is below: no flicker of an empty screen.
                    write!(out, "\x1b[H\x1b[J")?;
                }
                interval.write(self.http, &mut out)?;
            }
            out.flush()?;
            drop(out);
            if self.once {
                return Ok(ExitCode::SUCCESS);
            }
            before = now;
        }
    }
}

impl Interval<'_> {
    /// By how much a counter grew in a second.
    fn rate(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let grown = self.now.sum(name, labels) - self.before.sum(name, labels);
        grown.max(0.0) / self.took.as_secs_f64()
    }

    /// The upper end of the bucket that holds this share of the interval's requests, in milliseconds;
    /// `None` when there were none, or it took longer than the last bucket tells.
    fn quantile(&self, operation: &str, share: f64) -> Option<f64> {
        let buckets = |reading: &Reading| reading.buckets(operation);
        let (before, now) = (buckets(self.before), buckets(self.now));
        let grown: Vec<_> = now
            .iter()
            .map(|(bound, count)| {
                let old = before.iter().find(|it| it.0.to_bits() == bound.to_bits());
                (*bound, count - old.map_or(0.0, |it| it.1))
            })
            .collect();
        let all = grown.last()?.1;
        let found = grown.iter().find(|(_, count)| 0.0 < all && all * share <= *count)?;
        found.0.is_finite().then_some(found.0 * 1000.0)
    }

    fn operations(&self) -> Vec<(String, f64, f64)> {
        let mut found: Vec<_> = self
            .now
            .values("quoin_requests_total", "operation")
            .into_iter()
            .map(|name| {
                let all = self.rate("quoin_requests_total", &[("operation", &name)]);
                let ok = [("operation", &*name), ("outcome", "ok")];
                let ok = self.rate("quoin_requests_total", &ok);
                (name, all, all - ok)
            })
            .collect();
        found.sort_by(|one, other| other.1.total_cmp(&one.1));
        found
    }

    fn write(&self, address: SocketAddr, out: &mut impl Write) -> Result<()> {
        let now = self.now;
        let uptime = now.sum("quoin_uptime_seconds", &[]);
        let all = self.rate("quoin_requests_total", &[]);
        writeln!(out, "quoin at {address}, up {uptime:.0} s, {all:.0} requests/s\n")?;
        let mut table = Table::new(&[
            ("operation", Align::Left),
            ("per s", Align::Right),
            ("not ok", Align::Right),
            ("p50 ms", Align::Right),
            ("p99 ms", Align::Right),
        ]);
        let ms = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), |ms| format!("<= {ms}"));
        for (name, rate, not_ok) in self.operations() {
            let (p50, p99) = (self.quantile(&name, 0.5), self.quantile(&name, 0.99));
            table.row([name, format!("{rate:.0}"), format!("{not_ok:.0}"), ms(p50), ms(p99)]);
        }
        write!(out, "{table}")?;
        writeln!(out)?;
        let counted = now.values("quoin_connections", "door");
        for door in now.values("quoin_door_requests_total", "door") {
            let open = now.sum("quoin_connections", &[("door", &door)]);
            let open = if counted.contains(&door) { format!("{open:.0}") } else { "-".to_owned() };
            let rate = self.rate("quoin_door_requests_total", &[("door", &door)]);
            writeln!(out, "{door:<8} {open:>6} connections  {rate:>10.0} requests/s")?;
        }
        let position = now.sum("quoin_log_durable_position", &[]);
        let frames = self.rate("quoin_log_durable_position", &[]);
        let bytes = self.rate("quoin_log_written_bytes_total", &[]) / 1e6;
        let overlay = now.sum("quoin_overlay_bytes", &[]) / 1e6;
        writeln!(
            out,
            "\nlog      position {position:.0}, {frames:.0} frames/s, {bytes:.1} MB/s; {overlay:.1} MB wait for a checkpoint"
        )?;
        if 0.0 < now.sum("quoin_log_starved", &[]) {
            writeln!(out, "log      THE DISK HAS NO ROOM: commands are refused until it has")?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let operations: Vec<_> = self
            .operations()
            .into_iter()
            .map(|(name, rate, not_ok)| {
                let (p50, p99) = (self.quantile(&name, 0.5), self.quantile(&name, 0.99));
                json!({
                    "operation": name, "per_s": rate, "not_ok_per_s": not_ok,
                    "p50_ms_max": p50, "p99_ms_max": p99,
                })
            })
            .collect();
        json!({
            "seconds": self.took.as_secs_f64(),
            "requests_per_s": self.rate("quoin_requests_total", &[]),
            "frames_per_s": self.rate("quoin_log_durable_position", &[]),
            "log_position": self.now.sum("quoin_log_durable_position", &[]),
            "overlay_bytes": self.now.sum("quoin_overlay_bytes", &[]),
            "operations": operations,
        })
    }
}
