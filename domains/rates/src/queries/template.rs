//! A charge template with its versions, and whether its pay is at least the award's.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{ArchivedDate, Date, Money};

use super::quote::Asked;
use crate::rules::award::Employment;
use crate::rules::charge::TemplatePay;
use crate::rules::floor::{self, FloorError};
use crate::templates::{TemplateStatus, TemplateVersion, date_of};
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// All versions of the template with this code.
    pub struct ShowTemplate {
        /// The template's code.
        pub code: String,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC; now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// A template and what became of each version.
    pub open struct TemplateReply {
        /// The template's code.
        pub code: String,
        /// Its versions, oldest first.
        pub versions: Vec<TemplateVersion>,
    }

    /// Compares the pay rates of a template with the awards in force on a day.
    pub struct CheckTemplate {
        /// The template's code.
        pub code: String,
        /// Which version; the newest when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<u32>,
        /// The start of a pay period; today, in Universal Time, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub date: Option<Date>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC; now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One pay rate beside the award's.
    pub open struct PayCheck {
        /// The award's code.
        pub award: String,
        /// The classification.
        pub classification: String,
        /// How the person is engaged.
        pub employment: Employment,
        /// The award version compared with.
        pub operative_from: Date,
        /// The rule compared with.
        pub rule: String,
        /// Where the award says so.
        pub clause: String,
        /// The template's rate.
        pub hourly: Money,
        /// The award's rate.
        pub minimum: Money,
        /// The template's rate less the award's; negative is too little.
        pub difference: Money,
        /// Whether it is enough.
        pub compliant: bool,
    }

    /// A template beside the awards.
    pub open struct TemplateCheck {
        /// The template's code.
        pub code: String,
        /// The version.
        pub version: u32,
        /// Where it stands.
        pub status: TemplateStatus,
        /// The day compared on.
        pub date: Date,
        /// Each pay rate, in the template's order.
        pub pay: Vec<PayCheck>,
        /// Whether every one is enough.
        pub compliant: bool,
    }
}
impl Reply for TemplateReply {}
impl Reply for TemplateCheck {}

impl Request for ShowTemplate {
    type Reply = TemplateReply;
    const SHAPE: Shape = Shape {
        name: "rates.show-template",
        summary: "Shows a charge template with all its versions",
        method: Method::Get,
        path: "/v1/rates/templates/{code}",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire"}"#,
    };
}

impl Answer<Rates> for ShowTemplate {
    fn answer(
        request: &ArchivedShowTemplate,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, TemplateReply>,
    ) -> Result<(), Denial> {
        let code = request.code.as_str();
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let found = ask.reference.templates(ask.cx.tenant, code).ok_or_else(|| unknown(code))?;
        let then = found.versions.iter().filter_map(|it| it.as_known(known_us));
        let versions: Vec<TemplateVersion> = then.collect();
        if versions.is_empty() {
            return Err(unknown(code));
        }
        reply.put(&TemplateReply { code: code.to_owned(), versions });
        Ok(())
    }
}

impl Request for CheckTemplate {
    type Reply = TemplateCheck;
    const SHAPE: Shape = Shape {
        name: "rates.check-template",
        summary: "Compares the pay rates of a charge template with the awards",
        method: Method::Post,
        path: "/v1/rates/templates/{code}/check",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire","date":"2025-07-07"}"#,
    };
}

impl Answer<Rates> for CheckTemplate {
    fn answer(
        request: &ArchivedCheckTemplate,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, TemplateCheck>,
    ) -> Result<(), Denial> {
        let code = request.code.as_str();
        let tenant = ask.cx.tenant;
        let versions = ask.reference.templates(tenant, code).ok_or_else(|| unknown(code))?;
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let then = |it: &&TemplateVersion| it.defined_us <= known_us;
        let found = match request.version.as_ref().map(|it| it.to_native()) {
            Some(version) => versions
                .version(version)
                .filter(then)
                .ok_or_else(|| refuse::no_version(code, version))?,
            None => versions.versions.iter().rfind(then).ok_or_else(|| unknown(code))?,
        };
        let today = || date_of(known_us.min(ask.cx.now_us));
        let date = request.date.as_ref().map_or_else(today, ArchivedDate::to_native);
        let mut pay = Vec::with_capacity(found.template.pay.len());
        for (at, it) in found.template.pay.iter().enumerate() {
            let check = ask
                .reference
                .terms_known(tenant, &(it, date), known_us)
                .map_err(FloorError::from)
                .and_then(|terms| floor::check(&terms, it))
                .map_err(|error| refuse::floor(&format!("template.pay[{at}]"), &error))?;
            pay.push(PayCheck {
                award: it.award.clone(),
                classification: it.classification.clone(),
                employment: it.employment,
                operative_from: check.operative_from,
                compliant: check.is_compliant(),
                rule: check.rule,
                clause: check.clause,
                hourly: it.hourly,
                minimum: check.minimum,
                difference: check.difference,
            });
        }
        reply.put(&TemplateCheck {
            code: code.to_owned(),
            version: found.version,
            status: found.status_at(known_us),
            date,
            compliant: pay.iter().all(|it| it.compliant),
            pay,
        });
        Ok(())
    }
}

impl Asked for (&TemplatePay, Date) {
    fn terms(&self) -> (&str, &str, Employment, Date) {
        let (pay, date) = self;
        (&pay.award, &pay.classification, pay.employment, *date)
    }
}

fn unknown(code: &str) -> Denial {
    let detail = format!("template `{code}` is not defined");
    Refusal::TemplateUnknown.at("code").because(detail)
}
