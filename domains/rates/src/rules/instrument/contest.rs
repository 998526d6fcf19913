//! Which instrument pays what: one stretch of worked time after the other, the higher rate.

use values::{Hours, LocalTime, Money};

use crate::rules::paid::{PaidFor, PaidLine};

/// Lines of pay under one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// The instrument's code.
    pub code: String,
    /// What the whole pay period comes to under it.
    pub lines: Vec<PaidLine>,
}

/// One stretch of pay and the instrument that pays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Position of the instrument: 0 for the first contender.
    pub by: usize,
    /// The line, cut to the stretch.
    pub line: PaidLine,
    /// What the other contender pays for the same, when both were compared here.
    pub other: Option<Money>,
}

/// The sum of lines.
#[must_use]
pub fn total(lines: &[PaidLine]) -> Money {
    lines.iter().map(|it| it.amount).sum()
}

/// Lays `second` against `first`, both over the same shifts: worked time is compared minute by
/// minute, and the higher rate pays it; at equal rates the first does. What is paid without or
/// beside worked time is compared for each shift as a sum, and so are the allowances of the period.
#[must_use]
pub fn contest(first: &[PaidLine], second: &[PaidLine]) -> Vec<Piece> {
    let mut shifts: Vec<Option<u32>> = first.iter().chain(second).map(|it| it.shift).collect();
    // Those of the whole period last.
    shifts.sort_unstable_by_key(|it| it.map_or(u32::MAX, |shift| shift));
    shifts.dedup();
    let mut pieces = Vec::new();
    for shift in shifts {
        let of = |lines: &[PaidLine], worked: bool| -> Vec<PaidLine> {
            let wanted =
                |it: &&PaidLine| it.shift == shift && (it.paid_for == PaidFor::Work) == worked;
            lines.iter().filter(wanted).cloned().collect()
        };
        worked(&of(first, true), &of(second, true), &mut pieces);
        beside(&of(first, false), &of(second, false), &mut pieces);
    }
    pieces
}

/// What is paid beside worked time: all of the side that comes to more.
fn beside(first: &[PaidLine], second: &[PaidLine], pieces: &mut Vec<Piece>) {
    let by = usize::from(total(first) < total(second));
    let kept = if by == 0 { first } else { second };
    pieces.extend(kept.iter().map(|line| Piece { by, line: line.clone(), other: None }));
}

/// Worked time of one shift. Both sides cut the same minutes, in the same order: the n-th worked
/// minute of one is the n-th of the other.
fn worked(first: &[PaidLine], second: &[PaidLine], pieces: &mut Vec<Piece>) {
    let (mut one, mut other) = (Cursor::new(first), Cursor::new(second));
    let begun = pieces.len();
    while let (Some(left), Some(right)) = (one.line(), other.line()) {
        let minutes = one.left.min(other.left);
        let by = usize::from(left.rate < right.rate);
        let (winner, loser) = if by == 0 { (&one, right) } else { (&other, left) };
        let piece = winner.piece(minutes);
        let other_amount = amount(loser, minutes);
        match pieces[begun..].last_mut() {
            // One line of the winner stays one line, however the loser is cut.
            Some(last)
                if last.by == by
                    && last.line.rule == piece.rule
                    && last.line.rate == piece.rate
                    && last.line.to == piece.from =>
            {
                last.line.to = piece.to;
                last.line.hours += piece.hours;
                last.line.amount = last.line.rate.times_hours(last.line.hours);
                last.other = last.other.map(|it| it + other_amount);
            }
            _ => pieces.push(Piece { by, line: piece, other: Some(other_amount) }),
        }
        one.advance(minutes);
        other.advance(minutes);
    }
    // A side that pays for longer than the other pays the rest alone.
    for (by, cursor) in [(0, &mut one), (1, &mut other)] {
        while cursor.line().is_some() {
            let line = cursor.piece(cursor.left);
            pieces.push(Piece { by, line, other: None });
            cursor.advance(cursor.left);
        }
    }
}

/// What a line pays for some of its minutes: its share of its amount when that is not its rate.
fn amount(line: &PaidLine, minutes: u32) -> Money {
    if line.hours.minutes() == minutes {
        return line.amount;
    }
    line.rate.times_hours(Hours::from_minutes(minutes))
}

struct Cursor<'a> {
    lines: &'a [PaidLine],
    at: usize,
    /// Minutes of the current line not yet passed.
    left: u32,
}

impl<'a> Cursor<'a> {
    fn new(lines: &'a [PaidLine]) -> Self {
        let left = lines.first().map_or(0, |it| it.hours.minutes());
        let mut it = Self { lines, at: 0, left };
        it.advance(0);
        it
    }

    fn line(&self) -> Option<&'a PaidLine> {
        self.lines.get(self.at)
    }

    fn advance(&mut self, minutes: u32) {
        self.left -= minutes;
        while self.left == 0 && self.at < self.lines.len() {
            self.at += 1;
            self.left = self.line().map_or(0, |it| it.hours.minutes());
        }
    }

    /// The next `minutes` of the current line.
    fn piece(&self, minutes: u32) -> PaidLine {
        let line = &self.lines[self.at];
        let passed = line.hours.minutes() - self.left;
        let shift = |time: LocalTime, minutes: u32| {
            let minutes = i32::try_from(minutes).unwrap_or(i32::MAX);
            LocalTime::from_minutes(time.minutes().saturating_add(minutes))
        };
        let from = line.from.map(|it| shift(it, passed));
        let to = if minutes == self.left { line.to } else { from.map(|it| shift(it, minutes)) };
        let hours = Hours::from_minutes(minutes);
        PaidLine { from, to, hours, amount: amount(line, minutes), ..line.clone() }
    }
}
