//! What was known when: every publication keeps the moment it became known, and what it replaced.
//!
//! A record that is published in place of another stays as it was for whoever asks "as known at": its
//! bytes are kept with their schema version, so they read through the same upgrade as the record.

use contract::{Cx, Denial, Events, Key, KeyBytes, Record, Slot, View};
use rkyv::{Archive, Deserialize, Serialize};

use crate::Rates;
use crate::events::EditionKept;
use crate::records::{Country, VersionKey};

/// What is published in editions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Archive, Serialize, Deserialize)]
pub enum Subject {
    /// A version of an award: its code and the days since 1970 of its date.
    Award(String, i32),
    /// The public holidays.
    Holidays,
    /// A statutory table, by code.
    Statutory(String),
    /// A version of an instrument: its code and the days since 1970 of its date.
    Instrument(String, i32),
}

impl Subject {
    /// The subject of an award version.
    #[must_use]
    pub fn award(key: &VersionKey) -> Self {
        Self::Award(key.award.clone(), key.operative_from.days())
    }

    /// The subject of an instrument's version.
    #[must_use]
    pub fn instrument(key: &VersionKey) -> Self {
        Self::Instrument(key.award.clone(), key.operative_from.days())
    }
}

fn version_key(code: &str, days: i32) -> VersionKey {
    VersionKey { award: code.to_owned(), operative_from: values::Date::from_days(days) }
}

impl Key for Subject {
    fn write(&self, key: &mut KeyBytes) {
        match self {
            Self::Award(code, days) => {
                key.push(&[1]);
                version_key(code, *days).write(key);
            }
            Self::Holidays => key.push(&[2]),
            Self::Statutory(code) => {
                key.push(&[3]);
                code.write(key);
            }
            Self::Instrument(code, days) => {
                key.push(&[4]);
                version_key(code, *days).write(key);
            }
        }
    }

    /// Beside the record itself, so that one core sees both.
    fn slot(&self) -> Slot {
        match self {
            Self::Award(code, days) | Self::Instrument(code, days) => {
                version_key(code, *days).slot()
            }
            Self::Holidays => Country.slot(),
            Self::Statutory(code) => code.slot(),
        }
    }
}

/// Which edition of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionKey {
    /// The subject.
    pub subject: Subject,
    /// 0 for the first that was replaced.
    pub edition: u32,
}

impl Key for EditionKey {
    fn write(&self, key: &mut KeyBytes) {
        self.subject.write(key);
        key.push(&self.edition.to_be_bytes());
    }
    fn slot(&self) -> Slot {
        self.subject.slot()
    }
}

/// Since when the edition in force is known.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Known {
    /// Of what.
    pub subject: Subject,
    /// Since when, in microseconds since 1970-01-01 UTC; 0 when it was published before this was
    /// noted.
    pub known_from_us: u64,
    /// Who published it; 0 is the box itself.
    pub known_by: u64,
    /// How many editions it replaced.
    pub editions: u32,
}

/// An edition that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Former {
    /// Of what.
    pub subject: Subject,
    /// From this moment it was known.
    pub known_from_us: u64,
    /// Until this moment.
    pub known_until_us: u64,
    /// Who published it.
    pub known_by: u64,
    /// The record as it was.
    pub kept: KeptRecord,
}

/// The bytes of a record.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct KeptRecord {
    /// The schema version of its archive.
    pub schema: u16,
    /// Its archive.
    pub bytes: Vec<u8>,
}

impl KeptRecord {
    fn of<R: Record>(record: &R) -> Self {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        Self { schema: R::VERSION, bytes }
    }

    /// Reads it back, upgraded when it is older.
    #[must_use]
    pub fn read<R: Record>(&self) -> Option<R> {
        if self.schema == R::VERSION {
            return R::decode(&self.bytes).ok();
        }
        R::upgrade(self.schema, &self.bytes)
    }
}

/// Notes that `subject` is published now, in place of the record at `key` when there is one. To be
/// called before the event that publishes it.
pub(crate) fn note<R: Record>(
    subject: Subject,
    former: Option<&R>,
    cx: &Cx,
    events: &mut Events<Rates>,
) -> Result<(), Denial> {
    events.push(EditionKept {
        subject,
        known_from_us: cx.now_us,
        known_by: cx.actor.0,
        former: former.map(KeptRecord::of),
    })
}

/// The edition in force of `subject`, as noted.
pub(crate) fn known(view: View<'_>, subject: &Subject) -> Option<Known> {
    view.load(subject)
}
