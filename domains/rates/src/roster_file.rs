//! The roster file: one shift a line, comma-separated; see `config/reference/README.md`.

mod more;

use std::fmt::Display;
use std::str::FromStr;

use crate::queries::{Quote, QuoteRoster, WorkerShifts};
use crate::rules::award::Employment;
use crate::rules::calendar::State;
use crate::rules::person::{Before, Claim, Person};
use crate::rules::shift::{Shift, UnpaidBreak};
use more::{MORE, Take};

/// The columns that every file has: its first line begins with them, in this order.
pub const HEADER: &str =
    "worker,award,classification,employment,state,pay_period_start,start,end,unpaid_breaks";
/// How many there are.
const HEADER_COUNT: usize = 9;

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

/// Why one row of a roster file is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{column}{}{problem}", if column.is_empty() { "" } else { ": " })]
pub struct RowError {
    /// The column's name; empty when it is the row as a whole.
    pub column: &'static str,
    /// What is wrong.
    pub problem: String,
}

/// The columns of one file, as its first line names them.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Those after the ones that every file has.
    more: Vec<(&'static str, Take)>,
}

/// Reads a roster file. Consecutive lines of one worker become one worker.
pub fn read(text: &str) -> Result<QuoteRoster, RosterFileError> {
    let mut lines = text.lines();
    let fail = |line, column, problem: String| RosterFileError { line, column, problem };
    let columns = Columns::read(lines.next().unwrap_or_default());
    let columns = columns.map_err(|problem| fail(1, "", problem))?;
    let mut workers: Vec<WorkerShifts> = Vec::new();
    for (line, text) in (2..).zip(lines) {
        if text.trim().is_empty() {
            continue;
        }
        let row = columns.row(text).map_err(|it| fail(line, it.column, it.problem))?;
        match workers.last_mut() {
            Some(last) if last.worker == row.worker => {
                join(&mut last.quote, row.quote).map_err(|column| {
                    let problem = format!("differs from the line before, also of {}", row.worker);
                    fail(line, column, problem)
                })?;
            }
            _ => workers.push(row),
        }
    }
    Ok(QuoteRoster { workers })
}

impl Columns {
    /// Reads the first line of a file, or says what is wrong with it.
    pub fn read(line: &str) -> Result<Self, String> {
        let line = line.trim_start_matches('\u{feff}');
        let mut names = line.split(',').map(str::trim);
        if !HEADER.split(',').all(|expected| names.next() == Some(expected)) {
            return Err(format!("expected the columns {HEADER}"));
        }
        let mut more: Vec<(&'static str, Take)> = Vec::new();
        for name in names {
            let Some(known) = MORE.iter().find(|it| it.0 == name) else {
                let known: Vec<&str> = MORE.iter().map(|it| it.0).collect();
                let known = known.join(", ");
                return Err(format!("`{name}` is not a column, there can further be {known}"));
            };
            if more.iter().any(|it| it.0 == name) {
                return Err(format!("`{name}` is there twice"));
            }
            more.push(*known);
        }
        Ok(Self { more })
    }

    /// Reads one row: a worker with one shift.
    pub fn row(&self, text: &str) -> Result<WorkerShifts, RowError> {
        let fail = |column, problem| RowError { column, problem };
        let count = text.split(',').count();
        let expected = HEADER_COUNT + self.more.len();
        let mut cells = text.split(',').map(str::trim);
        let first: [&str; HEADER_COUNT] = std::array::from_fn(|_| cells.next().unwrap_or_default());
        if count != expected {
            return Err(fail("", format!("has {count} columns, expected {expected}")));
        }
        let [worker, award, classification, employment, state, period, start, end, breaks] = first;
        let employment = Employment::ALL
            .into_iter()
            .find(|it| it.name() == employment)
            .ok_or_else(|| fail("employment", format!("`{employment}` is none")))?;
        let state = State::ALL
            .into_iter()
            .find(|it| it.name() == state)
            .ok_or_else(|| fail("state", format!("`{state}` is none")))?;
        let pay_period_start = parsed(period).map_err(|it| fail("pay_period_start", it))?;
        let moment = |column: &'static str, text| parsed(text).map_err(|it| fail(column, it));
        let (start, end) = (moment("start", start)?, moment("end", end)?);
        let mut unpaid_breaks = Vec::new();
        for it in listed(breaks) {
            let (from, to) = it.split_once('/').ok_or_else(|| {
                fail("unpaid_breaks", format!("`{it}` is not of the form start/end"))
            })?;
            unpaid_breaks.push(UnpaidBreak {
                start: moment("unpaid_breaks", from)?,
                end: moment("unpaid_breaks", to)?,
            });
        }
        let mut quote = Quote::new(
            award.to_owned(),
            classification.to_owned(),
            employment,
            state,
            pay_period_start,
            vec![Shift::new(start, end, unpaid_breaks)],
        );
        // An empty cell states nothing.
        for ((column, take), cell) in self.more.iter().zip(cells).filter(|it| !it.1.is_empty()) {
            take(&mut quote, cell).map_err(|it| fail(column, it))?;
        }
        Ok(WorkerShifts { worker: worker.to_owned(), quote })
    }
}

/// The items of a cell that holds several.
fn listed(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').map(str::trim).filter(|it| !it.is_empty())
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("`{text}` {error}"))
}

