//! What a version asks of whole shifts and of pay periods, compiled: kinds of shift, minimums,
//! missed breaks, higher duties, allowances and scales.

use values::{Money, half_up_div};

use super::check::{VersionError, VersionProblem, in_part};
use super::price::column_of;
use super::{RulePrice, VersionTables, check, of, who};
use crate::rules::award::{
    Allowance, AllowanceUnit, AwardVersion, BreakPay, Classification, Day, Employment, MinimumPer,
    PaidAs, RateKind, ScaleBy, Step, Window,
};

/// A classification that no scale is named after.
const NO_SCALE: u16 = u16::MAX;

/// Minutes of a day.
const DAY_MINUTES: i32 = 24 * 60;

/// Everything beyond rates by time; absent from a version that has none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Practice {
    /// Names, sorted; a flag's bit is its position.
    pub(crate) flags: Vec<String>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) minimums: Vec<Owed>,
    pub(crate) missed_breaks: Vec<Missed>,
    pub(crate) higher_duties: Vec<Higher>,
    pub(crate) allowances: Vec<Priced>,
    /// Which allowances are paid unclaimed.
    pub(crate) automatic: Vec<u16>,
    /// Sorted by code.
    pub(crate) scales: Vec<CompiledScale>,
    /// By position of a classification: the index of the scale of the same name, or [`NO_SCALE`].
    scale_of: Vec<u16>,
    pub(crate) has_supported_wage: bool,
}

impl Practice {
    /// A version's that has none of it.
    pub(crate) const EMPTY: Self = Self {
        flags: Vec::new(),
        kinds: Vec::new(),
        minimums: Vec::new(),
        missed_breaks: Vec::new(),
        higher_duties: Vec::new(),
        allowances: Vec::new(),
        automatic: Vec::new(),
        scales: Vec::new(),
        scale_of: Vec::new(),
        has_supported_wage: false,
    };

    /// The bit of a flag.
    pub(crate) fn flag(&self, name: &str) -> Option<u32> {
        self.flags.binary_search_by(|it| it.as_str().cmp(name)).ok().map(|at| 1 << at)
    }

    /// The scale whose name is that of the classification at `position`.
    #[inline]
    pub(crate) fn scale_at(&self, position: usize) -> Option<&CompiledScale> {
        let at = self.scale_of.get(position).copied().unwrap_or(NO_SCALE);
        self.scales.get(usize::from(at))
    }

    /// Bytes that it takes up in memory.
    pub(super) fn bytes(&self) -> usize {
        let kind = |it: &Kind| {
            let windows = of(&it.starts) + of(&it.ends) + of(&it.touches);
            it.name.capacity() + of(&it.positions.0) + windows
        };
        let missed = |it: &Missed| of(&it.positions.0) + of(&it.columns);
        let allowance =
            |it: &Priced| it.code.capacity() + it.clause.capacity() + of(&it.positions.0);
        let scale = |it: &CompiledScale| it.code.capacity() + of(&it.steps);
        size_of::<Self>()
            + of(&self.flags)
            + self.flags.iter().map(String::capacity).sum::<usize>()
            + of(&self.kinds)
            + self.kinds.iter().map(kind).sum::<usize>()
            + of(&self.minimums)
            + self.minimums.iter().map(|it| of(&it.positions.0)).sum::<usize>()
            + of(&self.missed_breaks)
            + self.missed_breaks.iter().map(missed).sum::<usize>()
            + of(&self.higher_duties)
            + self.higher_duties.iter().map(|it| of(&it.positions.0)).sum::<usize>()
            + of(&self.allowances)
            + self.allowances.iter().map(allowance).sum::<usize>()
            + of(&self.automatic)
            + of(&self.scales)
            + self.scales.iter().map(scale).sum::<usize>()
            + of(&self.scale_of)
    }

    /// The scale of a name.
    pub(crate) fn scale(&self, code: &str) -> Option<&CompiledScale> {
        let at = self.scales.binary_search_by(|it| it.code.as_str().cmp(code)).ok()?;
        Some(&self.scales[at])
    }
}

