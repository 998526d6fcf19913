//! Statutory rates as of a day.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{ArchivedMoney, Date, Money};

use crate::rules::calendar::{ArchivedState, State};
use crate::rules::statutory::StatutoryEntry;
use crate::{Rates, Refusal};

/// Digits after the point of an effective share, in percent.
const PLACES: u32 = 10;

contract::message! {
    /// The statutory rate in force on a day.
    pub struct FindStatutory {
        /// The table's code.
        pub code: String,
        /// The day.
        pub date: Date,
        /// The state, where the table differs by state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
        /// The class, where the table has classes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub class: Option<String>,
        /// For a tax with a threshold: all taxable wages of the employer in a year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub annual_wages: Option<Money>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC; now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// The rate and where it comes from.
    pub open struct StatutoryReply {
        /// The table's code.
        pub code: String,
        /// The table's name for people.
        pub title: String,
        /// The entry in force.
        pub entry: StatutoryEntry,
        /// What it takes of each dollar, in percent with ten digits after the point; none for a
        /// minimum wage.
        pub share: Option<String>,
        /// For a tax with a threshold and wages given: the year's tax, rounded half-up to the cent.
        pub tax: Option<Money>,
    }
}
impl Reply for StatutoryReply {}

impl Request for FindStatutory {
    type Reply = StatutoryReply;
    const SHAPE: Shape = Shape {
        name: "rates.find-statutory",
        summary: "Shows the statutory rate in force on a day",
        method: Method::Get,
        path: "/v1/rates/statutory/{code}",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"code":"super-guarantee","date":"2025-07-01"}"#,
    };
}

impl Answer<Rates> for FindStatutory {
    fn answer(
        request: &ArchivedFindStatutory,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, StatutoryReply>,
    ) -> Result<(), Denial> {
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let code = request.code.as_str();
        let Some(table) = ask.reference.statutory(ask.cx.tenant, code, known_us) else {
            let detail = format!("code `{code}` is not a published statutory table");
            return Err(Refusal::StatutoryUnknown.at("code").because(detail));
        };
        let date = request.date.to_native();
        let state = request.state.as_ref().map(ArchivedState::to_native);
        let class = request.class.as_deref();
        let Some(entry) = table.find(date, state, class) else {
            let class = class.map_or(String::new(), |it| format!(", class `{it}`"));
            let state = state.map_or("no state", State::name);
            let detail = format!("`{code}` has no rate for {date}, {state}{class}");
            return Err(Refusal::StatutoryMissing.at("date").because(detail));
        };
        let wages = request.annual_wages.as_ref().map(ArchivedMoney::to_native);
        let hundred = crate::rules::ratio::Ratio::new(100, 1).expect("one is not zero");
        let share = entry
            .levy(wages)
            .and_then(|it| it.share.times(hundred))
            .and_then(|it| it.decimal(PLACES));
        let tax = entry.tax.as_ref().zip(wages).and_then(|(it, wages)| it.tax(wages)?.to_money());
        reply.put(&StatutoryReply {
            code: table.code.clone(),
            title: table.title.clone(),
            entry: entry.clone(),
            share,
            tax,
        });
        Ok(())
    }
}
