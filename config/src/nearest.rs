//! The known name that a mistyped one most likely meant.

/// The candidate with the fewest edits to `name`; the first of several. Empty without candidates.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> &'a str {
    candidates.min_by_key(|candidate| edits(name, candidate)).unwrap_or_default()
}

/// Levenshtein's distance in bytes, one row at a time.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, from) in left.bytes().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, to) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (left, right, count) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("listen", "lisen", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(left, right), count, "{left} {right}");
        }
    }

    #[test]
    fn the_nearest_wins() {
        assert_eq!(nearest("htp.listen", ["rpc.listen", "http.listen"].into_iter()), "http.listen");
    }
}
