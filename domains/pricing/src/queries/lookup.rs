//! Which price of a product applies.

use std::iter;

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
};
use values::{Currency, Date};

use crate::editions::Then;
use crate::rules::book::Circumstances;
use crate::rules::list::{ListTax, Price};
use crate::{Pricing, refuse};

contract::message! {
    /// The price of a product that applies for one buyer on one day.
    pub struct Lookup {
        /// The product.
        pub product: String,
        /// What it is asked in.
        pub currency: Currency,
        /// The day.
        pub date: Date,
        /// Who buys.
        #[serde(default)]
        pub customer: Option<String>,
        /// The group that the customer belongs to.
        #[serde(default)]
        pub group: Option<String>,
        /// Through which channel.
        #[serde(default)]
        pub channel: Option<String>,
        /// In which country.
        #[serde(default)]
        pub country: Option<String>,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by what was published
        /// then. By what is published now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// The price and the list it stands in.
    pub open struct LookupReply {
        /// The list's code.
        pub list: String,
        /// The version's first day.
        pub valid_from: Option<Date>,
        /// The version's last day.
        pub valid_until: Option<Date>,
        /// What its amounts are in.
        pub currency: Currency,
        /// Whether the list is a sale.
        pub sale: bool,
        /// How the list is taxed.
        pub tax: Option<ListTax>,
        /// The price.
        pub price: Price,
    }
}
impl Reply for LookupReply {}

impl Request for Lookup {
    type Reply = LookupReply;
    const SHAPE: Shape = Shape {
        name: "pricing.price",
        summary: "Shows the price of a product that applies",
        method: Method::Get,
        path: "/v1/pricing/prices/{product}",
        permission: "pricing.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"product":"seat","currency":"AUD","date":"2026-07-07"}"#,
    };
}

impl Answer<Pricing> for Lookup {
    fn answer(
        request: &ArchivedLookup,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, LookupReply>,
    ) -> Result<(), Denial> {
        let asked = Self::revive(request);
        let circumstances = Circumstances {
            currency: asked.currency,
            date: asked.date,
            customer: asked.customer.as_deref(),
            group: asked.group.as_deref(),
            channel: asked.channel.as_deref(),
            country: asked.country.as_deref(),
        };
        let (reference, tenant) = (ask.reference, ask.cx.tenant);
        let product = asked.product.as_str();
        let then = circumstances
            .check()
            .and_then(|()| reference.then(tenant, asked.as_known_at_us, iter::once(product)))
            .map_err(|error| refuse::quote("", &error))?;
        let books = then.as_ref().map_or_else(|| reference.books(tenant), Then::books);
        let found =
            books.price(product, &circumstances).map_err(|error| refuse::quote("", &error))?;
        reply.put(&LookupReply {
            list: found.list.code.clone(),
            valid_from: found.list.valid_from,
            valid_until: found.list.valid_until,
            currency: found.list.currency,
            sale: found.list.sale,
            tax: found.list.tax.clone(),
            price: found.price.clone(),
        });
        Ok(())
    }
}
