//! Pay periods from a seed: whole ones, with all that a request can say.

use rates::Quote;
use rates::rules::award::Employment;
use rates::rules::calendar::State;
use rates::rules::person::{Before, Claim, Duties, Person, Quantity};
use rates::rules::shift::{Shift, UnpaidBreak};
use values::{Date, Hours, LocalTime, Moment, Percent, TimeOfDay};

use crate::packs::{Award, Facts};
use crate::random::Random;

const DAY: i32 = 24 * 60;
/// Shifts of the day's kinds: from when and until when they start.
const STARTS: [(i32, i32); 5] =
    [(5 * 60, 10 * 60), (7 * 60, 9 * 60), (11 * 60, 17 * 60), (18 * 60, 23 * 60), (0, 5 * 60)];

/// The pay period that `seed` and `item` decide.
pub fn period(facts: &Facts, seed: u64, item: u64) -> Quote {
    let mut random = Random::new(seed, item);
    let random = &mut random;
    let award = random.pick(&facts.awards).clone();
    let days = *random.pick(&[7, 7, 7, 14, 14, 14, 28]);
    let start = start(random, facts, &award);
    let employment = *random.pick(&Employment::ALL);
    let (classification, by_age, by_stage) = classification(random, &award);
    let mut quote = Quote::new(
        award.code.clone(),
        classification,
        employment,
        *random.pick(&State::ALL),
        start,
        shifts(random, &award, employment, start, days),
    );
    let person = person(random, &award, employment, start, by_age, by_stage);
    if person != Person::default() {
        quote.person = Some(Box::new(person));
    }
    if random.chance(25) {
        quote.before = Some(Box::new(before(random, start)));
    }
    quote.claims = claims(random, &award, employment, quote.shifts.len());
    quote
}

/// A day of some version; often near a holiday, a change of the clock, or the version's own first
/// days.
fn start(random: &mut Random, facts: &Facts, award: &Award) -> Date {
    let at = random.within(0, i32::try_from(award.versions.len()).expect("few versions") - 1);
    let at = usize::try_from(at).expect("not below 0");
    let first = award.versions[at].days();
    let end = Date::parse("2027-11-30").expect("a date").days();
    let last = award.versions.get(at + 1).map_or(first + 400, |it| it.days() - 1).min(end);
    let near = |random: &mut Random, day: i32| (day - random.within(0, 13)).clamp(first, last);
    let days = match random.within(1, 10) {
        1 => first,
        2..=3 => {
            let held: Vec<i32> = facts.holidays.iter().map(|it| it.days()).collect();
            let held: Vec<i32> =
                held.into_iter().filter(|it| (first..=last).contains(it)).collect();
            if held.is_empty() {
                first
            } else {
                let day = *random.pick(&held);
                near(random, day)
            }
        }
        4 => {
            let turns: Vec<i32> = (first..=last).filter(|it| clocks_turn(*it)).collect();
            if turns.is_empty() {
                first
            } else {
                let day = *random.pick(&turns);
                near(random, day)
            }
        }
        _ => random.within(first, last),
    };
    // Most pay periods begin on a Monday.
    let monday = days + (7 - weekday(days)) % 7;
    Date::from_days(if random.chance(60) && monday <= last { monday } else { days })
}

