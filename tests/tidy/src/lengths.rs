//! How long a file may be.

use crate::tree::Source;

/// Beyond this a file needs a place in the list below.
const LINES_MAX: usize = 600;
/// Beyond this no file may go.
const LINES_HARD_MAX: usize = 1000;
/// A `lib.rs` is a table of contents.
const LIB_LINES_MAX: usize = 100;

/// Files over [`LINES_MAX`], and why. This list may only get shorter.
const LONG_FILES: &[(&str, &str)] = &[];
/// `lib.rs` files over [`LIB_LINES_MAX`], and why.
const LONG_LIBS: &[(&str, &str)] =
    &[("engine/sequencer/src/lib.rs", "the crate is one structure under one lock")];

/// What is too long about one source file.
pub fn complaints(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let path = &source.path;
    let listed = |list: &[(&str, &str)]| list.iter().any(|(file, _)| file == path);
    let mut found = Vec::new();
    if lines > LINES_HARD_MAX {
        found.push(format!("{path}: {lines} lines; no file may have more than {LINES_HARD_MAX}"));
    } else if lines > LINES_MAX && !listed(LONG_FILES) {
        found.push(format!("{path}: {lines} lines; split it along its concerns at {LINES_MAX}"));
    }
    if path.ends_with("/src/lib.rs") && lines > LIB_LINES_MAX && !listed(LONG_LIBS) {
        found.push(format!(
            "{path}: {lines} lines; a lib.rs is a doc comment, `mod`s and `pub use`s: move the rest \
             into modules"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, lines: usize) -> usize {
        complaints(&Source { path: path.to_owned(), text: "x\n".repeat(lines) }).len()
    }

    #[test]
    fn the_limits_are_where_they_say() {
        assert_eq!((count("a/src/b.rs", 600), count("a/src/b.rs", 601)), (0, 1));
        assert_eq!((count("a/src/lib.rs", 100), count("a/src/lib.rs", 101)), (0, 1));
        assert_eq!(count("engine/sequencer/src/lib.rs", 400), 0);
        assert_eq!(count("engine/sequencer/src/lib.rs", 1001), 1);
    }
}
