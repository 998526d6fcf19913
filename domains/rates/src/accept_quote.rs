//! Accepting a quote: it is stored with all it was computed from.

use contract::{Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape};
use values::{Currency, Date, Money};

use crate::events::QuoteAccepted;
use crate::records::{AcceptedQuote, QuoteId};
use crate::{Quote, Rates, Refusal, refuse};

/// The longest reference of a caller, in bytes.
const REFERENCE_BYTES_MAX: usize = 120;

contract::message! {
    /// Accepts a quote. The box prices it itself; the caller may say what it must come to.
    pub struct AcceptQuote {
        /// What to price.
        pub quote: Quote,
        /// What it must come to, when the caller has agreed on it before.
        #[serde(default)]
        pub total: Option<Money>,
        /// The caller's own reference, at most 120 bytes.
        #[serde(default)]
        pub reference: String,
    }

    /// What was accepted.
    pub open struct Accepted {
        /// By which to recall it.
        pub id: QuoteId,
        /// The version that applied.
        pub operative_from: Date,
        /// What the total is in.
        pub currency: Currency,
        /// What it came to.
        pub total: Money,
    }
}
impl Reply for Accepted {}

impl Request for AcceptQuote {
    type Reply = Accepted;
    const SHAPE: Shape = Shape {
        name: "rates.accept-quote",
        summary: "Prices shifts and stores the result with its inputs",
        method: Method::Post,
        path: "/v1/rates/quotes",
        permission: "rates.accept",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"quote":{"award":"MA000004","classification":"retail-employee-level-1",
            "employment":"casual","state":"NSW","pay_period_start":"2025-07-07",
            "shifts":[{"start":"2025-07-13T10:00","end":"2025-07-13T15:00",
            "unpaid_breaks":[]}]},"total":"232.30","reference":"timesheet 1"}"#,
    };
}

impl Decide<Rates> for AcceptQuote {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Accepted, Denial> {
        if REFERENCE_BYTES_MAX < self.reference.len() {
            return Err(Refusal::TextTooLong.at("reference").because(format!(
                "reference is {} bytes, at most {REFERENCE_BYTES_MAX} are allowed",
                self.reference.len()
            )));
        }
        let (cx, quote) = (ask.cx, &self.quote);
        let priced = ask.scratch.buffer(0);
        let terms = ask
            .reference
            .terms(cx.tenant, quote)
            .and_then(|terms| {
                let calendar = ask.reference.calendar(cx.tenant)?;
                terms.price(calendar, quote.state, &quote.shifts[..], priced)?;
                Ok(terms)
            })
            .map_err(|error| refuse::quote("quote.", &error))?;
        let total = priced.total;
        if let Some(agreed) = self.total
            && agreed != total
        {
            return Err(Refusal::TotalDiffers
                .at("total")
                .because(format!("total is {agreed}, but the quote comes to {total}")));
        }
        let id = QuoteId::new(cx.fresh_id());
        let (operative_from, currency) = (terms.version.operative_from, terms.version.currency);
        let accepted = AcceptedQuote {
            quote: self.quote,
            operative_from,
            currency,
            total,
            reference: self.reference,
            accepted_us: cx.now_us,
            accepted_by: cx.actor.0,
        };
        events.push(QuoteAccepted { id, accepted })?;
        Ok(Accepted { id, operative_from, currency, total })
    }
}
