//! The files that every domain has: read one domain and you know them all.

use contract::{Entry, Kind};

use crate::{Folder, folder::NoTables};

/// What the folder of a domain lacks.
pub fn complaints(entry: &Entry, folder: &Folder) -> Vec<String> {
    let place = &folder.place;
    let mut wanted: Vec<(String, String)> = vec![(
        "src/lib.rs".into(),
        "the `domain!` block and the refusals; copy another domain's".into(),
    )];
    if !entry.records.is_empty() {
        wanted.push(("src/records.rs".into(), "the records".into()));
    }
    if !entry.events.is_empty() {
        wanted.push(("src/events.rs".into(), "the events and how each is applied".into()));
    }
    let is_query = |kind: Kind| kind == Kind::Query;
    if entry.operations.iter().any(|it| is_query(it.kind())) {
        wanted.push(("src/queries.rs".into(), "the queries".into()));
    }
    for operation in entry.operations.iter().filter(|it| !is_query(it.kind())) {
        let name = operation.shape.name;
        let command = name.rsplit('.').next().unwrap_or(name).replace('-', "_");
        wanted.push((format!("src/{command}.rs"), format!("the command `{name}`")));
    }
    let records = entry.records.iter().map(|it| (it.name, it.version));
    let events = entry.events.iter().map(|it| (it.name, it.version));
    for (name, version) in records.chain(events) {
        let bytes = format!("the bytes of {name} in version {version}, as released, for ever");
        wanted.push((golden(name, version), bytes));
    }
    let missing = wanted.into_iter().filter(|(path, _)| !folder.files.contains_key(path));
    let mut found: Vec<_> =
        missing.map(|(path, what)| format!("{place}/{path} is missing: {what}")).collect();
    found.extend(golden_complaints(entry, folder));
    found
}

/// Where the golden bytes of a type stand.
fn golden(name: &str, version: u16) -> String {
    format!("golden/{}_{version}.bin", snake(name))
}

/// Golden bytes of events must still read; those of records are read by the domain's own test, which
/// knows the types.
fn golden_complaints(entry: &Entry, folder: &Folder) -> Vec<String> {
    let place = &folder.place;
    let tests = folder.test_code();
    let mut found = Vec::new();
    for event in entry.events {
        let path = golden(event.name, event.version);
        let Some(bytes) = folder.files.get(&path) else { continue };
        if !decodes(entry, event.code, event.version, bytes) {
            found.push(format!(
                "{place}/{path} does not read as {}: what was released must stay readable; restore \
                 the type, or raise its version and write an upgrade",
                event.name
            ));
        }
    }
    for record in entry.records {
        let path = golden(record.name, record.version);
        let stem = format!("{}_{}", snake(record.name), record.version);
        if folder.files.contains_key(&path) && !tests.contains(&format!("\"{stem}\"")) {
            found.push(format!("{place}/tests: no test reads {path}; decode it and compare"));
        }
    }
    found
}

/// Whether the bytes are an archive of the event. Applying it may ask for records that are not there,
/// which is no concern here.
fn decodes(entry: &Entry, code: u16, version: u16, bytes: &[u8]) -> bool {
    let tables = NoTables;
    let mut changes = Vec::new();
    let mut staging = contract::Staging::new(&tables, &mut changes);
    (entry.replay)(&mut staging, contract::Tenant(1), code, version, bytes)
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for char in name.chars() {
        if char.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(char.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use contract::DomainId;

    use super::*;

    #[test]
    fn an_empty_folder_lacks_everything_by_name() {
        let entry = registry::find(DomainId(2)).expect("rates is listed");
        let folder = Folder { place: "domains/rates".to_owned(), ..Folder::default() };
        let found = complaints(entry, &folder).join("\n");
        for expected in ["src/lib.rs", "src/events.rs", "src/publish_award.rs", "_1.bin is missing"]
        {
            assert!(found.contains(expected), "{expected}: {found}");
        }
    }

    #[test]
    fn a_golden_file_that_no_longer_reads_is_found() {
        let entry = registry::find(DomainId(2)).expect("rates is listed");
        let mut folder = Folder::of_domain(entry.name).unwrap();
        let path = golden(entry.events[0].name, entry.events[0].version);
        folder.files.insert(path, vec![1, 2, 3]);
        let found = complaints(entry, &folder);
        assert!(found.len() == 1 && found[0].contains("does not read"), "{found:?}");
    }

    #[test]
    fn a_type_gives_its_file() {
        assert_eq!(golden("AwardVersion", 2), "golden/award_version_2.bin");
    }
}
