//! The full way of pricing: kinds of shift, minimums, missed breaks, higher duties, scales, rates of
//! a person's own. It looks at each shift as a whole, cuts it further and leads [`Walk`] through the
//! pieces.

mod course;
mod pieces;

use values::{Money, Percent};

use super::local::{self, Local};
use super::resolve::{self, Gaps, Span};
use super::select::{self, Seen};
use super::walk::{Caps, DAY_MINUTES, NO_CAPS, Pay, Walk};
use super::{Particulars, Priced, Terms, claims};
use crate::rules::compile::{
    Cause, Column, CompiledScale, HourlyRates, Missed, Practice, Table, VersionTables,
};
use crate::rules::person::FLAGS_STATED_COUNT_MAX;
use crate::rules::shift::{End, Field, QuoteError, QuoteProblem, Roster};
use course::Course;
use pieces::{Duties, Pieces};

/// The practice of a version that has none.
pub(super) static NO_PRACTICE: Practice = Practice::EMPTY;

/// The shares that the supported wage system assesses.
const CAPACITIES: std::ops::RangeInclusive<Percent> =
    Percent::from_hundredths(1_000)..=Percent::WHOLE;

/// What one person's rates differ by from the award's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Own {
    /// The assessed share of the base.
    capacity: Option<Percent>,
    /// All-purpose allowances claimed.
    all_purpose: claims::AllPurpose,
}

impl Own {
    /// The two bases of a classification's rates for this person.
    fn rates(&self, version: &VersionTables, table: &Table, position: usize) -> HourlyRates {
        let it = &version.classifications[position];
        let practice = version.practice.as_deref().unwrap_or(&NO_PRACTICE);
        let (weekly, hourly) = self.all_purpose.dollars(practice, position);
        let weekly = it.all_purpose_weekly.unwrap_or(Money::ZERO) + weekly;
        let ordinary = match it.weekly {
            Some(rate) => it.hourly_of(rate + weekly, version.week),
            None => table.minimum + it.hourly_of(weekly, version.week),
        };
        HourlyRates { minimum: self.share(table.minimum), ordinary: self.share(ordinary + hourly) }
    }

    /// The assessed share of a rate, to the cent.
    fn share(&self, rate: Money) -> Money {
        self.capacity.map_or(rate, |capacity| rate.percent(capacity))
    }
}

/// Columns of a person's own, by the first column of the table they stand for.
struct OwnColumns<'b> {
    known: &'b mut Vec<(u32, u32)>,
}

/// What holds for all shifts of a request.
struct Period<'r, 'p> {
    terms: &'p Terms<'r>,
    version: &'r VersionTables,
    practice: &'r Practice,
    local: Local<'r>,
    particulars: &'p Particulars<'p>,
    scale: Option<&'r CompiledScale>,
    flags: u32,
    own: Own,
}

/// One shift with all that decides its pay.
struct Shown<'r> {
    seen: Seen,
    position: usize,
    /// 0 is plain.
    kind: usize,
    table: &'r Table,
    pay: Pay<'r>,
}

