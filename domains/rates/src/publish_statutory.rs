//! Publishing a table of statutory rates.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::StatutoryPublished;
use crate::history::{self, Known, Subject};
use crate::rules::statutory::StatutoryTable;
use crate::{Rates, Refusal};

contract::message! {
    /// Publishes a table of statutory rates in place of the one with its code.
    #[serde(transparent)]
    pub open struct PublishStatutory {
        /// The table.
        pub table: StatutoryTable,
    }

    /// The table now in force.
    pub open struct StatutoryNow {
        /// Its code.
        pub code: String,
        /// How many entries it has.
        pub entries: u32,
        /// False when the very same table was published already.
        pub changed: bool,
    }
}
impl Reply for StatutoryNow {}

impl Request for PublishStatutory {
    type Reply = StatutoryNow;
    const SHAPE: Shape = Shape {
        name: "rates.publish-statutory",
        summary: "Publishes a table of statutory rates",
        method: Method::Put,
        path: "/v1/rates/statutory",
        permission: "rates.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"portable-long-service","title":"Portable long service leave","entry":[
            {"state":"ACT","class":"security","valid_from":"2025-07-01","percent":"1.07",
            "source":"the scheme's own notice"}]}"#,
    };

    fn touches(request: &ArchivedPublishStatutory, touched: &mut Touched) {
        let code = request.table.code.to_string();
        touched.record::<Known>(&Subject::Statutory(code.clone()));
        touched.record::<StatutoryTable>(&code);
    }
}

impl Decide<Rates> for PublishStatutory {
    fn decide(
        self,
        ask: Ask<'_, Rates>,
        events: &mut Events<Rates>,
    ) -> Result<StatutoryNow, Denial> {
        let table = self.table;
        table.check().map_err(|error| {
            Refusal::StatutoryInvalid.at(error.field.clone()).because(error.to_string())
        })?;
        let code = table.code.clone();
        let entries = u32::try_from(table.entry.len()).expect("checked against the limit");
        let former: Option<StatutoryTable> = ask.view.load(&code);
        let changed = former.as_ref() != Some(&table);
        if changed {
            history::note(Subject::Statutory(code.clone()), former.as_ref(), ask.cx, events)?;
            events.push(StatutoryPublished { table })?;
        }
        Ok(StatutoryNow { code, entries, changed })
    }
}
