//! Pricing one person's shifts.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Tenant,
};
use values::{Currency, Date, Hours, LocalTime, Money, Percent};

use super::twin::QuoteTwin;
use crate::reference::Reference;
use crate::rules::award::Employment;
use crate::rules::calendar::State;
use crate::rules::quote::{Priced, Terms};
use crate::rules::shift::{QuoteError, Shift};
use crate::{Rates, json, refuse};

contract::message! {
    /// What shifts of one person come to.
    pub struct Quote {
        /// The award's code.
        pub award: String,
        /// The pack's code of the classification, or `fwc:` and its `classification_fixed_id`.
        pub classification: String,
        /// How the person is engaged.
        pub employment: Employment,
        /// Where the work is done: decides public holidays and clock.
        pub state: State,
        /// The first day of the pay period: decides the award version and where weeks begin.
        pub pay_period_start: Date,
        /// At most 512 shifts, in any order.
        pub shifts: Vec<Shift>,
    }

    /// One line: time within one shift at one rate.
    pub open struct QuoteLine {
        /// Position of the shift in the request.
        pub shift: u32,
        /// On the local clock.
        pub from: LocalTime,
        /// On the local clock.
        pub to: LocalTime,
        /// The time that passed.
        pub hours: Hours,
        /// The rule that pays it.
        pub rule: String,
        /// The share of `base`.
        pub percent: Percent,
        /// `base` times `percent`, rounded half-up to the cent, plus `flat`.
        pub rate: Money,
        /// `rate` times `hours`, rounded half-up to the cent.
        pub amount: Money,
        /// Where the award says so.
        pub clause: String,
        /// The hourly rate that the percentage is taken of.
        pub base: Money,
        /// Dollars per hour on top.
        pub flat: Money,
    }

    /// The price of shifts, line by line.
    pub open struct QuoteReply {
        /// The award's code.
        pub award: String,
        /// The pack's code of the classification.
        pub classification: String,
        /// The version that applied.
        pub operative_from: Date,
        /// The minimum hourly rate.
        pub minimum_hourly: Money,
        /// What all money here is in.
        pub currency: Currency,
        /// In order of time.
        pub lines: Vec<QuoteLine>,
        /// The sum of the lines' hours.
        pub hours: Hours,
        /// The sum of the lines' amounts.
        pub total: Money,
    }
}

/// What decides the terms of a quote, native or archived.
pub(crate) trait Asked {
    /// Award, classification, employment and start of the pay period.
    fn terms(&self) -> (&str, &str, Employment, Date);
}

impl Asked for Quote {
    fn terms(&self) -> (&str, &str, Employment, Date) {
        (&self.award, &self.classification, self.employment, self.pay_period_start)
    }
}

impl Asked for ArchivedQuote {
    #[inline]
    fn terms(&self) -> (&str, &str, Employment, Date) {
        let employment = self.employment.to_native();
        (&self.award, &self.classification, employment, self.pay_period_start.to_native())
    }
}

impl ArchivedQuote {
    /// Prices the archived request in place.
    #[inline]
    pub(crate) fn price<'r>(
        &self,
        reference: &'r Reference,
        tenant: Tenant,
        priced: &mut Priced,
    ) -> Result<Terms<'r>, QuoteError> {
        let terms = reference.terms(tenant, self)?;
        let calendar = reference.calendar(tenant)?;
        terms.price(calendar, self.state.to_native(), self.shifts.as_slice(), priced)?;
        Ok(terms)
    }
}

impl Request for Quote {
    type Reply = QuoteReply;
    const SHAPE: Shape = Shape {
        name: "rates.quote",
        summary: "Prices one person's shifts under an award",
        method: Method::Post,
        path: "/v1/rates/quote",
        permission: "rates.quote",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"award":"MA000004","classification":"retail-employee-level-1",
            "employment":"casual","state":"NSW","pay_period_start":"2025-07-07",
            "shifts":[{"start":"2025-07-13T10:00","end":"2025-07-13T15:00","unpaid_breaks":[]}]}"#,
    };
}

impl Answer<Rates> for Quote {
    fn answer(
        request: &ArchivedQuote,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, QuoteReply>,
    ) -> Result<(), Denial> {
        let priced = ask.scratch.buffer(0);
        let terms = request
            .price(ask.reference, ask.cx.tenant, priced)
            .map_err(|error| refuse::quote("", &error))?;
        reply.put(&QuoteTwin::new(terms, priced));
        Ok(())
    }
}

impl Reply for QuoteReply {
    fn write_json(reply: &ArchivedQuoteReply, out: &mut Vec<u8>) {
        write_json(reply, out);
    }
}

/// Appends the JSON of a quote, straight from its archive.
pub(crate) fn write_json(reply: &ArchivedQuoteReply, out: &mut Vec<u8>) {
    out.push(b'{');
    json::name(out, "award");
    json::text(out, &reply.award);
    json::name(out, "classification");
    json::text(out, &reply.classification);
    json::name(out, "operative_from");
    json::plain(out, reply.operative_from.to_native().text());
    json::name(out, "minimum_hourly");
    json::plain(out, reply.minimum_hourly.to_native().text());
    json::name(out, "currency");
    json::plain(out, reply.currency.to_native().text());
    json::name(out, "lines");
    out.push(b'[');
    for (at, line) in reply.lines.iter().enumerate() {
        if 0 < at {
            out.push(b',');
        }
        write_line(line, out);
    }
    out.push(b']');
    json::name(out, "hours");
    json::plain(out, reply.hours.to_native().text());
    json::name(out, "total");
    json::plain(out, reply.total.to_native().text());
    out.push(b'}');
}

fn write_line(line: &ArchivedQuoteLine, out: &mut Vec<u8>) {
    out.push(b'{');
    json::name(out, "shift");
    json::number(out, line.shift.to_native());
    json::name(out, "from");
    json::plain(out, line.from.to_native().text());
    json::name(out, "to");
    json::plain(out, line.to.to_native().text());
    json::name(out, "hours");
    json::plain(out, line.hours.to_native().text());
    json::name(out, "rule");
    json::text(out, &line.rule);
    json::name(out, "percent");
    json::plain(out, line.percent.to_native().text());
    json::name(out, "rate");
    json::plain(out, line.rate.to_native().text());
    json::name(out, "amount");
    json::plain(out, line.amount.to_native().text());
    json::name(out, "clause");
    json::text(out, &line.clause);
    json::name(out, "base");
    json::plain(out, line.base.to_native().text());
    json::name(out, "flat");
    json::plain(out, line.flat.to_native().text());
    out.push(b'}');
}
