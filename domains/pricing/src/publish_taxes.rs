//! Publishing the rates of a tax.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::TaxesPublished;
use crate::history::Known;
use crate::records::{TAXES_COUNT_MAX, Tally, TaxesEdition, TaxesKey, Whole};
use crate::rules::list::limits;
use crate::rules::tax::{TaxTable, name_problem};
use crate::{Pricing, Refusal, refuse};

contract::message! {
    /// Publishes the rates of one tax, by category and day. They hold on every core before this is
    /// answered.
    pub struct PublishTaxes {
        /// The table, complete.
        pub table: TaxTable,
        /// Whether it may take the place of a different table with its code. What was known before stays
        /// to be asked for.
        #[serde(default)]
        pub replace: bool,
    }

    /// What is now published.
    pub open struct PublishTaxesReply {
        /// The table's code.
        pub code: String,
        /// False when the very same table was published already.
        pub changed: bool,
    }
}
impl Reply for PublishTaxesReply {}

impl Request for PublishTaxes {
    type Reply = PublishTaxesReply;
    const SHAPE: Shape = Shape {
        name: "pricing.publish-taxes",
        summary: "Publishes the rates of a tax",
        method: Method::Post,
        path: "/v1/pricing/taxes",
        permission: "pricing.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"table":{"code":"au-gst","title":"Goods and services tax","rates":[
            {"category":"standard","from":"2000-07-01","percent":"10"},
            {"category":"free","from":"2000-07-01","percent":"0"}]}}"#,
    };

    fn touches(request: &ArchivedPublishTaxes, touched: &mut Touched) {
        // An invalid code is refused by the decision, which then needs no record.
        if name_problem(&request.table.code, limits::CODE_BYTES_MAX).is_none() {
            touched.record::<TaxesEdition>(&TaxesKey(request.table.code.to_string()));
            touched.record::<Tally>(&Whole);
        }
    }
}

impl Decide<Pricing> for PublishTaxes {
    fn decide(
        self,
        ask: Ask<'_, Pricing>,
        events: &mut Events<Pricing>,
    ) -> Result<PublishTaxesReply, Denial> {
        let Self { table, replace } = self;
        table.check().map_err(|error| refuse::taxes(&error))?;
        let code = table.code.clone();
        let former: Option<TaxesEdition> = ask.view.load(&TaxesKey(code.clone()));
        if former.as_ref().is_some_and(|it| it.table == table) {
            return Ok(PublishTaxesReply { code, changed: false });
        }
        let mut tally: Tally = ask.view.load(&Whole).unwrap_or_default();
        if former.is_none() {
            if TAXES_COUNT_MAX <= tally.taxes {
                return Err(Refusal::TooManyTaxes.at("table.code"));
            }
            tally.taxes += 1;
        } else if !replace {
            let detail = format!("another table {code} is published; to change it, set replace");
            return Err(Refusal::TaxesExist.at("table.code").because(detail));
        }
        if former.is_some() {
            tally.replace(ask.view);
        }
        let edition = TaxesEdition { table, known: Known::now(ask.cx) };
        events.push(TaxesPublished { edition, tally })?;
        Ok(PublishTaxesReply { code, changed: true })
    }
}
