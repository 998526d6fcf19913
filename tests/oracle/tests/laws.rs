//! Laws that need no second opinion, over the same random pay periods: the order of what is stated
//! does not matter, splitting moves no more than a line's rounding, more work is never less pay.
//!
//! `ORACLE_PERIODS` says how many pay periods (1,000), `ORACLE_SEED` from which seed (1).

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::env;

use oracle::{Answer, Engine, Facts, PaidTime, Random, period};
use rates::Quote;
use rates::rules::shift::{Shift, UnpaidBreak};
use values::{LocalTime, Moment};

/// In these awards no kind of shift follows from the clock alone, and no limit is of one shift: to
/// end a shift later, or to split it, does not make it another kind of shift.
const PLAIN: [&str; 10] = [
    "MA000002", "MA000003", "MA000004", "MA000005", "MA000010", "MA000012", "MA000020", "MA000025",
    "MA000038", "MA000104",
];

/// No minimum engagement is longer, in minutes, nor with the hour that clocks may skip.
const ENGAGEMENT_MAX: i32 = 5 * 60;

/// Judges every pay period by `law`, which gives none where it does not apply, and says how many
/// were judged.
fn judge(
    name: &str,
    salt: u64,
    law: impl Fn(&mut Engine, Quote, &mut Random) -> Option<Verdict>,
) -> String {
    let setting = |name: &str| env::var(name).ok().map(|it| it.parse::<u64>().unwrap());
    let (count, seed) =
        (setting("ORACLE_PERIODS").unwrap_or(1_000), setting("ORACLE_SEED").unwrap_or(1));
    let (facts, mut engine) = (Facts::read(), Engine::new());
    let mut judged = 0;
    for item in 0..count {
        let quote = period(&facts, seed, item);
        let award = quote.award.clone();
        match law(&mut engine, quote, &mut Random::new(seed ^ salt, item)) {
            None => {}
            Some(Ok(())) => judged += 1,
            Some(Err(reason)) => panic!("{name}, {award}, seed {seed} item {item}: {reason}"),
        }
    }
    assert!(count / 20 <= judged, "{name}: only {judged} of {count} pay periods were judged");
    format!("{name}: {judged} of {count} pay periods judged")
}

type Verdict = Result<(), String>;

/// The answer; none where the version does not have something that is stated.
fn answer(engine: &mut Engine, quote: &Quote) -> Option<Answer> {
    engine.reply(quote).ok().map(|it| Answer::of(&it))
}

/// Two answers that must be one.
fn same(one: &Answer, other: &Answer) -> Verdict {
    if one == other {
        return Ok(());
    }
    let only = |of: &Answer, not: &Answer| -> Vec<PaidTime> {
        of.lines.iter().filter(|it| !not.lines.contains(it)).cloned().collect()
    };
    let (gone, come) = (only(one, other), only(other, one));
    Err(format!("{} against {}: {gone:?} became {come:?}", one.total, other.total))
}

fn minute(moment: Moment) -> i32 {
    moment.local_time().minutes()
}

fn later(moment: Moment, minutes: i32) -> Moment {
    Moment::local(LocalTime::from_minutes(minute(moment) + minutes))
}

/// The shift that starts last.
fn last(quote: &Quote) -> usize {
    let order = (0..quote.shifts.len()).max_by_key(|it| minute(quote.shifts[*it].start));
    order.expect("every pay period has a shift")
}

/// Takes out what makes a shift count as a whole: flags, duties, agreed hours, claims.
fn plain(mut quote: Quote) -> Option<Quote> {
    if !PLAIN.contains(&quote.award.as_str()) {
        return None;
    }
    if let Some(person) = &mut quote.person {
        person.flags.clear();
    }
    for shift in &mut quote.shifts {
        shift.flags.clear();
        shift.duties.clear();
        shift.agreed = None;
    }
    quote.claims.clear();
    Some(quote)
}

#[test]
fn the_order_of_shifts_and_breaks_does_not_matter() {
    let told = judge("order", 1, |engine, quote, random| {
        let before = answer(engine, &quote)?;
        let mut turned = quote.clone();
        for at in (1..turned.shifts.len()).rev() {
            let most = i32::try_from(at).unwrap();
            let other = usize::try_from(random.within(0, most)).unwrap();
            turned.shifts.swap(at, other);
        }
        turned.shifts.iter_mut().for_each(|it| it.unpaid_breaks.reverse());
        turned.claims.reverse();
        // Positions are where the shifts stand now.
        let place = |start: Moment| turned.shifts.iter().position(|it| it.start == start).unwrap();
        let moved = |at: usize| place(quote.shifts[at].start);
        let claims: Vec<Option<u32>> = turned
            .claims
            .iter()
            .map(|it| it.shift.map(|at| u32::try_from(moved(at as usize)).unwrap()))
            .collect();
        turned.claims.iter_mut().zip(claims).for_each(|(it, shift)| it.shift = shift);
        let mut expected = before;
        let moved = |at: u64| {
            u64::try_from(place(quote.shifts[usize::try_from(at).unwrap()].start)).unwrap()
        };
        expected.lines.iter_mut().for_each(|it| it.shift = moved(it.shift));
        expected.allowances.iter_mut().for_each(|it| it.shift = it.shift.map(moved));
        expected.lines.sort();
        expected.allowances.sort();
        Some(same(&expected, &answer(engine, &turned).unwrap()))
    });
    println!("{told}");
}

