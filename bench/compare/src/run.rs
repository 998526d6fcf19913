//! Runs the rows, one after the other.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use load::Report;
use serde::Serialize;

use crate::apt;
use crate::ask::ask;
use crate::flags::CompareArgs;
use crate::row::RowName;
use crate::setups::{Setup, nginx, postgres, quotes, redis};
use crate::site::Site;
use crate::table::Comparison;

/// One row, whatever came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub name: RowName,
    /// What the box does.
    pub ours: &'static str,
    /// What the peer does.
    pub theirs: &'static str,
    /// What is comparable, and what is not.
    pub note: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Both sides took turns in one run.
    Measured {
        /// The programs of the peer.
        version: String,
        /// All figures of both.
        report: Box<Report>,
    },
    /// The peer is not there, or would not start, or does other work.
    Skipped {
        /// Why, and what to do about it.
        why: String,
    },
}

/// The path of the limit that the box keeps during some rows.
const POLICY: &str = "/v1/limits/policies/compare";

/// Measures every row that was asked for. Rows that cannot be measured say why; the others go on.
pub fn compare(site: &Site, args: &CompareArgs) -> Result<Comparison> {
    let mut names = args.only.clone();
    if names.is_empty() {
        names = RowName::value_variants().to_vec();
    }
    if args.install {
        apt::install(&names)?;
    }
    let mut rows = Vec::new();
    for name in names {
        eprintln!("{} beside {}", name.ours(), name.theirs());
        let outcome = measured(name, site, args).unwrap_or_else(|error| {
            eprintln!("  skipped: {error:#}");
            Outcome::Skipped { why: format!("{error:#}") }
        });
        let (ours, theirs, note) = (name.ours(), name.theirs(), name.note());
        rows.push(Row { name, ours, theirs, note, outcome });
    }
    Ok(Comparison { connections: args.connections, rows })
}

fn measured(name: RowName, site: &Site, args: &CompareArgs) -> Result<Outcome> {
    let folder = name.to_possible_value().context("every row has a name")?;
    let room = site.room.join(folder.get_name());
    fs::create_dir_all(&room).with_context(|| format!("making {}", room.display()))?;
    let room = fs::canonicalize(&room)?;
    let setup = set_up(name, site, args, &room)?;
    if let Some(per) = name.limited_per() {
        // Never reached: what is measured is the check.
        let policy = format!(r#"{{"per":"{per}","quota":1000000000,"window_s":1}}"#);
        ask(site.http, "PUT", POLICY, &site.api_key, &policy).context("setting a limit")?;
    }
    let report = load::run(&flags(name, site, args, &setup)?);
    if name.limited_per().is_some() {
        ask(site.http, "DELETE", POLICY, &site.api_key, "").context("removing the limit")?;
    }
    Ok(Outcome::Measured { version: setup.version.clone(), report: Box::new(report?) })
}

fn set_up(name: RowName, site: &Site, args: &CompareArgs, room: &Path) -> Result<Setup> {
    let core = args.server_core;
    match name {
        RowName::Nginx => {
            // As long as a quote's answer, which is asked for once.
            let json = load::WorkloadName::Quote.build();
            let text = String::from_utf8_lossy(&json.json).into_owned();
            let answer = ask(site.http, json.method, &json.path, &site.api_key, &text)?;
            nginx::start(room, core, answer.len())
        }
        RowName::RedisSet => redis::start_durable(room),
        RowName::RedisBucket => redis::start_bucket(room, core),
        RowName::Postgres => postgres::start_commits(room, args.connections),
        RowName::QuoteService => {
            let setup = quotes::start(room, args.venv.as_deref())?;
            quotes::agree(site, &setup)?;
            Ok(setup)
        }
    }
}

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    load: load::Args,
}

/// The flags of the generator's run.
fn flags(name: RowName, site: &Site, args: &CompareArgs, setup: &Setup) -> Result<load::Args> {
    let mut words = vec!["load".to_owned()];
    words.extend(name.flags().split(' ').map(str::to_owned));
    let (door, address) = match name {
        RowName::Nginx => ("--https", site.https),
        RowName::QuoteService => ("--http", site.http),
        RowName::RedisSet | RowName::RedisBucket | RowName::Postgres => ("--rpc", site.rpc),
    };
    for (flag, value) in [
        (door, address.to_string()),
        ("--connections", args.connections.to_string()),
        ("--seconds", args.seconds.to_string()),
        ("--warmup", args.warmup.to_string()),
        ("--rounds", args.rounds.to_string()),
        ("--server-core", args.server_core.to_string()),
        ("--server-pid", site.pid.to_string()),
    ] {
        words.extend([flag.to_owned(), value]);
    }
    words.extend(setup.all_flags());
    let mut load = Flags::try_parse_from(words)?.load;
    load.authority = Some(site.authority.clone());
    load.api_key = Some(site.api_key.clone());
    if load.workload == load::WorkloadName::Accept {
        load.probe_dir = Some(site.log_directory.clone());
    }
    Ok(load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Of {
        #[command(flatten)]
        args: CompareArgs,
    }

    #[test]
    fn every_row_is_a_run_of_the_generator() {
        let address = "127.0.0.1:1".parse().unwrap();
        let site = Site {
            rpc: address,
            http: address,
            https: address,
            authority: "a.pem".into(),
            api_key: "k".to_owned(),
            pid: 7,
            log_directory: "log".into(),
            room: "room".into(),
        };
        let args = Of::try_parse_from(["compare", "-c", "3", "--rounds", "1"]).unwrap().args;
        for name in RowName::value_variants() {
            let flags = ["--peer".to_owned(), "redis://127.0.0.1:1".to_owned()].to_vec();
            let setup = Setup { flags, version: String::new(), running: Vec::new() };
            let load = super::flags(*name, &site, &args, &setup).unwrap();
            assert_eq!((load.connections, load.pipeline, load.rounds), (3, 1, 1), "{name:?}");
            assert_eq!(load.server_pid, Some(7));
            let durable = load.workload == load::WorkloadName::Accept;
            assert_eq!(load.probe_dir.is_some(), durable);
            assert!(load.over.is_some());
        }
    }
}
