//! Pricing shifts. One pass over each shift's cells, no allocation once the buffers have grown.

mod resolve;
mod walk;

use values::{Date, Hours, LocalTime, Money};

use super::calendar::{Calendar, State};
use super::compile::{Column, RuleText, Table, VersionTables};
use super::shift::{QuoteError, Roster};

/// One line of a quote: time within one shift at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Position of the shift in the request.
    pub shift: u32,
    /// Index of the column among the version's columns.
    pub(crate) column: u32,
    /// On the local clock.
    pub from: LocalTime,
    /// On the local clock.
    pub to: LocalTime,
    /// Elapsed time; across a clock change it differs from `to - from`.
    pub hours: Hours,
    /// Rate times hours, rounded half-up to the cent.
    pub amount: Money,
}

/// The answer of pricing, and the buffers to compute the next one with.
#[derive(Debug, Default)]
pub struct Priced {
    /// In order of time.
    pub lines: Vec<Line>,
    /// The sum of the lines' amounts.
    pub total: Money,
    /// The sum of the lines' hours.
    pub hours: Hours,
    spans: Vec<resolve::Span>,
    order: Vec<u16>,
}

/// One award version, classification and kind of employment, ready to price shifts.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'r> {
    /// The award version.
    pub version: &'r VersionTables,
    /// Position of the classification in the version.
    pub position: usize,
    pub(crate) table: &'r Table,
    pub(crate) pay_period_start: Date,
}

impl<'r> Terms<'r> {
    /// The minimum hourly rate.
    #[must_use]
    pub fn minimum_hourly(&self) -> Money {
        self.table.minimum
    }

    /// The rate of a line of this version.
    #[inline]
    #[must_use]
    pub fn column(&self, line: &Line) -> &'r Column {
        &self.version.columns[line.column as usize]
    }

    /// The words of a line's rule.
    #[inline]
    #[must_use]
    pub fn rule(&self, line: &Line) -> &'r RuleText {
        &self.version.rules[usize::from(self.column(line).rule)]
    }

    /// Prices `roster` in `state` into `priced`, whose former content is dropped.
    pub fn price<R: Roster + ?Sized>(
        &self,
        calendar: &Calendar,
        state: State,
        roster: &R,
        priced: &mut Priced,
    ) -> Result<(), QuoteError> {
        priced.lines.clear();
        priced.total = Money::ZERO;
        priced.hours = Hours::ZERO;
        let days = calendar.state(state);
        let (spans, order) = (&mut priced.spans, &mut priced.order);
        resolve::shifts(self.pay_period_start, calendar, days, roster, spans, order)?;
        let mut walk = walk::Walk::new(self, calendar, days, &mut priced.lines);
        for shift in order.iter() {
            let shift = usize::from(*shift);
            let span = &priced.spans[shift];
            walk.begin_shift(shift, span);
            if roster.breaks_count(shift) == 0 {
                walk.work(span.start, span.end, span.offset);
                continue;
            }
            let breaks = resolve::breaks(calendar, days, roster, shift, span)?;
            let mut from = (span.start, span.offset);
            for it in breaks.as_slice() {
                walk.work(from.0, it.start, from.1);
                from = (it.end, it.end_offset);
            }
            walk.work(from.0, span.end, from.1);
        }
        for line in &mut priced.lines {
            let column = &self.version.columns[line.column as usize];
            line.amount = column.amount(line.hours.minutes());
            priced.total += line.amount;
            priced.hours += line.hours;
        }
        Ok(())
    }
}
