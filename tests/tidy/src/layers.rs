//! Who may name whom: downward only.

use crate::Manifest;

/// Every crate below the programs and what it may depend on, of our own. A crate that is not here may
/// not be built: add it with its reason, and only edges that point down.
const EDGES: &[(&str, &[&str])] = &[
    // Meaning. `contract` names no engine; a domain names no other domain.
    ("values", &[]),
    ("contract", &[]),
    ("registry", &["contract", "values", DOMAINS]),
    // What tests of domains share. It runs whichever domain its caller hands in, and names none.
    ("fixture", &["contract"]),
    // Bytes that survive.
    ("frame", &[]),
    ("disk", &[]),
    ("segments", &["disk", "frame"]),
    ("stores", &["contract", "disk", "frame"]),
    // Order and decisions. Only the runtime knows devices.
    ("sequencer", &["frame"]),
    ("shard", &["contract", "frame", "sequencer"]),
    (
        "runtime",
        &["contract", "disk", "frame", "registry", "segments", "sequencer", "shard", "stores"],
    ),
    // Doors. They know positions (`frame::Lsn`), not the storage that they are positions of.
    ("wire", &[]),
    ("client", &["quic", "tls", "wire"]),
    ("limiter", &[]),
    ("tls", &[]),
    ("credentials", &[]),
    ("telemetry", &[]),
    (
        "gateway",
        &[
            "contract",
            "credentials",
            "frame",
            "identity",
            "limiter",
            "limits",
            "runtime",
            "shard",
            "telemetry",
            "tls",
            "wire",
        ],
    ),
    ("quic", &[]),
    ("rpc", &["contract", "frame", "gateway", "quic", "runtime", "shard", "tls", "wire"]),
    ("web", &["contract", "frame", "gateway", "runtime", "shard", "tls", "wire"]),
    ("config", &["values"]),
];

/// Stands for every domain.
const DOMAINS: &str = "domains/*";
/// What a domain may name.
const DOMAIN_EDGES: &[&str] = &["contract", "values"];
/// What tests of a domain may name besides.
const DOMAIN_TEST_EDGES: &[&str] = &["fixture"];
/// Folders of programs: they name what they need, but nobody names them.
const PROGRAM_FOLDERS: &[&str] = &["appliance", "bench/", "tests/"];
/// Programs that other programs may name: `quoin bench` is the load generator and what it stands beside,
/// `process` starts boxes.
const SHARED_PROGRAMS: &[&str] = &["load", "compare", "process"];
/// Storage that a door may not name.
const STORAGE: &[&str] = &["disk", "segments", "stores"];

/// Every edge that does not point down.
pub fn complaints(manifests: &[Manifest]) -> Vec<String> {
    let mut found = Vec::new();
    for manifest in manifests {
        let Manifest { folder, name, .. } = manifest;
        let program = is_program(folder);
        let allowed = if is_domain(manifest) {
            Some(DOMAIN_EDGES)
        } else {
            EDGES.iter().find(|(of, _)| of == name).map(|(_, edges)| *edges)
        };
        if !program && allowed.is_none() {
            found.push(format!("{folder}: give `{name}` its layer in tests/tidy/src/layers.rs"));
            continue;
        }
        for dependency in &manifest.dependencies {
            let Some(target) = manifests.iter().find(|it| it.name == *dependency) else { continue };
            if program && allowed.is_none() && !is_program(&target.folder) {
                continue;
            }
            let named = allowed.unwrap_or(SHARED_PROGRAMS).contains(&dependency.as_str());
            let as_domain = is_domain(target) && allowed.is_some_and(|it| it.contains(&DOMAINS));
            if !named && !as_domain {
                found.push(complaint(manifest, target));
            }
        }
        for dependency in manifest.dev_dependencies.iter().filter(|_| is_domain(manifest)) {
            let target = manifests.iter().find(|it| it.name == *dependency);
            let named = [DOMAIN_EDGES, DOMAIN_TEST_EDGES].concat().contains(&dependency.as_str());
            if let Some(target) = target.filter(|_| !named) {
                found.push(complaint(manifest, target));
            }
        }
    }
    found
}

