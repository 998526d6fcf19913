//! `quoin pack check`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use rates::rules::calendar::Calendar;
use rates::rules::pack::{Examined, Finding, examine};
use serde_json::{Value, json};

use crate::reference;

/// Check packs and run their examples: no box is needed
///
/// Each fault names file, line, key and reason: times of the week without a rate, rules that overlap, figures that
/// contradict each other, examples that come out differently. What a pack leaves out is listed as a gap and refuses
/// nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin pack check MA000004.toml\n  \
    quoin pack check my-reference                every pack in my-reference/packs, or in my-reference\n  \
    quoin pack check --json my-reference | jq '.files[].faults[]'\n\n\
    Exit status: 0 all are good, 1 one has a fault.")]
pub(super) struct Check {
    /// Pack files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Run the examples with the public holidays of this file in place of the embedded ones
    #[arg(long, value_name = "FILE")]
    holidays: Option<PathBuf>,
    /// Print the findings as one JSON document
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode> {
        let calendar = Calendar::new(&reference::holidays(self.holidays.as_deref())?)?;
        let mut examined = Vec::new();
        for path in super::files(&self.paths)? {
            let found = examine(&super::read(&path)?, &calendar);
            examined.push((path.display().to_string(), found));
        }
        let is_good = examined.iter().all(|(_, it)| it.faults.is_empty());
        let mut out = io::stdout().lock();
        if self.json {
            let files: Vec<Value> = examined.iter().map(|(file, it)| document(file, it)).collect();
            writeln!(out, "{:#}", json!({ "good": is_good, "files": files }))?;
        } else {
            for (file, it) in &examined {
                write(&mut out, file, it)?;
            }
        }
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn document(file: &str, examined: &Examined) -> Value {
    let list = |findings: &[Finding]| -> Value {
        let one = |it: &Finding| json!({ "line": it.line, "key": it.key, "reason": it.reason });
        findings.iter().map(one).collect()
    };
    let versions: Vec<String> =
        examined.versions.iter().map(|it| it.operative_from.to_string()).collect();
    json!({
        "file": file,
        "award": examined.award,
        "name": examined.name,
        "versions": versions,
        "classifications": examined.versions.last().map_or(0, |it| it.classifications.len()),
        "examples": examined.examples,
        "faults": list(&examined.faults),
        "gaps": list(&examined.gaps),
    })
}

fn write(out: &mut impl Write, file: &str, examined: &Examined) -> io::Result<()> {
    let Examined { award, name, versions, examples, faults, gaps } = examined;
    let place = |it: &Finding| {
        let line = it.line.map(|it| format!(":{it}")).unwrap_or_default();
        let key = if it.key.is_empty() { String::new() } else { format!(" {}:", it.key) };
        format!("{file}{line}:{key}")
    };
    for it in faults {
        writeln!(out, "{} {}", place(it), it.reason)?;
    }
    if let (true, Some(first), Some(last)) = (faults.is_empty(), versions.first(), versions.last())
    {
        writeln!(
            out,
            "{file}: good: {award} {name}; versions: {}, {} to {}; classifications: {}; examples that \
             come out: {examples}",
            versions.len(),
            first.operative_from,
            last.operative_from,
            last.classifications.len()
        )?;
    }
    for it in gaps {
        writeln!(out, "{} gap: {}", place(it), it.reason)?;
    }
    Ok(())
}
