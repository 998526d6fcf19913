//! The files of an import: named on the command line, read whole, reported on.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use fairwork::reading::{Expected, FileReport, Rows, read};
use fairwork::{Sheet, award_number};
use serde_json::{Value, json};

/// Which files, and what they are.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// The published year to import; without it each row names its own
    #[arg(long, value_name = "YEAR")]
    year: Option<u32>,
    /// The award table (CSV or XLSX)
    #[arg(long, value_name = "FILE")]
    award: Option<PathBuf>,
    /// The classification table, with pay rates
    #[arg(long, value_name = "FILE")]
    classification: Option<PathBuf>,
    /// The wage allowance table
    #[arg(long, value_name = "FILE")]
    wage_allowance: Option<PathBuf>,
    /// The expense allowance table
    #[arg(long, value_name = "FILE")]
    expense_allowance: Option<PathBuf>,
    /// The penalty table
    #[arg(long, value_name = "FILE")]
    penalty: Option<PathBuf>,
    /// The award of files whose rows do not name it; with --api, the one award to read
    #[arg(long, value_name = "CODE")]
    of_award: Option<String>,
}

impl Files {
    /// The one published year that is imported, when one is named.
    pub(super) const fn year(&self) -> Option<u32> {
        self.year
    }

    /// The number of the one award, when one is named.
    pub(super) fn of_award(&self) -> Result<Option<u32>> {
        let Some(text) = &self.of_award else { return Ok(None) };
        Ok(Some(award_number(text).context("--of-award: expected a code such as MA000004")?))
    }

    pub(super) fn read(&self) -> Result<(Rows, Vec<FileReport>)> {
        let award = self.of_award()?;
        let files = [
            (Sheet::Award, &self.award),
            (Sheet::Classification, &self.classification),
            (Sheet::WageAllowance, &self.wage_allowance),
            (Sheet::ExpenseAllowance, &self.expense_allowance),
            (Sheet::Penalty, &self.penalty),
        ];
        let (mut rows, mut reports) = (Rows::default(), Vec::new());
        for (sheet, path) in files {
            let Some(path) = path else { continue };
            let file = path.display().to_string();
            let bytes = fs::read(path).with_context(|| format!("reading {file}"))?;
            let expected = Expected { file: &file, sheet, year: self.year, award };
            let (good, report) = read(expected, &bytes);
            eprintln!("{file}: {} rows, {} good", report.rows, report.good);
            rows.append(good);
            reports.push(report);
        }
        if reports.is_empty() {
            bail!("no file is given: name at least --classification, or --api");
        }
        Ok((rows, reports))
    }
}

/// For people: what was read of each table, and every finding.
pub(super) fn write(out: &mut impl Write, reports: &[FileReport]) -> Result<()> {
    // An interface has a list of each table for every award; those with nothing to tell are summed up.
    let is_many = Sheet::ALL.len() < reports.len();
    for sheet in Sheet::ALL.into_iter().filter(|_| is_many) {
        let of = || reports.iter().filter(|it| it.sheet == sheet);
        let (rows, good) = (sum(of().map(|it| it.rows)), sum(of().map(|it| it.good)));
        writeln!(out, "{} tables: {} lists, {rows} rows, {good} good", sheet.name(), of().count())?;
    }
    for report in reports {
        let FileReport { file, sheet, format, rows, good, .. } = report;
        if is_many && report.left_out.is_empty() && !report.is_refused {
            continue;
        }
        writeln!(out, "{file}: {} table, {format}, {rows} rows, {good} good", sheet.name())?;
        for (reason, count) in &report.left_out {
            writeln!(out, "  {count:6} left out: {reason}")?;
        }
        for note in report.notes.iter().filter(|_| !is_many) {
            writeln!(out, "  note: {note}")?;
        }
        for finding in &report.findings {
            writeln!(out, "  {finding}")?;
        }
    }
    Ok(())
}

fn sum(numbers: impl Iterator<Item = u32>) -> u64 {
    numbers.map(u64::from).sum()
}

/// The same as JSON.
pub(super) fn json(reports: &[FileReport]) -> Value {
    let one = |report: &FileReport| {
        let left_out: serde_json::Map<String, Value> = report
            .left_out
            .iter()
            .map(|(it, count)| (it.name().to_owned(), json!(count)))
            .collect();
        let findings: Vec<Value> = report
            .findings
            .iter()
            .map(|it| {
                json!({
                    "row": it.row, "column": it.column, "reason": it.reason.name(),
                    "detail": it.detail
                })
            })
            .collect();
        json!({
            "file": report.file, "table": report.sheet.name(), "format": report.format,
            "rows": report.rows, "good": report.good, "refused": report.is_refused,
            "left_out": left_out, "notes": report.notes, "findings": findings
        })
    };
    Value::Array(reports.iter().map(one).collect())
}
