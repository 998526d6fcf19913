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
//! What was known when: every edition in force says since when it is known, and a list or tax table
//! that another takes the place of, or that is retired, stays as it was ([`Former`]), at most
//! [`FORMER_COUNT_MAX`] of a tenant. Every query takes `as_known_at_us` and then answers by what was
//! published at that moment, the tenant's own and the box's: a quote puts the prices together that the
//! moment knew and walks through them as through today's (`rules/past.rs`). Beyond the limit the oldest
//! edition is dropped, and moments that may have known it are refused with `HistoryDropped` rather than
//! answered by something else. A query without `as_known_at_us` never looks at any of it.
//!
//! Invariants:
//! - what is published can be followed: tiers with a gap, an overlap or bounds out of order are
//!   refused, and so is every field that a price has no use for;
//! - the steps of a line come to its price exactly;
//! - the parts of a period come to what the whole period does;
//! - no float takes part in anything.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod editions;
mod events;
mod history;
mod publish_list;
mod publish_taxes;
mod queries;
mod records;
mod reference;
mod refuse;
mod retire_list;
pub mod rules;

pub use events::{ListPublished, ListRetired, TaxesPublished};
pub use history::{FORMER_COUNT_MAX, Former, Known, Place, Was};
pub use publish_list::{PublishList, PublishListReply};
pub use publish_taxes::{PublishTaxes, PublishTaxesReply};
pub use queries::{
    AdjustedBy, ArchivedQuote, ArchivedQuoteBatch, ArchivedQuoteReply, BatchReply, LineTax,
    ListSummary, Lists, ListsReply, Lookup, LookupReply, Quote, QuoteBatch, QuoteLine, QuoteReply,
    QuoteTax, ShowList, Taxes, TaxesReply,
};
pub use records::{
    LISTS_COUNT_MAX, ListEdition, ListKey, TAXES_COUNT_MAX, Tally, TaxesEdition, TaxesKey, Whole,
};
pub use reference::Reference;
pub use refuse::Refusal;
pub use retire_list::{RetireList, RetireListReply};

contract::domain! {
    /// Price lists, tiers, day rates, discounts and tax, exact to the cent.
    Pricing = 4 "pricing";
    reference Reference;
    scratch contract::Nothing;
    records {
        ListEdition[ListKey] = 1 @ 1,
        TaxesEdition[TaxesKey] = 2 @ 1,
        Tally[Whole] = 3 @ 1,
        Former[Place] = 4 @ 1,
    }
    replicated { ListEdition, TaxesEdition, Tally, Former }
    events { ListPublished = 1 @ 1, ListRetired = 2 @ 1, TaxesPublished = 3 @ 1 }
    commands { PublishList = 1, RetireList = 2, PublishTaxes = 3 }
    queries { Quote = 64, QuoteBatch = 65, Lists = 66, ShowList = 67, Lookup = 68, Taxes = 69 }
}
