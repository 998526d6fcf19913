//! One crate's `Cargo.toml`.

use toml_edit::{DocumentMut, Item};

/// What the rules ask of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The crate's folder, such as `engine/shard`.
    pub folder: String,
    /// The crate's name.
    pub name: String,
    /// What it needs to run.
    pub dependencies: Vec<String>,
    /// What only its tests need.
    pub dev_dependencies: Vec<String>,
    /// Whether it inherits the workspace's lints.
    pub inherits_lints: bool,
    /// Dependencies that name their own version or path.
    pub own_versions: Vec<String>,
}

impl Manifest {
    /// Reads the text of `folder`'s manifest.
    pub fn parse(folder: &str, text: &str) -> Result<Self, String> {
        let document: DocumentMut =
            text.parse().map_err(|error| format!("{folder}/Cargo.toml: {error}"))?;
        let item =
            |path: &[&str]| path.iter().try_fold(document.as_item(), |item, key| item.get(key));
        let mut own_versions = Vec::new();
        let mut names = |table: &str| {
            let entries = item(&[table]).and_then(Item::as_table_like);
            let entries = entries.into_iter().flat_map(|table| table.iter());
            let mut names = Vec::new();
            for (name, value) in entries {
                names.push(name.to_owned());
                let inherited = value.get("workspace").and_then(Item::as_bool);
                if inherited != Some(true) {
                    own_versions.push(name.to_owned());
                }
            }
            names
        };
        let dependencies = [names("dependencies"), names("build-dependencies")].concat();
        let dev_dependencies = names("dev-dependencies");
        let name = item(&["package", "name"]).and_then(Item::as_str).unwrap_or_default();
        let lints = item(&["lints", "workspace"]).and_then(Item::as_bool);
        Ok(Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            dependencies,
            dev_dependencies,
            inherits_lints: lints == Some(true),
            own_versions,
        })
    }
}

/// What is wrong with one manifest by itself.
pub fn complaints(manifest: &Manifest) -> Vec<String> {
    let Manifest { folder, name, .. } = manifest;
    let mut found = Vec::new();
    if !manifest.inherits_lints {
        found.push(format!("{folder}/Cargo.toml: add `[lints]` with `workspace = true`"));
    }
    for dependency in &manifest.own_versions {
        found.push(format!(
            "{folder}/Cargo.toml: write `{dependency}.workspace = true`; versions stand once, with \
             their reason, in the workspace's Cargo.toml"
        ));
    }
    if folder.rsplit('/').next() != Some(name) {
        found.push(format!("{folder}/Cargo.toml: the crate `{name}` is named like its folder"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"shard\"\n[lints]\nworkspace = true\n[dependencies]\n\
                        a.workspace = true\nb = { workspace = true, features = [\"x\"] }\n\
                        [dev-dependencies]\nc.workspace = true\n";

    #[test]
    fn a_good_manifest_is_read_and_passes() {
        let manifest = Manifest::parse("engine/shard", GOOD).unwrap();
        assert_eq!(manifest.dependencies, ["a", "b"]);
        assert_eq!(manifest.dev_dependencies, ["c"]);
        assert_eq!(complaints(&manifest), Vec::<String>::new());
    }

    #[test]
    fn each_rule_can_fail() {
        let text = GOOD.replace("a.workspace = true", "a = \"1\"").replace("[lints]", "[other]");
        let found = complaints(&Manifest::parse("engine/core", &text).unwrap());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].contains("`a.workspace = true`"), "{found:?}");
        assert!(Manifest::parse("engine/shard", "[package").is_err());
    }
}
