//! The file of what was priced: written aside, and put in place whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;

use rates::rules::paid::PaidFor;
use rates::{QuoteAllowance, QuoteLine, QuoteReply};

use super::rows::Period;

/// The columns of lines.
const LINE_HEADER: &str = "worker,award,classification,employment,state,pay_period_start,\
    operative_from,row,paid_for,from,to,hours,rule,percent,base,flat,per,quantity,rate,amount,\
    currency,clause,reason\n";
/// The columns of totals.
const TOTAL_HEADER: &str = "worker,award,classification,employment,state,pay_period_start,\
    operative_from,shifts,hours,total,currency\n";

/// A sheet being written. Without [`Sheet::finish`] nothing of it stays.
pub(super) struct Sheet {
    out: Option<BufWriter<File>>,
    aside: PathBuf,
    path: PathBuf,
    /// One row for each pay period in place of one for each line.
    totals: bool,
}

impl Sheet {
    /// Begins beside `path`, so that putting it in place is one rename.
    pub(super) fn begin(path: &Path, totals: bool) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(path.file_name().ok_or_else(|| io::Error::other("is no file name"))?);
        name.push(format!(".{}.part", process::id()));
        let aside = path.with_file_name(name);
        let out = Some(BufWriter::new(File::create(&aside)?));
        let mut sheet = Self { out, aside, path: path.to_owned(), totals };
        let header = if totals { TOTAL_HEADER } else { LINE_HEADER };
        sheet.out().write_all(header.as_bytes())?;
        Ok(sheet)
    }

    /// Adds what a pay period comes to.
    pub(super) fn add(&mut self, period: &Period, reply: &QuoteReply) -> io::Result<()> {
        let own = head(period, reply, &reply.classification);
        let totals = self.totals;
        let out = self.out();
        if totals {
            let shifts = period.rows.len();
            let QuoteReply { hours, total, currency, .. } = reply;
            return writeln!(out, "{own},{shifts},{hours},{total},{currency}");
        }
        for line in &reply.lines {
            let cells = line_cells(period, reply, line);
            // Time at another classification says which.
            match line.classification.as_str() {
                "" => writeln!(out, "{own},{cells}")?,
                other => writeln!(out, "{},{cells}", head(period, reply, other))?,
            }
        }
        for it in &reply.allowances {
            writeln!(out, "{own},{}", allowance_cells(period, reply, it))?;
        }
        Ok(())
    }

    fn out(&mut self) -> &mut BufWriter<File> {
        self.out.as_mut().expect("a sheet is open until it is finished")
    }

    /// Puts the sheet in place, on the disk whole before it has its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let out = self.out.take().expect("a sheet is finished once");
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&self.aside, &self.path)?;
        let folder = self.path.parent().filter(|it| !it.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; else what is left is of no use to anybody.
        let _ = fs::remove_file(&self.aside);
    }
}

fn head(period: &Period, reply: &QuoteReply, classification: &str) -> String {
    let quote = &period.quote;
    let (award, classification) = (cell(&reply.award), cell(classification));
    format!(
        "{},{award},{classification},{},{},{},{}",
        cell(&period.worker),
        quote.employment.name(),
        quote.state.name(),
        quote.pay_period_start,
        reply.operative_from
    )
}

fn line_cells(period: &Period, reply: &QuoteReply, line: &QuoteLine) -> String {
    let row = usize::try_from(line.shift).ok().and_then(|it| period.rows.get(it));
    let paid_for = match line.paid_for {
        PaidFor::Work => "work",
        PaidFor::Minimum => "minimum",
        PaidFor::Added => "added",
        PaidFor::Allowance => "allowance",
    };
    format!(
        "{},{paid_for},{},{},{},{},{},{},{},hour,{},{},{},{},{},{}",
        row.map(ToString::to_string).unwrap_or_default(),
        line.from,
        line.to,
        line.hours,
        cell(&line.rule),
        line.percent,
        line.base,
        line.flat,
        line.hours,
        line.rate,
        line.amount,
        reply.currency,
        cell(&line.clause),
        cell(&line.reason)
    )
}

fn allowance_cells(period: &Period, reply: &QuoteReply, it: &QuoteAllowance) -> String {
    let row = it.shift.and_then(|it| period.rows.get(usize::try_from(it).ok()?));
    format!(
        "{},allowance,,,,{},,,,{},{},{},{},{},{},",
        row.map(ToString::to_string).unwrap_or_default(),
        cell(&it.allowance),
        it.per.name(),
        it.quantity.text(),
        it.rate,
        it.amount,
        reply.currency,
        cell(&it.clause)
    )
}

/// The text as a cell: in quotes where it would be taken for more than one (RFC 4180).
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_one_cell() {
        for (text, expected) in [
            ("clause 15", "clause 15"),
            ("clause 29.3(b), (c)", "\"clause 29.3(b), (c)\""),
            ("6\" pipe", "\"6\"\" pipe\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn a_sheet_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        drop(Sheet::begin(&path, true).unwrap());
        assert_eq!(names(), 0);
        fs::write(&path, "before").unwrap();
        let sheet = Sheet::begin(&path, true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        sheet.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), TOTAL_HEADER);
        assert_eq!(names(), 1);
    }
}
