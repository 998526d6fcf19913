//! Runs the rows, one after the other.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use load::Report;
use serde::Serialize;

use crate::apt;
use crate::ask::ask;
use crate::child::{Running, go_on};
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

/// How often it is looked whether everything is to end.
const LOOK: Duration = Duration::from_millis(50);

impl CompareArgs {
    /// Finds fault with numbers before anything is started or installed.
    ///
    /// # Errors
    ///
    /// Names the flag that is out of range.
    pub fn check(&self) -> Result<()> {
        let words = ["load".to_owned(), "quote".to_owned()].into_iter().chain(self.words());
        Flags::try_parse_from(words)?.load.check()?;
        Ok(())
    }

    /// The rows that were asked for, each once.
    fn rows(&self) -> Vec<RowName> {
        let mut rows: Vec<RowName> = Vec::new();
        let all = RowName::value_variants();
        for name in if self.only.is_empty() { all } else { &self.only } {
            if !rows.contains(name) {
                rows.push(*name);
            }
        }
        rows
    }

    /// What of them is for the generator.
    fn words(&self) -> impl Iterator<Item = String> {
        [
            ("--connections", self.connections.to_string()),
            ("--seconds", self.seconds.to_string()),
            ("--warmup", self.warmup.to_string()),
            ("--rounds", self.rounds.to_string()),
            ("--server-core", self.server_core.to_string()),
        ]
        .into_iter()
        .map(|(flag, value)| format!("{flag}={value}"))
    }
}

/// Measures every row that was asked for. Rows that cannot be measured say why; the others go on. Once
/// `stop` is set, the peer that is there is stopped, and what was not measured by then says so.
///
/// # Errors
///
/// A flag is out of range.
pub fn compare(site: &Site, args: &CompareArgs, stop: &AtomicBool) -> Result<Comparison> {
    args.check()?;
    let names = args.rows();
    if args.install
        && let Err(error) = apt::install(&names)
    {
        eprintln!("going on with what is installed: {error:#}");
    }
    let mut rows = Vec::new();
    for name in names {
        eprintln!("{} beside {}", name.ours(), name.theirs());
        let outcome = row(name, site, args, stop).unwrap_or_else(|error| {
            eprintln!("  skipped: {error:#}");
            Outcome::Skipped { why: format!("{error:#}") }
        });
        let (ours, theirs, note) = (name.ours(), name.theirs(), name.note());
        rows.push(Row { name, ours, theirs, note, outcome });
    }
    Ok(Comparison { connections: args.connections, rows })
}

/// Measures in a folder of the row's own, which is gone afterwards: a log of some gigabytes is not kept
/// while others are measured.
fn row(name: RowName, site: &Site, args: &CompareArgs, stop: &AtomicBool) -> Result<Outcome> {
    go_on(stop)?;
    let folder = name.to_possible_value().context("every row has a name")?;
    let room = site.room.join(folder.get_name());
    fs::create_dir_all(&room).with_context(|| format!("making {}", room.display()))?;
    // As the folder around it, whatever the umask.
    fs::set_permissions(&room, fs::metadata(&site.room)?.permissions())?;
    let room = fs::canonicalize(&room)?;
    let outcome = measured(name, site, args, &room, stop);
    if let Err(error) = fs::remove_dir_all(&room) {
        eprintln!("  left behind: {}: {error}", room.display());
    }
    // Whatever fails once everything is told to end fails because of that.
    if outcome.is_err() {
        go_on(stop)?;
    }
    outcome
}

fn measured(
    name: RowName,
    site: &Site,
    args: &CompareArgs,
    room: &Path,
    stop: &AtomicBool,
) -> Result<Outcome> {
    let setup = set_up(name, site, args, room, stop)?;
    let flags = flags(name, site, args, &setup)?;
    // What was installed and filled just now would be written back while the first round is measured.
    rustix::fs::syncfs(File::open(room)?)?;
    if let Some(per) = name.limited_per() {
        // Never reached: what is measured is the check.
        let policy = format!(r#"{{"per":"{per}","quota":1000000000,"window_s":1}}"#);
        ask(site.http, "PUT", POLICY, &site.api_key, &policy).context("setting a limit")?;
    }
    let report = until_stopped(&setup, stop, || load::run(&flags));
    if name.limited_per().is_some() {
        ask(site.http, "DELETE", POLICY, &site.api_key, "").context("removing the limit")?;
    }
    Ok(Outcome::Measured { version: setup.version.clone(), report: Box::new(report?) })
}

/// Runs `work`, which ends with an error soon after the peer has gone.
fn until_stopped<T>(setup: &Setup<'_>, stop: &AtomicBool, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(SeqCst) {
                if stop.load(SeqCst) {
                    return setup.running.iter().for_each(Running::signal);
                }
                thread::sleep(LOOK);
            }
        });
        let done = work();
        over.store(true, SeqCst);
        done
    })
}

