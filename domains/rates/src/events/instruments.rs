//! What happens to instruments above the award.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::VersionKey;
use crate::rules::instrument::Instrument;

/// A version of an instrument is in force from its date.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct InstrumentPublished {
    /// The instrument.
    pub instrument: Instrument,
}

impl InstrumentPublished {
    pub(crate) fn key(&self) -> VersionKey {
        let rules = &self.instrument.rules;
        VersionKey { award: rules.award.clone(), operative_from: rules.operative_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.instrument);
    }
}