fn complaint(from: &Manifest, to: &Manifest) -> String {
    let (folder, target) = (&from.folder, &to.folder);
    let instead = if is_domain(from) && is_domain(to) {
        "a domain names no other domain: what changes both is a flow"
    } else if folder.starts_with("net/") && STORAGE.contains(&to.name.as_str()) {
        "a door asks engine/runtime, never storage"
    } else if is_program(target) {
        "nobody names a program"
    } else {
        "layers point down: move what you need below both, or hand it in"
    };
    format!("{folder} depends on {target}: {instead}")
}

fn is_program(folder: &str) -> bool {
    PROGRAM_FOLDERS.iter().any(|it| folder == *it || (it.ends_with('/') && folder.starts_with(it)))
}

fn is_domain(manifest: &Manifest) -> bool {
    let own = ["contract", "registry", "values"].contains(&manifest.name.as_str());
    manifest.folder.starts_with("domains/") && !own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(folder: &str, dependencies: &[&str]) -> Manifest {
        Manifest {
            folder: folder.to_owned(),
            name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
            dependencies: dependencies.iter().map(|it| (*it).to_owned()).collect(),
            dev_dependencies: Vec::new(),
            inherits_lints: true,
            own_versions: Vec::new(),
        }
    }

    #[test]
    fn edges_that_do_not_point_down_are_found() {
        let rows: [(&str, &[&str], &str); 12] = [
            ("domains/rates", &["orders"], "a flow"),
            ("domains/rates", &["shard"], "layers point down"),
            ("domains/contract", &["frame"], "layers point down"),
            ("net/rpc", &["segments"], "never storage"),
            ("engine/shard", &["disk"], "layers point down"),
            ("storage/frame", &["contract"], "layers point down"),
            ("engine/runtime", &["load"], "nobody names a program"),
            ("tests/tidy", &["simulation"], "nobody names a program"),
            ("tests/fixture", &["orders"], "layers point down"),
            ("tests/fixture", &["shard"], "layers point down"),
            ("domains/rates", &["fixture"], "nobody names a program"),
            ("engine/routing", &[], "give `routing` its layer"),
        ];
        for (folder, dependencies, expected) in rows {
            let mut all = vec![krate(folder, dependencies)];
            let others = [
                "domains/orders",
                "engine/shard",
                "storage/frame",
                "storage/segments",
                "storage/disk",
                "domains/contract",
                "bench/load",
                "tests/simulation",
                "tests/fixture",
            ];
            all.extend(others.iter().filter(|it| **it != folder).map(|it| krate(it, &[])));
            let found = complaints(&all);
            assert_eq!(found.len(), 1, "{folder}: {found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }

    #[test]
    fn tests_of_a_domain_name_the_fixture_and_nothing_else_of_ours() {
        let others = ["domains/orders", "domains/contract", "tests/fixture", "engine/shard"];
        for (named, complaints_count) in
            [("fixture", 0), ("contract", 0), ("proptest", 0), ("orders", 1), ("shard", 1)]
        {
            let mut all: Vec<_> = others.iter().map(|it| krate(it, &[])).collect();
            let dev_dependencies = vec![named.to_owned()];
            all.push(Manifest { dev_dependencies, ..krate("domains/rates", &[]) });
            assert_eq!(complaints(&all).len(), complaints_count, "{named}");
        }
    }

    #[test]
    fn edges_that_point_down_pass() {
        let all = [
            krate("domains/orders", &["contract", "values", "serde"]),
            krate("domains/contract", &["rkyv"]),
            krate("domains/values", &[]),
            krate("domains/registry", &["orders", "contract"]),
            krate("appliance", &["orders", "load", "registry"]),
            krate("bench/load", &["contract"]),
            krate("tests/fixture", &["contract", "serde_json"]),
        ];
        assert_eq!(complaints(&all), Vec::<String>::new());
    }
}
