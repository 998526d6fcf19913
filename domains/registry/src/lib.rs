//! Every domain of the appliance, in one list. A domain that is not here does not exist.

use contract::{DomainId, Entry, Operation};

/// Every domain, by name.
pub const ALL: &[Entry] =
    &[fairwork::ENTRY, identity::ENTRY, limits::ENTRY, pricing::ENTRY, rates::ENTRY];

const _: () = assert_numbers_and_names_unique(ALL);

/// The domain with this number.
pub fn find(id: DomainId) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.id == id)
}

/// The operation with this name, such as `rates.quote`, and its number on the wire.
pub fn operation(name: &str) -> Option<(u32, &'static Operation)> {
    ALL.iter().find_map(|entry| {
        let operation = entry.operations.iter().find(|it| it.shape.name == name)?;
        Some((operation.number(entry.id), operation))
    })
}

/// Fails the build, not the start: numbers and names stand in logs, stores and on wires. The engine
/// keeps rows of its own under the highest number.
const fn assert_numbers_and_names_unique(entries: &[Entry]) {
    let mut i = 0;
    while i < entries.len() {
        assert!(entries[i].id.0 != 0 && entries[i].id.0 != u16::MAX, "a reserved domain number");
        if i > 0 {
            let order = before(entries[i - 1].name.as_bytes(), entries[i].name.as_bytes());
            assert!(order, "domains stand in the order of their names, each once");
        }
        let mut j = i + 1;
        while j < entries.len() {
            assert!(entries[i].id.0 != entries[j].id.0, "two domains share a number");
            j += 1;
        }
        i += 1;
    }
}

const fn before(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_name_and_number() {
        for entry in ALL {
            for operation in entry.operations {
                let (number, found) = operation_named(operation.shape.name);
                assert_eq!(number, operation.number(entry.id));
                assert_eq!(found.code, operation.code);
            }
            assert_eq!(find(entry.id).map(|it| it.name), Some(entry.name));
        }
        assert!(operation("rates.unheard_of").is_none());
    }

    fn operation_named(name: &str) -> (u32, &'static Operation) {
        operation(name).expect("it is listed")
    }

    #[test]
    fn names_are_ordered_strictly() {
        assert!(before(b"audit", b"rates"));
        assert!(!before(b"rates", b"rates"));
        assert!(before(b"rate", b"rates"));
    }
}
