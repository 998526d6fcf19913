//! What an hour is charged at.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{Currency, Money};

use crate::rules::charge::HourKind;
use crate::rules::ratio::Ratio;
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
    }

    /// One on-cost of an hour.
    pub open struct ChargeCost {
        /// Its name in the template.
        pub name: String,
        /// Dollars per hour charged, ten digits after the point.
        pub amount: String,
    }

    /// A charge rate and how it came about. Exact amounts have ten digits after the point.
    pub open struct ChargeReply {
        /// The template's code.
        pub template: String,
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
        example: r#"{"template":"labour-hire","pay":"38.13"}"#,
    };
}

impl Answer<Rates> for Charge {
    fn answer(
        request: &ArchivedCharge,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, ChargeReply>,
    ) -> Result<(), Denial> {
        let code = request.template.as_str();
        let Some(template) = ask.reference.template(ask.cx.tenant, code) else {
            let detail = format!("template `{code}` is not defined");
            return Err(Refusal::TemplateUnknown.at("template").because(detail));
        };
        let charge = template
            .charge(request.pay.to_native(), request.hour.to_native())
            .map_err(|error| refuse::charge(Refusal::ChargeInvalid, &error))?;
        let decimal = |amount: Ratio| {
            amount.decimal(PLACES).ok_or_else(|| Refusal::ChargeInvalid.at("template"))
        };
        let mut costs = Vec::with_capacity(charge.costs.len());
        for (cost, amount) in template.costs.iter().zip(&charge.costs) {
            costs.push(ChargeCost { name: cost.name.clone(), amount: decimal(*amount)? });
        }
        reply.put(&ChargeReply {
            template: template.code.clone(),
            currency: template.currency,
            pay: decimal(charge.pay)?,
            costs,
            cost: decimal(charge.cost)?,
            margin: decimal(charge.margin)?,
            exact: decimal(charge.exact)?,
            rate: charge.rate,
        });
        Ok(())
    }
}