/// Walks every shift; lines come without amounts.
pub(super) fn walk<'r, R: Roster + ?Sized>(
    terms: &Terms<'r>,
    local: Local<'r>,
    roster: &R,
    particulars: &Particulars<'_>,
    priced: &mut Priced,
) -> Result<(), QuoteError> {
    let period = Period::new(terms, local, particulars)?;
    let practice = period.practice;
    let Priced { lines, personal, personal_of, spans, order, tallies, .. } = priced;
    let (position, minimum_hourly) = (&mut priced.position, &mut priced.minimum_hourly);
    claims::begin(practice, tallies);
    let mut own = OwnColumns { known: personal_of };
    let mut course = Course::new(&period, order.first().map(|it| spans[usize::from(*it)].start))?;
    let layout = terms.version.layout(terms.table, 0);
    let layout = layout.ok_or_else(|| period.no_layout(0, 0))?;
    let pay = Pay::new(terms.table, layout, terms.position);
    let mut walk = Walk::new(terms, pay, local, (lines, personal));
    walk.has_more = true;
    let mut gaps = Gaps::default();
    for (at, shift) in order.iter().enumerate() {
        let shift = usize::from(*shift);
        let span = &spans[shift];
        let shown = period.show(roster, shift, span, &course, (&mut own, walk.personal))?;
        if at == 0 {
            *position = shown.position;
            *minimum_hourly = period.own.share(shown.table.minimum);
        }
        walk.pay = shown.pay;
        walk.begin_shift(shift, span);
        course.begin(&mut walk, span);
        walk.caps = period.caps(roster, shift, &shown, &course);
        resolve::breaks(local, roster, shift, span, &mut gaps)?;
        let missed = period.missed(&shown, walk.personal);
        let owed = (&gaps, missed.map(|it| it.0));
        let mut duties = None;
        if 0 < roster.duties_count(shift) {
            let own = (&mut own, &mut *walk.personal);
            duties = Some(period.duties(roster, shift, span, &shown, owed, own)?);
        }
        let mut pieces =
            Pieces { walk: &mut walk, own: shown.pay, duties: duties.as_ref(), missed };
        let worked = pieces.shift(span, &gaps);
        walk.pay = duties.and_then(|it| it.whole_pay()).unwrap_or(shown.pay);
        let next = order.get(at + 1).map(|next| &spans[usize::from(*next)]);
        let day = shown.seen.day();
        let ends_day = next.is_none_or(|it| (it.start + it.offset).div_euclid(DAY_MINUTES) != day);
        course.pad(&period, &mut walk, &shown, worked, ends_day);
        if !practice.automatic.is_empty() {
            let facts = claims::Facts {
                kind: shown.kind,
                position: shown.position,
                worked,
                overtime: walk.shift_overtime,
                gap: longest(&gaps).max(course.gap_before(span)),
                week: walk.week,
            };
            claims::tally(practice, terms.employment, &shown.seen, &facts, tallies);
        }
        course.end(span);
    }
    match walk.unpaid {
        Some(at) => Err(Field::Shifts.refuse(QuoteProblem::NoRate { at })),
        None => Ok(()),
    }
}

fn longest(gaps: &Gaps) -> i32 {
    gaps.pauses().map(|(start, end)| end - start).max().unwrap_or(0)
}

impl<'r, 'p> Period<'r, 'p> {
    fn new(
        terms: &'p Terms<'r>,
        local: Local<'r>,
        particulars: &'p Particulars<'p>,
    ) -> Result<Self, QuoteError> {
        let version = terms.version;
        let practice = version.practice.as_deref().unwrap_or(&NO_PRACTICE);
        let scale = terms.scale.or_else(|| practice.scale_at(terms.position));
        let mut flags = 0;
        let mut capacity = None;
        if let Some(person) = particulars.person {
            let count = person.flags.len();
            if FLAGS_STATED_COUNT_MAX < count {
                return Err(Field::Person("flags").refuse(QuoteProblem::TooManyFlags { count }));
            }
            for flag in &person.flags {
                flags |= practice.flag(flag).ok_or_else(|| {
                    Field::Person("flags").refuse(QuoteProblem::FlagUnknown(flag.clone()))
                })?;
            }
            capacity = person.supported_wage;
        }
        if let Some(percent) = capacity {
            let field = Field::Person("supported_wage");
            if !practice.has_supported_wage {
                return Err(field.refuse(QuoteProblem::SupportedWageNotOffered));
            }
            if !CAPACITIES.contains(&percent) {
                return Err(field.refuse(QuoteProblem::CapacityOutOfRange { percent }));
            }
        }
        let all_purpose = claims::all_purpose(terms, practice, particulars.claims)?;
        Ok(Self {
            terms,
            version,
            practice,
            local,
            particulars,
            scale,
            flags,
            own: Own { capacity, all_purpose },
        })
    }

    #[cold]
    fn no_layout(&self, shift: usize, kind: usize) -> QuoteError {
        let name = match kind.checked_sub(1) {
            None => "plain".to_owned(),
            Some(at) => self.practice.kinds[at].name.clone(),
        };
        Field::Shift { shift, end: End::Start }.refuse(QuoteProblem::KindNotOffered { name })
    }

