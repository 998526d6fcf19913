//! Pay under every instrument that applies: which one pays what, and why; and whether what was paid
//! is enough.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
};
use values::{Currency, Date, Money};

use super::quote::Quote;
use super::settle::{self, Settled};
use crate::rules::instrument::{Entitlement, InstrumentKind, PaidEntitlement, compare, total};
use crate::rules::paid::PaidLine;
use crate::{Rates, Refusal};

/// The most pay periods in one check.
const PERIODS_COUNT_MAX: usize = 64;
/// The most payments in one pay period.
const PAID_COUNT_MAX: usize = 4_096;
/// One amount that was paid; below zero where something was taken back.
const PAID: std::ops::RangeInclusive<Money> =
    Money::from_cents(-100_000_000_000)..=Money::from_cents(100_000_000_000);

contract::message! {
    /// An instrument that covers the person.
    pub struct Under {
        /// The instrument's code.
        pub instrument: String,
        /// Its classification of the person.
        pub classification: String,
    }

    /// Which instruments beside the award cover a person.
    #[derive(Default)]
    pub struct Coverage {
        /// The enterprise agreement that covers the person at work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agreement: Option<Under>,
        /// The host's instrument, under a regulated labour hire arrangement order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub host: Option<Under>,
        /// The contract of employment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub contract: Option<Under>,
    }

    /// What shifts of one person come to under all that covers them.
    pub struct QuoteCoverage {
        /// The shifts, under the award.
        pub quote: Quote,
        /// What covers the person beside the award.
        #[serde(default)]
        pub coverage: Coverage,
    }

    /// A base rate that was below its floor.
    pub open struct Lift {
        /// The agreement's own base rate.
        pub own: Money,
        /// The floor: what it has effect as.
        pub floor: Money,
        /// Whose rate that is: the award's code, or `national-minimum-wage`.
        pub floor_of: String,
    }

    /// One instrument in the contest.
    pub open struct Contestant {
        /// Its code.
        pub instrument: String,
        /// What it is.
        pub kind: InstrumentKind,
        /// The version that applies.
        pub operative_from: Date,
        /// Its classification of the person.
        pub classification: String,
        /// Its base rate, lifted where it had to be.
        pub base: Money,
        /// Set when its base rate was lifted.
        pub lifted: Option<Lift>,
        /// What the whole pay period comes to under it alone.
        pub total: Money,
        /// How much of the pay comes from it.
        pub pays: Money,
        /// What became of it, and the law behind that.
        pub outcome: String,
    }

    /// A line of pay and the instrument that pays it.
    pub open struct SettledLine {
        /// The instrument's code.
        pub instrument: String,
        /// The line.
        pub line: PaidLine,
        /// What the instrument it was compared with pays for the same time.
        pub compared: Option<Money>,
    }

    /// Pay under all that covers a person.
    pub open struct CoverageReply {
        /// The code of the instrument that pays most of it.
        pub wins: String,
        /// Why.
        pub because: String,
        /// The instruments, in the order in which the law takes them.
        pub instruments: Vec<Contestant>,
        /// What all money here is in.
        pub currency: Currency,
        /// The pay, in order of shifts.
        pub lines: Vec<SettledLine>,
        /// Its sum.
        pub total: Money,
    }

    /// One pay period and what was paid for it.
    pub struct PeriodPaid {
        /// The shifts, under the award.
        pub quote: Quote,
        /// What covers the person beside the award.
        #[serde(default)]
        pub coverage: Coverage,
        /// What was paid, at most 4,096 amounts.
        pub paid: Vec<PaidEntitlement>,
    }

    /// Whether what was paid is what was due, one pay period at a time: what was paid beyond one
    /// period never makes up for another.
    pub struct CheckCompliance {
        /// At most 64 pay periods of one person.
        pub periods: Vec<PeriodPaid>,
        /// Whether the contract says that payments within a pay period are set off against its
        /// entitlements.
        #[serde(default)]
        pub set_off: bool,
    }

    /// One pay period, compared.
    pub open struct PeriodReply {
        /// Its first day.
        pub pay_period_start: Date,
        /// The instrument that pays most of what was due.
        pub wins: String,
        /// The entitlements that were paid too little.
        pub under: Vec<Entitlement>,
        /// How many entitlements were compared.
        pub entitlements: u32,
        /// What was due.
        pub due: Money,
        /// What was paid.
        pub paid: Money,
        /// What is missing in this period.
        pub shortfall: Money,
    }

    /// All pay periods, compared.
    pub open struct ComplianceReply {
        /// The periods, in the order asked.
        pub periods: Vec<PeriodReply>,
        /// What all money here is in.
        pub currency: Currency,
        /// The sum of what is missing.
        pub shortfall: Money,
        /// Whether nothing is missing in any period.
        pub compliant: bool,
    }
}
impl Reply for CoverageReply {}
impl Reply for ComplianceReply {}

