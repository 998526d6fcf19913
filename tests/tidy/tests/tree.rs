//! The house rules over the whole tree.

use tidy::{
    Manifest, Tree, ban_complaints, layer_complaints, length_complaints, manifest_complaints,
    top_level_complaints,
};

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn manifests() -> Vec<Manifest> {
    let manifests = Tree::own().manifests().expect("the tree can be read");
    let parse = |(folder, text): &(String, String)| Manifest::parse(folder, text);
    manifests.iter().map(parse).collect::<Result<_, _>>().expect("cargo reads them too")
}

#[test]
fn nothing_new_stands_at_the_top_level() {
    let tree = Tree::own();
    assert_none(&top_level_complaints(
        &tree.top_level().unwrap(),
        &tree.read(".gitignore").unwrap(),
    ));
}

#[test]
fn crates_inherit_lints_and_versions() {
    let complaints: Vec<_> = manifests().iter().flat_map(manifest_complaints).collect();
    assert_none(&complaints);
}

#[test]
fn layers_point_down() {
    assert_none(&layer_complaints(&manifests()));
}

#[test]
fn files_are_short() {
    let sources = Tree::own().sources().unwrap();
    let complaints: Vec<_> = sources.iter().flat_map(length_complaints).collect();
    assert_none(&complaints);
}

#[test]
fn nothing_banned_is_used() {
    let sources = Tree::own().sources().unwrap();
    let complaints: Vec<_> = sources.iter().flat_map(ban_complaints).collect();
    assert_none(&complaints);
}