    /// Looks at a shift: whose classification, which flags, which kind.
    fn show<R: Roster + ?Sized>(
        &self,
        roster: &R,
        shift: usize,
        span: &Span,
        course: &Course,
        buffers: (&mut OwnColumns<'_>, &mut Vec<Column>),
    ) -> Result<Shown<'r>, QuoteError> {
        let local_start = span.start + span.offset;
        let local_end = span.end + self.local.days.offset_at(span.end);
        let day = self.local.kind_at(self.version, local_start);
        let mut flags = self.flags;
        let count = roster.flags_count(shift);
        if FLAGS_STATED_COUNT_MAX < count {
            return Err(Field::Flags { shift }.refuse(QuoteProblem::TooManyFlags { count }));
        }
        for at in 0..count {
            let flag = roster.flag(shift, at);
            flags |= self.practice.flag(flag).ok_or_else(|| {
                Field::Flags { shift }.refuse(QuoteProblem::FlagUnknown(flag.to_owned()))
            })?;
        }
        let seen = Seen {
            local_start,
            local_end,
            day_bit: local::day_bit(day),
            flags,
            rest: course.rest(span, local_start.div_euclid(DAY_MINUTES)),
        };
        let (terms, person) = (self.terms, self.particulars.person);
        let position =
            select::classification(terms, self.scale, terms.position, person, seen.date())?;
        let kind = select::kind(self.practice, terms, position, &seen);
        let (table, pay) = self.pay(position, kind, shift, buffers)?;
        Ok(Shown { seen, position, kind, table, pay })
    }