/// Adds the shift of a row, and what is claimed for it, to the rows before it of the same worker and
/// pay period; or names the column in which they differ and may not.
pub fn join(quote: &mut Quote, row: Quote) -> Result<(), &'static str> {
    if let Some(column) = difference(quote, &row) {
        return Err(column);
    }
    let before = u32::try_from(quote.shifts.len()).unwrap_or(u32::MAX);
    quote.shifts.extend(row.shifts);
    for claim in row.claims {
        if let Some(shift) = claim.shift {
            quote.claims.push(Claim { shift: Some(before.saturating_add(shift)), ..claim });
        }
    }
    Ok(())
}

/// The first column that is the same for a whole pay period and differs between two rows of it.
fn difference(one: &Quote, other: &Quote) -> Option<&'static str> {
    fn of_period(it: &Quote) -> impl Iterator<Item = &Claim> {
        it.claims.iter().filter(|it| it.shift.is_none())
    }
    let nobody = Person::default();
    let person = one.person.as_deref().unwrap_or(&nobody);
    let person_too = other.person.as_deref().unwrap_or(&nobody);
    let nothing = Before::default();
    let before = one.before.as_deref().unwrap_or(&nothing);
    let before_too = other.before.as_deref().unwrap_or(&nothing);
    let same = [
        ("award", one.award == other.award),
        ("classification", one.classification == other.classification),
        ("employment", one.employment == other.employment),
        ("state", one.state == other.state),
        ("pay_period_start", one.pay_period_start == other.pay_period_start),
        ("date_of_birth", person.date_of_birth == person_too.date_of_birth),
        ("service_from", person.service_from == person_too.service_from),
        ("apprenticeship_from", person.apprenticeship_from == person_too.apprenticeship_from),
        ("supported_wage", person.supported_wage == person_too.supported_wage),
        ("agreed_weekly", person.agreed_weekly == person_too.agreed_weekly),
        ("person_flags", person.flags == person_too.flags),
        ("before_shift_end", before.shift_end == before_too.shift_end),
        ("before_consecutive_days", before.consecutive_days == before_too.consecutive_days),
        ("before_averaging_weeks", before.averaging_weeks == before_too.averaging_weeks),
        ("before_averaging_hours", before.averaging_hours == before_too.averaging_hours),
        ("period_claims", of_period(one).eq(of_period(other))),
    ];
    same.into_iter().find(|it| !it.1).map(|it| it.0)
}

/// Where a field of a request, such as `shifts[2].end`, stands in the file it was read from: the
/// position of the shift, where it is of one, and the column; an empty name where it is of none.
#[must_use]
pub fn place(quote: &Quote, field: &str) -> (Option<usize>, &'static str) {
    let item = |list: &str| {
        let (at, rest) = field.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?;
        let name = rest.trim_start_matches('.').split(['.', '[']).next();
        Some((at.parse::<usize>().ok()?, name.unwrap_or_default()))
    };
    if let Some((shift, name)) = item("shifts") {
        return (Some(shift), column(name));
    }
    if let Some((claim, _)) = item("claims") {
        let shift = quote.claims.get(claim).and_then(|it| it.shift);
        let name = if shift.is_some() { "claims" } else { "period_claims" };
        return (shift.and_then(|it| usize::try_from(it).ok()), name);
    }
    let name = match field.split_once('.') {
        Some(("person", "flags")) => "person_flags",
        Some(("person", name)) => name,
        Some(("before", name)) => return (None, column(&format!("before_{name}"))),
        _ => field,
    };
    (None, column(name))
}

/// The column of that name.
fn column(name: &str) -> &'static str {
    let mut known = HEADER.split(',').chain(MORE.iter().map(|it| it.0));
    known.find(|it| *it == name).unwrap_or_default()
}
