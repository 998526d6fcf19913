//! `quoin inspect`.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use disk::plain::{PlainDevice, block_on};
use frame::{Event, Frame};
use serde_json::{Value, json};

use super::flags::Layers;
use crate::layout::demand;

/// Print the frames of the log
///
/// One frame is what one command decided: number, epoch, time, tenant, actor, its idempotency key if it had one,
/// and its events with the names that the domains gave them. Takes no lock and changes nothing; while a
/// box runs on the directory, the last frames may not show yet.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin inspect --data /srv/quoin --limit 10\n  \
    quoin inspect --data DIR --from 1000 --json | jq .events\n\n\
    With --json one frame is one line. Exit status: 0 the log is whole, 1 it is damaged.")]
pub(crate) struct Inspect {
    /// Begin with this frame
    #[arg(long, value_name = "LSN", default_value_t = 1)]
    from: u64,
    /// Print at most so many frames; 0 prints all
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    layers: Layers,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let loaded = self.layers.load()?;
        demand(&loaded.config.data)?;
        let device = PlainDevice::open_directory(&loaded.config.data.join("log"))?;
        let mut out = BufWriter::new(io::stdout().lock());
        let (mut printed, mut matching) = (0, 0);
        let mut written: io::Result<()> = Ok(());
        let mut on_frame = |frame: &Frame<'_>| {
            if frame.lsn().0 < self.from || written.is_err() {
                return;
            }
            matching += 1;
            if self.limit == 0 || printed < self.limit {
                printed += 1;
                written = if self.json {
                    writeln!(out, "{}", to_json(frame))
                } else {
                    write_text(&mut out, frame)
                };
            }
        };
        let inspection = block_on(&device, segments::inspect(&device, &mut on_frame, &mut |_| {}))?;
        written?;
        if !self.json {
            if printed < matching {
                let left = matching - printed;
                writeln!(out, "... {left} more; go on with --from, or print all with --limit 0")?;
            }
            writeln!(out, "log ends at {}", inspection.position)?;
        }
        out.flush()?;
        Ok(match inspection.damage {
            None => ExitCode::SUCCESS,
            Some(damage) => {
                eprintln!("quoin: {damage}");
                ExitCode::FAILURE
            }
        })
    }
}

fn write_text(out: &mut impl Write, frame: &Frame<'_>) -> io::Result<()> {
    let meta = frame.meta();
    write!(
        out,
        "{}  epoch {}  {}  tenant {}  actor {}  {} bytes",
        frame.lsn(),
        frame.epoch(),
        time(frame.time_us()),
        meta.tenant,
        meta.actor,
        frame.frame_bytes()
    )?;
    if meta.correlation != 0 {
        write!(out, "  correlation {:032x}", meta.correlation)?;
    }
    if let Some(idempotency) = meta.idempotency {
        write!(
            out,
            "  idempotency {:032x}, reply of {} bytes",
            idempotency.key,
            idempotency.reply.len()
        )?;
    }
    writeln!(out)?;
    for event in frame.events() {
        let (domain, name) = names(&event);
        let bytes = event.payload.len();
        writeln!(
            out,
            "    {domain}.{name} @ {}  key {}  {bytes} bytes",
            event.version,
            key(event.key)
        )?;
    }
    Ok(())
}

fn to_json(frame: &Frame<'_>) -> Value {
    let meta = frame.meta();
    let event = |event: Event<'_>| {
        let (domain, name) = names(&event);
        json!({
            "domain": domain,
            "event": name,
            "code": event.code,
            "version": event.version,
            "key": key(event.key),
            "bytes": event.payload.len(),
        })
    };
    json!({
        "lsn": frame.lsn().0,
        "epoch": frame.epoch(),
        "time": time(frame.time_us()),
        "time_us": frame.time_us(),
        "durable": frame.durable().0,
        "chain": format!("{:016x}", frame.chain()),
        "tenant": meta.tenant,
        "actor": meta.actor,
        "correlation": format!("{:032x}", meta.correlation),
        "idempotency": meta.idempotency.map(|it| format!("{:032x}", it.key)),
        "bytes": frame.frame_bytes(),
        "events": frame.events().map(event).collect::<Vec<_>>(),
    })
}

/// The names of an event's domain and type; their numbers where this version does not know them.
fn names(event: &Event<'_>) -> (String, String) {
    let Some(entry) = registry::ALL.iter().find(|it| it.id.0 == event.domain) else {
        return (format!("domain-{}", event.domain), format!("event-{}", event.code));
    };
    let shape = entry.events.iter().find(|it| it.code == event.code);
    let name = shape.map_or_else(|| format!("event-{}", event.code), |it| it.name.to_owned());
    (entry.name.to_owned(), name)
}

/// A key: its leading text, if it has one, then the rest in hexadecimal digits. Texts in keys end with
/// a zero byte.
fn key(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (head, rest) = bytes.split_at(end);
    if head.is_empty() || !head.iter().all(u8::is_ascii_graphic) {
        return Hex(bytes).to_string();
    }
    let text: String = head.iter().map(|byte| char::from(*byte)).collect();
    match rest.get(1..) {
        None | Some([]) => text,
        Some(rest) => format!("{text}:{}", Hex(rest)),
    }
}

/// Bytes as hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn time(us: u64) -> String {
    let timestamp =
        i64::try_from(us).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
    timestamp.map_or_else(|| format!("{us} us"), |it| format!("{it:.6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_times_are_readable() {
        assert_eq!(key(b"MA000004"), "MA000004");
        assert_eq!(key(b"MA000004\0\x80\0\x49\xb7"), "MA000004:800049b7");
        assert_eq!(key(b"AU\0"), "AU");
        assert_eq!(key(&[0, 255]), "00ff");
        assert_eq!(key(b""), "");
        assert_eq!(time(1_752_400_800_000_001), "2025-07-13T10:00:00.000001Z");
        assert_eq!(time(u64::MAX), "18446744073709551615 us");
    }
}
