//! What surrounds the results of a list.

use std::fmt::{Display, Write};

use contract::Denial;
use rkyv::Archived;
use rkyv::option::ArchivedOption;
use values::{ArchivedDate, Date};

use crate::award::{award_number, is_award_code};
use crate::records::AwardYear;
use crate::{Refusal, Years};

/// Results of a page when the caller names no limit.
pub const PAGE_RESULTS_DEFAULT: u32 = 10;
/// The most results of a page.
pub const PAGE_RESULTS_MAX: u32 = 100;

contract::message! {
    /// Where a page stands in its list.
    pub open struct Meta {
        /// From 1.
        pub current_page: u32,
        /// All pages.
        pub page_count: u32,
        /// Results of a full page.
        pub limit: u32,
        /// All results.
        pub result_count: u32,
        /// From 1; 0 on an empty page.
        pub first_row_on_page: u32,
        /// 0 on an empty page.
        pub last_row_on_page: u32,
        /// Whether a page follows.
        pub has_more_results: bool,
        /// Whether a page goes before.
        pub has_previous_results: bool,
    }

    /// A way to another page.
    pub open struct Link {
        /// Path and query.
        pub href: String,
        /// `first`, `last`, `next` or `previous`.
        pub rel: String,
        /// `GET`.
        pub method: String,
    }

    /// What surrounds a single result.
    pub open struct SingleMeta {
        /// 1.
        pub result_count: u32,
    }
}

/// Counts results, and tells which of them stand on the page that was asked for.
#[derive(Debug)]
pub(super) struct Pager {
    page: u32,
    limit: u32,
    /// Results before the page.
    before: u64,
    seen: u64,
}

impl Pager {
    /// The page that a request asks for.
    pub(super) fn asked(page: StoredNumber, limit: StoredNumber) -> Result<Self, Denial> {
        Self::new(native_number(page), native_number(limit))
    }

    pub(super) fn new(page: Option<u32>, limit: Option<u32>) -> Result<Self, Denial> {
        let (page, limit) = (page.unwrap_or(1), limit.unwrap_or(PAGE_RESULTS_DEFAULT));
        if page == 0 {
            return Err(Refusal::PagingInvalid.at("page").because("page is 0, the first is 1"));
        }
        if !(1..=PAGE_RESULTS_MAX).contains(&limit) {
            return Err(Refusal::PagingInvalid
                .at("limit")
                .because(format!("limit is {limit}, expected 1 to {PAGE_RESULTS_MAX}")));
        }
        let before = u64::from(page - 1) * u64::from(limit);
        Ok(Self { page, limit, before, seen: 0 })
    }

    /// Counts one result; whether it stands on the page.
    pub(super) fn take(&mut self) -> bool {
        self.seen += 1;
        (self.before + 1..=self.before + u64::from(self.limit)).contains(&self.seen)
    }

    /// Counts `rows` results that nobody filters, when none of them stands on the page.
    pub(super) fn pass(&mut self, rows: u32) -> bool {
        let (first, last) = (self.seen + 1, self.seen + u64::from(rows));
        let is_off = last <= self.before || self.before + u64::from(self.limit) < first;
        if is_off {
            self.seen = last;
        }
        is_off
    }

    /// The envelope of a list at `path`, asked with these filters.
    pub(super) fn finish(self, path: &str, filters: &[(&str, String)]) -> (Meta, Vec<Link>) {
        let number = |it: u64| u32::try_from(it).unwrap_or(u32::MAX);
        let limit = u64::from(self.limit);
        let page_count = number(self.seen.div_ceil(limit));
        let last = self.seen.min(self.before + limit);
        let is_empty = last <= self.before;
        let meta = Meta {
            current_page: self.page,
            page_count,
            limit: self.limit,
            result_count: number(self.seen),
            first_row_on_page: if is_empty { 0 } else { number(self.before + 1) },
            last_row_on_page: if is_empty { 0 } else { number(last) },
            has_more_results: self.page < page_count,
            has_previous_results: 1 < self.page && 0 < self.seen,
        };
        let link = |rel: &str, page: u32| {
            let mut href = format!("{path}?page={page}&limit={}", self.limit);
            for (name, value) in filters.iter().filter(|(_, value)| !value.is_empty()) {
                let _ = write!(href, "&{name}={}", encoded(value));
            }
            Link { href, rel: rel.to_owned(), method: "GET".to_owned() }
        };
        let mut links = vec![link("first", 1), link("last", page_count.max(1))];
        if meta.has_more_results {
            links.push(link("next", self.page + 1));
        }
        if meta.has_previous_results {
            links.push(link("previous", self.page - 1));
        }
        (meta, links)
    }
}

fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// The number of the award's code: a bare number is its fixed id.
pub(super) fn award(id_or_code: &str, years: &Years) -> Result<u32, Denial> {
    let number = award_number(id_or_code).ok_or_else(|| Refusal::AwardInvalid.at("id_or_code"))?;
    if is_award_code(id_or_code) {
        return Ok(number);
    }
    let all = years.newest_first().flat_map(|year| &year.awards);
    let mut found = all.filter(|it| it.award.award_fixed_id == number).map(AwardYear::number);
    Ok(found.next().unwrap_or(number))
}

/// A filter's text; an empty one filters nothing.
pub(super) fn text(filter: Option<&str>) -> Option<&str> {
    filter.map(str::trim).filter(|it| !it.is_empty())
}

/// A filter as the links repeat it; one that filters nothing stands in none of them.
pub(super) fn shown(filter: Option<impl Display>) -> String {
    filter.map(|it| it.to_string()).unwrap_or_default()
}

/// A filter's date, alone or with a time behind it.
pub(super) fn date(field: &'static str, filter: Option<&str>) -> Result<Option<Date>, Denial> {
    let Some(text) = text(filter) else { return Ok(None) };
    let read = text.get(..10).filter(|_| text.len() == 10 || text[10..].starts_with(['T', ' ']));
    read.and_then(|it| Date::parse(it).ok()).map(Some).ok_or_else(|| {
        Refusal::DateInvalid.at(field).because(format!("{field} is {text:?}, expected YYYY-MM-DD"))
    })
}

/// A filter's yes or no.
pub(super) fn flag(field: &'static str, filter: Option<&str>) -> Result<Option<bool>, Denial> {
    match text(filter).map(str::to_ascii_lowercase).as_deref() {
        None => Ok(None),
        Some("1" | "true") => Ok(Some(true)),
        Some("0" | "false") => Ok(Some(false)),
        Some(other) => Err(Refusal::FilterInvalid
            .at(field)
            .because(format!("{field} is {other:?}, expected true or false"))),
    }
}

/// Which dates a row must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

impl Window {
    /// Begins on or after `from`, and ends on or before `to`.
    pub(super) fn has(&self, from: Option<Date>, to: Option<Date>) -> bool {
        self.from.is_none_or(|wanted| from.is_some_and(|it| wanted <= it))
            && self.to.is_none_or(|wanted| to.is_some_and(|it| it <= wanted))
    }

    /// The same of a stored row.
    pub(super) fn has_stored(&self, from: StoredDate, to: StoredDate) -> bool {
        self.has(native(from), native(to))
    }

    pub(super) const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// A date of a stored row, if it has one.
pub(super) type StoredDate = ArchivedOption<ArchivedDate>;

fn native(date: StoredDate) -> Option<Date> {
    date.as_ref().map(ArchivedDate::to_native)
}

/// A number of a request or of a stored row, if it has one.
pub(super) type StoredNumber = ArchivedOption<Archived<u32>>;

pub(super) fn native_number(number: StoredNumber) -> Option<u32> {
    number.as_ref().map(|it| it.to_native())
}

/// The newest row with an id, of rows whose years come newest first; inside a year the last that begins
/// counts.
#[derive(Debug)]
pub(super) struct Newest<T>(Option<(u32, Option<Date>, T)>);

impl<T> Newest<T> {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Looks at a row of `year` that begins on `from`; `revive` makes it, when it counts.
    pub(super) fn look(&mut self, year: u32, from: StoredDate, revive: impl FnOnce() -> T) {
        let from = native(from);
        let is_newer = |it: &(u32, Option<Date>, T)| it.0 == year && it.1 < from;
        if self.0.as_ref().is_none_or(is_newer) {
            self.0 = Some((year, from, revive()));
        }
    }

    pub(super) fn found(self) -> Option<T> {
        self.0.map(|it| it.2)
    }
}

/// An empty text is given as none.
pub(super) fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A moment as the interface gives it.
pub(super) fn moment(text: String) -> Option<String> {
    given(text).map(|it| it + "+00:00")
}
