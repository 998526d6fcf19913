//! An accepted quote, recomputed.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::{Currency, Date, Money};

use super::quote::Quote;
use crate::records::{AcceptedQuote, QuoteId};
use crate::{Rates, Refusal};

contract::message! {
    /// The accepted quote with this id.
    pub struct Recall {
        /// Its id.
        pub id: QuoteId,
        /// Recomputed by what was published at this moment, in microseconds since 1970-01-01 UTC; by
        /// what is published now, or the quote's own moment, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// An accepted quote as stored, and what its inputs come to now.
    pub open struct Recalled {
        /// Its id.
        pub id: QuoteId,
        /// The caller's own reference.
        pub reference: String,
        /// When it was accepted, in microseconds since 1970-01-01 UTC.
        pub accepted_us: u64,
        /// What was asked.
        pub quote: Quote,
        /// The version that applied.
        pub operative_from: Date,
        /// What the totals are in.
        pub currency: Currency,
        /// What it came to when it was accepted.
        pub total: Money,
        /// What the same inputs come to under what is published now, or was at the moment asked for;
        /// none when they are refused.
        pub recomputed: Option<Money>,
    }
}
impl Reply for Recalled {}

impl Request for Recall {
    type Reply = Recalled;
    const SHAPE: Shape = Shape {
        name: "rates.recall-quote",
        summary: "Shows an accepted quote and recomputes it",
        method: Method::Get,
        path: "/v1/rates/quotes/{id}",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id":"4096"}"#,
    };

    fn touches(request: &ArchivedRecall, touched: &mut Touched) {
        touched.record::<AcceptedQuote>(&QuoteId::revive(&request.id));
    }
}

impl Answer<Rates> for Recall {
    fn answer(
        request: &ArchivedRecall,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, Recalled>,
    ) -> Result<(), Denial> {
        let id = QuoteId::revive(&request.id);
        let Some(stored) = ask.view.get::<AcceptedQuote>(&id) else {
            let detail = format!("id {id} is not an accepted quote");
            return Err(Refusal::QuoteUnknown.at("id").because(detail));
        };
        let priced = ask.scratch.buffer(0);
        let tenant = ask.cx.tenant;
        let found = match request.as_known_at_us.as_ref().map(|it| it.to_native()) {
            None => stored.quote.price(ask.reference, tenant, priced),
            Some(known_us) => {
                Quote::revive(&stored.quote).price_known(ask.reference, tenant, known_us, priced)
            }
        };
        let recomputed = found.ok().map(|_| priced.total);
        let AcceptedQuote {
            quote, operative_from, currency, total, reference, accepted_us, ..
        } = AcceptedQuote::revive(stored);
        reply.put(&Recalled {
            id,
            reference,
            accepted_us,
            quote,
            operative_from,
            currency,
            total,
            recomputed,
        });
        Ok(())
    }
}
