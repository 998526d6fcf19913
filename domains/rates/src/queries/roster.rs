//! Pricing a roster of many workers.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{Currency, Hours, Money};

use super::quote::{self, Quote, QuoteReply};
use super::twin::{QuoteTwin, RosterTwin, WorkerTwin};
use crate::{Rates, Refusal, json, refuse};

/// The most workers in one roster.
const WORKERS_COUNT_MAX: usize = 1_024;
/// The most shifts in one roster.
const ROSTER_SHIFTS_COUNT_MAX: usize = 8_192;
/// The longest name of a worker, in bytes.
const WORKER_BYTES_MAX: usize = 120;

contract::message! {
    /// One worker's part of a roster.
    pub struct WorkerShifts {
        /// The caller's name for the worker, given back.
        pub worker: String,
        /// The worker's terms and shifts.
        pub quote: Quote,
    }

    /// What a roster comes to. One fault refuses the whole.
    pub struct QuoteRoster {
        /// At most 1,024 workers with 8,192 shifts together.
        pub workers: Vec<WorkerShifts>,
    }

    /// One worker's price.
    pub open struct WorkerQuote {
        /// As given.
        pub worker: String,
        /// The price.
        pub quote: QuoteReply,
    }

    /// The price of a roster.
    pub open struct RosterReply {
        /// In the order asked.
        pub workers: Vec<WorkerQuote>,
        /// How many shifts were priced.
        pub shifts: u32,
        /// What all money here is in.
        pub currency: Currency,
        /// The sum of the workers' hours.
        pub hours: Hours,
        /// The sum of the workers' totals.
        pub total: Money,
    }
}

impl Request for QuoteRoster {
    type Reply = RosterReply;
    const SHAPE: Shape = Shape {
        name: "rates.quote-roster",
        summary: "Prices the shifts of many workers",
        method: Method::Post,
        path: "/v1/rates/rosters/quote",
        permission: "rates.quote",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"workers":[{"worker":"R001","quote":{"award":"MA000004",
            "classification":"retail-employee-level-1","employment":"casual","state":"NSW",
            "pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-13T10:00",
            "end":"2025-07-13T15:00"}]}}]}"#,
    };
}

impl Answer<Rates> for QuoteRoster {
    fn answer(
        request: &ArchivedQuoteRoster,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, RosterReply>,
    ) -> Result<(), Denial> {
        let workers = request.workers.as_slice();
        let shifts = check_counts(workers)?;
        let mut terms = Vec::with_capacity(workers.len());
        for (at, it) in workers.iter().enumerate() {
            let priced = ask.scratch.buffer(at);
            let found = it
                .quote
                .price(ask.reference, ask.cx.tenant, priced)
                .map_err(|error| refuse::quote(&format!("workers[{at}].quote."), &error))?;
            terms.push(found);
        }
        let currency = terms.first().map_or(Currency::AUD, |it| it.version.currency);
        if let Some(at) = terms.iter().position(|it| it.version.currency != currency) {
            return Err(Refusal::CurrenciesDiffer.at(format!("workers[{at}].quote.award")));
        }
        let priced = &ask.scratch.priced[..workers.len()];
        let twins = terms.iter().zip(priced).zip(workers);
        reply.put(&RosterTwin {
            workers: twins
                .map(|((terms, priced), it)| WorkerTwin {
                    worker: &it.worker,
                    quote: QuoteTwin::new(*terms, priced),
                })
                .collect(),
            shifts,
            currency,
            hours: priced.iter().fold(Hours::ZERO, |sum, it| sum + it.hours),
            total: priced.iter().map(|it| it.total).sum(),
        });
        Ok(())
    }
}

pub(super) fn check_counts(workers: &[ArchivedWorkerShifts]) -> Result<u32, Denial> {
    if workers.is_empty() {
        return Err(Refusal::Empty
            .at("workers")
            .because("workers is empty, expected at least one"));
    }
    if WORKERS_COUNT_MAX < workers.len() {
        return Err(Refusal::TooMany.at("workers").because(format!(
            "workers has {}, at most {WORKERS_COUNT_MAX} are allowed",
            workers.len()
        )));
    }
    if let Some(at) = workers.iter().position(|it| WORKER_BYTES_MAX < it.worker.len()) {
        let field = format!("workers[{at}].worker");
        let detail = format!("{field} is longer than {WORKER_BYTES_MAX} bytes");
        return Err(Refusal::TextTooLong.at(field).because(detail));
    }
    let shifts: usize = workers.iter().map(|it| it.quote.shifts.len()).sum();
    if ROSTER_SHIFTS_COUNT_MAX < shifts {
        return Err(Refusal::TooMany.at("workers").because(format!(
            "workers have {shifts} shifts together, at most {ROSTER_SHIFTS_COUNT_MAX} are allowed"
        )));
    }
    Ok(u32::try_from(shifts).expect("checked against the limit"))
}

impl Reply for RosterReply {
    fn write_json(reply: &ArchivedRosterReply, out: &mut Vec<u8>) {
        out.push(b'{');
        json::name(out, "workers");
        out.push(b'[');
        for (at, it) in reply.workers.iter().enumerate() {
            if 0 < at {
                out.push(b',');
            }
            out.push(b'{');
            json::name(out, "worker");
            json::text(out, &it.worker);
            json::name(out, "quote");
            quote::write_json(&it.quote, out);
            out.push(b'}');
        }
        out.push(b']');
        json::name(out, "shifts");
        json::number(out, reply.shifts.to_native());
        json::name(out, "currency");
        json::plain(out, reply.currency.to_native().text());
        json::name(out, "hours");
        json::plain(out, reply.hours.to_native().text());
        json::name(out, "total");
        json::plain(out, reply.total.to_native().text());
        out.push(b'}');
    }
}
