//! `quoin check`.

mod rebuild;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use config::Config;
use disk::DirLock;
use disk::plain::{PlainDevice, block_on};
use frame::Lsn;
use runtime::{Recovery, recover_offline};
use segments::Inspection;
use serde_json::{Value, json};
use shard::SlotMap;
use stores::{StoreReport, Stores};

use super::flags::Layers;
use crate::boot;
use crate::layout::demand;
use crate::table::{Align, Table, bytes, duration, thousands};

/// Check a data directory that no process uses
///
/// Reads every frame of the log (checksums, order, hash chain), every page and row of the stores, then replays the log
/// over the stores as a start would and compares where both end. Takes the directory's lock; takes as long as reading
/// everything. Stores that a crash left unfinished are completed as at a start; nothing else is changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin check --data /srv/quoin\n  \
    quoin check --data DIR --rebuild\n  \
    quoin check --data DIR --json | jq .damages\n\n\
    Exit status: 0 everything is as it was written, 1 damage, or the directory cannot be used.")]
pub(crate) struct Check {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Also rebuild the whole state in memory from nothing but the log, and compare every row; only while the log
    /// still reaches back to its first frame
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    layers: Layers,
}

/// What became of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rebuild {
    NotAsked,
    /// The log was released up to a later frame, or the state cannot be recovered.
    NotPossible,
    /// So many rows are the same.
    Same(u64),
}

/// Everything that was looked at.
struct Report {
    log: Inspection,
    stores: Vec<StoreReport>,
    /// Frames and events that a start would replay, when it could.
    replayed: Option<(u64, u64)>,
    rebuilt: Rebuild,
    damages: Vec<String>,
    took_ns: u64,
}

