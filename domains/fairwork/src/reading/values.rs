//! Cells as values.

use ::values::Date;

use super::report::Reason;
use super::table::{Cell, Line, column_key};
use crate::figure::Figure;

/// The longest text of a cell, in bytes; the longest published one has 333.
const TEXT_BYTES_MAX: usize = 2_000;

/// Why a row is not taken: the column as printed, the reason, and the values.
pub(super) type Refused = (String, Reason, String);

/// The columns of a table by the form in which their names are compared.
pub(super) struct Columns<'t> {
    printed: &'t [String],
    keys: Vec<String>,
}

impl<'t> Columns<'t> {
    pub(super) fn new(printed: &'t [String]) -> Self {
        Self { printed, keys: printed.iter().map(|it| column_key(it)).collect() }
    }

    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// A column that is there twice, so that nobody can say which one counts.
    pub(super) fn twice(&self, names: &[&str]) -> Option<&str> {
        let twice = |key: &String| {
            names.iter().any(|it| column_key(it) == *key)
                && self.keys.iter().filter(|it| *it == key).count() > 1
        };
        self.keys.iter().position(twice).map(|at| self.printed[at].as_str())
    }

    fn place(&self, name: &str) -> Option<usize> {
        // Names here are spelled as in the exports, of letters alone.
        self.keys.iter().position(|it| it.eq_ignore_ascii_case(name))
    }
}

/// One row's cells by column name.
pub(super) struct Cells<'t> {
    pub(super) columns: &'t Columns<'t>,
    pub(super) line: &'t Line,
}

impl Cells<'_> {
    fn cell(&self, name: &str) -> Option<(&Cell, &str)> {
        let at = self.columns.place(name)?;
        let cell = self.line.cells.get(at)?;
        // A word that stands for nothing, as dumps write it.
        let text = cell.text.trim();
        let is_null = ["null", "nan", "none", "\\n"].iter().any(|it| text.eq_ignore_ascii_case(it));
        (!text.is_empty() && !is_null).then_some((cell, text))
    }

    fn refused(&self, name: &str, reason: Reason, detail: String) -> Refused {
        let printed = self.columns.place(name).map(|at| self.columns.printed[at].trim());
        (printed.unwrap_or(name).to_owned(), reason, detail)
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Refused> {
        let text = self.cell(name).map_or("", |(_, text)| text);
        if TEXT_BYTES_MAX < text.len() {
            let detail = format!("{} bytes, at most {TEXT_BYTES_MAX} are taken", text.len());
            return Err(self.refused(name, Reason::TextTooLong, detail));
        }
        Ok(text.to_owned())
    }

    pub(super) fn needed_text(&self, name: &str) -> Result<String, Refused> {
        let text = self.text(name)?;
        if text.is_empty() {
            return Err(self.missing(name));
        }
        Ok(text)
    }

    fn missing(&self, name: &str) -> Refused {
        self.refused(name, Reason::ValueMissing, "every row has a value here".to_owned())
    }

    pub(super) fn figure(&self, name: &str) -> Result<Option<Figure>, Refused> {
        let Some((_, text)) = self.cell(name) else { return Ok(None) };
        Figure::parse(text)
            .map(Some)
            .map_err(|error| self.refused(name, Reason::NumberInvalid, format!("{text:?} {error}")))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Refused> {
        let Some((_, text)) = self.cell(name) else { return Ok(None) };
        // A spreadsheet may write a whole number as 5.0.
        let whole = Figure::parse(text).ok().map(Figure::millionths);
        let whole = whole.filter(|it| it % 1_000_000 == 0);
        let number = whole.and_then(|it| u32::try_from(it / 1_000_000).ok());
        number.map(Some).ok_or_else(|| {
            self.refused(name, Reason::NumberInvalid, format!("{text:?} is not a whole number"))
        })
    }

    pub(super) fn needed_number(&self, name: &str) -> Result<u32, Refused> {
        self.number(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refused> {
        let Some((_, text)) = self.cell(name) else { return Ok(false) };
        let is = |words: &[&str]| words.iter().any(|it| text.eq_ignore_ascii_case(it));
        if is(&["1", "true", "yes", "y"]) {
            Ok(true)
        } else if is(&["0", "false", "no", "n"]) {
            Ok(false)
        } else {
            let detail = format!("{text:?} is neither yes nor no");
            Err(self.refused(name, Reason::FlagInvalid, detail))
        }
    }

    pub(super) fn date(&self, name: &str) -> Result<Option<Date>, Refused> {
        let Some((cell, text)) = self.cell(name) else { return Ok(None) };
        let read = if cell.is_number { serial(text) } else { moment(text) };
        let bad = |why: &str| {
            let detail = format!("{text:?} {why}: expected YYYY-MM-DD");
            self.refused(name, Reason::DateInvalid, detail)
        };
        match read {
            Some((date, 0)) => Ok(Some(date)),
            Some(_) => Err(bad("has a time of day")),
            None => Err(bad("is not a date")),
        }
    }

    /// `YYYY-MM-DDTHH:MM:SS`.
    pub(super) fn time(&self, name: &str) -> Result<String, Refused> {
        let Some((cell, text)) = self.cell(name) else { return Ok(String::new()) };
        let read = if cell.is_number { serial(text) } else { moment(text) };
        let Some((date, second)) = read else {
            let detail = format!("{text:?} is not a date and time");
            return Err(self.refused(name, Reason::DateInvalid, detail));
        };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        Ok(format!("{}T{hour:02}:{minute:02}:{second:02}", date.text()))
    }
}

/// Days from 30 December 1899, where spreadsheets begin to count, to 1 January 1970.
const SERIAL_OF_1970: i32 = 25_569;
const DAY_S: u64 = 86_400;

/// A spreadsheet's count of days, with the second of the day.
fn serial(text: &str) -> Option<(Date, u64)> {
    let (days, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut days: i32 = days.parse().ok()?;
    let fraction = &fraction[..fraction.len().min(12)];
    let unit = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let mut second = (fraction.parse::<u64>().ok()? * DAY_S + unit / 2) / unit;
    if second == DAY_S {
        (days, second) = (days + 1, 0);
    }
    // After 1900, whose February a spreadsheet thinks too long, and before the year 10000.
    (61..2_958_466).contains(&days).then(|| (Date::from_days(days - SERIAL_OF_1970), second))
}

/// Any of the forms that exports and answers of several years have: a date alone, with a time after a
/// blank or a `T`, with an offset that must be none, or the day first and slashes, as a spreadsheet
/// with Australian settings saves it. With the second of the day.
fn moment(text: &str) -> Option<(Date, u64)> {
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let date = if date.contains('/') {
        let mut parts = date.split('/');
        let mut part = || parts.next()?.parse::<u32>().ok();
        let (day, month, year) = (part()?, part()?, part()?);
        (parts.next().is_none() && 1_000 <= year).then(|| Date::new(year, month, day).ok())??
    } else {
        Date::parse(date).ok()?
    };
    let time = time.trim_end_matches('Z').trim_end_matches("+00:00").trim_end_matches("-00:00");
    if time.is_empty() {
        return Some((date, 0));
    }
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let mut parts = time.split(':');
    let mut part = |max: u64| match parts.next() {
        Some(text) if text.len() <= 2 => text.parse::<u64>().ok().filter(|it| *it < max),
        _ => None,
    };
    let second = part(24)? * 3_600 + part(60)? * 60 + part(60).unwrap_or(0);
    parts.next().is_none().then_some((date, second))
}
