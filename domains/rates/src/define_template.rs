//! Defining a charge template.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::TemplateDefined;
use crate::rules::charge::ChargeTemplate;
use crate::templates::{TemplateStatus, TemplateVersion, TemplateVersions, VERSIONS_COUNT_MAX};
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// Writes a draft of a charge template: a new version, or the draft there is. It is not used
    /// until it is approved.
    #[serde(transparent)]
    pub open struct DefineTemplate {
        /// The template.
        pub template: ChargeTemplate,
    }

    /// What is now defined.
    pub open struct Defined {
        /// The template's code.
        pub code: String,
        /// The version.
        pub version: u32,
        /// Where that version stands.
        pub status: TemplateStatus,
        /// False when the newest version says the very same already.
        pub changed: bool,
    }
}
impl Reply for Defined {}

impl Request for DefineTemplate {
    type Reply = Defined;
    const SHAPE: Shape = Shape {
        name: "rates.define-template",
        summary: "Writes a draft of a charge template",
        method: Method::Post,
        path: "/v1/rates/templates",
        permission: "rates.define",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire","title":"Labour hire, New South Wales","rounding":"cent",
            "effective_from":"2025-07-01","costs":[
            {"name":"super","statutory":{"table":"super-guarantee"},"of":["ordinary-time-earnings"]},
            {"name":"workers-compensation","percent":"5.00","of":["gross-wages"]},
            {"name":"payroll-tax","statutory":{"table":"payroll-tax"},"of":["gross-wages","super"]},
            {"name":"overhead","per_hour":"0.85"}],"margin":{"per-hour":"4.20"},
            "pay":[{"award":"MA000004","classification":"retail-employee-level-1",
            "employment":"casual","hourly":"38.13"}]}"#,
    };

    fn touches(request: &ArchivedDefineTemplate, touched: &mut Touched) {
        touched.record::<TemplateVersions>(&request.template.code.to_string());
    }
}

impl Decide<Rates> for DefineTemplate {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Defined, Denial> {
        let template = self.template;
        template.check().map_err(|error| refuse::charge(Refusal::TemplateInvalid, &error))?;
        let code = template.code.clone();
        let all: TemplateVersions = ask.view.load(&code).unwrap_or_default();
        let newest = all.versions.last();
        if let Some(newest) = newest
            && newest.template == template
            && newest.status() != TemplateStatus::Retired
        {
            let (version, status) = (newest.version, newest.status());
            return Ok(Defined { code, version, status, changed: false });
        }
        let version = match newest {
            None => 1,
            Some(it) if it.status() == TemplateStatus::Draft => it.version,
            Some(it) => it.version + 1,
        };
        if all.version(version).is_none() && all.versions.len() == VERSIONS_COUNT_MAX {
            return Err(Refusal::TooMany.at("code").because(format!(
                "code `{code}` has {VERSIONS_COUNT_MAX} versions, the most a template may have; \
                 go on under another code"
            )));
        }
        let (defined_us, defined_by) = (ask.cx.now_us, ask.cx.actor.0);
        events.push(TemplateDefined {
            version: TemplateVersion {
                version,
                template,
                defined_us,
                defined_by,
                approved_us: None,
                approved_by: None,
                retired_us: None,
                retired_by: None,
                retired_from: None,
            },
        })?;
        Ok(Defined { code, version, status: TemplateStatus::Draft, changed: true })
    }
}
