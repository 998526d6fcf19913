//! How whole shifts and pay periods are read: the award of `practice.toml`, which has one of
//! everything, through the cases of `practice_cases.toml`.

use rates::rules::award::Employment;
use rates::rules::calendar::State;
use rates::rules::compile::VersionTables;
use rates::rules::pack::Pack;
use rates::rules::paid::PaidFor;
use rates::rules::person::{Before, Claim, Duties, Person};
use rates::rules::quote::{Particulars, Priced, Terms};
use rates::rules::reference::Book;
use rates::rules::shift::Shift;
use serde::Deserialize;
use values::{Date, Hours, Money};

use crate::support::calendar;

/// What is asked, and what comes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    classification: String,
    employment: Employment,
    period: Date,
    person: Option<Person>,
    before: Option<Before>,
    #[serde(default)]
    claims: Vec<Claim>,
    shifts: Vec<String>,
    #[serde(default)]
    pays: Vec<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

fn book() -> Book {
    let calendar = calendar();
    let pack = Pack::from_toml("practice.toml", include_str!("practice.toml")).unwrap();
    let mut book = Book::default();
    for version in pack.check("practice.toml", &calendar).unwrap_or_else(|it| panic!("{it}")) {
        book.insert(VersionTables::compile(&version).unwrap());
    }
    book.calendar = Some(calendar);
    book
}

/// `2026-07-06T09:00/17:00`, then in any order unpaid breaks (`12:00/12:30`), flags (`+recall`),
/// agreed hours (`=4.00`) and duties (`@level-2:13:00/15:00`), all on the day of the start.
fn shift(text: &str) -> Shift {
    let day = &text[..11];
    let (mut plain, mut rest) = (String::new(), Vec::new());
    for part in text.split(' ') {
        match part.as_bytes()[0] {
            b'+' | b'=' | b'@' => rest.push(part),
            _ => plain = format!("{plain} {part}"),
        }
    }
    let mut shift = crate::support::shift(plain.trim());
    for part in rest {
        match part.split_at(1) {
            ("+", flag) => shift.flags.push(flag.to_owned()),
            ("=", hours) => shift.agreed = Some(Hours::parse(hours).unwrap()),
            (_, duties) => {
                let (classification, time) = duties.split_once(':').unwrap();
                let (start, end) = time.split_once('/').unwrap();
                let at = |time: &str| format!("{day}{time}").parse().unwrap();
                let classification = classification.to_owned();
                shift.duties.push(Duties { start: at(start), end: at(end), classification });
            }
        }
    }
    shift
}

impl Case {
    /// The lines, allowances and sum, as text; or the refusal.
    fn price(&self, book: &Book) -> Result<Vec<String>, String> {
        let particulars = Particulars {
            person: self.person.as_ref(),
            before: self.before.as_ref(),
            claims: &self.claims,
        };
        let shifts: Vec<Shift> = self.shifts.iter().map(|it| shift(it)).collect();
        let terms = book
            .terms("MA999999", &self.classification, self.employment, self.period)
            .map_err(|error| error.to_string())?;
        let mut priced = Priced::default();
        terms
            .price(book.calendar().unwrap(), State::Nsw, &shifts[..], &particulars, &mut priced)
            .map_err(|error| error.to_string())?;
        Ok(texts(&terms, &priced))
    }
}

#[test]
fn every_case_comes_out_as_written() {
    let (book, mut failed) = (book(), 0);
    let cases: Cases = toml::from_str(include_str!("practice_cases.toml")).unwrap();
    for case in &cases.case {
        let expected = case.refused.clone().map_or_else(|| Ok(case.pays.clone()), Err);
        let got = case.price(&book);
        if got != expected {
            println!("// {}\n{got:#?}\nbut expected\n{expected:#?}", case.name);
            failed += 1;
        }
    }
    println!("{} cases", cases.case.len());
    assert_eq!(failed, 0, "of {} cases", cases.case.len());
}

fn texts(terms: &Terms<'_>, priced: &Priced) -> Vec<String> {
    let own = &terms.version.classifications[priced.position].code;
    let mut texts = Vec::new();
    let (mut total, mut hours) = (Money::ZERO, Hours::ZERO);
    for line in &priced.lines {
        let (from, to) = (line.from.to_string(), line.to.to_string());
        let rule = &priced.rule(terms, line).rule;
        let rate = priced.column(terms, line).rate;
        let mut text = format!(
            "{} {}-{} {} {rule} {rate} {}",
            &from[5..10],
            &from[11..],
            &to[11..],
            line.hours,
            line.amount
        );
        match line.nature {
            PaidFor::Work => {}
            nature => text += &format!(" {nature:?}").to_lowercase(),
        }
        if terms.classification(line) != own {
            text = format!("{text} as {}", terms.classification(line));
        }
        if !terms.reason(line).is_empty() {
            text = format!("{text} ({})", terms.reason(line));
        }
        if line.nature != PaidFor::Added {
            hours += line.hours;
        }
        total += line.amount;
        texts.push(text);
    }
    for line in &priced.allowances {
        let (code, _, rate, unit) = terms.allowance(line);
        let (quantity, unit) = (line.quantity.text(), unit.name());
        texts.push(format!("{code} {quantity} x {rate} a {unit} {}", line.amount));
        total += line.amount;
    }
    // Whatever is priced adds up.
    assert_eq!((priced.total, priced.hours), (total, hours));
    texts.push(format!("{hours} h {total}"));
    texts
}
