//! Reading a roster file row by row into whole pay periods, holding one of them at a time.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};

use rates::Quote;
use rates::roster_file::{self, Columns, RowError};

/// The longest row: a shift with some hundred breaks. In bytes.
const ROW_BYTES_MAX: usize = 16 * 1024;
/// The most pay periods in one file, so that what is remembered of each stays bounded.
const PERIODS_COUNT_MAX: usize = 4_000_000;

/// Why a row is not priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Line of the file, from 1.
    pub(super) row: usize,
    /// The column; empty when it is the row as a whole.
    pub(super) column: String,
    /// What is wrong.
    pub(super) reason: String,
}

/// The rows of one worker in one pay period.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) worker: String,
    /// What is asked; its shifts are in the order of the rows.
    pub(super) quote: Quote,
    /// The row of each shift.
    pub(super) rows: Vec<usize>,
}

/// What stands next in the file.
#[derive(Debug)]
pub(super) enum Next {
    /// A pay period whose rows are all understood.
    Period(Period),
    /// A pay period that cannot be priced, because a row of it is not understood.
    Refused(Refused),
}

/// Rows that cannot be priced.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) rows_count: usize,
    pub(super) refusals: Vec<Refusal>,
    /// Whether they may belong to a pay period that was priced without them.
    pub(super) is_doubtful: bool,
}

/// The rows of one worker and pay period, while they are read.
struct Group {
    worker: String,
    /// As written; none when the row does not have it.
    pay_period_start: Option<String>,
    quote: Option<Quote>,
    rows: Vec<usize>,
    refusals: Vec<Refusal>,
}

/// A roster file being read.
pub(super) struct Rows<R> {
    input: R,
    columns: Columns,
    row: usize,
    group: Option<Group>,
    /// Digests of the workers and pay periods that have ended.
    ended: BTreeSet<u128>,
}

impl<R: BufRead> Rows<R> {
    /// Reads the first line, which names the columns.
    pub(super) fn begin(mut input: R) -> io::Result<Result<Self, Refusal>> {
        let header = line(&mut input)?.unwrap_or_else(|| Ok(String::new()));
        let columns = header.and_then(|it| Columns::read(&it));
        Ok(match columns {
            Ok(columns) => Ok(Self { input, columns, row: 1, group: None, ended: BTreeSet::new() }),
            Err(reason) => Err(Refusal { row: 1, column: String::new(), reason }),
        })
    }

    /// How many rows were read, without the first line.
    pub(super) const fn rows_count(&self) -> usize {
        self.row.saturating_sub(1)
    }

