//! A box, the import command, and the mirror read over HTTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use process::{Link, Server, run};
use serde_json::Value;
use tempfile::TempDir;

/// A box of the test's own. Killed when it is dropped.
pub(crate) struct TestBox {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl TestBox {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        // One pack is enough, and says what becomes of an award that has one.
        let reference = folder.path().join("reference");
        fs::create_dir_all(reference.join("packs")).unwrap();
        let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/reference");
        for file in ["holidays.toml", "packs/MA000004.toml"] {
            fs::copy(known.join(file), reference.join(file)).unwrap();
        }
        let (status, out, error) = run(&[
            "init",
            "--data",
            data.to_str().unwrap(),
            "--packs",
            reference.to_str().unwrap(),
        ]);
        assert!(status.success(), "{out} {error}");
        let server = Server::start(&data, 2, &[]).unwrap();
        Self { server, folder }
    }

    /// The file of the administrator's API key.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("data/admin.key")
    }

    /// Writes a file for the import.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs `quoin import ARGUMENTS` against the box.
    pub(crate) fn import(&self, arguments: &[&str]) -> Import {
        let rpc = self.server.rpc();
        let mut all = vec!["import"];
        all.extend(arguments);
        all.extend(["--rpc", &rpc]);
        let (status, out, error) = run(&all);
        Import { is_good: status.success(), out, error }
    }

    /// Every result of a list of the mirror, page by page.
    pub(crate) fn mirror(&self, list: &str) -> Vec<Value> {
        let mut link = Link::plain(self.server.http());
        let mut results = Vec::new();
        for page in 1.. {
            let request = format!("GET /api/v1/{list}?page={page}&limit=100");
            let (head, body) = link.ask(&request);
            assert!(head.starts_with("http/1.1 200"), "{request}: {head}");
            let body: Value = serde_json::from_slice(&body).unwrap();
            results.extend(body["results"].as_array().unwrap().iter().cloned());
            if body["_meta"]["has_more_results"] == false {
                break;
            }
        }
        results
    }

    /// The hourly rate of ordinary hours, as a quote of one 4-hour shift on a Monday says.
    pub(crate) fn hour(&self, award: &str, classification: &str, employment: &str) -> String {
        let (status, out, error) = run(&[
            "quote",
            "--rpc",
            &self.server.rpc(),
            "--award",
            award,
            "--classification",
            classification,
            "--employment",
            employment,
            "--state",
            "NSW",
            "--pay-period-start",
            "2025-07-07",
            "--shift",
            "2025-07-07T09:00/2025-07-07T13:00",
            "--json",
        ]);
        assert!(status.success(), "{award} {classification}: {error}");
        let reply: Value = serde_json::from_str(&out).unwrap();
        reply["lines"][0]["rate"].as_str().unwrap().to_owned()
    }
}

/// What an import came to.
pub(crate) struct Import {
    pub(crate) is_good: bool,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Import {
    /// The report of `--json`.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|it| panic!("{it}: {} {}", self.out, self.error))
    }
}

/// The Commission's own exports, if they are there: in `QUOIN_FWC_DATA`, else beside the workspace.
pub(crate) fn exports() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("QUOIN_FWC_DATA")
        .map_or_else(|| workspace.join("../shared/data/fwc"), PathBuf::from);
    let has = folder.join("classification-2025.csv").exists();
    if !has {
        eprintln!("skipped: {} is not there", folder.display());
    }
    has.then_some(folder)
}

/// A row as the mirror gives it: days alone, texts without blanks at their ends.
pub(crate) fn plain(row: &Value) -> Value {
    let mut row = row.clone();
    for (name, value) in row.as_object_mut().into_iter().flatten() {
        if let Some(text) = value.as_str() {
            let text = if name.ends_with("datetime") { text } else { text.trim() };
            *value = Value::String(text.to_owned());
        }
    }
    row
}

/// A Python with this module: the one that `CONFORMANCE_PYTHON` names, else `python3`.
pub(crate) fn python(module: &str) -> Option<String> {
    let python = std::env::var("CONFORMANCE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    let has = has.is_ok_and(|it| it.status.success());
    if !has {
        eprintln!("skipped: `{python} -c 'import {module}'` fails here");
    }
    has.then_some(python)
}
