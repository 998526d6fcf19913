//! What happens to what is known.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::history::{self, EditionKey, Former, KeptRecord, Known, Subject};

/// A new edition of something became known; the one it replaces is kept.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct EditionKept {
    /// Of what.
    pub subject: Subject,
    /// Since when, in microseconds since 1970-01-01 UTC.
    pub known_from_us: u64,
    /// Who published it.
    pub known_by: u64,
    /// The record that it replaces.
    pub former: Option<KeptRecord>,
}

impl EditionKept {
    pub(crate) fn key(&self) -> Subject {
        self.subject.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let subject = self.subject.clone();
        let before = history::known(batch.view(), &subject);
        let mut editions = before.as_ref().map_or(0, |it| it.editions);
        if let Some(kept) = &self.former {
            let key = EditionKey { subject: subject.clone(), edition: editions };
            let former = Former {
                subject: subject.clone(),
                known_from_us: before.as_ref().map_or(0, |it| it.known_from_us),
                known_until_us: self.known_from_us,
                known_by: before.as_ref().map_or(0, |it| it.known_by),
                kept: kept.clone(),
            };
            batch.put(&key, &former);
            editions += 1;
        }
        let (known_from_us, known_by) = (self.known_from_us, self.known_by);
        let known = Known { subject: subject.clone(), known_from_us, known_by, editions };
        batch.put(&subject, &known);
    }
}