/// Who and what a part asks for, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    /// By [`Employment`].
    employment: u8,
    /// By kind of day: weekday, and holiday as the eighth.
    days: u8,
    /// By kind of shift plus one; plain is bit 0.
    kinds: u32,
    flags: u32,
    without: u32,
}

impl Filter {
    #[inline]
    pub(crate) fn holds(self, employment: Employment, day: u8, kind: usize, flags: u32) -> bool {
        self.employment & 1 << employment as u8 != 0
            && self.days & day != 0
            && self.kinds & 1 << kind != 0
            && self.flags & !flags == 0
            && self.without & flags == 0
    }

    /// Whether it reaches this kind of employment, whatever the shift.
    #[inline]
    pub(crate) fn employs(self, employment: Employment) -> bool {
        self.employment & 1 << employment as u8 != 0
    }
}

/// Classifications by bit of their position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Positions(Vec<u64>);

impl Positions {
    fn of(version: &AwardVersion, patterns: &[String]) -> Self {
        if patterns.is_empty() {
            return Self(Vec::new());
        }
        let mut bits = vec![0; version.classifications.len().div_ceil(64)];
        for (at, it) in version.classifications.iter().enumerate() {
            if who::reaches(patterns, &it.code) {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        Self(bits)
    }

    /// Whether `position` is among them; no bits at all mean every one.
    #[inline]
    pub(crate) fn has(&self, position: usize) -> bool {
        self.0.is_empty() || self.0[position / 64] & 1 << (position % 64) != 0
    }
}

/// A kind of shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) filter: Filter,
    pub(crate) positions: Positions,
    pub(crate) starts: Vec<Window>,
    pub(crate) ends: Vec<Window>,
    pub(crate) touches: Vec<Window>,
    pub(crate) rest_below: Option<i32>,
    pub(crate) overtime: bool,
    pub(crate) paid_as: PaidAs,
    /// Index of its words among the reasons.
    pub(crate) reason: u16,
}

/// A minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) filter: Filter,
    pub(crate) positions: Positions,
    pub(crate) minutes: u32,
    pub(crate) per: MinimumPer,
    pub(crate) through_tiers: bool,
    pub(crate) reason: u16,
}

/// A missed break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) filter: Filter,
    pub(crate) positions: Positions,
    pub(crate) after: i32,
    pub(crate) break_min: i32,
    pub(crate) pay: BreakPay,
    /// By classification times three plus employment: the column of its rate.
    columns: Vec<u32>,
    pub(crate) reason: u16,
}

impl Missed {
    /// The column of a classification that it reaches.
    pub(crate) fn column(&self, position: usize, employment: Employment) -> u32 {
        self.columns[position * Employment::ALL.len() + employment as usize]
    }
}

/// A rule of higher duties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Higher {
    pub(crate) filter: Filter,
    pub(crate) positions: Positions,
    pub(crate) whole_shift_after: i32,
    pub(crate) reason: u16,
}

/// An allowance with its dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) code: String,
    pub(crate) clause: String,
    pub(crate) filter: Filter,
    pub(crate) positions: Positions,
    pub(crate) rate: Money,
    pub(crate) per: AllowanceUnit,
    pub(crate) automatic: bool,
    pub(crate) all_purpose: bool,
    pub(crate) week_max: Option<Money>,
    pub(crate) overtime_above: Option<u32>,
    pub(crate) hours_above: Option<u32>,
    pub(crate) broken_above: Option<i32>,
}

/// A scale whose steps are positions of classifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompiledScale {
    pub(crate) code: String,
    pub(crate) by: ScaleBy,
    pub(crate) until: u16,
    /// From, months of service, position; ascending.
    pub(crate) steps: Vec<(u16, u16, u16)>,
}

