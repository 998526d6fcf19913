//! `quoin bench compare-peers`: other people's servers beside a box.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use ::compare::{CompareArgs, Site, compare};
use anyhow::{Context, Result};
use clap::Args;

use super::print;
use crate::bench_box::BenchBox;

/// Mode of a folder that others may enter and not look into.
const ENTERED: u32 = 0o711;

/// Put nginx, Redis, Postgres and a quote service made of them beside a box
///
/// A box of its own is started, as for a benchmark, and each peer over a directory beside the box's, on a free port;
/// all of them end with the run. In each row rounds of both sides take turns. A peer that is not installed is left
/// out, and the table says so: `--install` installs them from the system's packages.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin bench compare-peers --install --markdown           the table of the README\n  \
    quoin bench compare-peers --only redis-set,postgres -c 1 one at a time\n  \
    quoin bench compare-peers --venv ~/quoin-peers --json    keeps the Python packages for the next run\n\n\
    Interrupted once, it stops the peers and prints the rows that it has.\n\
    Exit status: 0 a row was measured, 1 none was, or it was interrupted.")]
pub(super) struct ComparePeers {
    #[command(flatten)]
    args: CompareArgs,
}

impl ComparePeers {
    pub(super) fn run(self) -> Result<ExitCode> {
        self.args.check()?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let bench_box = BenchBox::start_with(1, Some(Arc::clone(&interrupted)));
        let bench_box = bench_box.context("starting a box to measure")?;
        let doors = bench_box.doors();
        let room = bench_box.room().join("peers");
        fs::create_dir(&room).with_context(|| format!("making {}", room.display()))?;
        for folder in [bench_box.room(), &room] {
            // PostgreSQL enters as a user of its own, whatever the umask.
            fs::set_permissions(folder, Permissions::from_mode(ENTERED))
                .with_context(|| format!("opening {}", folder.display()))?;
        }
        let site = Site {
            rpc: doors.rpc,
            http: doors.http,
            https: doors.https,
            authority: doors.authority.clone(),
            api_key: doors.api_key.clone(),
            pid: bench_box.pid(),
            log_directory: bench_box.directory().to_owned(),
            room,
        };
        let found = compare(&site, &self.args, &interrupted)?;
        let printed = print(&match (self.args.json, self.args.markdown) {
            (true, _) => found.to_json(),
            (false, true) => found.to_markdown(),
            (false, false) => found.to_string(),
        })?;
        let failed = interrupted.load(SeqCst) || !found.is_measured();
        Ok(if failed { ExitCode::FAILURE } else { printed })
    }
}
