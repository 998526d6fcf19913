//! Pricing shifts. One pass over each shift's cells, no allocation once the buffers have grown.
//!
//! A version that only has rates by time, asked about shifts that say nothing special, takes the
//! short way here; everything else goes through [`full`].

mod claims;
mod full;
mod local;
mod resolve;
mod select;
mod walk;

use values::{Date, Hours, LocalTime, Money};

use super::award::{AllowanceUnit, Employment};
use super::calendar::{Calendar, State};
use super::compile::{Column, CompiledScale, Practice, RuleText, Table, VersionTables};
use super::paid::PaidFor;
use super::person::{Before, Claim, Person, Quantity};
use super::shift::{Field, QuoteError, QuoteProblem, Roster};

/// One line of a quote: time within one shift at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Position of the shift in the request.
    pub shift: u32,
    /// Index of the column: see [`Priced::column`].
    pub(crate) column: u32,
    /// On the local clock.
    pub from: LocalTime,
    /// On the local clock.
    pub to: LocalTime,
    /// Elapsed time; across a clock change it differs from `to - from`.
    pub hours: Hours,
    /// Rate times hours, rounded half-up to the cent.
    pub amount: Money,
    /// Position of the classification that pays it.
    pub(crate) position: u16,
    /// Index of why it begins among the version's reasons.
    pub(crate) reason: u16,
    /// What its time is.
    pub nature: PaidFor,
}

/// What is paid beside hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowanceLine {
    /// Index of the allowance in the version.
    pub(crate) allowance: u16,
    /// The shift it was claimed for, if it was for one.
    pub shift: Option<u32>,
    /// How many units; hours are rounded to the hundredth to be shown.
    pub quantity: Quantity,
    /// What it comes to.
    pub amount: Money,
}

/// Facts beside the shifts. The default has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Particulars<'a> {
    /// About the person.
    pub person: Option<&'a Person>,
    /// About the time before the pay period.
    pub before: Option<&'a Before>,
    /// Allowances claimed.
    pub claims: &'a [Claim],
}

impl Particulars<'_> {
    fn is_empty(&self) -> bool {
        self.person.is_none() && self.before.is_none() && self.claims.is_empty()
    }
}

/// The answer of pricing, and the buffers to compute the next one with.
#[derive(Debug, Default)]
pub struct Priced {
    /// In order of shifts, and of time within one.
    pub lines: Vec<Line>,
    /// In the award's order; claims after what is paid unclaimed.
    pub allowances: Vec<AllowanceLine>,
    /// The sum of all amounts.
    pub total: Money,
    /// The hours paid: the sum of the lines' hours but for those paid on top.
    pub hours: Hours,
    /// The minimum hourly rate of the first shift.
    pub minimum_hourly: Money,
    /// Position of the classification of the first shift.
    pub position: usize,
    spans: Vec<resolve::Span>,
    order: Vec<u16>,
    /// Rates of this person where they are not the award's.
    personal: Vec<Column>,
    /// First columns of tables with where their personal columns begin.
    personal_of: Vec<(u32, u32)>,
    tallies: Vec<claims::Tally>,
}

impl Priced {
    /// The rate of a line priced under `terms`.
    #[inline]
    #[must_use]
    pub fn column<'a>(&'a self, terms: &Terms<'a>, line: &Line) -> &'a Column {
        walk::find_column(terms.version, &self.personal, line.column)
    }

    /// The words of a line's rule.
    #[inline]
    #[must_use]
    pub fn rule<'a>(&'a self, terms: &Terms<'a>, line: &Line) -> &'a RuleText {
        &terms.version.rules[usize::from(self.column(terms, line).rule)]
    }
}

/// One award version, classification and kind of employment, ready to price shifts.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'r> {
    /// The award version.
    pub version: &'r VersionTables,
    /// Position of the classification in the version; of a scale its first step's.
    pub position: usize,
    pub(crate) table: &'r Table,
    pub(crate) employment: Employment,
    /// The scale that was named instead of a classification: a date decides.
    pub(crate) scale: Option<&'r CompiledScale>,
    pub(crate) pay_period_start: Date,
}

