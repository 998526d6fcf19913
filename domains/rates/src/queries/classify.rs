//! A classification's rates as of a date.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{Currency, Date, Money, Percent};

use crate::rules::award::Employment;
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// The rates of a classification for pay periods that start on a date.
    pub struct Classify {
        /// The award's code.
        pub award: String,
        /// The pack's code, or `fwc:` and the `classification_fixed_id`.
        pub classification: String,
        /// The start of a pay period.
        pub pay_period_start: Date,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC; now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One rule's rate.
    pub open struct ClassificationRate {
        /// For whom.
        pub employment: Employment,
        /// The rule.
        pub rule: String,
        /// Whether it pays overtime.
        pub overtime: bool,
        /// The share of `base`.
        pub percent: Percent,
        /// The hourly rate that the percentage is taken of.
        pub base: Money,
        /// Dollars per hour on top.
        pub flat: Money,
        /// Dollars per hour.
        pub rate: Money,
        /// Where the award says so.
        pub clause: String,
    }

    /// A classification as one award version has it.
    pub open struct ClassificationReply {
        /// The award's code.
        pub award: String,
        /// The version that applies.
        pub operative_from: Date,
        /// What all money here is in.
        pub currency: Currency,
        /// The pack's code.
        pub classification: String,
        /// The award's name for it.
        pub title: String,
        /// Where the award says so.
        pub clause: String,
        /// The Fair Work Commission's `classification_fixed_id`.
        pub fwc: Option<u32>,
        /// The minimum weekly rate, where the award sets one.
        pub weekly: Option<Money>,
        /// The annual salary, where the award sets one.
        pub annual: Option<Money>,
        /// The minimum hourly rate.
        pub minimum_hourly: Option<Money>,
        /// Every rule's rate, by kind of employment.
        pub rates: Vec<ClassificationRate>,
    }
}
impl Reply for ClassificationReply {}

impl Request for Classify {
    type Reply = ClassificationReply;
    const SHAPE: Shape = Shape {
        name: "rates.classification",
        summary: "Shows a classification's rates as of a date",
        method: Method::Get,
        path: "/v1/rates/awards/{award}/classifications/{classification}",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"award":"MA000004","classification":"retail-employee-level-1",
            "pay_period_start":"2025-07-07"}"#,
    };
}

impl Answer<Rates> for Classify {
    fn answer(
        request: &ArchivedClassify,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, ClassificationReply>,
    ) -> Result<(), Denial> {
        let (award, name) = (request.award.as_str(), request.classification.as_str());
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let version = ask
            .reference
            .version_known(ask.cx.tenant, award, request.pay_period_start.to_native(), known_us)
            .map_err(|error| refuse::quote("", &error))?;
        let Some(position) = version.position(name) else {
            return Err(Refusal::ClassificationUnknown.at("classification").because(format!(
                "classification `{name}` is not a classification of that award version"
            )));
        };
        let classification = &version.classifications[position];
        let mut rates = Vec::new();
        for employment in Employment::ALL {
            rates.extend(version.rates(position, employment).iter().map(|column| {
                let words = &version.rules[usize::from(column.rule)];
                ClassificationRate {
                    employment,
                    rule: words.rule.clone(),
                    overtime: words.is_overtime,
                    percent: column.percent,
                    base: column.base,
                    flat: column.flat,
                    rate: column.rate,
                    clause: words.clause.clone(),
                }
            }));
        }
        reply.put(&ClassificationReply {
            award: version.award.clone(),
            operative_from: version.operative_from,
            currency: version.currency,
            classification: classification.code.clone(),
            title: classification.title.clone(),
            clause: classification.clause.clone(),
            fwc: classification.fwc,
            weekly: classification.weekly,
            annual: classification.annual,
            minimum_hourly: version.minimum(position),
            rates,
        });
        Ok(())
    }
}
