//! What an hour is charged at.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Tenant,
};
use values::{ArchivedDate, Currency, Date, Money};

use crate::reference::Reference;
use crate::rules::calendar::{ArchivedState, State};
use crate::rules::charge::{ChargeRate, Charging, HourKind};
use crate::rules::ratio::Ratio;
use crate::templates::{TemplateStatus, TemplateVersion, date_of};
use crate::{Rates, Refusal, refuse};

/// Digits after the point of exact amounts.
const PLACES: u32 = 10;

contract::message! {
    /// The charge rate for an hour that is paid `pay`.
    pub struct Charge {
        /// The template's code.
        pub template: String,
        /// What the worker is paid for the hour.
        pub pay: Money,
        /// Whether the hour is overtime.
        #[serde(default)]
        pub hour: HourKind,
        /// The day of the work; today, in Universal Time, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub date: Option<Date>,
        /// Where the work is done, for what depends on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
        /// A version to try, also a draft; the approved one in force that day when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<u32>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: templates and
        /// tables as published then. Now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One on-cost of an hour.
    pub open struct ChargeCost {
        /// Its name in the template.
        pub name: String,
        /// Dollars per hour charged, ten digits after the point.
        pub amount: String,
        /// The first day of the statutory entry it is taken from.
        pub valid_from: Option<Date>,
    }

    /// A charge rate and how it came about. Exact amounts have ten digits after the point.
    pub open struct ChargeReply {
        /// The template's code.
        pub template: String,
        /// Its version.
        pub version: u32,
        /// Where that version stood.
        pub status: TemplateStatus,
        /// What all money here is in.
        pub currency: Currency,
        /// Pay per hour charged.
        pub pay: String,
        /// On-costs per hour charged, in the template's order.
        pub costs: Vec<ChargeCost>,
        /// Pay and on-costs.
        pub cost: String,
        /// The margin.
        pub margin: String,
        /// Cost and margin.
        pub exact: String,
        /// The charge rate: `exact` rounded half-up to the cent.
        pub rate: Money,
    }
}
impl Reply for ChargeReply {}

impl Request for Charge {
    type Reply = ChargeReply;
    const SHAPE: Shape = Shape {
        name: "rates.charge",
        summary: "Computes a charge rate from pay by a template",
        method: Method::Post,
        path: "/v1/rates/charge",
        permission: "rates.charge",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"template":"labour-hire","pay":"38.13","date":"2025-07-13","state":"NSW"}"#,
    };
}

/// Which template, for which work, known when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) template: &'a str,
    pub(crate) version: Option<u32>,
    pub(crate) date: Date,
    pub(crate) state: Option<State>,
    pub(crate) known_us: u64,
}

impl Wanted<'_> {
    /// The version of the template, and its rates found for the work.
    pub(crate) fn find<'r>(
        &self,
        reference: &'r Reference,
        tenant: Tenant,
    ) -> Result<(&'r TemplateVersion, Charging<'r>), Denial> {
        let Self { template: code, date, state, known_us, .. } = *self;
        let Some(versions) = reference.templates(tenant, code) else {
            let detail = format!("template `{code}` is not defined");
            return Err(Refusal::TemplateUnknown.at("template").because(detail));
        };
        let version = match self.version {
            Some(version) => versions
                .version(version)
                .filter(|it| it.defined_us <= known_us)
                .ok_or_else(|| refuse::no_version(code, version))?,
            None => versions.in_force(date, known_us).ok_or_else(|| {
                let detail = format!("template `{code}` has no approved version for {date}");
                Refusal::TemplateNotInForce.at("template").because(detail)
            })?,
        };
        let charging = version
            .template
            .on(date, state, |table| reference.statutory(tenant, table, known_us))
            .map_err(|error| refuse::charge(Refusal::ChargeInvalid, &error))?;
        Ok((version, charging))
    }
}

impl Answer<Rates> for Charge {
    fn answer(
        request: &ArchivedCharge,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, ChargeReply>,
    ) -> Result<(), Denial> {
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let today = || date_of(known_us.min(ask.cx.now_us));
        let wanted = Wanted {
            template: &request.template,
            version: request.version.as_ref().map(|it| it.to_native()),
            date: request.date.as_ref().map_or_else(today, ArchivedDate::to_native),
            state: request.state.as_ref().map(ArchivedState::to_native),
            known_us,
        };
        let (version, charging) = wanted.find(ask.reference, ask.cx.tenant)?;
        let charge = charging
            .hour(request.pay.to_native(), request.hour.to_native())
            .map_err(|error| refuse::charge(Refusal::ChargeInvalid, &error))?;
        let template = &version.template;
        reply.put(&ChargeReply {
            template: template.code.clone(),
            version: version.version,
            status: version.status_at(known_us),
            currency: template.currency,
            pay: decimal(charge.pay)?,
            costs: costs(&charging, &charge)?,
            cost: decimal(charge.cost)?,
            margin: decimal(charge.margin)?,
            exact: decimal(charge.exact)?,
            rate: charge.rate,
        });
        Ok(())
    }
}

fn costs(charging: &Charging<'_>, charge: &ChargeRate) -> Result<Vec<ChargeCost>, Denial> {
    let names = charging.template.costs.iter().map(|it| it.name.clone());
    let pairs = names.zip(&charge.costs).enumerate();
    pairs
        .map(|(at, (name, amount))| {
            let valid_from = charging.levy(at).map(|it| it.valid_from);
            Ok(ChargeCost { name, amount: decimal(*amount)?, valid_from })
        })
        .collect()
}

fn decimal(amount: Ratio) -> Result<String, Denial> {
    amount.decimal(PLACES).ok_or_else(|| Refusal::ChargeInvalid.at("template"))
}
