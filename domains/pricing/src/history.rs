//! What was known when: a list or tax table that another takes the place of, or that is retired, stays
//! as it was for whoever asks "as known at".
//!
//! The former editions of a tenant stand in [`FORMER_COUNT_MAX`] places. When all are taken, the next
//! one goes where the oldest was, and what was known while that one was in force can no longer be told:
//! the tally notes the moment, and questions about earlier ones are refused.

use contract::{Batch, Cx, Key, KeyBytes, Slot, View};
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::{ListEdition, Tally, TaxesEdition, Whole};

/// The most former editions of a tenant's lists and tax tables that are kept, together.
pub const FORMER_COUNT_MAX: u32 = 1_024;

/// Where a former edition stands: 0 to [`FORMER_COUNT_MAX`] - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub u32);

impl Place {
    /// The place of the edition that `replaced` others were replaced before.
    #[must_use]
    pub fn of(replaced: u64) -> Self {
        let place = replaced % u64::from(FORMER_COUNT_MAX);
        Self(u32::try_from(place).expect("a remainder is below the count"))
    }
}

impl Key for Place {
    fn write(&self, key: &mut KeyBytes) {
        self.0.write(key);
    }
    /// Beside what it was an edition of, so that one core sees both.
    fn slot(&self) -> Slot {
        Whole.slot()
    }
}

/// What was an edition.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum Was {
    /// A version of a price list.
    List(ListEdition),
    /// A tax table.
    Taxes(TaxesEdition),
}

/// An edition that is no longer in force.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Former {
    /// How many editions the tenant replaced before this one.
    pub replaced: u64,
    /// Until just before this moment it was known, in microseconds since 1970-01-01 UTC.
    pub until_us: u64,
    /// The edition.
    pub was: Was,
}

impl Former {
    /// Keeps what the newest event replaced, `tally` being what that event leaves behind.
    pub(crate) fn keep(was: Was, until_us: u64, tally: &Tally, batch: &mut Batch<'_, '_>) {
        let replaced = tally.replaced.checked_sub(1).expect("the event counted what it replaced");
        batch.put(&Place::of(replaced), &Self { replaced, until_us, was });
    }
}

impl Tally {
    /// Counts one more replaced edition, and notes since when history is whole when it takes the
    /// place of the oldest.
    pub(crate) fn replace(&mut self, view: View<'_>) {
        if let Some(oldest) = view.get::<Former>(&Place::of(self.replaced)) {
            self.whole_from_us = oldest.until_us.to_native();
        }
        self.replaced += 1;
    }
}

/// When and by whom something becomes known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Known {
    /// From this moment on, in microseconds since 1970-01-01 UTC.
    pub from_us: u64,
    /// Who published or retired it; 0 is the box itself.
    pub by: u64,
}

impl Known {
    /// Here and now.
    pub(crate) fn now(cx: &Cx) -> Self {
        Self { from_us: cx.now_us, by: cx.actor.0 }
    }
}
