//! Retiring a charge template.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};
use values::Date;

use crate::approve_template::Approval;
use crate::events::TemplateRetired;
use crate::templates::{TemplateStatus, TemplateVersions};
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// Takes a version out of use; what was charged by it stays as it is.
    pub struct RetireTemplate {
        /// The template's code.
        pub code: String,
        /// Which version.
        pub version: u32,
        /// The first day of work it is no longer used for; no day at all when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub retired_from: Option<Date>,
    }
}

impl Request for RetireTemplate {
    type Reply = Approval;
    const SHAPE: Shape = Shape {
        name: "rates.retire-template",
        summary: "Takes a version of a charge template out of use",
        method: Method::Post,
        path: "/v1/rates/templates/{code}/retire",
        permission: "rates.approve",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire","version":1,"retired_from":"2027-07-01"}"#,
    };

    fn touches(request: &ArchivedRetireTemplate, touched: &mut Touched) {
        touched.record::<TemplateVersions>(&request.code.to_string());
    }
}

impl Decide<Rates> for RetireTemplate {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Approval, Denial> {
        let Self { code, version, retired_from } = self;
        let all: TemplateVersions = ask.view.load(&code).unwrap_or_default();
        let found = all.version(version).ok_or_else(|| refuse::no_version(&code, version))?;
        let status = found.status();
        let Some(next) = status.retire() else {
            if found.retired_from == retired_from {
                return Ok(Approval { code, version, status, changed: false });
            }
            let detail = format!(
                "version {version} of `{code}` is retired already, from {}",
                found.retired_from.map_or_else(|| "its first day".to_owned(), |it| it.to_string())
            );
            return Err(Refusal::TemplateStatus.at("retired_from").because(detail));
        };
        debug_assert_eq!(next, TemplateStatus::Retired);
        events.push(TemplateRetired {
            code: code.clone(),
            version,
            retired_us: ask.cx.now_us,
            retired_by: ask.cx.actor.0,
            retired_from,
        })?;
        Ok(Approval { code, version, status: next, changed: true })
    }
}
