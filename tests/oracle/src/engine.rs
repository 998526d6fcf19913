//! The rates engine, asked through the door that the box uses: archived request in, archived reply
//! out.

use std::any::Any;
use std::fmt;
use std::fs;

use contract::{
    Actor, Compile, Cx, Failure, Record, Replicated, RowVisitor, Run, Stored, TableId, Tables,
    Tenant,
};
use rates::rules::calendar::HolidayTable;
use rates::rules::pack::Pack;
use rates::rules::paid::PaidFor;
use rates::{ENTRY, Quote, QuoteReply, Reference};
use serde_json::Value;

use crate::packs::{pack_files, reference};

/// The number of `rates.quote`.
const QUOTE: u16 = 64;

/// Time that is paid at one rate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaidTime {
    /// Position of the shift.
    pub shift: u64,
    /// On the local clock.
    pub from: String,
    /// On the local clock.
    pub to: String,
    /// The time that passed.
    pub minutes: u64,
    /// The rule's name.
    pub rule: String,
    /// Cents an hour.
    pub rate: i64,
    /// Cents.
    pub amount: i64,
    /// `work`, `minimum` or `added`.
    pub paid_for: String,
}

/// An allowance that is paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaidAllowance {
    /// Its code.
    pub code: String,
    /// Position of the shift, if it is for one.
    pub shift: Option<u64>,
    /// Hundredths of a unit.
    pub quantity: i64,
    /// Cents for one unit.
    pub rate: i64,
    /// Cents.
    pub amount: i64,
}

/// What a pay period comes to, in an order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Sorted.
    pub lines: Vec<PaidTime>,
    /// Sorted.
    pub allowances: Vec<PaidAllowance>,
    /// Cents.
    pub total: i64,
}

/// Why there is no price: the field and the reason.
pub type Refused = (String, String);

/// The packs compiled, as a core of a box has them.
pub struct Engine {
    reference: Reference,
    scratch: Box<dyn Any>,
}

/// Quotes read no record but those that are compiled.
struct NoRecords;

impl Tables for NoRecords {
    fn get(&self, _: TableId, _: &[u8]) -> Option<&[u8]> {
        None
    }

    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {}

    fn keep(&self, _: Vec<u8>) -> &[u8] {
        unreachable!("nothing was read")
    }

    fn damaged(&self, _: TableId, _: &[u8], _: &dyn fmt::Display) {
        unreachable!("nothing was read")
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Compiles every pack and the holidays.
    pub fn new() -> Self {
        let mut engine = Self { reference: Reference::default(), scratch: (ENTRY.scratch)() };
        let read = |path| fs::read_to_string(path).expect("reference data is readable");
        let holidays: HolidayTable =
            toml::from_str(&read(reference().join("holidays.toml"))).expect("holidays are good");
        engine.compile(&holidays);
        for file in pack_files() {
            let name = file.display().to_string();
            let pack = Pack::from_toml(&name, &read(file)).unwrap_or_else(|it| panic!("{it}"));
            for version in pack.versions(&name).unwrap_or_else(|it| panic!("{it}")) {
                engine.compile(&version);
            }
        }
        engine
    }

    fn compile<R: Record>(&mut self, record: &R) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let (tenant, table) = (Tenant::BOX, R::TABLE);
        self.reference.compile(&Replicated { tenant, table, key: &[], record: Some(&bytes) });
    }

    /// Prices a pay period.
    pub fn reply(&mut self, quote: &Quote) -> Result<QuoteReply, Refused> {
        let operation = ENTRY.operation(QUOTE).expect("quotes are an operation");
        let Run::Query(query) = operation.run else { unreachable!("a quote changes nothing") };
        let (mut payload, mut reply) = (Vec::new(), Vec::new());
        quote.encode(&mut payload);
        let cx = Cx::new(0, Tenant::BOX, Actor(0), 0, 0);
        let (reference, scratch) = (&self.reference, self.scratch.as_mut());
        match (query.answer)(&cx, &NoRecords, reference, scratch, &payload, &mut reply) {
            Ok(()) => Ok(QuoteReply::decode(&reply).expect("the engine wrote it")),
            Err(Failure::Denied(it)) => Err((it.field.into_owned(), it.detail.into_owned())),
            Err(Failure::Malformed) => unreachable!("it was encoded here"),
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Answer {
    /// The engine's reply, as far as it is compared.
    pub fn of(reply: &QuoteReply) -> Self {
        let lines = reply.lines.iter().map(|it| PaidTime {
            shift: u64::from(it.shift),
            from: it.from.to_string(),
            to: it.to.to_string(),
            minutes: u64::from(it.hours.minutes()),
            rule: it.rule.clone(),
            rate: it.rate.cents(),
            amount: it.amount.cents(),
            paid_for: nature(it.paid_for).to_owned(),
        });
        let allowances = reply.allowances.iter().map(|it| PaidAllowance {
            code: it.allowance.clone(),
            shift: it.shift.map(u64::from),
            quantity: it.quantity.hundredths(),
            rate: it.rate.cents(),
            amount: it.amount.cents(),
        });
        Self::sorted(lines.collect(), allowances.collect(), reply.total.cents())
    }

    /// The oracle's answer; an error when it has none.
    pub fn read(json: &Value) -> Result<Self, String> {
        if let Some(reason) = json["refused"].as_str() {
            return Err(reason.to_owned());
        }
        let number = |it: &Value| it.as_i64().expect("a whole number");
        let natural = |it: &Value| it.as_u64().expect("a number not below 0");
        let word = |it: &Value| it.as_str().expect("a text").to_owned();
        let all = |it: &Value| it.as_array().expect("a list").clone();
        let lines = all(&json["lines"]).into_iter().map(|it| PaidTime {
            shift: natural(&it[0]),
            from: word(&it[1]),
            to: word(&it[2]),
            minutes: natural(&it[3]),
            rule: word(&it[4]),
            rate: number(&it[5]),
            amount: number(&it[6]),
            paid_for: word(&it[7]),
        });
        let allowances = all(&json["allowances"]).into_iter().map(|it| PaidAllowance {
            code: word(&it[0]),
            shift: it[1].as_u64(),
            quantity: number(&it[2]),
            rate: number(&it[3]),
            amount: number(&it[4]),
        });
        Ok(Self::sorted(lines.collect(), allowances.collect(), number(&json["total"])))
    }

    fn sorted(mut lines: Vec<PaidTime>, mut allowances: Vec<PaidAllowance>, total: i64) -> Self {
        lines.sort();
        allowances.sort();
        Self { lines, allowances, total }
    }
}

fn nature(paid_for: PaidFor) -> &'static str {
    match paid_for {
        PaidFor::Work => "work",
        PaidFor::Minimum => "minimum",
        PaidFor::Added => "added",
        PaidFor::Allowance => "allowance",
    }
}