impl<'r> Terms<'r> {
    /// The minimum hourly rate.
    #[must_use]
    pub fn minimum_hourly(&self) -> Money {
        self.table.minimum
    }

    /// Why a line begins where it does: a limit that was reached, the kind of its shift, a minimum.
    /// Empty where its rule says it all.
    #[inline]
    #[must_use]
    pub fn reason(&self, line: &Line) -> &'r str {
        &self.version.reasons[usize::from(line.reason)]
    }

    /// The code of the classification that pays a line.
    #[inline]
    #[must_use]
    pub fn classification(&self, line: &Line) -> &'r str {
        &self.version.classifications[usize::from(line.position)].code
    }

    /// Code, clause, dollars and unit of an allowance.
    #[must_use]
    pub fn allowance(&self, line: &AllowanceLine) -> (&'r str, &'r str, Money, AllowanceUnit) {
        let practice: &Practice = self.version.practice.as_deref().unwrap_or(&full::NO_PRACTICE);
        let it = &practice.allowances[usize::from(line.allowance)];
        (&it.code, &it.clause, it.rate, it.per)
    }

    /// Prices `roster` in `state` into `priced`, whose former content is dropped.
    pub fn price<R: Roster + ?Sized>(
        &self,
        calendar: &Calendar,
        state: State,
        roster: &R,
        particulars: &Particulars<'_>,
        priced: &mut Priced,
    ) -> Result<(), QuoteError> {
        priced.lines.clear();
        priced.allowances.clear();
        priced.personal.clear();
        priced.personal_of.clear();
        priced.total = Money::ZERO;
        priced.hours = Hours::ZERO;
        priced.minimum_hourly = self.table.minimum;
        priced.position = self.position;
        let local = local::Local::new(calendar, state);
        let (spans, order) = (&mut priced.spans, &mut priced.order);
        resolve::shifts(self.pay_period_start, local, roster, spans, order)?;
        let layout = self.version.layout(self.table, 0);
        match layout.filter(|it| !it.limits.has_more) {
            Some(layout)
                if self.version.practice.is_none()
                    && particulars.is_empty()
                    && (0..roster.shifts_count()).all(|it| roster.is_plain(it)) =>
            {
                let pay = walk::Pay::new(self.table, layout, self.position);
                let buffers = (&mut priced.lines, &mut priced.personal);
                let mut walk = walk::Walk::new(self, pay, local, buffers);
                let mut breaks = resolve::Gaps::default();
                for shift in order.iter() {
                    let shift = usize::from(*shift);
                    let span = &priced.spans[shift];
                    walk.begin_shift(shift, span);
                    if roster.breaks_count(shift) == 0 {
                        walk.work(span.start, span.end, span.offset);
                        continue;
                    }
                    resolve::breaks(local, roster, shift, span, &mut breaks)?;
                    let mut from = (span.start, span.offset);
                    for it in breaks.as_slice() {
                        walk.work(from.0, it.start, from.1);
                        from = (it.end, it.end_offset);
                    }
                    walk.work(from.0, span.end, from.1);
                }
                if let Some(at) = walk.unpaid {
                    return Err(Field::Shifts.refuse(QuoteProblem::NoRate { at }));
                }
            }
            _ => full::walk(self, local, roster, particulars, priced)?,
        }
        for line in &mut priced.lines {
            let column = walk::find_column(self.version, &priced.personal, line.column);
            line.amount = column.amount(line.hours.minutes());
            priced.total += line.amount;
            if line.nature != PaidFor::Added {
                priced.hours += line.hours;
            }
        }
        if self.version.practice.is_some() {
            claims::pay(self, roster, particulars, priced)?;
        }
        Ok(())
    }
}