    /// The next pay period; none at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Next>> {
        loop {
            let Some(line) = self.line()? else {
                return Ok(self.group.take().map(|it| self.end(it)));
            };
            let text = match line {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => text,
                Err(reason) => {
                    let refusal = Refusal { row: self.row, column: String::new(), reason };
                    let refusals = vec![refusal];
                    let refused = Refused { rows_count: 1, refusals, is_doubtful: true };
                    return Ok(Some(Next::Refused(refused)));
                }
            };
            if let Some(ended) = self.add(&text) {
                return Ok(Some(ended));
            }
        }
    }

    /// Takes a row, and gives the group that it ends.
    fn add(&mut self, text: &str) -> Option<Next> {
        let row = self.row;
        let mut cells = text.split(',').map(str::trim);
        let worker = cells.next().unwrap_or_default().to_owned();
        let pay_period_start = cells.nth(4).filter(|it| !it.is_empty()).map(str::to_owned);
        let belongs = self.group.as_ref().is_some_and(|it| {
            it.worker == worker
                && (it.pay_period_start.is_none()
                    || pay_period_start.is_none()
                    || it.pay_period_start == pay_period_start)
        });
        let ended = if belongs { None } else { self.group.take().map(|it| self.end(it)) };
        let group = self.group.get_or_insert_with(|| Group {
            worker,
            pay_period_start: None,
            quote: None,
            rows: Vec::new(),
            refusals: Vec::new(),
        });
        group.rows.push(row);
        if group.pay_period_start.is_none() {
            group.pay_period_start = pay_period_start;
        }
        if let Err(RowError { column, problem: reason }) = group.take(&self.columns, text) {
            group.refusals.push(Refusal { row, column: column.to_owned(), reason });
        }
        ended
    }

    fn end(&mut self, mut group: Group) -> Next {
        let period = group.pay_period_start.as_deref().unwrap_or_default();
        let key = format!("{}\0{period}", group.worker);
        let is_new = self.ended.insert(xxhash_rust::xxh3::xxh3_128(key.as_bytes()));
        let reason = if !is_new {
            Some(format!(
                "{} has other rows of this pay period further up: all rows of a worker's pay period stand together",
                group.worker
            ))
        } else if PERIODS_COUNT_MAX < self.ended.len() {
            Some(format!("a file holds at most {PERIODS_COUNT_MAX} pay periods"))
        } else {
            None
        };
        let is_doubtful = reason.is_some() || group.pay_period_start.is_none();
        if let Some(reason) = reason {
            let row = group.rows[0];
            group.refusals.push(Refusal { row, column: "worker".to_owned(), reason });
        }
        let Group { worker, quote, rows, refusals, .. } = group;
        match quote {
            Some(quote) if refusals.is_empty() => Next::Period(Period { worker, quote, rows }),
            _ => Next::Refused(Refused { rows_count: rows.len(), refusals, is_doubtful }),
        }
    }

    /// The next line without its end, or why it is none.
    fn line(&mut self) -> io::Result<Option<Result<String, String>>> {
        let line = line(&mut self.input)?;
        self.row += usize::from(line.is_some());
        Ok(line)
    }
}

fn line(input: &mut impl BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(ROW_BYTES_MAX).expect("a small number");
    let count = input.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
    if count == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if count == ROW_BYTES_MAX {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("is longer than {ROW_BYTES_MAX} bytes"))));
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())))
}

impl Group {
    /// Adds the shift of a row, or says which column is wrong.
    fn take(&mut self, columns: &Columns, text: &str) -> Result<(), RowError> {
        let read = columns.row(text)?.quote;
        let Some(quote) = &mut self.quote else {
            self.quote = Some(read);
            return Ok(());
        };
        roster_file::join(quote, read).map_err(|column| {
            let problem = format!("differs from the rows before, also of {}", self.worker);
            RowError { column, problem }
        })
    }
}

