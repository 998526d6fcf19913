//! Answers of the pay database's interface: pages put together to lists, and the two lists that the
//! exports have as one table.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::table::ROWS_COUNT_MAX;

/// Fields of a classification that its pay rates leave out.
const OF_CLASSIFICATION: [&str; 6] = [
    "clause_fixed_id",
    "clauses",
    "clause_description",
    "next_down_classification_fixed_id",
    "next_up_classification_fixed_id",
    "parent_classification_name",
];

/// Why an answer is not the next page of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not JSON, or cut off.
    #[error("the answer is not whole: {0}")]
    Form(String),
    /// Another page than the one that was asked for.
    #[error("page {wanted} was asked for and page {got} came: the page is not heard")]
    Page {
        /// Asked for.
        wanted: u32,
        /// Answered.
        got: u32,
    },
    /// The list is not the same as when its first page was read.
    #[error("the list had {before} results when its first page was read, and has {now}")]
    Moved {
        /// On its first page.
        before: u32,
        /// Now.
        now: u32,
    },
    /// Pages have other results than they say.
    #[error("the list has {stated} results by its own count, and its pages have {found}")]
    Count {
        /// By the list's own count.
        stated: u32,
        /// On its pages.
        found: usize,
    },
    /// More results than are read.
    #[error("the list has {0} results, at most {ROWS_COUNT_MAX} are read")]
    TooLong(u32),
}

impl AnswerError {
    /// Whether the list is to be read again from its first page.
    #[must_use]
    pub const fn is_moved(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::Count { .. })
    }
}

/// A list, page by page; numbers keep their digits.
#[derive(Debug, Clone, Default)]
pub struct AnswerList {
    rows: Vec<Box<RawValue>>,
    pages: u32,
    stated: u32,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "_meta")]
    meta: Option<EnvelopeMeta>,
    results: Option<Vec<Box<RawValue>>>,
    result: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct EnvelopeMeta {
    current_page: Option<u32>,
    page_count: Option<u32>,
    result_count: Option<u32>,
    has_more_results: Option<bool>,
}

/// An object of a list, each value as it was written.
type Object = BTreeMap<String, Box<RawValue>>;

fn form(error: &serde_json::Error) -> AnswerError {
    AnswerError::Form(error.to_string())
}

impl AnswerList {
    /// The page to ask for next, from 1.
    #[must_use]
    pub const fn next_page(&self) -> u32 {
        self.pages + 1
    }

    /// How many results there are so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes the next page; whether another follows.
    pub fn take(&mut self, answer: &[u8]) -> Result<bool, AnswerError> {
        let envelope: Envelope = serde_json::from_slice(answer).map_err(|it| form(&it))?;
        // A single result has no pages.
        if let Some(row) = envelope.result {
            self.rows.push(row);
            (self.pages, self.stated) = (1, 1);
            return Ok(false);
        }
        let (Some(meta), Some(mut results)) = (envelope.meta, envelope.results) else {
            return Err(AnswerError::Form("it has no _meta and results".to_owned()));
        };
        let (wanted, got) = (self.next_page(), meta.current_page.unwrap_or(1));
        if got != wanted {
            return Err(AnswerError::Page { wanted, got });
        }
        let found = self.rows.len() + results.len();
        let now = meta.result_count.unwrap_or_else(|| u32::try_from(found).unwrap_or(u32::MAX));
        if self.pages == 0 {
            self.stated = now;
        } else if meta.result_count.is_some_and(|it| it != self.stated) {
            return Err(AnswerError::Moved { before: self.stated, now });
        }
        if usize::try_from(self.stated).map_or(true, |it| ROWS_COUNT_MAX < it) {
            return Err(AnswerError::TooLong(self.stated));
        }
        let is_empty = results.is_empty();
        self.pages = wanted;
        self.rows.append(&mut results);
        let more = meta
            .has_more_results
            .unwrap_or_else(|| meta.page_count.is_some_and(|it| self.pages < it));
        let is_whole =
            meta.result_count.is_none_or(|it| usize::try_from(it).is_ok_and(|it| it == found));
        // A list that says there is more and gives nothing would be asked for without an end.
        if (!more && !is_whole) || (more && is_empty) {
            return Err(AnswerError::Count { stated: self.stated, found });
        }
        Ok(more)
    }

