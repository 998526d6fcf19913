//! Words and paths that may not stand in certain folders, each with what to use instead.

use crate::{
    code::{imports, lines},
    tree::Source,
};

/// The only files with `unsafe`; every block in them is proved by a comment (clippy checks that).
const UNSAFE_FILES: &[&str] = &[
    // One option of the allocator.
    "appliance/src/memory.rs",
];

/// Where neither a clock nor a file, socket or thread may be named: what a decision depends on comes in.
const PURE_FOLDERS: &[&str] = &["engine/shard/src/", "engine/sequencer/src/", "domains/"];

/// A path that pure code may not name, and what it does instead.
const PURE_BANS: &[(&str, &str)] = &[
    ("std::time::SystemTime", "the time comes in: `Cx::now_us`, or the caller's `now_us`"),
    ("std::time::Instant", "the time comes in: `Cx::now_us`, or the caller's `now_us`"),
    ("std::fs", "files belong to storage/disk and to the program that calls"),
    ("std::net", "sockets belong to net/*"),
    ("std::thread::spawn", "threads belong to engine/runtime"),
    (
        "std::thread::sleep",
        "waiting belongs to engine/runtime: keep what waits and be called again",
    ),
    ("std::thread::Builder", "threads belong to engine/runtime"),
    ("std::thread::current", "threads belong to engine/runtime"),
    ("std::thread::scope", "threads belong to engine/runtime"),
    (
        "std::collections::HashMap",
        "its order differs from run to run: `BTreeMap` or a sorted `Vec`",
    ),
    (
        "std::collections::HashSet",
        "its order differs from run to run: `BTreeSet` or a sorted `Vec`",
    ),
    ("jiff::Timestamp::now", "the time comes in: `Cx::now_us`"),
    ("jiff::Zoned::now", "the time comes in: `Cx::now_us`"),
];

/// A word that pure code may not use, however it was imported.
const PURE_WORDS: &[(&str, &str)] = &[
    ("HashMap", "its order differs from run to run: `BTreeMap` or a sorted `Vec`"),
    ("HashSet", "its order differs from run to run: `BTreeSet` or a sorted `Vec`"),
    ("SystemTime", "the time comes in: `Cx::now_us`, or the caller's `now_us`"),
];

/// A text that no code may hold, and what to write instead.
const BANS: &[(&str, &str)] = &[
    (".unwrap()", "`expect(\"why it holds\")`, or hand the error on"),
    ("todo!(", "finish it, or leave it out"),
    ("unimplemented!(", "finish it, or leave it out"),
    ("dbg!(", "a `tracing` event, or nothing"),
];

/// The mark of what its writer did not want to leave so. In two parts, so that it is not found here.
const UNFINISHED: &str = concat!("FIX", "ME");

/// What is wrong with one source file.
pub fn complaints(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut complain = |line: usize, text: String| {
        found.push(format!("{}:{line}: {text}", source.path));
    };
    for (index, line) in source.text.lines().enumerate() {
        if line.contains(UNFINISHED) {
            let text = format!("{UNFINISHED}: fix it, or open an issue and say why it can wait");
            complain(index + 1, text);
        }
    }
    if source.path.ends_with("/mod.rs") {
        complain(1, "name the file after its module: `name.rs` beside the folder `name/`".into());
    }
    let lines = lines(&source.text);
    let pure = !source.is_test() && PURE_FOLDERS.iter().any(|it| source.path.starts_with(it));
    for (number, line) in &lines {
        for (text, instead) in BANS {
            let in_test = source.is_test() && *text == ".unwrap()";
            if line.contains(text) && !in_test {
                complain(*number, format!("`{text}`: {instead}"));
            }
        }
        let unsafe_here = words(line).any(|word| word == "unsafe");
        if unsafe_here && !UNSAFE_FILES.contains(&source.path.as_str()) {
            let text = "`unsafe`: find a safe way, or argue for a place in the list in tests/tidy";
            complain(*number, text.into());
        }
        if !pure {
            continue;
        }
        for (word, instead) in PURE_WORDS {
            if words(line).any(|it| it == *word) {
                complain(*number, format!("`{word}`: {instead}"));
            }
        }
        for (path, instead) in PURE_BANS {
            if line.contains(path) && !line.trim_start().starts_with("use ") {
                complain(*number, format!("`{path}`: {instead}"));
            }
        }
    }
    for (number, path) in imports(&lines) {
        if pure && path == "std::thread" {
            complain(number, "`std::thread`: threads belong to engine/runtime".into());
        }
        for (banned, instead) in PURE_BANS {
            if pure && (path == *banned || path.starts_with(&format!("{banned}::"))) {
                complain(number, format!("`{banned}`: {instead}"));
            }
        }
        let exported = lines[number - 1].1.trim_start().starts_with("pub");
        if exported && path.ends_with("::*") {
            complain(number, format!("`pub use {path}`: name what is exported"));
        }
    }
    found
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|char: char| !char.is_alphanumeric() && char != '_').filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        complaints(&Source { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_ban_names_the_place_and_the_replacement() {
        let found = check("net/rpc/src/door.rs", "fn a() {\n    b().unwrap();\n}");
        assert_eq!(
            found,
            [
                "net/rpc/src/door.rs:2: `.unwrap()`: `expect(\"why it holds\")`, or hand the error on"
            ]
        );
    }

    #[test]
    fn each_rule_can_fail_and_each_has_its_place() {
        let rows = [
            ("net/rpc/src/a.rs", "todo!()", 1),
            ("net/rpc/src/a.rs", "unimplemented!()", 1),
            ("net/rpc/src/a.rs", "dbg!(1)", 1),
            ("net/rpc/src/a.rs", concat!("// FIX", "ME later"), 1),
            ("net/rpc/src/a.rs", "unsafe { x() }", 1),
            ("appliance/src/memory.rs", "unsafe { x() }", 0),
            ("net/rpc/src/a.rs", "pub use crate::b::*;", 1),
            ("net/rpc/src/a.rs", "use crate::b::*;", 0),
            ("net/rpc/src/a/mod.rs", "", 1),
            ("net/rpc/tests/a.rs", "a.unwrap();", 0),
            ("net/rpc/src/a.rs", "use std::time::Instant;", 0),
            ("engine/shard/src/a.rs", "use std::time::{Duration, Instant};", 1),
            ("engine/shard/src/a.rs", "use std::{fmt, fs};", 1),
            ("engine/shard/src/a.rs", "let now = std::time::SystemTime::now();", 2),
            ("engine/shard/src/a.rs", "fn a() -> std::thread::Result<()> {}", 0),
            ("engine/sequencer/src/lib.rs", "use std::sync::Mutex;", 0),
            ("engine/sequencer/src/lib.rs", "use std::thread;", 1),
            ("domains/rates/src/a.rs", "use std::net::TcpStream;", 1),
            ("domains/rates/src/a.rs", "struct Instant;", 0),
            ("domains/rates/src/a.rs", "// HashMap\n#[cfg(test)]\nuse std::fs;", 0),
            ("domains/rates/tests/a.rs", "use std::fs;", 0),
        ];
        for (path, text, expected) in rows {
            let found = check(path, text);
            assert_eq!(found.len(), expected, "{path}: {text}: {found:?}");
        }
        let map = check("domains/rates/src/a.rs", "use std::collections::HashMap;");
        assert!(map.iter().all(|it| it.contains("BTreeMap")) && !map.is_empty(), "{map:?}");
    }
}
