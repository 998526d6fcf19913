//! Records and what names them.

use contract::{Key, KeyBytes};
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

/// A price list's code and the first day of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey {
    /// The code.
    pub code: String,
    /// The first day; a list may have one version without.
    pub valid_from: Option<Date>,
}

impl Key for ListKey {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(&self.code);
        if let Some(date) = self.valid_from {
            // Flipping the sign bit makes the order of the bytes that of the dates.
            let days = date.days().cast_unsigned() ^ (1 << 31);
            key.push(&days.to_be_bytes());
        }
    }
}

/// How many versions of lists and how many tax tables a tenant has. Every publishing touches it, so
/// that those made at the same time cannot pass a limit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Archive, Serialize, Deserialize)]
pub struct Tally {
    /// Versions of lists, retired ones too.
    pub lists: u32,
    /// Tax tables.
    pub taxes: u32,
}

/// Names the one tally of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole;

impl Key for Whole {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text("all");
    }
}

/// The most versions of lists of one tenant.
pub const LISTS_COUNT_MAX: u32 = 1_024;
/// The most tax tables of one tenant.
pub const TAXES_COUNT_MAX: u32 = 64;