    /// A list that was kept as JSON.
    pub fn of_json(text: &[u8]) -> Result<Self, AnswerError> {
        let rows: Vec<Box<RawValue>> = serde_json::from_slice(text).map_err(|it| form(&it))?;
        let stated = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(Self { rows, pages: 1, stated })
    }

    /// As a JSON list.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.rows).expect("raw JSON is JSON")
    }

    /// Leaves what was published for one year.
    pub fn retain_year(&mut self, year: u32) -> Result<(), AnswerError> {
        #[derive(Deserialize)]
        struct Published {
            published_year: Option<u32>,
        }
        let mut kept = Vec::new();
        for row in self.rows.drain(..) {
            let of: Published = serde_json::from_str(row.get()).map_err(|it| form(&it))?;
            // One that names no year is left for the reader, which tells of it.
            if of.published_year.is_none_or(|it| it == year) {
                kept.push(row);
            }
        }
        self.rows = kept;
        Ok(())
    }

    /// Pay rates with what the list of classifications says of them: their clauses, without which a
    /// shadow clause is not told. Classifications without any rate stand behind them.
    pub fn with_classifications(self, classifications: &Self) -> Result<Self, AnswerError> {
        let mut all: BTreeMap<Key, (Object, bool)> = BTreeMap::new();
        for row in &classifications.rows {
            let object = object(row)?;
            all.insert(key(&object, true), (object, false));
        }
        // Where the dates of the two differ, the year and the classification are enough.
        let undated: BTreeMap<Key, Key> = all
            .keys()
            .map(|it| (Key { operative_from: String::new(), ..it.clone() }, it.clone()))
            .collect();
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let mut own = object(row)?;
            let dated = key(&own, true);
            let found = if all.contains_key(&dated) {
                Some(&dated)
            } else {
                undated.get(&key(&own, false))
            };
            if let Some((of, is_used)) = found.and_then(|it| all.get_mut(it)) {
                *is_used = true;
                for name in OF_CLASSIFICATION {
                    let is_missing = own.get(name).is_none_or(|it| it.get() == "null");
                    if let Some(value) = of.get(name).filter(|_| is_missing) {
                        own.insert(name.to_owned(), value.clone());
                    }
                }
            }
            rows.push(raw(&own)?);
        }
        // Without any pay rate there are no columns for rates either: then nothing is told.
        if !rows.is_empty() {
            for (object, _) in all.values().filter(|(_, is_used)| !is_used) {
                rows.push(raw(object)?);
            }
        }
        let stated = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(Self { rows, pages: self.pages, stated })
    }
}

/// What a pay rate and its classification have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    published_year: String,
    classification_fixed_id: String,
    operative_from: String,
}

fn key(object: &Object, is_dated: bool) -> Key {
    let text =
        |name: &str| object.get(name).map_or("", |it| it.get().trim_matches('"')).trim().to_owned();
    // A date alone, or with a time behind it.
    let mut operative_from = if is_dated { text("operative_from") } else { String::new() };
    if let Some(at) = operative_from.find(['T', ' ']) {
        operative_from.truncate(at);
    }
    let (published_year, classification_fixed_id) =
        (text("published_year"), text("classification_fixed_id"));
    Key { published_year, classification_fixed_id, operative_from }
}

fn object(row: &RawValue) -> Result<Object, AnswerError> {
    serde_json::from_str(row.get()).map_err(|it| form(&it))
}

fn raw(object: &Object) -> Result<Box<RawValue>, AnswerError> {
    serde_json::value::to_raw_value(object).map_err(|it| form(&it))
}
