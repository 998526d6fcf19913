//! One shift in pieces: between breaks, before and after a break was due, at whose classification.

use crate::rules::award::BreakPay;
use crate::rules::compile::Missed;
use crate::rules::person::DUTIES_COUNT_MAX;
use crate::rules::quote::resolve::{Gaps, Span};
use crate::rules::quote::walk::{Pay, Walk, minutes};
use crate::rules::shift::{Field, QuoteError, QuoteProblem};

/// An interval at other rates, in UTC minutes; none where the other rates are no higher.
#[derive(Clone, Copy)]
struct Duty<'r> {
    start: i32,
    end: i32,
    pay: Option<Pay<'r>>,
    /// The column that a missed break pays there.
    missed: Option<u32>,
    reason: u16,
}

/// The intervals of one shift in order of time, on the stack.
pub(super) struct Duties<'r> {
    intervals: [Option<Duty<'r>>; DUTIES_COUNT_MAX],
    count: usize,
    is_whole: bool,
}

impl<'r> Duties<'r> {
    pub(super) fn new(shift: usize, count: usize) -> Result<Self, QuoteError> {
        if DUTIES_COUNT_MAX < count {
            return Err(Field::Duties { shift }.refuse(QuoteProblem::TooManyDuties { count }));
        }
        Ok(Self { intervals: [None; DUTIES_COUNT_MAX], count: 0, is_whole: false })
    }

    fn iter(&self) -> impl Iterator<Item = &Duty<'r>> {
        self.intervals.iter().flatten()
    }

    /// Whose rates pay the whole shift, and what is made up after it.
    pub(super) fn whole_pay(&self) -> Option<Pay<'r>> {
        self.intervals[0].filter(|_| self.is_whole).and_then(|it| it.pay)
    }

    /// The end of the last interval so far.
    pub(super) fn end(&self) -> Option<i32> {
        self.count.checked_sub(1).and_then(|at| self.intervals[at]).map(|it| it.end)
    }

    pub(super) fn push(
        &mut self,
        (start, end): (i32, i32),
        pay: Option<Pay<'r>>,
        missed: Option<u32>,
    ) {
        self.intervals[self.count] = Some(Duty { start, end, pay, missed, reason: 0 });
        self.count += 1;
    }

    /// Makes the whole shift one interval.
    pub(super) fn whole(
        &mut self,
        (start, end): (i32, i32),
        (pay, missed): (Pay<'r>, Option<u32>),
        reason: u16,
    ) {
        self.intervals = [None; DUTIES_COUNT_MAX];
        self.intervals[0] = Some(Duty { start, end, pay: Some(pay), missed, reason });
        self.count = 1;
        self.is_whole = true;
    }
}

/// A shift about to be walked.
pub(super) struct Pieces<'w, 'r> {
    pub(super) walk: &'w mut Walk<'r>,
    pub(super) own: Pay<'r>,
    pub(super) duties: Option<&'w Duties<'r>>,
    pub(super) missed: Option<(&'r Missed, u32)>,
}

impl Pieces<'_, '_> {
    /// Walks the shift and gives the minutes worked.
    pub(super) fn shift(&mut self, span: &Span, gaps: &Gaps) -> u32 {
        let break_min = self.missed.map_or(i32::MAX, |it| it.0.break_min);
        let mut worked = 0;
        let (mut at, mut since) = (span.start, span.start);
        for (start, end) in gaps.pauses() {
            worked += self.stretch(at, start, since);
            if break_min <= end - start {
                since = end;
            }
            at = end;
        }
        worked + self.stretch(at, span.end, since)
    }

    /// Walks work without a break; the last break that counts ended at `since`.
    fn stretch(&mut self, from: i32, to: i32, since: i32) -> u32 {
        if to <= from {
            return 0;
        }
        let Some((missed, column)) = self.missed else {
            self.piece(from, to);
            return minutes(from, to);
        };
        let due = since.saturating_add(missed.after).clamp(from, to);
        self.piece(from, due);
        match missed.pay {
            BreakPay::AtLeast => {
                self.walk.caps.floor = Some((column, missed.reason));
                self.piece(due, to);
                self.walk.caps.floor = None;
            }
            BreakPay::Added => {
                self.piece(due, to);
                self.added(column, (due, to), missed.reason);
            }
        }
        minutes(from, to)
    }

    /// Pays a missed break on top, each part of it at the classification it was worked at.
    fn added(&mut self, column: u32, (mut from, to): (i32, i32), reason: u16) {
        for duty in self.duties.into_iter().flat_map(Duties::iter) {
            let (start, end) = (duty.start.max(from), duty.end.min(to));
            let Some(higher) = duty.missed.filter(|_| start < end) else {
                continue;
            };
            if from < start {
                self.walk.add(column, from, start, reason);
            }
            self.walk.add(higher, start, end, reason);
            from = end;
        }
        if from < to {
            self.walk.add(column, from, to, reason);
        }
    }

    /// Walks a piece, each part of it at the rates of the classification it was worked at.
    fn piece(&mut self, mut from: i32, to: i32) {
        for duty in self.duties.into_iter().flat_map(Duties::iter) {
            let Some(pay) = duty.pay else {
                continue;
            };
            let (start, end) = (duty.start.max(from), duty.end.min(to));
            if end <= start {
                continue;
            }
            self.walk.work_from(from, start);
            self.walk.pay = pay;
            self.walk.caps.duty_reason = duty.reason;
            let floor = self.walk.caps.floor;
            self.walk.caps.floor = floor.map(|it| (duty.missed.unwrap_or(it.0), it.1));
            self.walk.work_from(start, end);
            self.walk.caps.floor = floor;
            self.walk.pay = self.own;
            self.walk.caps.duty_reason = 0;
            from = end;
        }
        self.walk.work_from(from, to);
    }
}
