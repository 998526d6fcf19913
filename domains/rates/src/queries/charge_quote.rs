//! What a whole quote is charged at, line by line.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{Currency, Date, Hours, Money};

use super::charge::Wanted;
use super::charge_lines::{LineCharge, charges};
use super::quote::Quote;
use crate::rules::paid::{self, PaidLine};
use crate::templates::TemplateStatus;
use crate::{Rates, refuse};

contract::message! {
    /// What a client is charged for the shifts of one person: every line of their pay at its own
    /// charge rate, never an average.
    pub struct ChargeQuote {
        /// The template's code.
        pub template: String,
        /// A version to try, also a draft; the approved one in force on the first day of the pay
        /// period when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<u32>,
        /// Whose shifts, under which award.
        pub quote: Quote,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: templates and
        /// statutory tables as published then. Now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One line of pay and what is charged for it.
    pub open struct ChargedLine {
        /// The line of pay.
        pub pay: PaidLine,
        /// What is charged for it: the rate times the hours, rounded half-up to the cent.
        pub charge: LineCharge,
    }

    /// The charge of a quote.
    pub open struct ChargeQuoteReply {
        /// The template's code.
        pub template: String,
        /// Its version.
        pub version: u32,
        /// Where that version stood.
        pub status: TemplateStatus,
        /// The award's code.
        pub award: String,
        /// The award version that applied.
        pub operative_from: Date,
        /// What all money here is in.
        pub currency: Currency,
        /// In order of time.
        pub lines: Vec<ChargedLine>,
        /// The sum of the lines' hours.
        pub hours: Hours,
        /// The sum of the lines' pay.
        pub pay: Money,
        /// The sum of the lines' charges.
        pub charge: Money,
    }
}
impl Reply for ChargeQuoteReply {}

impl Request for ChargeQuote {
    type Reply = ChargeQuoteReply;
    const SHAPE: Shape = Shape {
        name: "rates.charge-quote",
        summary: "Charges one person's shifts line by line by a template",
        method: Method::Post,
        path: "/v1/rates/charge/quote",
        permission: "rates.charge",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"template":"labour-hire","quote":{"award":"MA000004",
            "classification":"retail-employee-level-1","employment":"casual","state":"NSW",
            "pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-13T10:00",
            "end":"2025-07-13T15:00"}]}}"#,
    };
}

impl Answer<Rates> for ChargeQuote {
    fn answer(
        request: &ArchivedChargeQuote,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, ChargeQuoteReply>,
    ) -> Result<(), Denial> {
        let tenant = ask.cx.tenant;
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let wanted = Wanted {
            template: &request.template,
            version: request.version.as_ref().map(|it| it.to_native()),
            date: request.quote.pay_period_start.to_native(),
            state: Some(request.quote.state.to_native()),
            known_us,
        };
        let (version, charging) = wanted.find(ask.reference, tenant)?;
        let priced = ask.scratch.buffer(0);
        let terms = request
            .quote
            .price(ask.reference, tenant, priced)
            .map_err(|error| refuse::quote("quote.", &error))?;
        let lines = paid::lines(&terms, priced);
        let charges = charges(&charging, terms.version.currency, &lines)?;
        reply.put(&ChargeQuoteReply {
            template: version.template.code.clone(),
            version: version.version,
            status: version.status_at(known_us),
            award: terms.version.award.clone(),
            operative_from: terms.version.operative_from,
            currency: terms.version.currency,
            hours: priced.hours,
            pay: priced.total,
            charge: charges.iter().map(|it| it.charge).sum(),
            lines: lines
                .into_iter()
                .zip(charges)
                .map(|(pay, charge)| ChargedLine { pay, charge })
                .collect(),
        });
        Ok(())
    }
}
