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

/// Watch a running box: requests, latency, doors, log, limits, spans
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

/// What became of spans, per second.
struct Spans {
    exported: f64,
    dropped: f64,
    failed: f64,
    /// Now, for the collector.
    waiting: f64,
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
        for (door, open, rate) in self.doors() {
            let open = open.map_or_else(|| "-".to_owned(), |open| format!("{open:.0}"));
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
        writeln!(out, "limits   {:.0} requests/s turned away", self.limited())?;
        if let Some((core, lag_ms)) = self.latest_core() {
            writeln!(out, "cores    core {core} is the latest, by {lag_ms:.1} ms")?;
        }
        if let Some(spans) = self.spans() {
            let Spans { exported, dropped, failed, waiting } = spans;
            writeln!(
                out,
                "spans    {exported:.0}/s sent, {dropped:.0}/s dropped, {failed:.0}/s refused; {waiting:.0} wait for the collector"
            )?;
        }
        let lost = self.queue_drops();
        if 0.0 < lost {
            writeln!(out, "records  {lost:.0}/s LOST: the access log is read too slowly")?;
        }
        Ok(())
    }

    /// Each door with its open connections, where they are counted, and its requests per second.
    fn doors(&self) -> Vec<(String, Option<f64>, f64)> {
        let counted = self.now.values("quoin_connections", "door");
        let door = |name: String| {
            let open = || self.now.sum("quoin_connections", &[("door", &name)]);
            let open = counted.contains(&name).then(open);
            let rate = self.rate("quoin_door_requests_total", &[("door", &name)]);
            (name, open, rate)
        };
        self.now.values("quoin_door_requests_total", "door").into_iter().map(door).collect()
    }

    /// Requests per second over a limit.
    fn limited(&self) -> f64 {
        self.rate("quoin_requests_total", &[("outcome", "limited")])
    }

    /// The core that is most behind what is due, and by how many milliseconds.
    fn latest_core(&self) -> Option<(String, f64)> {
        const FAMILY: &str = "quoin_core_lag_seconds";
        let lag_ms = |core: &str| 1000.0 * self.now.sum(FAMILY, &[("core", core)]);
        let cores = self.now.values(FAMILY, "core").into_iter();
        let cores = cores.map(|core| {
            let lag_ms = lag_ms(&core);
            (core, lag_ms)
        });
        cores.max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// Per second; `None` for a box that sends none.
    fn spans(&self) -> Option<Spans> {
        const FAMILY: &str = "quoin_spans_total";
        let rate = |outcome| self.rate(FAMILY, &[("outcome", outcome)]);
        (!self.now.values(FAMILY, "outcome").is_empty()).then(|| Spans {
            exported: rate("exported"),
            dropped: rate("dropped"),
            failed: rate("failed"),
            waiting: self.now.sum("quoin_spans_waiting", &[]),
        })
    }

    /// Finished requests per second that found no room on their way to the access log and the
    /// collector.
    fn queue_drops(&self) -> f64 {
        self.rate("quoin_telemetry_queue_drops_total", &[])
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
        let doors: Vec<_> = self
            .doors()
            .into_iter()
            .map(|(name, open, rate)| json!({ "door": name, "connections": open, "per_s": rate }))
            .collect();
        let spans = self.spans().map(|it| {
            json!({
                "exported_per_s": it.exported, "dropped_per_s": it.dropped,
                "failed_per_s": it.failed, "waiting": it.waiting,
            })
        });
        json!({
            "seconds": self.took.as_secs_f64(),
            "requests_per_s": self.rate("quoin_requests_total", &[]),
            "frames_per_s": self.rate("quoin_log_durable_position", &[]),
            "log_position": self.now.sum("quoin_log_durable_position", &[]),
            "overlay_bytes": self.now.sum("quoin_overlay_bytes", &[]),
            "operations": operations,
            "doors": doors,
            "limited_per_s": self.limited(),
            "core_lag_ms_max": self.latest_core().map(|it| it.1),
            "spans": spans,
            "records_lost_per_s": self.queue_drops(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval<'r>(before: &'r Reading, now: &'r Reading) -> Interval<'r> {
        Interval { before, now, took: Duration::from_secs(2) }
    }

    #[test]
    fn doors_limits_and_spans_are_shown_when_there_are_any() {
        let before = Reading::parse(
            "quoin_door_requests_total{door=\"rpc\",core=\"0\"} 100\n\
             quoin_requests_total{operation=\"a\",outcome=\"limited\"} 10\n\
             quoin_spans_total{outcome=\"dropped\"} 4\n",
        );
        let now = Reading::parse(
            "quoin_door_requests_total{door=\"rpc\",core=\"0\"} 300\n\
             quoin_door_requests_total{door=\"http3\",core=\"0\"} 8\n\
             quoin_connections{door=\"rpc\",core=\"0\"} 3\n\
             quoin_requests_total{operation=\"a\",outcome=\"limited\"} 24\n\
             quoin_spans_total{outcome=\"dropped\"} 10\nquoin_spans_waiting 512\n\
             quoin_telemetry_queue_drops_total{core=\"0\"} 6\n\
             quoin_core_lag_seconds{core=\"0\"} 0.000250\n\
             quoin_core_lag_seconds{core=\"1\"} 0.041500\n",
        );
        let mut text = Vec::new();
        let address = "127.0.0.1:8080".parse().unwrap();
        interval(&before, &now).write(address, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "rpc           3 connections         100 requests/s",
            "http3         - connections           4 requests/s",
            "limits   7 requests/s turned away",
            "cores    core 1 is the latest, by 41.5 ms",
            "spans    0/s sent, 3/s dropped, 0/s refused; 512 wait for the collector",
            "records  3/s LOST: the access log is read too slowly",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        let document = interval(&before, &now).json();
        assert_eq!(document["doors"][0]["connections"], 3.0);
        assert_eq!(document["doors"][1]["connections"], serde_json::Value::Null);
        assert_eq!(document["limited_per_s"], 7.0);
        assert_eq!(document["spans"]["dropped_per_s"], 3.0);
        assert_eq!(interval(&now, &before).json()["records_lost_per_s"], 0.0);

        let (none, mut text) = (Reading::default(), Vec::new());
        interval(&none, &none).write(address, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for absent in ["spans", "records", "cores"] {
            assert!(!text.contains(absent), "{absent}\n{text}");
        }
        assert_eq!(interval(&none, &none).json()["spans"], serde_json::Value::Null);
    }
}
