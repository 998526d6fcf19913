//! The award's penalties as a decision table: one row for each rule and kind of employment.

use rates::rules::award::{AwardVersion, CasualRegime, Day, Employment, Rule};
use serde_json::{Value, json};
use zen_engine::Variable;

/// One question.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) employment: Employment,
    /// `mon` to `sun`, or `holiday`.
    pub(crate) day: &'static str,
    /// A date that is such a day in New South Wales.
    pub(crate) date: &'static str,
    /// The first day of its pay period.
    pub(crate) period: &'static str,
    /// After midnight.
    pub(crate) minute: i64,
}

impl Input {
    pub(crate) fn context(&self) -> Variable {
        json!({"employment": self.employment.name(), "day": self.day, "minute": self.minute}).into()
    }
}

/// Dates by kind of day, with the first day of their pay period: one week, and Christmas Day.
const DAYS: [(&str, &str, &str); 8] = [
    ("mon", "2025-07-07", "2025-07-07"),
    ("tue", "2025-07-08", "2025-07-07"),
    ("wed", "2025-07-09", "2025-07-07"),
    ("thu", "2025-07-10", "2025-07-07"),
    ("fri", "2025-07-11", "2025-07-07"),
    ("sat", "2025-07-12", "2025-07-07"),
    ("sun", "2025-07-13", "2025-07-07"),
    ("holiday", "2025-12-25", "2025-12-22"),
];

/// Every half-hour of the span of ordinary hours, on each kind of day and for each employment.
pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    for employment in Employment::ALL {
        for (day, date, period) in DAYS {
            let (from, to) = match day {
                "sat" => (7, 18),
                "sun" => (9, 18),
                _ => (7, 21),
            };
            for minute in (from * 60..to * 60).step_by(30) {
                inputs.push(Input { employment, day, date, period, minute });
            }
        }
    }
    inputs
}

/// Rules of ordinary hours for shifts of no special kind, by employment.
pub(crate) fn rows(version: &AwardVersion) -> Vec<(&Rule, Employment)> {
    let plain = version.penalties.iter().filter(|it| it.shifts.is_empty());
    plain.flat_map(|rule| rule.employment.iter().map(move |it| (rule, *it))).collect()
}

/// The graph: a request, the table, an answer.
pub(crate) fn graph(version: &AwardVersion) -> Value {
    let rules: Vec<Value> = rows(version)
        .into_iter()
        .map(|(rule, employment)| {
            let days: Vec<String> =
                rule.days.iter().map(|it| format!("\"{}\"", day_name(*it))).collect();
            json!({
                "_id": format!("{} {}", rule.rule, employment.name()),
                "employment": format!("\"{}\"", employment.name()),
                "day": days.join(", "),
                "minute": format!("[{}..{})", rule.from.minutes(), rule.to.minutes()),
                "percent": share(version, rule, employment).to_string(),
            })
        })
        .collect();
    let input = |name: &str| json!({"id": name, "name": name, "field": name});
    json!({
        "nodes": [
            {"id": "in", "name": "request", "type": "inputNode"},
            {"id": "table", "name": "penalties", "type": "decisionTableNode", "content": {
                "hitPolicy": "first",
                "inputs": [input("employment"), input("day"), input("minute")],
                "outputs": [input("percent")],
                "rules": rules,
            }},
            {"id": "out", "name": "answer", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table"},
            {"id": "2", "sourceId": "table", "targetId": "out"},
        ],
    })
}

/// The percentage of a row, in hundredths.
fn share(version: &AwardVersion, rule: &Rule, employment: Employment) -> i64 {
    let own = rule.percent.hundredths();
    if employment != Employment::Casual {
        return own;
    }
    match rule.casual {
        Some(CasualRegime::Additive) => {
            own + rule.casual_loading.unwrap_or(version.casual_loading).hundredths()
        }
        Some(CasualRegime::Tabulated(percent)) => percent.hundredths(),
        ref other => panic!("{other:?} is not in the retail award"),
    }
}

fn day_name(day: Day) -> &'static str {
    let [mon, tue, wed, thu, fri, sat, sun, holiday] = DAYS.map(|it| it.0);
    match day {
        Day::Mon => mon,
        Day::Tue => tue,
        Day::Wed => wed,
        Day::Thu => thu,
        Day::Fri => fri,
        Day::Sat => sat,
        Day::Sun => sun,
        Day::Holiday => holiday,
    }
}

/// The percentage that the table answers, in hundredths.
pub(crate) fn percent(answer: &Variable) -> Option<i64> {
    answer.to_value().get("percent")?.as_i64()
}
