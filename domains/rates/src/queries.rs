//! Questions: they read published data and accepted quotes, and change nothing.

mod awards;
mod batch;
mod charge;
mod charge_lines;
mod charge_quote;
mod classify;
mod instrument;
mod native;
mod quote;
mod recall;
mod replay;
mod roster;
mod settle;
mod statutory;
mod template;
mod twin;

pub use awards::{AwardDates, Awards, AwardsReply};
pub use batch::{BatchReply, BatchTotal, BatchWorker, QuoteBatch, WorkerRefusal};
pub use charge::{Charge, ChargeCost, ChargeReply};
pub use charge_lines::LineCharge;
pub use charge_quote::{ChargeQuote, ChargeQuoteReply, ChargedLine};
pub use classify::{ClassificationRate, ClassificationReply, Classify};
pub use instrument::{
    CheckCompliance, ComplianceReply, Contestant, Coverage, CoverageReply, Lift, PeriodPaid,
    PeriodReply, QuoteCoverage, SettledLine, Under,
};
pub use quote::{ArchivedQuote, ArchivedQuoteReply, Quote, QuoteAllowance, QuoteLine, QuoteReply};
pub use recall::{Recall, Recalled};
pub use replay::{Difference, Recomputed, Replay, Replayed};
pub use roster::{QuoteRoster, RosterReply, WorkerQuote, WorkerShifts};
pub use statutory::{FindStatutory, StatutoryReply};
pub use template::{CheckTemplate, PayCheck, ShowTemplate, TemplateCheck, TemplateReply};

pub(crate) use charge::Wanted;
pub(crate) use charge_lines::charges;
pub(crate) use quote::Asked;
