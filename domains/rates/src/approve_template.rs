//! Approving a charge template.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::Date;

use crate::events::TemplateApproved;
use crate::rules::floor::{self, FloorError};
use crate::templates::{TemplateStatus, TemplateVersions};
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// Approves a draft: from now on work on the days it is effective is charged by it. Refused when
    /// a pay rate of the template is below the award's, as published now.
    pub struct ApproveTemplate {
        /// The template's code.
        pub code: String,
        /// Which version.
        pub version: u32,
        /// Pay rates are compared with the award versions of this day; the first day the template is
        /// effective when left out, or today when it has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub compared_on: Option<Date>,
    }

    /// What became of the version.
    pub open struct Approval {
        /// The template's code.
        pub code: String,
        /// The version.
        pub version: u32,
        /// Where it now stands.
        pub status: TemplateStatus,
        /// False when it stood there already.
        pub changed: bool,
    }
}
impl Reply for Approval {}

impl Request for ApproveTemplate {
    type Reply = Approval;
    const SHAPE: Shape = Shape {
        name: "rates.approve-template",
        summary: "Approves a version of a charge template",
        method: Method::Post,
        path: "/v1/rates/templates/{code}/approve",
        permission: "rates.approve",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire","version":1}"#,
    };

    fn touches(request: &ArchivedApproveTemplate, touched: &mut Touched) {
        touched.record::<TemplateVersions>(&request.code.to_string());
    }
}

impl Decide<Rates> for ApproveTemplate {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Approval, Denial> {
        let Self { code, version, compared_on } = self;
        let all: TemplateVersions = ask.view.load(&code).unwrap_or_default();
        let found = all.version(version).ok_or_else(|| refuse::no_version(&code, version))?;
        let status = found.status();
        if status == TemplateStatus::Approved {
            return Ok(Approval { code, version, status, changed: false });
        }
        let Some(status) = status.approve() else {
            let detail = format!("version {version} of `{code}` is {}", status.name());
            return Err(Refusal::TemplateStatus.at("version").because(detail));
        };
        let date = compared_on
            .or(found.template.effective_from)
            .unwrap_or_else(|| crate::templates::date_of(ask.cx.now_us));
        for (at, pay) in found.template.pay.iter().enumerate() {
            let place = format!("template.pay[{at}]");
            let book = ask.reference.book(ask.cx.tenant, &pay.award);
            let check = book
                .terms(&pay.award, &pay.classification, pay.employment, date)
                .map_err(FloorError::from)
                .and_then(|terms| floor::check(&terms, pay))
                .map_err(|it| refuse::floor(&place, &it))?;
            if !check.is_compliant() {
                let detail = format!(
                    "{place}.hourly is {}, below {} for {} of {}, {}, from {}",
                    pay.hourly,
                    check.minimum,
                    check.rule,
                    pay.award,
                    pay.classification,
                    check.operative_from
                );
                return Err(Refusal::BelowAward.at(format!("{place}.hourly")).because(detail));
            }
        }
        let (approved_us, approved_by) = (ask.cx.now_us, ask.cx.actor.0);
        events.push(TemplateApproved { code: code.clone(), version, approved_us, approved_by })?;
        Ok(Approval { code, version, status, changed: true })
    }
}
