//! Ending a version of a price list.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::{ArchivedDate, Date};

use crate::events::ListRetired;
use crate::history::Known;
use crate::records::{ListEdition, ListKey, Tally, Whole};
use crate::rules::list::limits;
use crate::rules::tax::name_problem;
use crate::{Pricing, Refusal};

contract::message! {
    /// Gives a version of a price list an earlier end. Quotes for days up to it stay as they were; with
    /// a last day before its first, it never applied. What was known before stays to be asked for.
    pub struct RetireList {
        /// The list's code.
        pub code: String,
        /// The version's first day; the version without one when absent.
        #[serde(default)]
        pub valid_from: Option<Date>,
        /// The last day it applies.
        pub last_day: Date,
    }

    /// When it ends now.
    pub open struct RetireListReply {
        /// The list's code.
        pub code: String,
        /// The version's first day.
        pub valid_from: Option<Date>,
        /// The last day it applies.
        pub valid_until: Date,
        /// False when it ended on or before that day already.
        pub changed: bool,
    }
}
impl Reply for RetireListReply {}

impl Request for RetireList {
    type Reply = RetireListReply;
    const SHAPE: Shape = Shape {
        name: "pricing.retire-list",
        summary: "Ends a version of a price list",
        method: Method::Post,
        path: "/v1/pricing/lists/{code}/retire",
        permission: "pricing.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"code":"retail","valid_from":"2026-07-01","last_day":"2027-06-30"}"#,
    };

    fn touches(request: &ArchivedRetireList, touched: &mut Touched) {
        // Nothing has an invalid code.
        if name_problem(&request.code, limits::CODE_BYTES_MAX).is_none() {
            touched.record::<ListEdition>(&ListKey {
                code: request.code.to_string(),
                valid_from: request.valid_from.as_ref().map(ArchivedDate::to_native),
            });
            touched.record::<Tally>(&Whole);
        }
    }
}

impl Decide<Pricing> for RetireList {
    fn decide(
        self,
        ask: Ask<'_, Pricing>,
        events: &mut Events<Pricing>,
    ) -> Result<RetireListReply, Denial> {
        let Self { code, valid_from, last_day } = self;
        if name_problem(&code, limits::CODE_BYTES_MAX).is_some() {
            return Err(Refusal::ListUnknown.at("code"));
        }
        let key = ListKey { code: code.clone(), valid_from };
        let Some(former) = ask.view.load::<ListEdition>(&key) else {
            let field = if valid_from.is_some() { "valid_from" } else { "code" };
            return Err(Refusal::ListUnknown.at(field));
        };
        if let Some(valid_until) = former.list.valid_until.filter(|it| *it <= last_day) {
            return Ok(RetireListReply { code, valid_from, valid_until, changed: false });
        }
        let mut tally: Tally = ask.view.load(&Whole).unwrap_or_default();
        tally.replace(ask.view);
        let known = Known::now(ask.cx);
        events.push(ListRetired { code: code.clone(), valid_from, last_day, known, tally })?;
        Ok(RetireListReply { code, valid_from, valid_until: last_day, changed: true })
    }
}