impl CompiledScale {
    /// The position that `reached` years or months and `service` months give; `None` past the scale.
    pub(crate) fn at(&self, reached: u16, service: u16) -> Option<usize> {
        if 0 < self.until && self.until <= reached {
            return None;
        }
        let fits = |it: &&(u16, u16, u16)| it.0 <= reached && it.1 <= service;
        self.steps.iter().rev().find(fits).map(|it| usize::from(it.2))
    }
}

/// The parts of a version, as they are compiled.
pub(super) struct Builder<'v> {
    pub(super) version: &'v AwardVersion,
    pub(super) flags: Vec<String>,
}

impl Builder<'_> {
    /// Compiles everything but rates; `None` when there is nothing.
    pub(super) fn practice(
        &self,
        tables: &mut VersionTables,
    ) -> Result<Option<Box<Practice>>, VersionError> {
        let version = self.version;
        let is_empty = version.shifts.is_empty()
            && version.minimums.is_empty()
            && version.missed_breaks.is_empty()
            && version.higher_duties.is_empty()
            && version.allowances.is_empty()
            && version.scales.is_empty()
            && version.supported_wage.is_none();
        if is_empty {
            return Ok(None);
        }
        let mut missed_breaks = Vec::new();
        for at in 0..version.missed_breaks.len() {
            missed_breaks.push(self.missed(at, tables)?);
        }
        let mut allowances = Vec::new();
        for (at, it) in version.allowances.iter().enumerate() {
            allowances.push(self.allowance(at, it)?);
        }
        let mut scales = self.scales(tables)?;
        scales.sort_by(|one, other| one.code.cmp(&other.code));
        let scale_of = |it: &Classification| {
            let at = scales.binary_search_by(|scale| scale.code.cmp(&it.code)).ok();
            at.map_or(NO_SCALE, |at| u16::try_from(at).expect("checked against the limit"))
        };
        let scale_of = version.classifications.iter().map(scale_of).collect();
        let indices = (0..).zip(&allowances);
        let automatic = indices.filter(|it: &(u16, &Priced)| it.1.automatic).map(|it| it.0);
        Ok(Some(Box::new(Practice {
            kinds: self.kinds(tables),
            minimums: self.minimums(tables),
            missed_breaks,
            higher_duties: self.higher_duties(tables),
            automatic: automatic.collect(),
            allowances,
            scales,
            scale_of,
            has_supported_wage: version.supported_wage.is_some(),
            flags: self.flags.clone(),
        })))
    }

    fn filter(
        &self,
        employment: &[Employment],
        days: &[Day],
        shifts: &[String],
        flags: [&[String]; 2],
    ) -> Filter {
        let bits = |all: u8, some: &mut dyn Iterator<Item = u8>| {
            let mask = some.fold(0, |mask, it| mask | 1 << it);
            if mask == 0 { all } else { mask }
        };
        let mut kinds = 0;
        for name in shifts {
            if name == who::PLAIN {
                kinds |= 1;
            } else if let Some(at) = self.version.shifts.iter().position(|it| it.name == *name) {
                kinds |= 2 << at;
            }
        }
        Filter {
            employment: bits(u8::MAX, &mut employment.iter().map(|it| *it as u8)),
            days: bits(u8::MAX, &mut days.iter().map(|it| *it as u8)),
            kinds: if kinds == 0 { u32::MAX } else { kinds },
            flags: who::mask(&self.flags, flags[0]),
            without: who::mask(&self.flags, flags[1]),
        }
    }

    fn kinds(&self, tables: &mut VersionTables) -> Vec<Kind> {
        let compile = |it: &crate::rules::award::ShiftKind| Kind {
            name: it.name.clone(),
            filter: self.filter(&it.employment, &it.days, &[], [&it.flags, &it.without]),
            positions: Positions::of(self.version, &it.classifications),
            starts: it.starts.clone(),
            ends: it.ends.clone(),
            touches: it.touches.clone(),
            rest_below: it.rest_below.map(whole_minutes),
            overtime: it.overtime,
            paid_as: it.paid_as,
            reason: tables.reason(&it.name, &it.clause),
        };
        self.version.shifts.iter().map(compile).collect()
    }

    fn minimums(&self, tables: &mut VersionTables) -> Vec<Owed> {
        let compile = |it: &crate::rules::award::Minimum| Owed {
            filter: self.filter(&it.employment, &it.days, &it.shifts, [&it.flags, &it.without]),
            positions: Positions::of(self.version, &it.classifications),
            minutes: it.hours.minutes(),
            per: it.per,
            through_tiers: it.through_tiers,
            reason: tables.reason(&it.rule, &it.clause),
        };
        self.version.minimums.iter().map(compile).collect()
    }

    fn higher_duties(&self, tables: &mut VersionTables) -> Vec<Higher> {
        let compile = |it: &crate::rules::award::HigherDuties| Higher {
            filter: self.filter(&it.employment, &[], &[], [&[], &[]]),
            positions: Positions::of(self.version, &it.classifications),
            whole_shift_after: whole_minutes(it.whole_shift_after),
            reason: tables.reason(&it.rule, &it.clause),
        };
        self.version.higher_duties.iter().map(compile).collect()
    }

    /// A missed break, with a column for every classification and employment it pays.
    fn missed(&self, at: usize, tables: &mut VersionTables) -> Result<Missed, VersionError> {
        let version = self.version;
        let it = &version.missed_breaks[at];
        let positions = Positions::of(version, &it.classifications);
        let words = version.penalties.len() + version.overtime.len() + at;
        let rule = u16::try_from(words).expect("checked against the limits");
        let price = RulePrice { base: it.base, casual: it.casual, loading: version.casual_loading };
        let mut columns = Vec::new();
        for (position, classification) in version.classifications.iter().enumerate() {
            let rates = check::rates(version, classification)?;
            for employment in Employment::ALL {
                let pays = who::employs(&it.employment, employment) && positions.has(position);
                let Some(rates) = rates.filter(|_| pays) else {
                    columns.push(u32::MAX);
                    continue;
                };
                if employment == Employment::Casual && it.casual.is_none() {
                    let place = format!("missed_breaks[{at}].casual");
                    let problem = VersionProblem::CasualUnsaid;
                    return Err(in_part(version, &it.rule, place, problem));
                }
                let column =
                    column_of(price, it.percent, rates, employment, rule).map_err(|problem| {
                        in_part(version, &it.rule, format!("missed_breaks[{at}].casual"), problem)
                    })?;
                columns.push(super::index(tables.columns.len()));
                tables.columns.push(column);
            }
        }
        Ok(Missed {
            filter: self.filter(&it.employment, &[], &[], [&it.flags, &it.without]),
            positions,
            after: whole_minutes(it.after),
            break_min: whole_minutes(it.break_min),
            pay: it.pay,
            columns,
            reason: tables.reason(&it.rule, &it.clause),
        })
    }

    fn allowance(&self, at: usize, it: &Allowance) -> Result<Priced, VersionError> {
        let fail = |field: &str, problem| {
            in_part(self.version, &it.code, format!("allowances[{at}].{field}"), problem)
        };
        let rate = dollars(self.version, it).map_err(|problem| fail("amount", problem))?;
        Ok(Priced {
            code: it.code.clone(),
            clause: it.clause.clone(),
            filter: self.filter(&it.employment, &it.days, &it.shifts, [&it.flags, &it.without]),
            positions: Positions::of(self.version, &it.classifications),
            rate,
            per: it.per,
            automatic: it.automatic,
            all_purpose: it.all_purpose,
            week_max: it.week_max,
            overtime_above: it.overtime_above.map(values::Hours::minutes),
            hours_above: it.hours_above.map(values::Hours::minutes),
            broken_above: it.broken_above.map(whole_minutes),
        })
    }

    fn scales(&self, tables: &VersionTables) -> Result<Vec<CompiledScale>, VersionError> {
        let mut scales = Vec::new();
        for (at, it) in self.version.scales.iter().enumerate() {
            let mut steps = Vec::new();
            for step in &it.steps {
                let Some(position) = tables.position(&step.classification) else {
                    let code = step.classification.clone();
                    let problem = VersionProblem::ClassificationUnknown { code };
                    let place = format!("scales[{at}].steps");
                    return Err(in_part(self.version, &it.code, place, problem));
                };
                let position = u16::try_from(position).expect("checked against the limit");
                steps.push((step.from, step.service_months, position));
            }
            let code = it.code.clone();
            scales.push(CompiledScale { code, by: it.by, until: it.until, steps });
        }
        Ok(scales)
    }
}