/// 0 is Monday.
const fn weekday(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

/// Whether the south-eastern clocks turn on this day.
fn clocks_turn(day: i32) -> bool {
    let (_, month, date) = Date::from_days(day).year_month_day();
    weekday(day) == 6 && (month == 4 || month == 10) && date <= 7
}

/// A classification, and whether age or stage decide its rate.
fn classification(random: &mut Random, award: &Award) -> (String, bool, bool) {
    match random.within(1, 10) {
        1..=2 if !award.by_age.is_empty() => (random.pick(&award.by_age).clone(), true, false),
        3 if !award.by_stage.is_empty() => (random.pick(&award.by_stage).clone(), false, true),
        4 if !award.shares.is_empty() => (random.pick(&award.shares).clone(), false, false),
        _ => (random.pick(&award.adults).clone(), false, false),
    }
}

fn person(
    random: &mut Random,
    award: &Award,
    employment: Employment,
    start: Date,
    by_age: bool,
    by_stage: bool,
) -> Person {
    let mut person = Person::default();
    if by_age || random.chance(15) {
        person.date_of_birth = Some(years_before(random, start, 14, 23));
    }
    if by_age || random.chance(10) {
        person.service_from = Some(months_before(random, start, 0, 14));
    }
    if by_stage {
        person.apprenticeship_from = Some(months_before(random, start, 0, 47));
    }
    if award.supported_wage && random.chance(6) {
        person.supported_wage = Some(Percent::from_hundredths(random.within(10, 100) * 100));
    }
    if employment == Employment::PartTime && random.chance(40) {
        person.agreed_weekly = Some(hours(random.within(4 * 8, 4 * 38) * 15));
    }
    person.flags = flags(random, award, 12);
    person
}

/// A day so many years ago, give or take the pay period, so that birthdays fall into it.
fn years_before(random: &mut Random, start: Date, low: i32, high: i32) -> Date {
    let years = random.within(low, high);
    let into = if random.chance(30) { random.within(0, 14) } else { random.within(-360, 0) };
    let (year, month, day) = start.plus_days(into).year_month_day();
    let year = year - years.unsigned_abs();
    // Nobody here is born on the last days of a month: what their day is in shorter months is said
    // nowhere.
    Date::new(year, month, day.min(28)).expect("every month has 28 days")
}

/// A day so many months ago, often such that a month is complete inside the pay period.
fn months_before(random: &mut Random, start: Date, low: i32, high: i32) -> Date {
    let months = random.within(low, high).unsigned_abs();
    let into = if random.chance(40) { random.within(0, 14) } else { random.within(-27, 0) };
    let (year, month, day) = start.plus_days(into).year_month_day();
    let all = year * 12 + month - 1 - months;
    let found = Date::new(all / 12, all % 12 + 1, day.min(28)).expect("every month has 28 days");
    // It began before the first shift can be.
    Date::from_days(found.days().min(start.days()))
}

fn flags(random: &mut Random, award: &Award, percent: i32) -> Vec<String> {
    if !random.chance(percent * 3) {
        return Vec::new();
    }
    award.flags.iter().filter(|_| random.chance(percent * 2)).cloned().collect()
}

fn before(random: &mut Random, start: Date) -> Before {
    let midnight = LocalTime::new(start, TimeOfDay::START).minutes();
    let ended = midnight - random.within(1, 40) * 15;
    Before {
        shift_end: random.chance(70).then(|| moment(ended)),
        consecutive_days: u8::try_from(random.within(0, 7)).expect("small"),
        averaging_weeks: u8::try_from(random.within(0, 3)).expect("small"),
        averaging_hours: hours(random.within(0, 4 * 100) * 15),
    }
}

fn hours(minutes: i32) -> Hours {
    Hours::from_minutes(u32::try_from(minutes).expect("not below 0"))
}

fn moment(minute: i32) -> Moment {
    Moment::local(LocalTime::from_minutes(minute))
}

/// Readings that are skipped or come twice in some state are moved on: they are refused.
fn clear(minute: i32) -> i32 {
    let of_day = minute.rem_euclid(DAY);
    if clocks_turn(minute.div_euclid(DAY)) && (120..180).contains(&of_day) {
        minute + 180 - of_day
    } else {
        minute
    }
}

/// A number of minutes as rosters have them: mostly quarters of an hour.
fn coarse(random: &mut Random, low: i32, high: i32) -> i32 {
    let step = *random.pick(&[15, 15, 15, 30, 60, 5, 5, 1]);
    (random.within(low, high) / step * step).max(low)
}

fn shifts(
    random: &mut Random,
    award: &Award,
    employment: Employment,
    start: Date,
    days: i32,
) -> Vec<Shift> {
    let midnight = LocalTime::new(start, TimeOfDay::START).minutes();
    // Some work ever the same hours, some do not; some work every day.
    let usual = *random.pick(&STARTS);
    let (is_steady, share) = (random.chance(60), *random.pick(&[40, 70, 75, 85, 100]));
    let mut shifts: Vec<Shift> = Vec::new();
    let mut free_from = midnight;
    for day in 0..days {
        if !random.chance(share) {
            continue;
        }
        let mut parts = if random.chance(8) { 2 } else { 1 };
        let kind = if is_steady { usual } else { *random.pick(&STARTS) };
        let mut begin = midnight + day * DAY + coarse(random, kind.0, kind.1);
        while 0 < parts && begin < midnight + (day + 1) * DAY {
            begin = clear(begin);
            let length = match random.within(1, 20) {
                1..=3 => coarse(random, 15, 180),
                4..=16 => coarse(random, 5 * 60, 10 * 60),
                _ => coarse(random, 10 * 60, 16 * 60),
            };
            let end = clear(begin + length.max(1));
            if free_from <= begin && begin < end {
                shifts.push(shift(random, award, employment, begin, end));
                free_from = end;
            }
            parts -= 1;
            begin = end + coarse(random, 0, 5 * 60);
        }
    }
    if shifts.is_empty() {
        let begin = clear(midnight + coarse(random, usual.0, usual.1));
        shifts.push(shift(random, award, employment, begin, begin + 8 * 60));
    }
    // In any order.
    for at in (1..shifts.len()).rev() {
        let last = i32::try_from(at).expect("few shifts");
        let other = usize::try_from(random.within(0, last)).expect("not below 0");
        if random.chance(20) {
            shifts.swap(at, other);
        }
    }
    shifts
}

fn shift(
    random: &mut Random,
    award: &Award,
    employment: Employment,
    begin: i32,
    end: i32,
) -> Shift {
    let mut shift = Shift::new(moment(begin), moment(end), breaks(random, begin, end));
    shift.flags = flags(random, award, 6);
    if employment == Employment::PartTime && random.chance(15) {
        shift.agreed = Some(hours(random.within(2, 40) * 15));
    }
    if random.chance(8) {
        let count = if random.chance(20) { 2 } else { 1 };
        let mut from = begin;
        for _ in 0..count {
            from = clear(from + coarse(random, 0, 180));
            let until = clear(from + coarse(random, 15, 300)).min(end);
            if from < until {
                let classification = random.pick(&award.adults).clone();
                let (start, end) = (moment(from), moment(until));
                shift.duties.push(Duties { start, end, classification });
            }
            from = until;
        }
    }
    shift
}

fn breaks(random: &mut Random, begin: i32, end: i32) -> Vec<UnpaidBreak> {
    let mut breaks = Vec::new();
    let wanted = match end - begin {
        0..=120 => 0,
        121..=300 => i32::from(random.chance(15)),
        301..=600 => *random.pick(&[0, 1, 1, 1, 1, 2]),
        _ => *random.pick(&[0, 1, 1, 2, 2, 3]),
    };
    let mut from = begin;
    for _ in 0..wanted {
        // Some breaks are written down in two parts that touch.
        if from == begin || !random.chance(15) {
            from = clear(from + coarse(random, 30, 330));
        }
        let until = clear(from + *random.pick(&[10, 20, 29, 30, 30, 30, 45, 60]));
        if from < until && until < end {
            breaks.push(UnpaidBreak { start: moment(from), end: moment(until) });
        }
        from = until;
    }
    if random.chance(10) {
        breaks.reverse();
    }
    breaks
}

fn claims(
    random: &mut Random,
    award: &Award,
    employment: Employment,
    shifts_count: usize,
) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    if award.allowances.is_empty() || !random.chance(35) {
        return claims;
    }
    for _ in 0..random.within(1, 4) {
        let it = random.pick(&award.allowances);
        let is_for =
            it.employment.is_empty() || it.employment.iter().any(|e| e == employment.name());
        if !is_for || claims.iter().any(|known| known.allowance == it.code) {
            continue;
        }
        let mut claim = Claim { allowance: it.code.clone(), quantity: None, shift: None };
        if !it.all_purpose {
            if random.chance(40) {
                let last = i32::try_from(shifts_count).expect("few shifts") - 1;
                claim.shift = Some(random.within(0, last).unsigned_abs());
            }
            let is_counted =
                matches!(it.per.as_str(), "hour" | "started-hour" | "shift" | "day" | "week");
            if !is_counted || random.chance(50) {
                let hundredths = match it.per.as_str() {
                    "km" | "hour" => random.within(1, 20_000),
                    _ => random.within(1, 6) * 100,
                };
                claim.quantity = Some(Quantity::from_hundredths(i64::from(hundredths)));
            }
        }
        claims.push(claim);
    }
    claims
}
