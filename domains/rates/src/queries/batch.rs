//! Pricing very many workers, a frame at a time: what cannot be priced is told beside what can.
//!
//! Ten thousand workers are ten frames: the caller sends them one after the other, or several at a
//! time, and each answer says where in the whole it belongs. A box never holds more of them than the
//! frames that are on their way, and each frame has a limit.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{Currency, Hours, Money};

use super::quote::{self, QuoteReply};
use super::roster::{self, ArchivedWorkerShifts, WorkerShifts};
use super::twin::{BatchTwin, BatchWorkerTwin, QuoteTwin};
use crate::{Rates, json, refuse};

contract::message! {
    /// A frame of a batch: workers that are priced or refused one by one.
    pub struct QuoteBatch {
        /// How many workers of the batch went before this frame; given back, so that answers that
        /// come in another order find their place.
        #[serde(default)]
        pub first: u64,
        /// At most 1,024 workers with 8,192 shifts together.
        pub workers: Vec<WorkerShifts>,
        /// Whether the answer leaves out the lines.
        #[serde(default)]
        pub totals_only: bool,
    }

    /// Why one worker of a batch could not be priced.
    pub open struct WorkerRefusal {
        /// The refusal's name, such as `ClassificationUnknown`.
        pub refusal: String,
        /// The field at fault, from the worker's quote: `shifts[0].end`.
        pub field: String,
        /// One sentence for a person.
        pub detail: String,
    }

    /// One worker of a batch: `refused`, or else priced.
    pub open struct BatchWorker {
        /// As given.
        pub worker: String,
        /// What the money here is in.
        pub currency: Currency,
        /// The hours paid.
        pub hours: Hours,
        /// The price.
        pub total: Money,
        /// The price with its lines, unless these were not asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quote: Option<QuoteReply>,
        /// Why there is no price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub refused: Option<WorkerRefusal>,
    }

    /// The sums of one currency.
    pub open struct BatchTotal {
        /// The currency.
        pub currency: Currency,
        /// The workers' hours.
        pub hours: Hours,
        /// The workers' totals.
        pub total: Money,
    }

    /// The answer to a frame.
    pub open struct BatchReply {
        /// As given.
        pub first: u64,
        /// Where the next frame begins: `first` and the workers of this frame.
        pub next: u64,
        /// In the order asked.
        pub workers: Vec<BatchWorker>,
        /// How many of them were priced.
        pub priced: u32,
        /// How many were refused.
        pub refused: u32,
        /// How many shifts the frame has.
        pub shifts: u32,
        /// The sums of what was priced, one for each currency.
        pub totals: Vec<BatchTotal>,
    }
}

impl Request for QuoteBatch {
    type Reply = BatchReply;
    const SHAPE: Shape = Shape {
        name: "rates.quote-batch",
        summary: "Prices the workers of one frame of a batch, each on its own",
        method: Method::Post,
        path: "/v1/rates/rosters/batch",
        permission: "rates.quote",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"first":0,"workers":[{"worker":"R001","quote":{"award":"MA000004",
            "classification":"retail-employee-level-1","employment":"casual","state":"NSW",
            "pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-13T10:00",
            "end":"2025-07-13T15:00"}]}}],"totals_only":true}"#,
    };
}

impl Answer<Rates> for QuoteBatch {
    fn answer(
        request: &ArchivedQuoteBatch,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, BatchReply>,
    ) -> Result<(), Denial> {
        let workers: &[ArchivedWorkerShifts] = request.workers.as_slice();
        let shifts = roster::check_counts(workers)?;
        let mut found = Vec::with_capacity(workers.len());
        for (at, it) in workers.iter().enumerate() {
            let priced = ask.scratch.buffer(at);
            let terms = it.quote.price(ask.reference, ask.cx.tenant, priced);
            found.push(terms.map_err(|error| refuse::quote("", &error)));
        }
        let mut totals: Vec<BatchTotal> = Vec::new();
        let mut twins = Vec::with_capacity(workers.len());
        for ((it, terms), priced) in workers.iter().zip(&found).zip(&ask.scratch.priced) {
            let worker = it.worker.as_str();
            let terms = match terms {
                Ok(terms) => terms,
                Err(denial) => {
                    twins.push(BatchWorkerTwin::refused(worker, denial));
                    continue;
                }
            };
            let currency = terms.version.currency;
            let (hours, total) = (priced.hours, priced.total);
            if let Some(sum) = totals.iter_mut().find(|it| it.currency == currency) {
                sum.hours += hours;
                sum.total += total;
            } else {
                totals.push(BatchTotal { currency, hours, total });
            }
            twins.push(BatchWorkerTwin {
                worker,
                currency,
                hours,
                total,
                quote: (!request.totals_only).then(|| QuoteTwin::new(*terms, priced)),
                refused: None,
            });
        }
        let count = |many: usize| u32::try_from(many).expect("checked against the limit");
        let priced = count(found.iter().filter(|it| it.is_ok()).count());
        let first = request.first.to_native();
        reply.put(&BatchTwin {
            first,
            next: first.saturating_add(u64::from(count(workers.len()))),
            priced,
            refused: count(workers.len()) - priced,
            workers: twins,
            shifts,
            totals,
        });
        Ok(())
    }
}

impl Reply for BatchReply {
    fn write_json(reply: &ArchivedBatchReply, out: &mut Vec<u8>) {
        out.push(b'{');
        json::name(out, "first");
        json::number(out, reply.first.to_native());
        json::name(out, "next");
        json::number(out, reply.next.to_native());
        json::name(out, "workers");
        json::list(out, reply.workers.as_slice(), write_worker);
        for (name, count) in
            [("priced", reply.priced), ("refused", reply.refused), ("shifts", reply.shifts)]
        {
            json::name(out, name);
            json::number(out, count.to_native());
        }
        json::name(out, "totals");
        json::list(out, reply.totals.as_slice(), |it, out| {
            out.push(b'{');
            json::name(out, "currency");
            json::plain(out, it.currency.to_native().text());
            json::name(out, "hours");
            json::plain(out, it.hours.to_native().text());
            json::name(out, "total");
            json::plain(out, it.total.to_native().text());
            out.push(b'}');
        });
        out.push(b'}');
    }
}

fn write_worker(it: &ArchivedBatchWorker, out: &mut Vec<u8>) {
    out.push(b'{');
    json::name(out, "worker");
    json::text(out, &it.worker);
    json::name(out, "currency");
    json::plain(out, it.currency.to_native().text());
    json::name(out, "hours");
    json::plain(out, it.hours.to_native().text());
    json::name(out, "total");
    json::plain(out, it.total.to_native().text());
    if let Some(quote) = it.quote.as_ref() {
        json::name(out, "quote");
        quote::write_json(quote, out);
    }
    if let Some(refused) = it.refused.as_ref() {
        json::name(out, "refused");
        out.push(b'{');
        json::name(out, "refusal");
        json::text(out, &refused.refusal);
        json::name(out, "field");
        json::text(out, &refused.field);
        json::name(out, "detail");
        json::text(out, &refused.detail);
        out.push(b'}');
    }
    out.push(b'}');
}
