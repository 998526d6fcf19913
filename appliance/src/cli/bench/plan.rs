//! `quoin bench plan`: how many users a box carries.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use client::Call;
use load::{PlanResult, PlanStop, PlanTarget, Planner, Scenario};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::print;
use super::running::Running;
use crate::ask;
use crate::bench_box::BenchBox;

/// Find the highest rate that meets a scenario's objectives, and the users that a box carries
///
/// A scenario is a mix of operations, doors, sizes, keys and tenants with objectives: a ready one, or a TOML file of
/// one's own (config/scenarios has the ready ones). Requests are sent at the times of the scenario whether or not
/// replies come, and latency counts from the time that was intended. Rates grow until one does not meet the
/// objectives, then the gap is halved, then the knee is confirmed.
///
/// With --rpc, --rpc-tls, --http or --https a running box is loaded, and doors of the scenario without an address are
/// left out; durable operations of the scenario leave their records there. Without any a box of its own is started,
/// first on one core and then on two, and removed afterwards.
///
/// Progress goes to standard error. A plan that is interrupted, or whose server goes away, gives what it has, marked
/// as not complete, and ends with status 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin bench plan --scenario rates-day --out day.json  a box of its own, the result also in a file\n  \
    quoin bench plan --scenario mixed --client-core 2,3   two cores for the generator\n  \
    quoin bench plan --scenario mine.toml --http 127.0.0.1:8080 --server-pid PID  a box that runs\n  \
    quoin bench report day.json --html day.html           the result as a page")]
pub(super) struct Plan {
    /// rates-day, payroll-night, quote-burst, limiter-abuse, mixed, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "rates-day")]
    scenario: String,
    #[command(flatten)]
    running: Running,
    /// The binary RPC door over TLS is at this address
    #[arg(long, value_name = "ADDRESS")]
    rpc_tls: Option<SocketAddr>,
    /// The generator's cores, a thread for each door on each [default: the last core]
    #[arg(long, value_name = "CORE", value_delimiter = ',')]
    client_core: Vec<usize>,
    /// How long to search: no new rate is tried after so many seconds; the second box of a plan has a third of it
    /// [default: 120 for a box that runs, else 100]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=86_400))]
    budget: Option<u64>,
    /// A directory on the server's log device: its own write + sync latency is measured before
    #[arg(long, value_name = "DIR")]
    probe_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the JSON into this file, for `quoin bench report` and `quoin bench compare`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A plan of a box of its own is done within three minutes, the second box included.
const BUDGET: Duration = Duration::from_secs(100);
const BUDGET_RUNNING: Duration = Duration::from_mins(2);
/// What `scale` compares with.
const CORES_TWO: u32 = 2;

impl Plan {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (scenario, source) = Scenario::find(&self.scenario)?;
        let halt = Arc::new(AtomicBool::new(false));
        let mut say = |line: &str| eprintln!("{line}");
        say(&format!("{}: {}", scenario.name, scenario.about));
        let mut planner = Planner::new(&scenario, &source, &self.client_core, &halt, &mut say);
        let ended = match self.measure(&scenario, &mut planner, &halt) {
            // Nothing was measured: an error and no half report.
            Err(error) if !planner.has_steps() => return Err(error),
            ended => ended,
        };
        let result = planner.finish(ended.err().map(|error| format!("{error:#}")));
        self.write(&result)
    }

    fn measure(
        &self,
        scenario: &Scenario,
        planner: &mut Planner<'_>,
        halt: &Arc<AtomicBool>,
    ) -> Result<()> {
        let runs = self.running.is_named() || self.rpc_tls.is_some();
        let budget =
            self.budget.map_or(if runs { BUDGET_RUNNING } else { BUDGET }, Duration::from_secs);
        if runs {
            keep_on_signal(halt)?;
            return planner.search(&self.target(), budget).map_err(told);
        }
        {
            let (_one, target) = start(1, scenario, halt)?;
            planner.search(&target, budget).map_err(told)?;
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if cores < 2 {
            return Ok(());
        }
        eprintln!("the same on two cores, for the model");
        let (_two, target) = start(CORES_TWO, scenario, halt)?;
        planner.scale(&target, budget / 3).map_err(told)
    }

    fn target(&self) -> PlanTarget {
        PlanTarget {
            rpc_tls: self.rpc_tls,
            probe_dir: self.probe_dir.clone(),
            ..self.running.target()
        }
    }

    fn write(&self, result: &PlanResult) -> Result<ExitCode> {
        if let Some(file) = &self.out {
            fs::write(file, result.to_json())
                .with_context(|| format!("writing {}", file.display()))?;
        }
        print(&if self.json { result.to_json() } else { result.to_string() })?;
        if result.complete {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("quoin: not complete: {}", result.missing.join("; "));
        // Only what was asked for and cannot be had is a failure; a sheet needs a process to look at.
        Ok(if result.knee.is_some() && result.sheet.is_none() && result.missing.len() == 1 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// A box of the plan's own, with the scenario's policies.
fn start(
    cores: u32,
    scenario: &Scenario,
    halt: &Arc<AtomicBool>,
) -> Result<(BenchBox, PlanTarget)> {
    let started = BenchBox::start_with(cores, Some(Arc::clone(halt)));
    let started = started.context("starting a box to measure")?;
    set_policies(started.doors().rpc, scenario)?;
    let target = PlanTarget { cores: Some(cores), ..started.target() };
    Ok((started, target))
}

/// Sets the scenario's policies in every tenant that it speaks for.
fn set_policies(rpc: SocketAddr, scenario: &Scenario) -> Result<()> {
    if scenario.policies.is_empty() {
        return Ok(());
    }
    let (number, operation) =
        registry::operation("limits.set-policy").context("the box has no limits")?;
    let client = ask::connect(rpc)?;
    let tenants = if scenario.tenants == 1 { 0..=0 } else { 1..=scenario.tenants };
    for policy in &scenario.policies {
        let mut payload = Vec::new();
        (operation.from_json)(policy.json.as_bytes(), &mut payload)?;
        for tenant in tenants.clone() {
            let call = Call::command(number, &payload).tenant(tenant);
            ask::payload(&client.call(&call)?).context("setting a policy of the scenario")?;
        }
    }
    Ok(())
}

/// The first signal keeps what was measured, the next one ends at once.
fn keep_on_signal(halt: &Arc<AtomicBool>) -> io::Result<()> {
    let (mut signals, halt) = (Signals::new([SIGINT, SIGTERM])?, Arc::clone(halt));
    thread::Builder::new().name("quoin-signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().find(|_| halt.swap(true, SeqCst)) {
            std::process::exit(128 + signal);
        }
    })?;
    Ok(())
}

fn told(stop: PlanStop) -> anyhow::Error {
    match stop {
        PlanStop::Halted => anyhow::anyhow!("interrupted"),
        PlanStop::Failed(error) => error.into(),
    }
}