impl Request for QuoteCoverage {
    type Reply = CoverageReply;
    const SHAPE: Shape = Shape {
        name: "rates.quote-coverage",
        summary: "Prices one person's shifts under all instruments that cover them",
        method: Method::Post,
        path: "/v1/rates/instruments/quote",
        permission: "rates.quote",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"quote":{"award":"MA000004","classification":"retail-employee-level-1",
            "employment":"casual","state":"NSW","pay_period_start":"2025-07-07",
            "shifts":[{"start":"2025-07-13T10:00","end":"2025-07-13T15:00"}]}}"#,
    };
}

impl Answer<Rates> for QuoteCoverage {
    fn answer(
        request: &ArchivedQuoteCoverage,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, CoverageReply>,
    ) -> Result<(), Denial> {
        let Self { quote, coverage } = Self::revive(request);
        let Settled { wins, because, instruments, currency, lines, total } =
            settle::settle(&quote, &coverage, "", ask.cx, ask.reference, ask.scratch.buffer(0))?;
        reply.put(&CoverageReply { wins, because, instruments, currency, lines, total });
        Ok(())
    }
}

impl Request for CheckCompliance {
    type Reply = ComplianceReply;
    const SHAPE: Shape = Shape {
        name: "rates.check-compliance",
        summary: "Compares what was paid with what was due, by pay period and entitlement",
        method: Method::Post,
        path: "/v1/rates/compliance",
        permission: "rates.quote",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"periods":[{"quote":{"award":"MA000004",
            "classification":"retail-employee-level-1","employment":"casual","state":"NSW",
            "pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-13T10:00",
            "end":"2025-07-13T15:00"}]},"paid":[{"rule":"sunday","amount":"232.30"}]}]}"#,
    };
}

impl Answer<Rates> for CheckCompliance {
    fn answer(
        request: &ArchivedCheckCompliance,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, ComplianceReply>,
    ) -> Result<(), Denial> {
        let Self { periods: asked, set_off } = Self::revive(request);
        if asked.is_empty() {
            let detail = "periods is empty, expected at least one";
            return Err(Refusal::Empty.at("periods").because(detail));
        }
        if PERIODS_COUNT_MAX < asked.len() {
            return Err(Refusal::TooMany.at("periods").because(format!(
                "periods has {}, at most {PERIODS_COUNT_MAX} are allowed",
                asked.len()
            )));
        }
        let mut periods = Vec::with_capacity(asked.len());
        let mut currency = None;
        for (at, it) in asked.iter().enumerate() {
            let place = format!("periods[{at}].");
            if PAID_COUNT_MAX < it.paid.len() {
                return Err(Refusal::TooMany.at(format!("{place}paid")).because(format!(
                    "{place}paid has {}, at most {PAID_COUNT_MAX} are allowed",
                    it.paid.len()
                )));
            }
            if let Some(paid_at) = it.paid.iter().position(|it| !PAID.contains(&it.amount)) {
                let field = format!("{place}paid[{paid_at}].amount");
                let (least, most) = (PAID.start(), PAID.end());
                let amount = it.paid[paid_at].amount;
                let detail = format!("{field} is {amount}, expected {least} to {most}");
                return Err(Refusal::PaidOutOfRange.at(field).because(detail));
            }
            let buffer = ask.scratch.buffer(0);
            let settled =
                settle::settle(&it.quote, &it.coverage, &place, ask.cx, ask.reference, buffer)?;
            if *currency.get_or_insert(settled.currency) != settled.currency {
                return Err(Refusal::CurrenciesDiffer.at(format!("{place}quote.award")));
            }
            let due: Vec<PaidLine> = settled.lines.into_iter().map(|it| it.line).collect();
            let check = compare(&due, &it.paid, set_off);
            debug_assert_eq!(check.due, total(&due));
            let entitlements =
                u32::try_from(check.entitlements.len()).expect("below the limits of lines");
            let mut under = check.entitlements;
            under.retain(|it| Money::ZERO < it.shortfall);
            periods.push(PeriodReply {
                pay_period_start: it.quote.pay_period_start,
                wins: settled.wins,
                under,
                entitlements,
                due: check.due,
                paid: check.paid,
                shortfall: check.shortfall,
            });
        }
        let shortfall: Money = periods.iter().map(|it| it.shortfall).sum();
        reply.put(&ComplianceReply {
            periods,
            currency: currency.unwrap_or(Currency::AUD),
            shortfall,
            compliant: shortfall == Money::ZERO,
        });
        Ok(())
    }
}
