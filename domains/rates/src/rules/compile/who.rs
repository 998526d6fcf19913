//! Whom a rule reaches: classifications by pattern, kinds of shift by name, flags by bit.

use crate::rules::award::{AwardVersion, Employment, ShiftKind};

/// The name of a shift that is of no kind.
pub(crate) const PLAIN: &str = "plain";

/// Whether `patterns` reach `code`: a code, or a start of codes before `*`; after `!` they take out.
/// Patterns that only take out start from all.
pub(crate) fn reaches(patterns: &[String], code: &str) -> bool {
    let mut reached = patterns.iter().all(|it| it.starts_with('!'));
    for pattern in patterns {
        let (taken_out, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern.as_str()),
        };
        if matches(pattern, code) {
            reached = !taken_out;
        }
    }
    reached
}

/// Whether a pattern without its `!` matches.
pub(super) fn matches(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => code.starts_with(start),
        None => pattern == code,
    }
}

/// Whether an empty list, which means all, or one that names `employment` was given.
pub(crate) fn employs(list: &[Employment], employment: Employment) -> bool {
    list.is_empty() || list.contains(&employment)
}

/// How a rule's `shifts` stand to a kind of shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// It names others.
    No,
    /// It names none, so it means all.
    All,
    /// It names this one.
    Yes,
}

pub(super) fn named(shifts: &[String], kind: Option<&ShiftKind>) -> Named {
    let name = kind.map_or(PLAIN, |it| it.name.as_str());
    if shifts.is_empty() {
        Named::All
    } else if shifts.iter().any(|it| it == name) {
        Named::Yes
    } else {
        Named::No
    }
}

/// The public holidays that rules name, sorted.
pub(super) fn holidays(version: &AwardVersion) -> Vec<String> {
    let rules = version.penalties.iter().chain(&version.overtime);
    let mut names: Vec<String> = rules.flat_map(|it| &it.holidays).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The flags that a version asks for, sorted; a flag's bit is its position.
pub(super) fn flags(version: &AwardVersion) -> Vec<String> {
    let mut flags: Vec<String> = Vec::new();
    let mut take = |lists: [&Vec<String>; 2]| {
        flags.extend(lists.into_iter().flatten().cloned());
    };
    version.shifts.iter().for_each(|it| take([&it.flags, &it.without]));
    version.minimums.iter().for_each(|it| take([&it.flags, &it.without]));
    version.missed_breaks.iter().for_each(|it| take([&it.flags, &it.without]));
    version.allowances.iter().for_each(|it| take([&it.flags, &it.without]));
    flags.sort_unstable();
    flags.dedup();
    flags
}

/// The bits of flags that [`flags`] found.
pub(super) fn mask(flags: &[String], some: &[String]) -> u32 {
    some.iter().fold(0, |mask, it| flags.binary_search(it).map_or(mask, |at| mask | 1 << at))
}
