//! Publishing a version of a price list.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::{ArchivedDate, Date};

use crate::events::ListPublished;
use crate::history::Known;
use crate::records::{LISTS_COUNT_MAX, ListEdition, ListKey, Tally, Whole};
use crate::rules::list::{PriceList, limits};
use crate::rules::tax::name_problem;
use crate::{Pricing, Refusal, refuse};

contract::message! {
    /// Publishes one version of one price list. It applies on every core before this is answered.
    pub struct PublishList {
        /// The version, complete.
        pub list: PriceList,
        /// Whether it may take the place of a different version with the same first day: a correction.
        /// What was known before stays to be asked for.
        #[serde(default)]
        pub replace: bool,
    }

    /// What is now published.
    pub open struct PublishListReply {
        /// The list's code.
        pub code: String,
        /// The version's first day.
        pub valid_from: Option<Date>,
        /// How many prices it has.
        pub prices: u32,
        /// False when the very same version was published already.
        pub changed: bool,
    }
}
impl Reply for PublishListReply {}

impl Request for PublishList {
    type Reply = PublishListReply;
    const SHAPE: Shape = Shape {
        name: "pricing.publish-list",
        summary: "Publishes a version of a price list",
        method: Method::Post,
        path: "/v1/pricing/lists",
        permission: "pricing.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: include_str!("publish_list/example.json"),
    };

    fn touches(request: &ArchivedPublishList, touched: &mut Touched) {
        // An invalid code is refused by the decision, which then needs no record.
        if name_problem(&request.list.code, limits::CODE_BYTES_MAX).is_none() {
            touched.record::<ListEdition>(&ListKey {
                code: request.list.code.to_string(),
                valid_from: request.list.valid_from.as_ref().map(ArchivedDate::to_native),
            });
            touched.record::<Tally>(&Whole);
        }
    }
}

impl Decide<Pricing> for PublishList {
    fn decide(
        self,
        ask: Ask<'_, Pricing>,
        events: &mut Events<Pricing>,
    ) -> Result<PublishListReply, Denial> {
        let Self { list, replace } = self;
        list.check().map_err(|error| refuse::list(&error))?;
        check_taxes(&ask, &list)?;
        let reply = |changed| PublishListReply {
            code: list.code.clone(),
            valid_from: list.valid_from,
            prices: u32::try_from(list.prices.len()).expect("checked against the limit"),
            changed,
        };
        let key = ListKey { code: list.code.clone(), valid_from: list.valid_from };
        let former: Option<ListEdition> = ask.view.load(&key);
        if former.as_ref().is_some_and(|it| it.list == list) {
            return Ok(reply(false));
        }
        let mut tally: Tally = ask.view.load(&Whole).unwrap_or_default();
        if former.is_none() {
            if LISTS_COUNT_MAX <= tally.lists {
                return Err(Refusal::TooManyLists.at("list.code"));
            }
            tally.lists += 1;
        } else if !replace {
            let version = list.valid_from.map(|it| format!("from {it}"));
            return Err(Refusal::ListExists.at("list.valid_from").because(format!(
                "list {} has another version {}; to correct it, set replace",
                list.code,
                version.as_deref().unwrap_or("without a first day"),
            )));
        }
        let answer = reply(true);
        if former.is_some() {
            tally.replace(ask.view);
        }
        let edition = ListEdition { list, known: Known::now(ask.cx) };
        events.push(ListPublished { edition, tally })?;
        Ok(answer)
    }
}

/// The tax table that the list names is published and has every category.
fn check_taxes(ask: &Ask<'_, Pricing>, list: &PriceList) -> Result<(), Denial> {
    let Some(tax) = &list.tax else { return Ok(()) };
    let books = ask.reference.books(ask.cx.tenant);
    let Some(table) = books.tax(&tax.table) else {
        let detail = format!("list.tax.table is {}, no such tax table is published", tax.table);
        return Err(Refusal::TaxUnknown.at("list.tax.table").because(detail));
    };
    for (at, price) in list.prices.iter().enumerate() {
        if let Some(category) = price.tax.as_ref().filter(|it| !table.has(it)) {
            let field = format!("list.prices[{at}].tax");
            let detail = format!("{field} is {category}, tax table {} has none", tax.table);
            return Err(Refusal::NoTaxRate.at(field).because(detail));
        }
    }
    Ok(())
}
