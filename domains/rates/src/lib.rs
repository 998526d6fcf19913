//! Award pay and charge rates, exact to the cent.
//!
//! Awards, public holidays and charge templates are published once and compiled into flat tables
//! on every core; a quote is then a walk through them. The arithmetic is in [`rules`], apart from
//! any record: read `rules/quote.rs` for how a shift becomes lines.
//!
//! Invariants:
//! - what is published compiles: a version with a gap, an overlap or a contradiction is refused;
//! - a rate is rounded half-up to the cent before it meets hours, and a line once more;
//! - no float takes part in anything.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod accept_quote;
mod define_template;
mod events;
mod json;
mod publish_award;
mod publish_holidays;
mod queries;
mod records;
mod reference;
mod refuse;
pub mod roster_file;
pub mod rules;

pub use accept_quote::{AcceptQuote, Accepted};
pub use define_template::{DefineTemplate, Defined};
pub use events::{AwardPublished, HolidaysPublished, QuoteAccepted, TemplateDefined};
pub use publish_award::{PublishAward, Published};
pub use publish_holidays::{HolidaysNow, PublishHolidays};
pub use queries::{
    ArchivedQuote, ArchivedQuoteReply, AwardDates, Awards, AwardsReply, Charge, ChargeCost,
    ChargeReply, ClassificationRate, ClassificationReply, Classify, Quote, QuoteLine, QuoteReply,
    QuoteRoster, Recall, Recalled, RosterReply, WorkerQuote, WorkerShifts,
};
pub use records::{AcceptedQuote, Country, QuoteId, VersionKey};
pub use reference::{Reference, Scratch};
pub use refuse::Refusal;

use rules::award::AwardVersion;
use rules::calendar::HolidayTable;
use rules::charge::ChargeTemplate;

contract::domain! {
    /// Award pay and charge rates, exact to the cent.
    Rates = 2 "rates";
    reference Reference;
    scratch Scratch;
    records {
        AwardVersion[VersionKey] = 1 @ 1,
        HolidayTable[Country] = 2 @ 1,
        ChargeTemplate[String] = 3 @ 1,
        AcceptedQuote[QuoteId] = 4 @ 1,
    }
    replicated { AwardVersion, HolidayTable, ChargeTemplate }
    events {
        AwardPublished = 1 @ 1,
        HolidaysPublished = 2 @ 1,
        TemplateDefined = 3 @ 1,
        QuoteAccepted = 4 @ 1,
    }
    commands { PublishAward = 1, PublishHolidays = 2, DefineTemplate = 3, AcceptQuote = 4 }
    queries { Quote = 64, QuoteRoster = 65, Charge = 66, Classify = 67, Awards = 68, Recall = 69 }
}
