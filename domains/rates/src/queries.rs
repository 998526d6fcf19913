//! Questions: they read published data and accepted quotes, and change nothing.

mod awards;
mod charge;
mod classify;
mod quote;
mod recall;
mod roster;
mod twin;

pub use awards::{AwardDates, Awards, AwardsReply};
pub use charge::{Charge, ChargeCost, ChargeReply};
pub use classify::{ClassificationRate, ClassificationReply, Classify};
pub use quote::{ArchivedQuote, ArchivedQuoteReply, Quote, QuoteLine, QuoteReply};
pub use recall::{Recall, Recalled};
pub use roster::{QuoteRoster, RosterReply, WorkerQuote, WorkerShifts};

pub(crate) use quote::Asked;
