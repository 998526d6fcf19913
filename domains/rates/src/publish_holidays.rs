//! Publishing public holidays.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::Date;

use crate::events::HolidaysPublished;
use crate::history::{self, Known, Subject};
use crate::records::Country;
use crate::rules::calendar::{Calendar, HolidayTable};
use crate::{Rates, refuse};

contract::message! {
    /// Publishes a table of public holidays in place of the one before.
    #[serde(transparent)]
    pub open struct PublishHolidays {
        /// The table.
        pub table: HolidayTable,
    }

    /// The table now in force.
    pub open struct HolidaysNow {
        /// Its first day.
        pub first: Date,
        /// Its last day.
        pub last: Date,
        /// How many holidays it lists.
        pub holidays: u32,
        /// False when the very same table was published already.
        pub changed: bool,
    }
}
impl Reply for HolidaysNow {}

impl Request for PublishHolidays {
    type Reply = HolidaysNow;
    const SHAPE: Shape = Shape {
        name: "rates.publish-holidays",
        summary: "Publishes the table of public holidays",
        method: Method::Put,
        path: "/v1/rates/holidays",
        permission: "rates.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"first":"2021-01-01","last":"2027-12-31","holiday":[{"date":"2025-12-25",
            "name":"Christmas Day","states":["NSW","VIC"]}]}"#,
    };

    fn touches(_: &ArchivedPublishHolidays, touched: &mut Touched) {
        touched.record::<Known>(&Subject::Holidays);
        touched.record::<HolidayTable>(&Country);
    }
}

impl Decide<Rates> for PublishHolidays {
    fn decide(
        self,
        ask: Ask<'_, Rates>,
        events: &mut Events<Rates>,
    ) -> Result<HolidaysNow, Denial> {
        let table = &self.table;
        Calendar::new(table).map_err(|error| refuse::holidays(&error))?;
        let former: Option<HolidayTable> = ask.view.load(&Country);
        let changed = former.as_ref() != Some(table);
        if changed {
            history::note(Subject::Holidays, former.as_ref(), ask.cx, events)?;
            events.push(HolidaysPublished { table: table.clone() })?;
        }
        let holidays = u32::try_from(table.holiday.len()).expect("checked against the limit");
        Ok(HolidaysNow { first: table.first, last: table.last, holidays, changed })
    }
}
