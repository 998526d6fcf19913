//! Price lists, tiers, day rates, discounts and tax, exact to the cent.
//!
//! Price lists and tax tables are published once and kept on every core; a quote chooses a price for
//! each line, walks through it step by step and sums. The arithmetic is in [`rules`], apart from any
//! record: read `rules/book.rs` for how a price is chosen, `rules/line.rs` for how a line becomes
//! steps, `rules/quote.rs` for how lines become a total.
//!
//! Where cents appear: a line is exact until its price is whole, then rounded half-up once (each part
//! of a day rate is rounded for itself); each adjustment is rounded half-up; tax is rounded on each
//! line or once on the total, as the list says. Every rounding stands in the answer.
//!
//! Invariants:
//! - what is published can be followed: tiers with a gap, an overlap or bounds out of order are
//!   refused, and so is every field that a price has no use for;
//! - the steps of a line come to its price exactly;
//! - the parts of a period come to what the whole period does;
//! - no float takes part in anything.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod events;
mod publish_list;
mod publish_taxes;
mod queries;
mod records;
mod reference;
mod refuse;
mod retire_list;
pub mod rules;

pub use events::{ListPublished, ListRetired, TaxesPublished};
pub use publish_list::{PublishList, PublishListReply};
pub use publish_taxes::{PublishTaxes, PublishTaxesReply};
pub use queries::{
    AdjustedBy, ArchivedQuote, ArchivedQuoteBatch, ArchivedQuoteReply, BatchReply, LineTax,
    ListSummary, Lists, ListsReply, Lookup, LookupReply, Quote, QuoteBatch, QuoteLine, QuoteReply,
    QuoteTax, ShowList, Taxes, TaxesReply,
};
pub use records::{LISTS_COUNT_MAX, ListKey, TAXES_COUNT_MAX, Tally, Whole};
pub use reference::Reference;
pub use refuse::Refusal;
pub use retire_list::{RetireList, RetireListReply};

use rules::list::PriceList;
use rules::tax::TaxTable;

contract::domain! {
    /// Price lists, tiers, day rates, discounts and tax, exact to the cent.
    Pricing = 4 "pricing";
    reference Reference;
    scratch contract::Nothing;
    records {
        PriceList[ListKey] = 1 @ 1,
        TaxTable[String] = 2 @ 1,
        Tally[Whole] = 3 @ 1,
    }
    replicated { PriceList, TaxTable }
    events { ListPublished = 1 @ 1, ListRetired = 2 @ 1, TaxesPublished = 3 @ 1 }
    commands { PublishList = 1, RetireList = 2, PublishTaxes = 3 }
    queries { Quote = 64, QuoteBatch = 65, Lists = 66, ShowList = 67, Lookup = 68, Taxes = 69 }
}
