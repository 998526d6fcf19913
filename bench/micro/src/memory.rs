//! What compiled awards take up in memory, as the kernel counts it: many copies are compiled and kept,
//! so that a page more or less does not matter and what the allocator adds is in the figure.

use std::fs;

use rates::rules::award::{AwardVersion, Employment};
use rates::rules::compile::VersionTables;
use serde_json::json;

use crate::reference;

/// Copies of every version.
const COPIES: usize = 32;

/// One award's versions, compiled.
struct Row {
    award: &'static str,
    versions: usize,
    /// Classifications under each kind of employment that they are offered for.
    tables: usize,
    /// Of all versions.
    bytes: u64,
}

impl Row {
    fn measure(award: &'static str, text: &str, kept: &mut Vec<VersionTables>) -> Self {
        let versions = reference::pack(award, text).versions(award).expect("a shipped pack");
        let compiled = |version: &AwardVersion| {
            VersionTables::compile(version).expect("a shipped version compiles")
        };
        let tables = versions.iter().map(|it| tables(&compiled(it))).sum();
        // The first copy takes the pages that compiling itself needs.
        kept.extend(versions.iter().map(compiled));
        kept.reserve(COPIES * versions.len());
        let before = resident_bytes();
        for _ in 0..COPIES {
            kept.extend(versions.iter().map(compiled));
        }
        let bytes = resident_bytes().saturating_sub(before) / COPIES as u64;
        Self { award, versions: versions.len(), tables, bytes }
    }

    fn per_version(&self) -> u64 {
        self.bytes / self.versions.max(1) as u64
    }

    fn per_table(&self) -> u64 {
        self.bytes / self.tables.max(1) as u64
    }
}

fn tables(version: &VersionTables) -> usize {
    let of = |position: usize| {
        Employment::ALL.iter().filter(|it| !version.rates(position, **it).is_empty()).count()
    };
    (0..version.classifications.len()).map(of).sum()
}

/// Memory of this process that the kernel has given pages for.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).expect("Linux tells it");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>();
    kilobytes.expect("a number of kilobytes") * 1024
}

/// Prints the memory of every shipped pack.
pub(crate) fn print(is_json: bool) {
    let mut kept = Vec::new();
    let rows: Vec<Row> = reference::PACKS
        .into_iter()
        .map(|(award, text)| Row::measure(award, text, &mut kept))
        .collect();
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let all = Row {
        award: "all packs",
        versions: rows.iter().map(|it| it.versions).sum(),
        tables: rows.iter().map(|it| it.tables).sum(),
        bytes: sum(|it| it.bytes),
    };
    if is_json {
        let rows: Vec<_> = rows
            .iter()
            .chain([&all])
            .map(|it| {
                json!({"award": it.award, "versions": it.versions, "tables": it.tables,
                    "bytes": it.bytes})
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows).expect("figures are plain data"));
        return;
    }
    println!(
        "{:<12}{:>10}{:>10}{:>14}{:>16}{:>14}",
        "bytes", "versions", "tables", "in all", "each version", "each table"
    );
    for it in rows.iter().chain([&all]) {
        let (each, table) = (it.per_version(), it.per_table());
        println!(
            "{:<12}{:>10}{:>10}{:>14}{each:>16}{table:>14}",
            it.award, it.versions, it.tables, it.bytes
        );
    }
}
