//! Award pay and charge rates, exact to the cent.
//!
//! What is published is compiled into flat tables on every core; a quote is a walk through them. The
//! arithmetic is in [`rules`]: read `rules/quote.rs` for how a shift becomes lines.
//!
//! Invariants:
//! - what is published compiles: a version with a gap, an overlap or a contradiction is refused;
//! - a rate is rounded half-up to the cent before it meets hours, and a line once more;
//! - no float takes part in anything.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod accept_quote;
mod approve_template;
mod define_template;
mod editions;
mod events;
mod former;
mod history;
mod json;
mod publish_award;
mod publish_holidays;
mod publish_instrument;
mod publish_statutory;
mod queries;
mod records;
mod reference;
mod refuse;
mod retire_template;
pub mod roster_file;
pub mod rules;
mod templates;

pub use accept_quote::{AcceptQuote, Accepted};
pub use approve_template::{Approval, ApproveTemplate};
pub use define_template::{DefineTemplate, Defined};
pub use events::{
    AwardPublished, EditionKept, HolidaysPublished, InstrumentPublished, QuoteAccepted,
    StatutoryPublished, TemplateApproved, TemplateDefined, TemplateDefinedOne, TemplateRetired,
};
pub use history::{EditionKey, Former, KeptRecord, Known, Subject};
pub use publish_award::{PublishAward, Published};
pub use publish_holidays::{HolidaysNow, PublishHolidays};
pub use publish_instrument::{InstrumentNow, PublishInstrument};
pub use publish_statutory::{PublishStatutory, StatutoryNow};
pub use queries::{
    ArchivedQuote, ArchivedQuoteReply, AwardDates, Awards, AwardsReply, BatchReply, BatchTotal,
    BatchWorker, Charge, ChargeCost, ChargeQuote, ChargeQuoteReply, ChargeReply, ChargedLine,
    CheckCompliance, CheckTemplate, ClassificationRate, ClassificationReply, Classify,
    ComplianceReply, Contestant, Coverage, CoverageReply, Difference, FindStatutory, Lift,
    LineCharge, PayCheck, PeriodPaid, PeriodReply, Quote, QuoteAllowance, QuoteBatch,
    QuoteCoverage, QuoteLine, QuoteReply, QuoteRoster, Recall, Recalled, Recomputed, Replay,
    Replayed, RosterReply, SettledLine, ShowTemplate, StatutoryReply, TemplateCheck, TemplateReply,
    Under, WorkerQuote, WorkerRefusal, WorkerShifts,
};
pub use records::{AcceptedCharge, AcceptedQuote, Country, QuoteId, VersionKey};
pub use reference::{Reference, Scratch};
pub use refuse::Refusal;
pub use retire_template::RetireTemplate;
pub use templates::{TemplateStatus, TemplateVersion, TemplateVersions};

use rules::{award::AwardVersion, calendar::HolidayTable};
use rules::{instrument::Instrument, statutory::StatutoryTable};

contract::domain! {
    /// Award pay and charge rates, exact to the cent.
    Rates = 2 "rates";
    reference Reference;
    scratch Scratch;
    records {
        AwardVersion[VersionKey] = 1 @ 2 from AwardVersion::upgrade,
        HolidayTable[Country] = 2 @ 1,
        TemplateVersions[String] = 3 @ 2 from TemplateVersions::upgrade,
        AcceptedQuote[QuoteId] = 4 @ 2 from AcceptedQuote::upgrade,
        StatutoryTable[String] = 10 @ 1,
        Instrument[VersionKey] = 11 @ 1,
        Known[Subject] = 12 @ 1,
        Former[EditionKey] = 13 @ 1,
    }
    replicated { AwardVersion, HolidayTable, TemplateVersions, StatutoryTable, Instrument,
        Known, Former }
    events {
        AwardPublished = 1 @ 2 from AwardPublished::upgrade,
        HolidaysPublished = 2 @ 1,
        TemplateDefined = 3 @ 2 from TemplateDefined::upgrade,
        QuoteAccepted = 4 @ 2 from QuoteAccepted::upgrade,
        TemplateApproved = 5 @ 1,
        TemplateRetired = 6 @ 1,
        StatutoryPublished = 7 @ 1,
        InstrumentPublished = 8 @ 1,
        EditionKept = 9 @ 1,
    }
    commands { PublishAward = 1, PublishHolidays = 2, DefineTemplate = 3, AcceptQuote = 4,
        ApproveTemplate = 5, RetireTemplate = 6, PublishStatutory = 7, PublishInstrument = 8 }
    queries { Quote = 64, QuoteRoster = 65, Charge = 66, Classify = 67, Awards = 68, Recall = 69,
        QuoteBatch = 70, ShowTemplate = 80, ChargeQuote = 81, CheckTemplate = 82,
        FindStatutory = 83, QuoteCoverage = 84, CheckCompliance = 85, Replay = 86 }
}
