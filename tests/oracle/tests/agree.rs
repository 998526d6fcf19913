//! The engine and the oracle agree to the cent, line by line.
//!
//! `ORACLE_PERIODS` says how many pay periods (2,000), `ORACLE_SEED` from which seed (1), and
//! `ORACLE_ITEM` that only this one is wanted, with both answers printed.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use oracle::{Answer, Engine, Facts, Features, Second, period};
use rates::{Quote, QuoteReply};

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|it| panic!("{name}={text}: {it}")))
}

/// What one worker found.
#[derive(Default)]
struct Found {
    features: Features,
    refused: BTreeMap<String, u64>,
    disagreed: Vec<String>,
    shown: String,
}

/// Prices it; flags, duties and allowances that this version does not have are left out first.
fn priced(engine: &mut Engine, quote: &mut Quote) -> Result<QuoteReply, (String, String)> {
    let position = |text: &str| text.split(']').next().and_then(|it| it.parse::<usize>().ok());
    loop {
        let refused = match engine.reply(quote) {
            Ok(reply) => return Ok(reply),
            Err(refused) => refused,
        };
        let claim = refused.0.strip_prefix("claims[").and_then(position);
        let shift = refused.0.strip_prefix("shifts[").and_then(position);
        if let Some(name) = refused.1.split('`').nth(1).filter(|_| refused.0.ends_with("flags")) {
            let person = quote.person.iter_mut().map(|it| &mut it.flags);
            let shifts = quote.shifts.iter_mut().map(|it| &mut it.flags);
            person.chain(shifts).for_each(|it| it.retain(|flag| flag != name));
            continue;
        }
        match (claim, shift) {
            (Some(at), _) => drop(quote.claims.remove(at)),
            (_, Some(at)) if refused.0.contains(".duties[") => quote.shifts[at].duties.clear(),
            _ => return Err(refused),
        }
    }
}

#[test]
fn the_engine_and_the_oracle_agree() {
    if Second::start().is_none() {
        println!("skipped: no python3 with tomllib and zoneinfo");
        return;
    }
    let count = setting("ORACLE_PERIODS").unwrap_or(2_000);
    let seed = setting("ORACLE_SEED").unwrap_or(1);
    let only = setting("ORACLE_ITEM");
    let facts = Facts::read();
    let next = AtomicU64::new(only.unwrap_or_default());
    let end = only.map_or(count, |it| it + 1);
    let workers = thread::available_parallelism().map_or(1, Into::into);
    let parts: Vec<Found> = thread::scope(|scope| {
        let work = || {
            let mut engine = Engine::new();
            let mut second = Second::start().expect("it started before");
            let mut found = Found::default();
            loop {
                let item = next.fetch_add(1, Ordering::Relaxed);
                if end <= item {
                    return found;
                }
                compare(&mut engine, &mut second, &facts, (seed, item), only.is_some(), &mut found);
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|it| it.join().expect("no worker panics")).collect()
    });
    let mut all = Found::default();
    for part in parts {
        all.features.merge(part.features);
        all.disagreed.extend(part.disagreed);
        all.shown.push_str(&part.shown);
        for (reason, count) in part.refused {
            *all.refused.entry(reason).or_default() += count;
        }
    }
    println!("{}", report(&facts, &all));
    assert!(all.disagreed.is_empty(), "{} pay periods differ", all.disagreed.len());
    if only.is_none() {
        let priced = all.features.count("pay periods");
        assert!(count * 9 / 10 <= priced, "only {priced} of {count} were priced");
    }
}

fn compare(
    engine: &mut Engine,
    second: &mut Second,
    facts: &Facts,
    (seed, item): (u64, u64),
    is_shown: bool,
    found: &mut Found,
) {
    // A version does not offer every classification of its pack: then another period is made.
    let mut quote = period(facts, seed, item);
    let mut reply = priced(engine, &mut quote);
    for attempt in 1..8 {
        if !reply.as_ref().is_err_and(|it| it.0 == "classification") {
            break;
        }
        quote = period(facts, seed, item + (attempt << 40));
        reply = priced(engine, &mut quote);
    }
    let theirs = Answer::read(&second.answer(&quote));
    if is_shown {
        writeln!(found.shown, "{}", serde_json::to_string(&quote).unwrap()).unwrap();
    }
    match (&reply, theirs) {
        (Ok(reply), Ok(theirs)) => {
            let ours = Answer::of(reply);
            if is_shown {
                writeln!(found.shown, "{}", serde_json::to_string(reply).unwrap()).unwrap();
            }
            if ours != theirs {
                found.disagreed.push(difference(&quote, (seed, item), &ours, &theirs));
            }
            found.features.add(&quote, reply);
        }
        (Err((field, detail)), Err(_)) => {
            let field = field.split('[').next().unwrap_or_default();
            let reason: String = detail.chars().filter(|it| !it.is_ascii_digit()).collect();
            *found.refused.entry(format!("{} {field}: {reason}", quote.award)).or_default() += 1;
        }
        (Ok(_), Err(reason)) => {
            found
                .disagreed
                .push(format!("{} {seed} {item}: the oracle refuses: {reason}", quote.award));
        }
        (Err(refused), Ok(_)) => {
            found
                .disagreed
                .push(format!("{} {seed} {item}: the engine refuses: {refused:?}", quote.award));
        }
    }
}

fn difference(quote: &Quote, (seed, item): (u64, u64), ours: &Answer, theirs: &Answer) -> String {
    let Quote { award, classification, employment, state, pay_period_start, .. } = quote;
    let (we, they) = (ours.total, theirs.total);
    let mut text = format!(
        "{award} {classification} {} {} {pay_period_start}, seed {seed} item {item}: engine {we}, oracle {they}\n",
        employment.name(),
        state.name()
    );
    let mut tell = |sign: char, line: String| writeln!(text, "  {sign} {line}").unwrap();
    ours.lines
        .iter()
        .filter(|it| !theirs.lines.contains(it))
        .for_each(|it| tell('E', format!("{it:?}")));
    theirs
        .lines
        .iter()
        .filter(|it| !ours.lines.contains(it))
        .for_each(|it| tell('O', format!("{it:?}")));
    ours.allowances
        .iter()
        .filter(|it| !theirs.allowances.contains(it))
        .for_each(|it| tell('E', format!("{it:?}")));
    theirs
        .allowances
        .iter()
        .filter(|it| !ours.allowances.contains(it))
        .for_each(|it| tell('O', format!("{it:?}")));
    text
}

fn report(facts: &Facts, all: &Found) -> String {
    let mut text = format!("{}{}\n", all.shown, all.features);
    let mut tell = |line: String| writeln!(text, "{line}").unwrap();
    let known: usize = facts.awards.iter().map(|it| it.rules.len()).sum();
    tell(format!("{known:10} different rules of awards stand in the packs; never paid:"));
    for award in &facts.awards {
        let never: Vec<&str> = award
            .rules
            .iter()
            .filter(|it| !all.features.rules.contains(&(award.code.clone(), (*it).clone())))
            .map(String::as_str)
            .collect();
        if !never.is_empty() {
            tell(format!("             {}: {}", award.code, never.join(", ")));
        }
    }
    for (reason, count) in &all.refused {
        tell(format!("{count:10} refused by both: {reason}"));
    }
    for it in all.disagreed.iter().take(400) {
        tell(it.clone());
    }
    text
}