impl Check {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let loaded = self.layers.load()?;
        demand(&loaded.config.data)?;
        let report = check(&loaded.config, self.rebuild)?;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{:#}", report.json())?;
        } else {
            report.write(&mut out)?;
        }
        Ok(if report.damages.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn check(config: &Config, rebuild: bool) -> Result<Report> {
    let began = Instant::now();
    let mut damages = Vec::new();
    let log = {
        let _lock = DirLock::take(&config.data)?;
        read_log(&config.data)?
    };
    damages.extend(log.damage.as_ref().map(ToString::to_string));
    let (mut stores, mut replayed) = (Vec::new(), None);
    let mut outcome = if rebuild { Rebuild::NotPossible } else { Rebuild::NotAsked };
    let begins = log.segments.first().is_some_and(|it| it.header.previous.lsn == Lsn::NONE);
    let options = boot::options(config);
    let map = SlotMap::new(options.cores);
    let log_options = boot::segment_options(config);
    match recover_offline(
        &config.data,
        registry::ALL,
        map,
        &log_options,
        options.store_cache_bytes,
        &mut |_| {},
    ) {
        Ok(recovery) => {
            replayed = Some((recovery.frames, recovery.events));
            if recovery.position != log.position {
                let (ended, read) = (recovery.position, log.position);
                damages.push(format!("the replay ends at {ended}, the log at {read}"));
            }
            if rebuild && begins {
                let result = rebuild::compare(&config.data, map, &recovery)?;
                outcome = Rebuild::Same(result.rows_count);
                damages.extend(result.differences);
            }
            let mut opened = only_stores(recovery);
            let _lock = DirLock::take(&config.data)?;
            stores = opened.check();
        }
        // The log's own damage was found before.
        Err(error) if log.damage.is_some() => tracing::debug!(%error, "no replay"),
        Err(error) => damages.push(error.to_string()),
    }
    for store in &stores {
        damages.extend(store.damages.iter().map(|it| format!("{}: {it}", store.path.display())));
        if log.position.lsn < store.applied.lsn {
            let (applied, end) = (store.applied, log.position);
            damages
                .push(format!("{}: holds {applied}, the log ends at {end}", store.path.display()));
        }
    }
    let took_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    Ok(Report { log, stores, replayed, rebuilt: outcome, damages, took_ns })
}

/// Lets go of everything that reads the stores: their check wants them for itself.
fn only_stores(recovery: Recovery) -> Stores {
    recovery.stores
}

fn read_log(data: &Path) -> Result<Inspection> {
    let device = PlainDevice::open_directory(&data.join("log"))?;
    Ok(block_on(&device, segments::inspect(&device, &mut |_| {}, &mut |_| {}))?)
}

impl Report {
    fn frames_count(&self) -> u64 {
        self.log.segments.iter().map(|it| it.frames_count).sum()
    }

    fn write(&self, out: &mut impl Write) -> Result<()> {
        let mut table = Table::new(&[
            ("segment", Align::Left),
            ("epoch", Align::Right),
            ("last frame", Align::Right),
            ("frames", Align::Right),
            ("used", Align::Right),
        ]);
        for it in &self.log.segments {
            table.row([
                it.place.clone(),
                it.header.epoch.to_string(),
                thousands(it.last.0),
                thousands(it.frames_count),
                bytes(it.end_offset),
            ]);
        }
        writeln!(out, "{table}")?;
        let mut table = Table::new(&[
            ("store", Align::Left),
            ("applied to", Align::Right),
            ("rows", Align::Right),
            ("damages", Align::Right),
        ]);
        for it in &self.stores {
            let applied = thousands(it.applied.lsn.0);
            table.row([
                it.name.to_owned(),
                applied,
                thousands(it.rows_count),
                thousands(it.damages_count),
            ]);
        }
        writeln!(out, "{table}")?;
        writeln!(
            out,
            "log ends at     {}, {} frames read",
            self.log.position,
            thousands(self.frames_count())
        )?;
        if let Some((frames, events)) = self.replayed {
            writeln!(
                out,
                "a start replays {} frames with {} events",
                thousands(frames),
                thousands(events)
            )?;
        }
        match self.rebuilt {
            Rebuild::NotAsked => {}
            Rebuild::NotPossible => writeln!(
                out,
                "not rebuilt: the log does not reach back to its first frame, or the state cannot be recovered"
            )?,
            Rebuild::Same(rows) => {
                writeln!(out, "rebuilt from the log: {} rows are the same", thousands(rows))?;
            }
        }
        writeln!(out, "took            {}", duration(self.took_ns))?;
        for damage in &self.damages {
            writeln!(out, "damage: {damage}")?;
        }
        let verdict = match self.damages.len() {
            0 => "everything is as it was written".to_owned(),
            count => format!("damaged: {count} finding(s)"),
        };
        Ok(writeln!(out, "\n{verdict}")?)
    }

    fn json(&self) -> Value {
        let segments: Vec<Value> = self
            .log
            .segments
            .iter()
            .map(|it| {
                json!({
                    "place": it.place,
                    "epoch": it.header.epoch,
                    "last": it.last.0,
                    "frames": it.frames_count,
                    "end_offset": it.end_offset,
                })
            })
            .collect();
        let stores: Vec<Value> = self
            .stores
            .iter()
            .map(|it| {
                json!({
                    "name": it.name,
                    "applied": it.applied.lsn.0,
                    "rows": it.rows_count,
                    "damages": it.damages_count,
                })
            })
            .collect();
        json!({
            "good": self.damages.is_empty(),
            "position": self.log.position.to_string(),
            "lsn": self.log.position.lsn.0,
            "frames": self.frames_count(),
            "segments": segments,
            "stores": stores,
            "replayed": self.replayed.map(|(frames, events)| json!({"frames": frames, "events": events})),
            "rebuilt_rows": match self.rebuilt {
                Rebuild::Same(rows) => Some(rows),
                Rebuild::NotAsked | Rebuild::NotPossible => None,
            },
            "damages": self.damages,
            "took_us": self.took_ns / 1000,
        })
    }
}
