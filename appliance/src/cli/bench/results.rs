//! `quoin bench report` and `quoin bench compare`: what was written down, read again.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Args;

/// Print the result of a plan again, or make a page of it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin bench report rates-day.json\n  \
    quoin bench report rates-day.json --html rates-day.html   plots; the page asks for nothing outside")]
pub(super) struct Report {
    /// What `quoin bench plan` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write one page with plots into this file, instead of printing
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Put two results beside each other and say how sure each difference is
///
/// Two plans or two benches (--json). Of plans the knees are compared by the brackets of their searches, latencies
/// second by second at a rate that both sustained; of benches all figures round by round: give 5 rounds or more.
/// The test is that of Mann and Whitney, which neither outliers nor few rounds mislead.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin bench quote --rounds 7 --json > before.json\n  \
    quoin bench compare before.json after.json\n  \
    quoin bench compare before.json after.json --strict       for a gate\n  \
    quoin bench compare before.json after.json --html changes.html\n\n\
    Exit status: 0 compared, 1 the files cannot be compared, or with --strict a figure is worse beyond chance or \
    no figure has samples enough to tell.")]
pub(super) struct Compare {
    /// The first result
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The second result
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Write one page with a plot into this file, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with status 1 when a figure is worse and chance is no explanation, or nothing could be told
    #[arg(long)]
    strict: bool,
}

impl Report {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let text = read(&self.file)?;
        let result = load::PlanResult::from_json(&text)
            .map_err(|reason| anyhow!("{}: {reason}", self.file.display()))?;
        match &self.html {
            Some(page) => write(page, &result.to_html())?,
            None => write!(io::stdout().lock(), "{result}")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Compare {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let (before, after) = (read(&self.before)?, read(&self.after)?);
        let names = [&self.before, &self.after].map(|it| it.display().to_string());
        let found = load::compare_results((&names[0], &before), (&names[1], &after))?;
        if let Some(page) = &self.html {
            write(page, &found.to_html())?;
        }
        let text = if self.json { found.to_json() } else { found.to_string() };
        writeln!(io::stdout().lock(), "{}", text.trim_end())?;
        // A gate that cannot tell must not say that all is well.
        let failed = self.strict && (found.is_worse() || !found.tells());
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
