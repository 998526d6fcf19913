//! The roster file: one shift a line, comma-separated; see `config/reference/README.md`.

use crate::queries::{Quote, QuoteRoster, WorkerShifts};
use crate::rules::award::Employment;
use crate::rules::calendar::State;
use crate::rules::shift::{Shift, UnpaidBreak};

/// The columns, in order; the first line of the file.
pub const HEADER: &str =
    "worker,award,classification,employment,state,pay_period_start,start,end,unpaid_breaks";

/// Why a roster file is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}{column}: {problem}", if column.is_empty() { "" } else { ", " })]
pub struct RosterFileError {
    /// 1-based.
    pub line: usize,
    /// The column's name; empty when it is the line as a whole.
    pub column: &'static str,
    /// What is wrong.
    pub problem: String,
}

/// Reads a roster file. Consecutive lines of one worker become one worker.
pub fn read(text: &str) -> Result<QuoteRoster, RosterFileError> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let fail = |line, column, problem: String| RosterFileError { line, column, problem };
    if lines.next().map(str::trim_end) != Some(HEADER) {
        return Err(fail(1, "", format!("expected the columns {HEADER}")));
    }
    let mut workers: Vec<WorkerShifts> = Vec::new();
    for (line, text) in (2..).zip(lines) {
        if text.trim().is_empty() {
            continue;
        }
        let row = read_line(line, text)?;
        match workers.last_mut() {
            Some(last) if last.worker == row.worker => {
                let quote = &mut last.quote;
                let same = [
                    ("award", quote.award == row.quote.award),
                    ("classification", quote.classification == row.quote.classification),
                    ("employment", quote.employment == row.quote.employment),
                    ("state", quote.state == row.quote.state),
                    ("pay_period_start", quote.pay_period_start == row.quote.pay_period_start),
                ];
                if let Some((column, _)) = same.into_iter().find(|it| !it.1) {
                    let problem = format!("differs from the line before, also of {}", row.worker);
                    return Err(fail(line, column, problem));
                }
                quote.shifts.extend(row.quote.shifts);
            }
            _ => workers.push(row),
        }
    }
    Ok(QuoteRoster { workers })
}

fn read_line(line: usize, text: &str) -> Result<WorkerShifts, RosterFileError> {
    let fail = |column, problem: String| RosterFileError { line, column, problem };
    let cells: Vec<&str> = text.split(',').map(str::trim).collect();
    let Ok([worker, award, classification, employment, state, period, start, end, breaks]) =
        <[&str; 9]>::try_from(cells)
    else {
        let count = text.split(',').count();
        return Err(fail("", format!("has {count} columns, expected 9")));
    };
    let employment = Employment::ALL
        .into_iter()
        .find(|it| it.name() == employment)
        .ok_or_else(|| fail("employment", format!("`{employment}` is none")))?;
    let state = State::ALL
        .into_iter()
        .find(|it| it.name() == state)
        .ok_or_else(|| fail("state", format!("`{state}` is none")))?;
    let pay_period_start =
        period.parse().map_err(|error| fail("pay_period_start", format!("`{period}` {error}")))?;
    let moment = |column: &'static str, text: &str| {
        text.parse().map_err(|error| fail(column, format!("`{text}` {error}")))
    };
    let mut unpaid_breaks = Vec::new();
    for it in breaks.split(';').filter(|it| !it.is_empty()) {
        let (from, to) = it
            .split_once('/')
            .ok_or_else(|| fail("unpaid_breaks", format!("`{it}` is not of the form start/end")))?;
        unpaid_breaks.push(UnpaidBreak {
            start: moment("unpaid_breaks", from)?,
            end: moment("unpaid_breaks", to)?,
        });
    }
    let shift = Shift::new(moment("start", start)?, moment("end", end)?, unpaid_breaks);
    let quote = Quote::new(
        award.to_owned(),
        classification.to_owned(),
        employment,
        state,
        pay_period_start,
        vec![shift],
    );
    Ok(WorkerShifts { worker: worker.to_owned(), quote })
}
