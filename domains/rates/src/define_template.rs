//! Defining a charge template.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::TemplateDefined;
use crate::rules::charge::ChargeTemplate;
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// Defines a charge template, in place of one with its code.
    #[serde(transparent)]
    pub open struct DefineTemplate {
        /// The template.
        pub template: ChargeTemplate,
    }

    /// What is now defined.
    pub open struct Defined {
        /// The template's code.
        pub code: String,
        /// False when the very same template was defined already.
        pub changed: bool,
    }
}
impl Reply for Defined {}

impl Request for DefineTemplate {
    type Reply = Defined;
    const SHAPE: Shape = Shape {
        name: "rates.define-template",
        summary: "Defines a charge template",
        method: Method::Post,
        path: "/v1/rates/templates",
        permission: "rates.define",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"labour-hire","title":"Labour hire, New South Wales","rounding":"cent",
            "costs":[{"name":"super","percent":"12.00","of":["ordinary-time-earnings"]},
            {"name":"workers-compensation","percent":"5.00","of":["gross-wages"]},
            {"name":"payroll-tax","percent":"5.45","of":["gross-wages","super"]},
            {"name":"overhead","per_hour":"0.85"}],"margin":{"per-hour":"4.20"}}"#,
    };

    fn touches(request: &ArchivedDefineTemplate, touched: &mut Touched) {
        touched.record::<ChargeTemplate>(&request.template.code.to_string());
    }
}

impl Decide<Rates> for DefineTemplate {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Defined, Denial> {
        let template = &self.template;
        template.check().map_err(|error| refuse::charge(Refusal::TemplateInvalid, &error))?;
        let former: Option<ChargeTemplate> = ask.view.load(&template.code);
        let changed = former.as_ref() != Some(template);
        if changed {
            events.push(TemplateDefined { template: template.clone() })?;
        }
        Ok(Defined { code: template.code.clone(), changed })
    }
}