fn whole_minutes(hours: values::Hours) -> i32 {
    i32::try_from(hours.minutes()).expect("checked against a limit")
}

/// The dollars of one unit of an allowance.
pub(super) fn dollars(version: &AwardVersion, it: &Allowance) -> Result<Money, VersionProblem> {
    let (code, percent) = match (it.amount, &it.of, it.percent) {
        (Some(amount), None, None) => return Ok(amount),
        (_, Some(code), Some(percent)) => (code, percent),
        _ => return Err(VersionProblem::AllowanceUnclear),
    };
    let found = version
        .rated(code)
        .ok_or_else(|| VersionProblem::ClassificationUnknown { code: code.clone() })?;
    let whole = values::Percent::WHOLE.hundredths();
    let step = match it.round {
        Step::Cent | Step::None => 1,
        Step::TenCents => 10,
        Step::Dollar => 100,
    };
    let week = i64::from(version.week.minutes());
    let hundredths = percent.hundredths();
    let (dividend, divisor) = match (it.rate, found.weekly, found.hourly) {
        (RateKind::Weekly, Some(weekly), _) => (weekly.cents() * hundredths, whole),
        (RateKind::Hourly, Some(weekly), _) => {
            (found.hourly_of(weekly, version.week).cents() * hundredths, whole)
        }
        (RateKind::Hourly | RateKind::HourlyUnrounded, None, Some(hourly)) => {
            (hourly.cents() * hundredths, whole)
        }
        (RateKind::HourlyUnrounded, Some(weekly), _) => {
            (weekly.cents() * hundredths * 60, whole * week)
        }
        _ => return Err(VersionProblem::RateMissing),
    };
    let computed = Money::from_cents(half_up_div(dividend, divisor * step) * step);
    match it.amount.filter(|stated| *stated != computed) {
        Some(stated) => {
            let of = code.clone();
            Err(VersionProblem::AllowanceContradicts { stated, percent, of, computed })
        }
        None => Ok(computed),
    }
}

/// Whether a minute of the day lies in `window`, its end not counted.
#[inline]
pub(crate) fn contains(window: Window, minute: i32) -> bool {
    let (from, to) = (i32::from(window.from.minutes()), i32::from(window.to.minutes()));
    if from < to { (from..to).contains(&minute) } else { from <= minute || minute < to }
}

/// Whether a minute of the day lies in `window`, its end counted and its start not.
#[inline]
pub(crate) fn ends_in(window: Window, minute: i32) -> bool {
    // A minute before: (from, to] in whole minutes is [from, to) of the minute before.
    contains(window, (minute - 1).rem_euclid(DAY_MINUTES))
}

/// Whether local minutes `from` to `to` share a minute with `window` on any day.
pub(crate) fn touches(window: Window, from: i32, to: i32) -> bool {
    let (start, end) = (i32::from(window.from.minutes()), i32::from(window.to.minutes()));
    let length = if start < end { end - start } else { end - start + DAY_MINUTES };
    let first = from.div_euclid(DAY_MINUTES) - 1;
    let last = to.div_euclid(DAY_MINUTES);
    (first..=last).any(|day| {
        let begin = day * DAY_MINUTES + start;
        begin < to && from < begin + length
    })
}