impl Period {
    /// The row and the column of a field of the request, such as `shifts[2].end`.
    pub(super) fn refusal(&self, field: &str, detail: &str) -> Refusal {
        let (shift, column) = roster_file::place(&self.quote, field);
        let row = shift.and_then(|it| self.rows.get(it)).or_else(|| self.rows.first());
        Refusal {
            row: row.copied().unwrap_or_default(),
            column: column.to_owned(),
            reason: detail.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rates::roster_file::HEADER;

    const GOOD: &str = "MA000004,retail-employee-level-1,casual,NSW,2025-07-07,\
        2025-07-08T09:00,2025-07-08T14:00,";

    fn read(lines: &[String]) -> Vec<String> {
        let file = format!("{HEADER}\n{}\n", lines.join("\n"));
        let mut rows = Rows::begin(file.as_bytes()).unwrap().unwrap();
        let mut found = Vec::new();
        while let Some(next) = rows.next().unwrap() {
            found.push(match next {
                Next::Period(it) => format!("{} {:?}", it.worker, it.rows),
                Next::Refused(Refused { rows_count, refusals, is_doubtful }) => {
                    let said: Vec<String> = refusals
                        .iter()
                        .map(|it| format!("{}/{}: {}", it.row, it.column, it.reason))
                        .collect();
                    let doubt = if is_doubtful { " in doubt" } else { "" };
                    format!("{rows_count} refused{doubt}, {}", said.join("; "))
                }
            });
        }
        found
    }

    #[test]
    fn rows_become_pay_periods() {
        let row = |worker: &str| format!("{worker},{GOOD}");
        let second = |worker: &str| row(worker).replace("2025-07-07", "2025-07-14");
        assert_eq!(
            read(&[row("a"), row("a"), String::new(), second("a"), row("b")]),
            ["a [2, 3]", "a [5]", "b [6]"]
        );
    }

    #[test]
    fn one_bad_row_spoils_its_pay_period_only() {
        let row = |worker: &str| format!("{worker},{GOOD}");
        let bad = row("b").replace("casual", "casul");
        assert_eq!(
            read(&[row("a"), row("b"), bad, row("b"), row("c")]),
            ["a [2]", "3 refused, 4/employment: `casul` is none", "c [6]"]
        );
        // A row cut short spoils the worker's rows before it and after it.
        assert_eq!(
            read(&[row("a"), "b,MA000004".to_owned(), row("b"), row("c")]),
            ["a [2]", "2 refused, 3/: has 2 columns, expected 9", "c [5]"]
        );
        assert_eq!(
            read(&[row("a"), "b,MA000004".to_owned(), row("c")]),
            ["a [2]", "1 refused in doubt, 3/: has 2 columns, expected 9", "c [4]"]
        );
        let other = row("a").replace("NSW", "VIC");
        assert_eq!(
            read(&[row("a"), other]),
            ["2 refused, 3/state: differs from the rows before, also of a"]
        );
    }

    #[test]
    fn a_pay_period_stands_together() {
        let row = |worker: &str| format!("{worker},{GOOD}");
        let found = read(&[row("a"), row("b"), row("a")]);
        assert_eq!(found[..2], ["a [2]", "b [3]"]);
        assert!(
            found[2].starts_with("1 refused in doubt, 4/worker: a has other rows"),
            "{}",
            found[2]
        );
    }

    #[test]
    fn what_is_no_text_is_one_refused_row() {
        let mut file = format!("\u{feff}{HEADER}\r\na,{GOOD}\r\n").into_bytes();
        file.extend(b"b,\xff\n");
        file.extend(vec![b'x'; 3 * ROW_BYTES_MAX]);
        file.extend(format!("\nc,{GOOD}").bytes());
        let mut rows = Rows::begin(&file[..]).unwrap().unwrap();
        let mut reasons = Vec::new();
        let mut workers = Vec::new();
        while let Some(next) = rows.next().unwrap() {
            match next {
                Next::Period(it) => workers.push((it.worker, it.rows)),
                Next::Refused(it) => {
                    reasons.extend(it.refusals.into_iter().map(|it| (it.row, it.reason)));
                }
            }
        }
        let long = format!("is longer than {ROW_BYTES_MAX} bytes");
        assert_eq!(reasons, [(3, "is not UTF-8".to_owned()), (4, long)]);
        assert_eq!(workers, [("a".to_owned(), vec![2]), ("c".to_owned(), vec![5])]);
        assert_eq!(rows.rows_count(), 4);
        for wrong in ["", "worker,award\n", "\u{fffd}"] {
            let refusal = Rows::begin(wrong.as_bytes()).unwrap().err().unwrap();
            assert!(refusal.reason.starts_with("expected the columns worker,"), "{wrong}");
        }
    }

    #[test]
    fn fields_become_rows_and_columns() {
        let file = format!("{HEADER}\na,{GOOD}\na,{GOOD}\n");
        let mut rows = Rows::begin(file.as_bytes()).unwrap().unwrap();
        let Some(Next::Period(period)) = rows.next().unwrap() else { panic!("both rows are good") };
        for (field, row, column) in [
            ("shifts[1].end", 3, "end"),
            ("shifts[0].unpaid_breaks[1].start", 2, "unpaid_breaks"),
            ("shifts[1]", 3, ""),
            ("shifts", 2, ""),
            ("award", 2, "award"),
            ("person.date_of_birth", 2, "date_of_birth"),
            ("shifts[9].end", 2, "end"),
        ] {
            let found = period.refusal(field, "why");
            assert_eq!((found.row, found.column.as_str()), (row, column), "{field}");
        }
    }
}
