//! How often what occurred.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rates::rules::award::Employment;
use rates::rules::paid::PaidFor;
use rates::rules::shift::Shift;
use rates::{Quote, QuoteReply};

/// Pay periods in which something occurred, by what it is.
#[derive(Debug, Default)]
pub struct Features {
    counts: BTreeMap<&'static str, u64>,
    /// Award and rule of every line that was paid.
    pub rules: BTreeSet<(String, String)>,
}

impl Features {
    /// How many pay periods have it.
    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: Self) {
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.rules.extend(other.rules);
    }

    fn note(&mut self, name: &'static str, count: usize) {
        *self.counts.entry(name).or_default() += u64::try_from(count).expect("a count");
    }

    fn has(&mut self, name: &'static str, holds: bool) {
        self.note(name, usize::from(holds));
    }

    /// Counts one pay period.
    pub fn add(&mut self, quote: &Quote, reply: &QuoteReply) {
        self.note("pay periods", 1);
        self.note("shifts (all)", quote.shifts.len());
        self.note("lines (all)", reply.lines.len());
        self.of_person(quote, reply);
        self.of_shifts(&quote.shifts);
        let lines = |test: &dyn Fn(&rates::QuoteLine) -> bool| reply.lines.iter().any(test);
        self.has("overtime", lines(&|it| it.rule.contains("overtime")));
        self.has(
            "weekend rate",
            lines(&|it| it.rule.contains("satur") || it.rule.contains("sunday")),
        );
        self.has("holiday rate", lines(&|it| it.rule.contains("holiday")));
        self.has("line over a midnight", lines(&|it| it.from.date() != it.to.date()));
        self.has("flat dollars", lines(&|it| it.flat.cents() != 0));
        self.has("minimum made up", lines(&|it| it.paid_for == PaidFor::Minimum));
        self.has("missed break on top", lines(&|it| it.paid_for == PaidFor::Added));
        self.has("rate of other duties", lines(&|it| !it.classification.is_empty()));
        self.has("reason: weekly limit", lines(&|it| it.reason.contains("week")));
        self.has("reason: daily limit", lines(&|it| it.reason.contains("day")));
        self.has("reason: kind of shift", lines(&|it| it.reason.contains("kind")));
        self.has("some reason", lines(&|it| !it.reason.is_empty()));
        self.has("allowance", !reply.allowances.is_empty());
        let claimed = |code: &str| quote.claims.iter().any(|it| it.allowance == code);
        self.has("allowance unclaimed", reply.allowances.iter().any(|it| !claimed(&it.allowance)));
        self.has("claims", !quote.claims.is_empty());
        self.has("before stated", quote.before.is_some());
        let rules = reply.lines.iter().map(|it| (quote.award.clone(), it.rule.clone()));
        self.rules.extend(rules);
    }

    fn of_person(&mut self, quote: &Quote, reply: &QuoteReply) {
        self.has("casual", quote.employment == Employment::Casual);
        self.has("part-time", quote.employment == Employment::PartTime);
        self.has("full-time", quote.employment == Employment::FullTime);
        let Some(person) = quote.person.as_deref() else { return };
        let found = reply.classification != quote.classification;
        self.has("junior by age", found && person.apprenticeship_from.is_none());
        self.has("apprentice by stage", found && person.apprenticeship_from.is_some());
        let born = person.date_of_birth.map(values::Date::year_month_day);
        let period = (0..14).map(|it| quote.pay_period_start.plus_days(it).year_month_day());
        self.has(
            "birthday inside",
            born.is_some_and(|(_, month, day)| {
                period.clone().any(|it| (it.1, it.2) == (month, day))
            }),
        );
        self.has("service stated", person.service_from.is_some());
        self.has("supported wage", person.supported_wage.is_some());
        self.has("agreed hours a week", person.agreed_weekly.is_some());
        self.has("flags of the person", !person.flags.is_empty());
    }

    fn of_shifts(&mut self, shifts: &[Shift]) {
        let any = |test: &dyn Fn(&Shift) -> bool| shifts.iter().any(test);
        let date = |it: &Shift| it.start.local_time().date();
        self.has(
            "shift over midnight",
            any(&|it| it.start.local_time().date() != it.end.local_time().date()),
        );
        self.has("unpaid breaks", any(&|it| !it.unpaid_breaks.is_empty()));
        self.has("flags of a shift", any(&|it| !it.flags.is_empty()));
        self.has("agreed hours of a shift", any(&|it| it.agreed.is_some()));
        self.has("other duties", any(&|it| !it.duties.is_empty()));
        self.has(
            "shifts out of order",
            shifts.windows(2).any(|it| it[1].start.local_time() < it[0].start.local_time()),
        );
        let mut days: Vec<_> = shifts.iter().map(date).collect();
        days.sort();
        self.has("two shifts a day", days.windows(2).any(|it| it[0] == it[1]));
        days.dedup();
        self.has("seven days on end", days.windows(7).any(|it| it[6].days() - it[0].days() == 6));
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{count:10} {name}")?;
        }
        write!(f, "{:10} different rules of awards paid something", self.rules.len())
    }
}
