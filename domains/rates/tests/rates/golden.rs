//! The bytes of every record and event, as they stand in logs and stores of released versions. They
//! must never change: a changed type gets a new version and an upgrade. After adding a type, write
//! its file with `QUOIN_BLESS=1 cargo test -p rates --test rates`.

use std::path::Path;

use crate::support::{date, money, percent, shift};
use contract::Stored;
use rates::rules::award::{
    AwardVersion, Base, CasualRegime, Classification, Day, Employment, Flat, FlatUnit,
    OrdinaryHours, Precedence, RateFactor, Rule, Span,
};
use rates::rules::calendar::{Holiday, HolidayTable, State};
use rates::rules::charge::HourKind;
use rates::rules::paid::{PaidFor, PaidLine};
use rates::rules::person::{Claim, Person, Quantity};
use rates::{
    AcceptedCharge, AcceptedQuote, AwardPublished, HolidaysPublished, LineCharge, Quote,
    QuoteAccepted, QuoteId,
};
use values::{Currency, Hours, TimeOfDay};

/// The golden bytes called `name`.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.bin"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares the archive of `value` with the golden bytes called `name`.
pub(crate) fn check<T: Stored + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.bin"));
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    if std::env::var_os("QUOIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(T::decode(&golden).as_ref(), Ok(value), "{name} no longer reads");
    assert_eq!(bytes, golden, "{name} is written differently");
}

fn rule(name: &str, casual: CasualRegime) -> Rule {
    Rule {
        rule: name.to_owned(),
        clause: "clause 22 (penalty rates)".to_owned(),
        employment: vec![Employment::FullTime, Employment::Casual],
        classifications: vec!["level-1".to_owned()],
        days: vec![Day::Mon, Day::Holiday],
        holidays: vec!["Good Friday".to_owned()],
        from: TimeOfDay::from_minutes(420).unwrap(),
        to: TimeOfDay::END,
        after: Hours::from_minutes(180),
        percent: percent("150"),
        base: Base::OrdinaryAllPurpose,
        casual: Some(casual),
        casual_loading: Some(percent("25")),
        flat: Some(Flat {
            amount: None,
            of: Some("level-1".to_owned()),
            percent: Some(percent("10")),
            allowance: None,
            per: FlatUnit::StartedHour,
        }),
        priority: 3,
        ..Rule::default()
    }
}

pub(crate) fn version() -> AwardVersion {
    AwardVersion {
        currency: Currency::AUD,
        source: "a golden file".to_owned(),
        casual_loading: percent("25"),
        precedence: Precedence::Highest,
        classifications: vec![Classification {
            code: "level-1".to_owned(),
            title: "Level 1".to_owned(),
            clause: "clause 17.1".to_owned(),
            fwc: Some(112),
            weekly: Some(money("1008.90")),
            hourly: Some(money("26.55")),
            annual: None,
            all_purpose_weekly: Some(money("63.72")),
            factor: Some(RateFactor {
                times: Quantity::from_hundredths(5_200),
                over: Quantity::from_hundredths(5_040),
            }),
        }],
        references: vec![Classification {
            code: "standard".to_owned(),
            weekly: Some(money("1283.10")),
            ..Classification::default()
        }],
        ordinary: vec![OrdinaryHours {
            employment: vec![Employment::PartTime],
            clause: "clause 15".to_owned(),
            daily_max: Hours::from_minutes(540),
            weekly_max: Hours::from_minutes(2280),
            span: vec![Span {
                days: vec![Day::Sat, Day::Sun],
                from: TimeOfDay::START,
                to: TimeOfDay::from_minutes(1260).unwrap(),
            }],
            ..OrdinaryHours::default()
        }],
        penalties: vec![
            rule("additive", CasualRegime::Additive),
            rule("compounded", CasualRegime::Compounded),
            rule("tabulated", CasualRegime::Tabulated(percent("250"))),
        ],
        overtime: vec![
            rule("one-multiplier", CasualRegime::OneMultiplier),
            rule("without", CasualRegime::Without),
        ],
        ..AwardVersion::new(
            "MA000004".to_owned(),
            "General Retail Industry Award 2020".to_owned(),
            date("2025-07-01"),
            Hours::from_minutes(38 * 60),
        )
    }
}

fn table() -> HolidayTable {
    HolidayTable {
        first: date("2021-01-01"),
        last: date("2027-12-31"),
        holiday: vec![Holiday {
            date: date("2025-12-24"),
            name: "Christmas Eve".to_owned(),
            from: TimeOfDay::from_minutes(1140),
            states: State::ALL.to_vec(),
        }],
    }
}

fn accepted() -> AcceptedQuote {
    AcceptedQuote {
        quote: Quote {
            person: Some(Box::new(Person {
                date_of_birth: Some(date("2008-02-29")),
                flags: vec!["shiftworker".to_owned()],
                ..Person::default()
            })),
            claims: vec![Claim {
                allowance: "first-aid".to_owned(),
                quantity: Some(Quantity::from_hundredths(1_250)),
                shift: Some(0),
            }],
            ..Quote::new(
                "MA000004".to_owned(),
                "retail-employee-level-1".to_owned(),
                Employment::Casual,
                State::Nsw,
                date("2025-07-07"),
                vec![shift("2025-07-13T10:00/15:00 12:00/12:30")],
            )
        },
        operative_from: date("2025-07-01"),
        currency: Currency::AUD,
        total: money("209.07"),
        reference: "week 28".to_owned(),
        accepted_us: 1_752_400_000_000_000,
        accepted_by: 7,
        known_us: 1_752_399_999_000_000,
        lines: Some(vec![PaidLine {
            shift: Some(0),
            from: Some("2025-07-13T10:00".parse().unwrap()),
            to: Some("2025-07-13T15:00".parse().unwrap()),
            paid_for: PaidFor::Work,
            hours: Hours::from_minutes(270),
            rule: "sunday".to_owned(),
            clause: "clause 22".to_owned(),
            overtime: false,
            percent: percent("175"),
            rate: money("46.46"),
            amount: money("209.07"),
        }]),
        charge: Some(AcceptedCharge {
            template: "labour-hire".to_owned(),
            version: 1,
            lines: vec![LineCharge {
                hour: HourKind::Ordinary,
                rate: Some(money("65.56")),
                charge: money("295.02"),
            }],
            total: money("295.02"),
        }),
    }
}

#[test]
fn records_keep_their_bytes() {
    check("award_version_2", &version());
    check("holiday_table_1", &table());
    check("accepted_quote_2", &accepted());
}

#[test]
fn events_keep_their_bytes() {
    check("award_published_2", &AwardPublished { version: version() });
    check("holidays_published_1", &HolidaysPublished { table: table() });
    let id = QuoteId::new(4173);
    check("quote_accepted_2", &QuoteAccepted { id, accepted: accepted() });
}
