//! Nothing that a domain declares is left half done.

use coverage::{Folder, file_complaints, operation_complaints, refusal_complaints};

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn folder(name: &str) -> Folder {
    Folder::of_domain(name).expect("a domain's folder is named like the domain")
}

#[test]
fn every_operation_is_declared_whole() {
    let operations = registry::ALL
        .iter()
        .flat_map(|entry| entry.operations.iter().map(|operation| (entry.name, operation)));
    assert_none(&operation_complaints(operations));
}

#[test]
fn every_refusal_is_explained_and_tried() {
    let complaints = registry::ALL
        .iter()
        .flat_map(|entry| refusal_complaints(entry.refusals, &folder(entry.name)));
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn every_file_is_in_its_place() {
    let complaints =
        registry::ALL.iter().flat_map(|entry| file_complaints(entry, &folder(entry.name)));
    assert_none(&complaints.collect::<Vec<_>>());
}