    /// The rates of a classification for a kind of shift: the award's, or this person's own.
    fn pay(
        &self,
        position: usize,
        kind: usize,
        shift: usize,
        (own, personal): (&mut OwnColumns<'_>, &mut Vec<Column>),
    ) -> Result<(&'r Table, Pay<'r>), QuoteError> {
        let version = self.version;
        let table = version
            .table_at(position, self.terms.employment)
            .ok_or_else(|| Field::Employment.refuse(QuoteProblem::EmploymentNotOffered))?;
        let layout = version.layout(table, kind).ok_or_else(|| self.no_layout(shift, kind))?;
        let mut pay = Pay::new(table, layout, position);
        if self.own != Own::default() {
            pay.column_base = self.own_columns(table, position, own, personal);
        }
        Ok((table, pay))
    }

    /// Where this person's columns for a table begin; made when first asked for.
    fn own_columns(
        &self,
        table: &Table,
        position: usize,
        own: &mut OwnColumns<'_>,
        personal: &mut Vec<Column>,
    ) -> u32 {
        let key = table.columns.from;
        if let Some(found) = own.known.iter().find(|it| it.0 == key) {
            return found.1;
        }
        let base = self.next_own_column(personal);
        let rates = self.own.rates(self.version, table, position);
        for column in table.columns.of(&self.version.columns) {
            personal.push(self.own_column(column, rates));
        }
        own.known.push((key, base));
        base
    }

    fn next_own_column(&self, personal: &[Column]) -> u32 {
        u32::try_from(self.version.columns.len() + personal.len())
            .expect("a request reaches few tables")
    }

    fn own_column(&self, column: &Column, rates: HourlyRates) -> Column {
        let price = self.version.prices[usize::from(column.rule)];
        let base = price.base_rate(rates, self.terms.employment);
        Column { base, rate: base.percent(column.percent) + column.flat, ..*column }
    }

    /// The limits of one shift beyond those of its day and week.
    fn caps<R: Roster + ?Sized>(
        &self,
        roster: &R,
        shift: usize,
        shown: &Shown<'r>,
        course: &Course,
    ) -> Caps {
        let limits = shown.pay.limits;
        let mut caps = NO_CAPS;
        if limits.week_days_max < course.week_days {
            caps.all_overtime = Some(Cause::WeekDays as u16);
        }
        if limits.consecutive_days_max < course.consecutive {
            caps.all_overtime = Some(Cause::ConsecutiveDays as u16);
        }
        if let Some(at) = shown.kind.checked_sub(1) {
            let kind = &self.practice.kinds[at];
            caps.kind_reason = kind.reason;
            if kind.overtime {
                caps.all_overtime = Some(kind.reason);
            }
            caps.kind_of_day =
                select::whole_day(kind.paid_as, self.local, self.version, &shown.seen);
        }
        if limits.spread_max < u32::MAX {
            let spread = i32::try_from(limits.spread_max).expect("at most a day");
            caps.ordinary_until = course.day_start.saturating_add(spread);
        }
        if limits.beyond_agreed {
            let person = self.particulars.person;
            caps.agreed = roster.agreed(shift).map_or(u32::MAX, values::Hours::minutes);
            let weekly = person.and_then(|it| it.agreed_weekly);
            caps.agreed_weekly = weekly.map_or(u32::MAX, values::Hours::minutes);
        }
        caps
    }

    /// The rule of missed breaks that reaches a shift, with the column it pays.
    fn missed(&self, shown: &Shown<'r>, personal: &mut Vec<Column>) -> Option<(&'r Missed, u32)> {
        let (employment, position) = (self.terms.employment, shown.position);
        let missed = self.practice.missed_breaks.iter().find(|it| {
            it.filter.holds(employment, shown.seen.day_bit, shown.kind, shown.seen.flags)
                && it.positions.has(position)
        })?;
        Some((missed, self.missed_column(missed, position, shown.table, personal)))
    }

    /// The column that a missed break pays at a classification.
    fn missed_column(
        &self,
        missed: &Missed,
        position: usize,
        table: &Table,
        personal: &mut Vec<Column>,
    ) -> u32 {
        let column = missed.column(position, self.terms.employment);
        if self.own == Own::default() {
            return column;
        }
        let rates = self.own.rates(self.version, table, position);
        let own = self.own_column(&self.version.columns[column as usize], rates);
        let column = self.next_own_column(personal);
        personal.push(own);
        column
    }

    /// The intervals of a shift that are paid at the rates of another classification.
    fn duties<R: Roster + ?Sized>(
        &self,
        roster: &R,
        shift: usize,
        span: &Span,
        shown: &Shown<'r>,
        (gaps, missed): (&Gaps, Option<&Missed>),
        (own, personal): (&mut OwnColumns<'_>, &mut Vec<Column>),
    ) -> Result<Duties<'r>, QuoteError> {
        let count = roster.duties_count(shift);
        let mut duties = Duties::new(shift, count)?;
        let mut best: Option<(Money, Pay<'r>, Option<u32>)> = None;
        let mut minutes = 0;
        for at in 0..count {
            let (from, to, name) = roster.duty(shift, at);
            let field = |end| Field::Duty { shift, at, end };
            let start = resolve::instant(self.local, from, field(End::Start))?;
            let end = resolve::instant(self.local, to, field(End::End))?;
            if end.utc <= start.utc {
                let problem = QuoteProblem::Backwards { start: from, end: to };
                return Err(field(End::End).refuse(problem));
            }
            if start.utc < duties.end().unwrap_or(span.start) || span.end < end.utc {
                return Err(field(End::Start).refuse(QuoteProblem::DutiesOutside));
            }
            let position = self
                .named(name, &shown.seen)
                .map_err(|problem| Field::DutyClassification { shift, at }.refuse(problem))?;
            let Some(table) = self.version.table_at(position, self.terms.employment) else {
                let is_annual = self.version.classifications[position].annual.is_some();
                return Err(Field::DutyClassification { shift, at }.refuse(if is_annual {
                    QuoteProblem::AnnualSalary
                } else {
                    QuoteProblem::ClassificationNotOffered
                }));
            };
            // A kind of shift that the other classification does not have is plain work there.
            let has_kind = self.version.layout(table, shown.kind).is_some();
            let kind = if has_kind { shown.kind } else { 0 };
            let (table, mut pay) = self.pay(position, kind, shift, (&mut *own, &mut *personal))?;
            // Ordinary hours end as they do for the person's own classification.
            pay.limits = shown.pay.limits;
            let is_higher = shown.table.minimum < table.minimum;
            let missed = missed.filter(|it| is_higher && it.positions.has(position));
            let missed = missed.map(|it| self.missed_column(it, position, table, personal));
            duties.push((start.utc, end.utc), is_higher.then_some(pay), missed);
            if is_higher {
                minutes += end.utc - start.utc - gaps.within(start.utc, end.utc);
                if best.is_none_or(|it| it.0 < table.minimum) {
                    best = Some((table.minimum, pay, missed));
                }
            }
        }
        let whole = self.practice.higher_duties.iter().find(|it| {
            it.filter.employs(self.terms.employment) && it.positions.has(shown.position)
        });
        if let (Some(whole), Some((_, pay, missed))) = (whole, best)
            && whole.whole_shift_after < minutes
        {
            duties.whole((span.start, span.end), (pay, missed), whole.reason);
        }
        Ok(duties)
    }

    /// The position of a classification, or of a scale's on the date of a shift.
    fn named(&self, name: &str, seen: &Seen) -> Result<usize, QuoteProblem> {
        let scale = self.practice.scale(name);
        let position = self.version.position(name);
        let first = || scale.and_then(|it| it.steps.first()).map(|it| usize::from(it.2));
        let Some(position) = position.or_else(first) else {
            return Err(QuoteProblem::ClassificationUnknown(name.to_owned()));
        };
        let person = self.particulars.person;
        select::classification(self.terms, scale, position, person, seen.date())
            .map_err(|error| error.problem)
    }
}
