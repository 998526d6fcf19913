//! What happened. Each event carries the record it leaves behind.

mod history;
mod instruments;
mod statutory;
mod templates;

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::{AcceptedQuote, Country, QuoteId, VersionKey};
use crate::rules::award::AwardVersion;
use crate::rules::calendar::HolidayTable;

pub use history::EditionKept;
pub use instruments::InstrumentPublished;
pub use statutory::StatutoryPublished;
pub use templates::{TemplateApproved, TemplateDefined, TemplateDefinedOne, TemplateRetired};

/// A version of an award is in force from its date.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AwardPublished {
    /// The version.
    pub version: AwardVersion,
}

impl AwardPublished {
    pub(crate) fn key(&self) -> VersionKey {
        let AwardVersion { award, operative_from, .. } = &self.version;
        VersionKey { award: award.clone(), operative_from: *operative_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.version);
    }
}

/// A table of public holidays took the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct HolidaysPublished {
    /// The table.
    pub table: HolidayTable,
}

impl HolidaysPublished {
    #[allow(clippy::unused_self, reason = "every event has the same face")]
    pub(crate) fn key(&self) -> Country {
        Country
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&Country, &self.table);
    }
}

/// A quote was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct QuoteAccepted {
    /// Its id.
    pub id: QuoteId,
    /// What was accepted.
    pub accepted: AcceptedQuote,
}

impl QuoteAccepted {
    pub(crate) fn key(&self) -> QuoteId {
        self.id
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.id, &self.accepted);
    }
}
