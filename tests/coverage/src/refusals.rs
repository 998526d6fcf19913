//! Every refusal is explained and tried.

use contract::RefusalShape;

use crate::Folder;

/// What a domain's refusals lack.
pub fn complaints(refusals: &[RefusalShape], folder: &Folder) -> Vec<String> {
    let place = &folder.place;
    let tests = folder.test_code();
    let mut found = Vec::new();
    for RefusalShape { name, detail, .. } in refusals {
        if !detail.ends_with('.') {
            found.push(format!(
                "{place}, refusal {name}: its doc comment is the sentence a caller reads, and ends \
                 with a full stop"
            ));
        }
        if !is_named(&tests, name) {
            found.push(format!(
                "{place}/tests: no test provokes the refusal {name}; add one that expects \"{name}\" \
                 or `Refusal::{name}`"
            ));
        }
    }
    found
}

fn is_named(tests: &str, name: &str) -> bool {
    let whole = |rest: &str| !rest.starts_with(|char: char| char.is_alphanumeric() || char == '_');
    let path = format!("Refusal::{name}");
    tests.contains(&format!("\"{name}\"")) || tests.split(&path).skip(1).any(whole)
}

#[cfg(test)]
mod tests {
    use contract::RefusalClass;

    use super::*;

    fn check(detail: &'static str, path: &str, code: &str) -> Vec<String> {
        let mut folder = Folder { place: "domains/x".to_owned(), ..Folder::default() };
        folder.files.insert(path.to_owned(), code.as_bytes().to_vec());
        let class = RefusalClass::Invalid;
        complaints(&[RefusalShape { code: 1, name: "TooLate", class, detail }], &folder)
    }

    #[test]
    fn a_refusal_is_tried_in_test_code() {
        let rows = [
            ("tests/x.rs", "assert(\"TooLate\")", 0),
            ("tests/x.rs", "Refusal::TooLate)", 0),
            ("tests/x.rs", "Refusal::TooLateByFar)", 1),
            ("src/place.rs", "Err(Refusal::TooLate)", 1),
            ("src/place.rs", "#[cfg(test)]\nRefusal::TooLate", 0),
            ("README.md", "\"TooLate\"", 1),
        ];
        for (path, code, expected) in rows {
            assert_eq!(check("It is late.", path, code).len(), expected, "{path}: {code}");
        }
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let found = check("it is late", "tests/x.rs", "\"TooLate\"");
        assert!(found.len() == 1 && found[0].contains("full stop"), "{found:?}");
    }
}