#[test]
fn splitting_a_break_or_other_duties_changes_nothing() {
    let told = judge("split intervals", 2, |engine, mut quote, _| {
        // Half an hour is a meal break, and two quarters are not.
        let halved = |it: &UnpaidBreak| {
            let middle = later(it.start, (minute(it.end) - minute(it.start)) / 2);
            [
                UnpaidBreak { start: it.start, end: middle },
                UnpaidBreak { start: middle, end: it.end },
            ]
        };
        let is_long = |it: &UnpaidBreak| 60 <= minute(it.end) - minute(it.start);
        let before = answer(engine, &quote)?;
        let mut splits = 0;
        for shift in &mut quote.shifts {
            if shift.unpaid_breaks.iter().any(is_long) {
                splits += 1;
                let parts = shift
                    .unpaid_breaks
                    .iter()
                    .flat_map(|it| if is_long(it) { halved(it).to_vec() } else { vec![*it] });
                shift.unpaid_breaks = parts.collect();
            }
            if let [only] = &shift.duties[..] {
                let half = (minute(only.end) - minute(only.start)) / 2;
                if 0 < half {
                    splits += 1;
                    let (mut first, mut second) = (only.clone(), only.clone());
                    first.end = later(only.start, half);
                    second.start = first.end;
                    shift.duties = vec![first, second];
                }
            }
        }
        // Where clocks turn inside, the middle may be a reading that is none.
        let after = answer(engine, &quote).filter(|_| 0 < splits)?;
        Some(same(&before, &after))
    });
    println!("{told}");
}

#[test]
fn splitting_a_shift_moves_a_cent_at_most() {
    let told = judge("split shifts", 3, |engine, quote, random| {
        let quote = plain(quote)?;
        let worked = |it: &Shift| {
            let breaks = it.unpaid_breaks.iter().map(|it| minute(it.end) - minute(it.start));
            minute(it.end) - minute(it.start) - breaks.sum::<i32>()
        };
        let at = quote.shifts.iter().position(|it| 2 * ENGAGEMENT_MAX < worked(it))?;
        let whole = &quote.shifts[at];
        let span = minute(whole.end) - minute(whole.start);
        let cut = later(whole.start, random.within(ENGAGEMENT_MAX, span - ENGAGEMENT_MAX));
        let (mut first, mut second) = (whole.clone(), whole.clone());
        (first.end, second.start) = (cut, cut);
        first.unpaid_breaks.retain(|it| minute(it.end) <= minute(cut));
        second.unpaid_breaks.retain(|it| minute(cut) <= minute(it.start));
        let breaks = first.unpaid_breaks.len() + second.unpaid_breaks.len();
        let is_same_day = cut.local_time().date() == whole.start.local_time().date();
        // A cut inside a break is no cut of work; a part below the minimum would be made up.
        if breaks < whole.unpaid_breaks.len()
            || !is_same_day
            || worked(&first).min(worked(&second)) < ENGAGEMENT_MAX
        {
            return None;
        }
        let mut split = quote.clone();
        split.shifts.splice(at..=at, [first, second]);
        let paid = |it: &Answer| it.lines.iter().map(|it| it.amount).sum::<i64>();
        let (before, after) = (answer(engine, &quote)?, answer(engine, &split)?);
        let moved = (paid(&before) - paid(&after)).abs();
        Some(if moved <= 1 { Ok(()) } else { same(&before, &after) })
    });
    println!("{told}");
}

#[test]
fn a_longer_last_shift_never_pays_less() {
    let told = judge("longer", 4, |engine, quote, random| {
        // Flags choose kinds of shift by their end.
        let mut quote = plain(quote)?;
        let before = answer(engine, &quote)?;
        let at = last(&quote);
        quote.shifts[at].end = later(quote.shifts[at].end, random.within(1, 300));
        let after = answer(engine, &quote)?;
        // What is made up keeps the rate that the work ended in where no ordinary rate applies. That may
        // be better than overtime, and to work this time instead is then worth less.
        let is_made_up = |it: &PaidTime| it.paid_for == "minimum" && it.shift == at as u64;
        if before.lines.iter().any(is_made_up) {
            return None;
        }
        Some(if before.total <= after.total { Ok(()) } else { same(&before, &after) })
    });
    println!("{told}");
}

#[test]
fn one_more_shift_never_pays_less() {
    let told = judge("one more", 5, |engine, mut quote, random| {
        let before = answer(engine, &quote)?;
        let end = quote.shifts[last(&quote)].end;
        let start = later(end, random.within(1, 36) * 60);
        if start.local_time().date() == quote.shifts[last(&quote)].start.local_time().date() {
            return None;
        }
        let more = Shift::new(start, later(start, random.within(1, 600)), Vec::new());
        quote.shifts.push(more);
        let after = answer(engine, &quote)?;
        Some(if before.total < after.total { Ok(()) } else { same(&before, &after) })
    });
    println!("{told}");
}