fn set_up<'a>(
    name: RowName,
    site: &Site,
    args: &CompareArgs,
    room: &Path,
    stop: &'a AtomicBool,
) -> Result<Setup<'a>> {
    let core = args.server_core;
    match name {
        RowName::Nginx => {
            // As long as a quote's answer, which is asked for once.
            let json = load::WorkloadName::Quote.build();
            let text = String::from_utf8_lossy(&json.json).into_owned();
            let answer = ask(site.http, json.method, &json.path, &site.api_key, &text)?;
            nginx::start(stop, room, core, answer.len())
        }
        RowName::RedisSet => redis::start_durable(stop, room),
        RowName::RedisBucket => redis::start_bucket(stop, room, core),
        RowName::Postgres => postgres::start_commits(stop, room, args.connections),
        RowName::QuoteService => {
            let setup = quotes::start(stop, room, args.venv.as_deref())?;
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
fn flags(name: RowName, site: &Site, args: &CompareArgs, setup: &Setup<'_>) -> Result<load::Args> {
    let mut words = vec!["load".to_owned()];
    words.extend(name.flags().split(' ').map(str::to_owned));
    let (door, address) = match name {
        RowName::Nginx => ("--https", site.https),
        RowName::QuoteService => ("--http", site.http),
        RowName::RedisSet | RowName::RedisBucket | RowName::Postgres => ("--rpc", site.rpc),
    };
    words.extend(args.words());
    words.extend([door.to_owned(), address.to_string()]);
    words.extend(["--server-pid".to_owned(), site.pid.to_string()]);
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

    fn args(words: &str) -> CompareArgs {
        let words = ["compare"].into_iter().chain(words.split_ascii_whitespace());
        Of::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args
    }

    fn site(room: &Path) -> Site {
        let address = "127.0.0.1:1".parse().unwrap();
        Site {
            rpc: address,
            http: address,
            https: address,
            authority: "a.pem".into(),
            api_key: "k".to_owned(),
            pid: 7,
            log_directory: "log".into(),
            room: room.to_owned(),
        }
    }

    #[test]
    fn each_row_is_measured_once_and_an_unknown_one_is_named() {
        let [nginx, set] = [RowName::Nginx, RowName::RedisSet];
        assert_eq!(args("--only redis-set,nginx --only redis-set").rows(), [set, nginx]);
        assert_eq!(args("").rows(), RowName::value_variants());
        let error = Of::try_parse_from(["compare", "--only", "mysql"]).unwrap_err().to_string();
        for word in ["mysql", "nginx", "redis-set", "redis-bucket", "postgres", "quote-service"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_found_before_anything_is_started() {
        let room = tempfile::tempdir().unwrap();
        for (words, flag) in [
            ("-c 0", "--connections"),
            ("-c 10001", "--connections"),
            ("--rounds 0", "--rounds"),
            ("--seconds 0", "--seconds"),
            ("--seconds=-1", "--seconds"),
            ("--seconds NaN", "--seconds"),
            ("--seconds inf", "--seconds"),
            ("--warmup=-0.5", "--warmup"),
            ("--warmup 1e9", "--warmup"),
        ] {
            let stop = AtomicBool::new(false);
            let error = compare(&site(room.path()), &args(words), &stop).unwrap_err().to_string();
            assert!(error.contains(flag), "{words}: {error}");
        }
        assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
        args("").check().unwrap();
    }

    #[test]
    fn a_row_that_fails_leaves_the_others_and_nothing_behind() {
        let room = tempfile::tempdir().unwrap();
        // There is no box: not even the length of its answer can be asked.
        let args = args("--only nginx,redis-set");
        for (is_stopped, reason) in [(false, "refused"), (true, "interrupted")] {
            let stop = AtomicBool::new(is_stopped);
            let found = compare(&site(room.path()), &args, &stop).unwrap();
            let [nginx, redis] = &found.rows[..] else { panic!("{found}") };
            let why = |row: &Row| match &row.outcome {
                Outcome::Skipped { why } => why.clone(),
                Outcome::Measured { .. } => panic!("measured against nobody"),
            };
            assert!(why(nginx).contains(reason), "{}", why(nginx));
            assert_eq!(why(redis) == "interrupted", is_stopped, "{}", why(redis));
            assert!(!found.is_measured());
            assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn every_row_is_a_run_of_the_generator() {
        let (site, args) = (site(Path::new("room")), args("-c 3 --rounds 1"));
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
