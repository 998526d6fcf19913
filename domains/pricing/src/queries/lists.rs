//! What is published.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::{ArchivedDate, Currency, Date};

use crate::rules::book::Edition;
use crate::rules::list::PriceList;
use crate::rules::tax::TaxTable;
use crate::{Pricing, Refusal, refuse};

/// Which of the shelves that a tenant sees is the box's.
const SHARED: usize = 1;

/// The moment that is asked for; the end of time when none is.
fn known_us(asked: Option<&rkyv::Archived<u64>>, ask: &Ask<'_, Pricing>) -> Result<u64, Denial> {
    let Some(known_us) = asked.map(|it| it.to_native()) else { return Ok(u64::MAX) };
    let kept = ask.reference.check_kept(ask.cx.tenant, known_us);
    kept.map_err(|error| refuse::quote("", &error))?;
    Ok(known_us)
}

contract::message! {
    /// The versions of price lists that the caller's quotes see, the box's own too.
    pub struct Lists {
        /// Only those that are valid on this day.
        #[serde(default)]
        pub on: Option<Date>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by what was published
        /// then. By what is published now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One version of one price list, without its prices.
    pub open struct ListSummary {
        /// The list's code.
        pub code: String,
        /// Its name for people.
        pub title: String,
        /// What its amounts are in.
        pub currency: Currency,
        /// The first day it applies.
        pub valid_from: Option<Date>,
        /// The last day it applies.
        pub valid_until: Option<Date>,
        /// Only for this customer.
        pub customer: Option<String>,
        /// Only for customers of this group.
        pub group: Option<String>,
        /// Only through this channel.
        pub channel: Option<String>,
        /// Only in this country.
        pub country: Option<String>,
        /// Goes before everything else in the choice.
        pub priority: i32,
        /// Whether it is a sale.
        pub sale: bool,
        /// How many prices it has.
        pub prices: u32,
        /// Whether it is the box's and not the caller's tenant's own.
        pub shared: bool,
        /// Since when it is known as it is here, in microseconds since 1970-01-01 UTC.
        pub known_from_us: u64,
    }

    /// The versions; the tenant's own by code and first day, then the box's.
    pub open struct ListsReply {
        /// At most 2,048.
        pub lists: Vec<ListSummary>,
    }
}
impl Reply for ListsReply {}

impl ListSummary {
    fn new(edition: &Edition<PriceList>, shared: bool) -> Self {
        let list = &edition.what;
        Self {
            code: list.code.clone(),
            title: list.title.clone(),
            currency: list.currency,
            valid_from: list.valid_from,
            valid_until: list.valid_until,
            customer: list.customer.clone(),
            group: list.group.clone(),
            channel: list.channel.clone(),
            country: list.country.clone(),
            priority: list.priority,
            sale: list.sale,
            prices: u32::try_from(list.prices.len()).expect("checked against the limit"),
            shared,
            known_from_us: edition.from_us,
        }
    }
}

impl Request for Lists {
    type Reply = ListsReply;
    const SHAPE: Shape = Shape {
        name: "pricing.lists",
        summary: "Lists the published price lists",
        method: Method::Get,
        path: "/v1/pricing/lists",
        permission: "pricing.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"on":"2026-07-07"}"#,
    };
}

impl Answer<Pricing> for Lists {
    fn answer(
        request: &ArchivedLists,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, ListsReply>,
    ) -> Result<(), Denial> {
        let on = request.on.as_ref().map(ArchivedDate::to_native);
        let known_us = known_us(request.as_known_at_us.as_ref(), &ask)?;
        let mut lists = Vec::new();
        for (at, shelf) in ask.reference.shelves(ask.cx.tenant).into_iter().enumerate() {
            let Some(shelf) = shelf else { continue };
            let known = shelf.book.lists_known(&shelf.past, known_us).into_iter();
            let seen = known.filter(|it| on.is_none_or(|on| it.what.is_valid_on(on)));
            lists.extend(seen.map(|it| ListSummary::new(it, at == SHARED)));
        }
        reply.put(&ListsReply { lists });
        Ok(())
    }
}

contract::message! {
    /// One version of one price list, whole.
    pub struct ShowList {
        /// The list's code.
        pub code: String,
        /// The version's first day; the version without one when absent.
        #[serde(default)]
        pub valid_from: Option<Date>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by what was published
        /// then. By what is published now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }
}
impl Reply for PriceList {}

impl Request for ShowList {
    type Reply = PriceList;
    const SHAPE: Shape = Shape {
        name: "pricing.list",
        summary: "Shows a version of a price list",
        method: Method::Get,
        path: "/v1/pricing/lists/{code}",
        permission: "pricing.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"code":"retail","valid_from":"2026-07-01"}"#,
    };
}

impl Answer<Pricing> for ShowList {
    fn answer(
        request: &ArchivedShowList,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, PriceList>,
    ) -> Result<(), Denial> {
        let valid_from = request.valid_from.as_ref().map(ArchivedDate::to_native);
        let known_us = known_us(request.as_known_at_us.as_ref(), &ask)?;
        let shelves = ask.reference.shelves(ask.cx.tenant).into_iter().flatten();
        let found = { shelves }
            .find_map(|it| it.book.list_known(&it.past, known_us, &request.code, valid_from));
        reply.put(found.ok_or_else(|| {
            Refusal::ListUnknown.at(if valid_from.is_some() { "valid_from" } else { "code" })
        })?);
        Ok(())
    }
}

contract::message! {
    /// The tax tables that the caller's lists may name, the box's own too.
    pub struct Taxes {
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by what was published
        /// then. By what is published now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// The tax tables.
    pub open struct TaxesReply {
        /// The tenant's own by code, then the box's that it has none of the same code for.
        pub tables: Vec<TaxTable>,
    }
}
impl Reply for TaxesReply {}

impl Request for Taxes {
    type Reply = TaxesReply;
    const SHAPE: Shape = Shape {
        name: "pricing.taxes",
        summary: "Lists the published tax tables",
        method: Method::Get,
        path: "/v1/pricing/taxes",
        permission: "pricing.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Pricing> for Taxes {
    fn answer(
        request: &ArchivedTaxes,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, TaxesReply>,
    ) -> Result<(), Denial> {
        let mut tables: Vec<TaxTable> = Vec::new();
        let known_us = known_us(request.as_known_at_us.as_ref(), &ask)?;
        for shelf in ask.reference.shelves(ask.cx.tenant).into_iter().flatten() {
            for table in shelf.book.taxes_known(&shelf.past, known_us) {
                if !tables.iter().any(|it| it.code == table.code) {
                    tables.push(table.clone());
                }
            }
        }
        reply.put(&TaxesReply { tables });
        Ok(())
    }
}
