//! Records and what names them.

use contract::{Key, KeyBytes, Slot};
use rkyv::{Archive, Deserialize, Serialize};
use values::{Currency, Date, Money};

use crate::Quote;
use crate::queries::LineCharge;
use crate::rules::paid::PaidLine;

values::id! {
    /// An accepted quote.
    QuoteId
}

impl Key for QuoteId {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.get().to_be_bytes());
    }
    fn slot(&self) -> Slot {
        Slot::of_id(self.get())
    }
}

/// An award and the date its version is operative from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionKey {
    /// The award's code.
    pub award: String,
    /// The version.
    pub operative_from: Date,
}

impl Key for VersionKey {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(&self.award);
        // Flipping the sign bit makes the order of the bytes that of the dates.
        let days = self.operative_from.days().cast_unsigned() ^ (1 << 31);
        key.push(&days.to_be_bytes());
    }
}

/// Whose holidays: one table for all of Australia.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country;

impl Key for Country {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text("AU");
    }
}

/// A quote as it was accepted, with all it was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AcceptedQuote {
    /// What was asked.
    pub quote: Quote,
    /// The version that applied.
    pub operative_from: Date,
    /// What the total is in.
    pub currency: Currency,
    /// What it came to.
    pub total: Money,
    /// The caller's own reference.
    pub reference: String,
    /// When, in microseconds since 1970-01-01 UTC.
    pub accepted_us: u64,
    /// By whom; 0 is the box itself.
    pub accepted_by: u64,
    /// What was published up to this moment, in microseconds since 1970-01-01 UTC, decided it.
    pub known_us: u64,
    /// Every line of it; none when it was accepted before lines were kept.
    pub lines: Option<Vec<PaidLine>>,
    /// What the client was charged, when it was charged.
    pub charge: Option<AcceptedCharge>,
}

/// What an accepted quote was charged at.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AcceptedCharge {
    /// The template's code.
    pub template: String,
    /// Its version.
    pub version: u32,
    /// For each line of pay, in order: how it was charged.
    pub lines: Vec<LineCharge>,
    /// The sum of the lines' charges.
    pub total: Money,
}
