//! Questions: answered from the compiled copy, by whichever core is asked.

mod batch;
mod lists;
mod lookup;
mod quote;

pub use batch::{ArchivedQuoteBatch, BatchReply, QuoteBatch};
pub use lists::{ListSummary, Lists, ListsReply, ShowList, Taxes, TaxesReply};
pub use lookup::{Lookup, LookupReply};
pub use quote::{
    AdjustedBy, ArchivedQuote, ArchivedQuoteReply, LineTax, Quote, QuoteLine, QuoteReply, QuoteTax,
};
