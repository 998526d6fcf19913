//! Accepting a quote: it is stored with all it was computed from.

use contract::{Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape};
use values::{Currency, Date, Money};

use crate::events::QuoteAccepted;
use crate::queries::{Wanted, charges};
use crate::records::{AcceptedCharge, AcceptedQuote, QuoteId};
use crate::rules::paid;
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
        /// The charge template by which the client is charged for it, if at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub template: Option<String>,
        /// What the client must be charged, when agreed on before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub charge: Option<Money>,
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
        /// The version of the template that charged it.
        pub template_version: Option<u32>,
        /// What the client is charged.
        pub charge: Option<Money>,
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
        // Decided by what this core has compiled, which may be a moment behind the clock.
        let known_us = ask.reference.newest_us(cx.tenant);
        let priced = ask.scratch.buffer(0);
        let terms = quote
            .price_known(ask.reference, cx.tenant, quote.known_us(known_us), priced)
            .map_err(|error| refuse::quote("quote.", &error))?;
        let total = priced.total;
        agreed("total", "the quote comes to", self.total, total)?;
        let (operative_from, currency) = (terms.version.operative_from, terms.version.currency);
        let lines = paid::lines(&terms, priced);
        let charge = match &self.template {
            None => None,
            Some(template) => {
                let wanted = Wanted {
                    template,
                    version: None,
                    date: quote.pay_period_start,
                    state: Some(quote.state),
                    known_us: quote.known_us(known_us),
                };
                let (found, charging) = wanted.find(ask.reference, cx.tenant)?;
                let charged = charges(&charging, currency, &lines)?;
                let total = charged.iter().map(|it| it.charge).sum();
                let (template, version) = (template.clone(), found.version);
                Some(AcceptedCharge { template, version, lines: charged, total })
            }
        };
        let charged = charge.as_ref().map(|it| it.total);
        agreed("charge", "the client is charged", self.charge, charged.unwrap_or(Money::ZERO))?;
        let template_version = charge.as_ref().map(|it| it.version);
        let id = QuoteId::new(cx.fresh_id());
        let accepted = AcceptedQuote {
            quote: self.quote,
            operative_from,
            currency,
            total,
            reference: self.reference,
            accepted_us: cx.now_us,
            accepted_by: cx.actor.0,
            known_us,
            lines: Some(lines),
            charge,
        };
        events.push(QuoteAccepted { id, accepted })?;
        Ok(Accepted { id, operative_from, currency, total, template_version, charge: charged })
    }
}

/// Refuses an amount that was agreed on when it is not what was computed.
fn agreed(
    field: &'static str,
    what: &str,
    agreed: Option<Money>,
    found: Money,
) -> Result<(), Denial> {
    match agreed {
        Some(agreed) if agreed != found => Err(Refusal::TotalDiffers
            .at(field)
            .because(format!("{field} is {agreed}, but {what} {found}"))),
        _ => Ok(()),
    }
}
