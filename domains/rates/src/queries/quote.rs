//! Pricing one person's shifts.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Tenant,
};
use values::{Currency, Date, Hours, LocalTime, Money, Percent};

use super::twin::QuoteTwin;
use crate::reference::Reference;
use crate::rules::award::{AllowanceUnit, Employment};
use crate::rules::calendar::{Calendar, State};
use crate::rules::paid::{ArchivedPaidFor, PaidFor};
use crate::rules::person::{Before, Claim, Person, Quantity};
use crate::rules::quote::{Particulars, Priced, Terms};
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
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by the rules that
        /// were published then. By those published now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
        /// Facts about the person that the award's rates may depend on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub person: Option<Box<Person>>,
        /// What went before the pay period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<Box<Before>>,
        /// Allowances that are claimed, at most 64.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub claims: Vec<Claim>,
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
        /// What its time is; left out of JSON where it is work.
        #[serde(default, skip_serializing_if = "PaidFor::is_work")]
        pub paid_for: PaidFor,
        /// The code of the classification that pays it, where it is not the reply's.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub classification: String,
        /// Why it begins: a limit that was reached, the kind of its shift, or a minimum, with the
        /// clause. Empty where its rule says it all.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub reason: String,
    }

    /// What is paid beside hours.
    pub open struct QuoteAllowance {
        /// Its code.
        pub allowance: String,
        /// Where the award says so.
        pub clause: String,
        /// The shift it was claimed for, if it was for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shift: Option<u32>,
        /// What it is counted by.
        pub per: AllowanceUnit,
        /// How many units.
        pub quantity: Quantity,
        /// Dollars for one unit.
        pub rate: Money,
        /// What it comes to.
        pub amount: Money,
    }

    /// The price of shifts, line by line.
    pub open struct QuoteReply {
        /// The award's code.
        pub award: String,
        /// The pack's code of the classification, on the first shift's date.
        pub classification: String,
        /// The version that applied.
        pub operative_from: Date,
        /// The minimum hourly rate of the first shift.
        pub minimum_hourly: Money,
        /// What all money here is in.
        pub currency: Currency,
        /// In order of time, whatever the order in which shifts were given.
        pub lines: Vec<QuoteLine>,
        /// Allowances that are not part of the rates.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub allowances: Vec<QuoteAllowance>,
        /// The sum of the lines' hours, but for those paid on top of others.
        pub hours: Hours,
        /// The sum of all amounts.
        pub total: Money,
    }
}

impl Quote {
    /// A request that says no more than it must.
    #[must_use]
    pub const fn new(
        award: String,
        classification: String,
        employment: Employment,
        state: State,
        pay_period_start: Date,
        shifts: Vec<Shift>,
    ) -> Self {
        Self {
            award,
            classification,
            employment,
            state,
            pay_period_start,
            shifts,
            as_known_at_us: None,
            person: None,
            before: None,
            claims: Vec::new(),
        }
    }

    /// What it says beside its shifts.
    pub(crate) fn particulars(&self) -> Particulars<'_> {
        Particulars {
            person: self.person.as_deref(),
            before: self.before.as_deref(),
            claims: &self.claims,
        }
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
        let (terms, calendar) = match self.as_known_at_us.as_ref().map(|it| it.to_native()) {
            None => (reference.terms(tenant, self)?, reference.calendar(tenant)?),
            Some(known_us) => (
                reference.terms_known(tenant, self, known_us)?,
                reference.calendar_known(tenant, known_us)?,
            ),
        };
        let (state, shifts) = (self.state.to_native(), self.shifts.as_slice());
        if self.is_plain() {
            terms.price(calendar, state, shifts, &Particulars::default(), priced)?;
        } else {
            self.price_full(&terms, calendar, priced)?;
        }
        Ok(terms)
    }

    fn is_plain(&self) -> bool {
        self.person.is_none() && self.before.is_none() && self.claims.is_empty()
    }

    /// Requests that say more are rare, and what they say is small: it is revived.
    #[cold]
    fn price_full(
        &self,
        terms: &Terms<'_>,
        calendar: &Calendar,
        priced: &mut Priced,
    ) -> Result<(), QuoteError> {
        let person: Option<Person> = self.person.as_ref().map(|it| Person::revive(it));
        let before: Option<Before> = self.before.as_ref().map(|it| Before::revive(it));
        let claims: Vec<Claim> = self.claims.iter().map(Claim::revive).collect();
        let particulars =
            Particulars { person: person.as_ref(), before: before.as_ref(), claims: &claims };
        let (state, shifts) = (self.state.to_native(), self.shifts.as_slice());
        terms.price(calendar, state, shifts, &particulars, priced)
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
    if !reply.allowances.is_empty() {
        json::name(out, "allowances");
        out.push(b'[');
        for (at, allowance) in reply.allowances.iter().enumerate() {
            if 0 < at {
                out.push(b',');
            }
            write_allowance(allowance, out);
        }
        out.push(b']');
    }
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
    if line.paid_for != ArchivedPaidFor::Work {
        json::name(out, "paid_for");
        json::text(out, paid_for(line.paid_for));
    }
    if !line.classification.is_empty() {
        json::name(out, "classification");
        json::text(out, &line.classification);
    }
    if !line.reason.is_empty() {
        json::name(out, "reason");
        json::text(out, &line.reason);
    }
    out.push(b'}');
}

fn paid_for(it: ArchivedPaidFor) -> &'static str {
    match it {
        ArchivedPaidFor::Work => "work",
        ArchivedPaidFor::Minimum => "minimum",
        ArchivedPaidFor::Added => "added",
        ArchivedPaidFor::Allowance => "allowance",
    }
}

fn write_allowance(it: &ArchivedQuoteAllowance, out: &mut Vec<u8>) {
    out.push(b'{');
    json::name(out, "allowance");
    json::text(out, &it.allowance);
    json::name(out, "clause");
    json::text(out, &it.clause);
    if let Some(shift) = it.shift.as_ref() {
        json::name(out, "shift");
        json::number(out, shift.to_native());
    }
    json::name(out, "per");
    json::text(out, it.per.to_native().name());
    json::name(out, "quantity");
    json::plain(out, it.quantity.to_native().text());
    json::name(out, "rate");
    json::plain(out, it.rate.to_native().text());
    json::name(out, "amount");
    json::plain(out, it.amount.to_native().text());
    out.push(b'}');
}
