//! Precedence of the layers, and every refusal with its message.

use std::fs;
use std::path::Path;
use std::time::Duration;

use config::{
    Access, Device, Flag, Format, Level, Loaded, Place, Sources, explain_json, explain_text,
    file_text, load,
};

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn from_file(directory: &Path, text: &str) -> Sources {
    let path = directory.join("c.toml");
    fs::write(&path, text).expect("a temporary directory is writable");
    Sources { file: Some(path), ..Sources::default() }
}

fn value<'a>(loaded: &'a Loaded, key: &str) -> (&'a toml::Value, &'a Place) {
    let setting = loaded.settings.iter().find(|it| it.key == key).expect("every key is a setting");
    (&setting.value, &setting.place)
}

/// A data directory that surely holds no quoin.toml.
fn empty(directory: &Path) -> Vec<(String, String)> {
    variables(&[("QUOIN_DATA__DIRECTORY", directory.to_str().expect("ASCII"))])
}

#[test]
fn the_defaults_are_a_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let sources = Sources { environment: empty(directory.path()), ..Sources::default() };
    let config = load(&sources).unwrap().config;
    assert!(config.cores.count >= 1, "0 has become the available cores");
    assert!(config.cores.pin);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.rpc.listen.to_string(), "127.0.0.1:9000");
    assert_eq!((config.rpc.tls_listen, config.rpc.quic), (None, true));
    assert_eq!(config.log.segment_bytes, 64 << 20);
    assert_eq!(config.log.device, Device::Plain);
    assert_eq!(config.checkpoint.interval, Duration::from_mins(1));
    assert_eq!((config.trace.level, config.trace.format), (Level::Info, Format::Text));
    assert_eq!((config.trace.access, config.telemetry.endpoint), (Access::Off, None));
}

#[test]
fn a_later_layer_wins() {
    let directory = tempfile::tempdir().unwrap();
    let file =
        "[cores]\ncount = 2\n[log]\nsegment_mib = 32\nspin_us = 7\n[trace]\nlevel = \"warn\"\n";
    let mut sources = from_file(directory.path(), file);
    sources.environment = variables(&[
        ("QUOIN_LOG__SEGMENT_MIB", "48"),
        ("QUOIN_CORES__COUNT", "3"),
        ("PATH", "/bin"),
    ]);
    sources.flags = vec![Flag { key: "cores.count", name: "--cores", text: "4".to_owned() }];
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.config.cores.count, 4);
    assert_eq!(loaded.config.log.segment_bytes, 48 << 20);
    assert_eq!(loaded.config.log.spin_us, 7);
    assert_eq!(loaded.config.trace.level, Level::Warn);
    assert_eq!(*value(&loaded, "cores.count").1, Place::Flag("--cores"));
    let variable = Place::Variable("QUOIN_LOG__SEGMENT_MIB".to_owned());
    assert_eq!(*value(&loaded, "log.segment_mib").1, variable);
    let path = directory.path().join("c.toml");
    assert_eq!(*value(&loaded, "log.spin_us").1, Place::File { path, line: 5 });
    assert_eq!(*value(&loaded, "log.device").1, Place::Default);
}

#[test]
fn the_data_directory_brings_its_own_file_unless_one_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("quoin.toml"), "[cores]\ncount = 5\n").unwrap();
    let data = directory.path().to_str().unwrap().to_owned();
    let flag = Flag { key: "data.directory", name: "--data", text: data };
    let sources = Sources { flags: vec![flag.clone()], ..Sources::default() };
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.config.cores.count, 5);
    assert_eq!(loaded.file, Some(directory.path().join("quoin.toml")));

    let mut named = from_file(directory.path(), "[cores]\ncount = 6\n");
    named.flags = vec![flag];
    assert_eq!(load(&named).unwrap().config.cores.count, 6);
}

#[test]
fn a_named_file_may_name_the_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let sources = from_file(directory.path(), "[data]\ndirectory = \"/srv/quoin\"\n");
    assert_eq!(load(&sources).unwrap().config.data, Path::new("/srv/quoin"));
}

#[test]
fn every_bad_file_is_refused_with_its_line() {
    for (text, expected) in [
        (
            "[http]\nlisen = \"127.0.0.1:1\"\n",
            "c.toml:2: unknown key `http.lisen`, did you mean `http.listen`?",
        ),
        ("cores = 3\n", "c.toml:1: unknown key `cores`, did you mean `cores.pin`?"),
        ("[cores]\n\ncount = \"3\"\n", "c.toml:3: `cores.count` must be a whole number, not \"3\""),
        ("[cores]\npin = 1\n", "c.toml:2: `cores.pin` must be true or false, not 1"),
        ("[trace]\nlevel = 3\n", "c.toml:2: `trace.level` must be a string in quotes, not 3"),
        ("[cores]\ncount = 257\n", "c.toml:2: `cores.count` must be 0 to 256 cores, not 257"),
        ("[cores]\ncount = -1\n", "c.toml:2: `cores.count` must be 0 to 256 cores, not -1"),
        ("[log]\nsegment_mib = 15\n", "c.toml:2: `log.segment_mib` must be 16 to 4096 MiB, not 15"),
        (
            "[rpc]\nhandshake_timeout_ms = 99\n",
            "c.toml:2: `rpc.handshake_timeout_ms` must be 100 to 600000 milliseconds, not 99",
        ),
        (
            "[log]\ndevice = \"floppy\"\n",
            "c.toml:2: `log.device` must be one of \"auto\", \"uring\", \"plain\", not \"floppy\"",
        ),
        (
            "[telemetry]\notlp_endpoint = \"127.0.0.1:4318\"\n",
            "c.toml:2: `telemetry.otlp_endpoint` must be the address of a collector such as http://127.0.0.1:4318",
        ),
        (
            "[telemetry]\nsample_per_million = 1000001\n",
            "c.toml:2: `telemetry.sample_per_million` must be 0 to 1000000 requests of a million, not 1000001",
        ),
        (
            "[trace]\naccess = \"some\"\n",
            "c.toml:2: `trace.access` must be one of \"off\", \"errors\", \"all\", not \"some\"",
        ),
        ("[data]\ndirectory = \"\"\n", "c.toml:2: `data.directory` must not be empty"),
        (
            "[cores]\ncount = 1.5\n",
            "c.toml:2: `cores.count` must be a whole number, not something else",
        ),
        ("[cors]\n", "c.toml:1: unknown key `cors`, did you mean `cores.pin`?"),
        ("[cores\n", "c.toml:1: "),
        ("[cores]\ncount = 1\ncount = 2\n", "c.toml:3: duplicate key"),
        (
            "[http]\nlisten = \"localhost:8080\"\n",
            "c.toml:2: `http.listen` must be an IP address and a port such as 127.0.0.1:8080, not \"localhost:8080\"",
        ),
        (
            "[http]\nlisten = \"0.0.0.0:8080\"\n",
            "c.toml:2: `http.listen` is 0.0.0.0:8080, which other machines could reach",
        ),
        (
            "[rpc]\nlisten = \"[::]:9000\"\n",
            "c.toml:2: `rpc.listen` is [::]:9000, which other machines",
        ),
        (
            "[rpc]\ntls_listen = \"localhost:9443\"\n",
            "c.toml:2: `rpc.tls_listen` must be an IP address and a port such as",
        ),
        (
            "[rpc]\ntls_listen = \"127.0.0.1:8443\"\n",
            "c.toml:2: `rpc.tls_listen` is 127.0.0.1:8443, which `https.listen` has taken",
        ),
        (
            "[https]\nlisten = \"127.0.0.1:8080\"\n",
            "c.toml:2: `https.listen` is 127.0.0.1:8080, which `http.listen` has taken",
        ),
        (
            "[rpc]\nlisten = \"127.0.0.1:8080\"\n",
            "c.toml:2: `rpc.listen` is 127.0.0.1:8080, which `http.listen` has taken",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let refused = load(&from_file(directory.path(), text)).unwrap_err().to_string();
        let local = refused.replace(&format!("{}/", directory.path().display()), "");
        assert!(local.starts_with(expected), "{text}: {local}");
    }
}

#[test]
fn every_bad_variable_and_flag_is_refused_by_name() {
    for (name, text, expected) in [
        (
            "QUOIN_HTTP__LISEN",
            "",
            "unknown environment variable QUOIN_HTTP__LISEN, did you mean QUOIN_HTTP__LISTEN?",
        ),
        ("QUOIN_CORES", "3", "unknown environment variable QUOIN_CORES, did you mean "),
        (
            "QUOIN_CORES__COUNT",
            "two",
            "QUOIN_CORES__COUNT: `cores.count` must be a whole number, not \"two\"",
        ),
        (
            "QUOIN_CORES__COUNT",
            "300",
            "QUOIN_CORES__COUNT: `cores.count` must be 0 to 256 cores, not 300",
        ),
        (
            "QUOIN_CORES__PIN",
            "yes",
            "QUOIN_CORES__PIN: `cores.pin` must be true or false, not \"yes\"",
        ),
    ] {
        let sources = Sources { environment: variables(&[(name, text)]), ..Sources::default() };
        let refused = load(&sources).unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
    let flag = Flag { key: "http.listen", name: "--http", text: "192.0.2.1:80".to_owned() };
    let sources = Sources { flags: vec![flag], ..Sources::default() };
    let refused = load(&sources).unwrap_err().to_string();
    assert!(refused.starts_with("--http: `http.listen` is 192.0.2.1:80, which other"), "{refused}");
}

#[test]
fn a_file_inside_a_data_directory_cannot_move_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("quoin.toml"), "[data]\ndirectory = \"x\"\n").unwrap();
    let sources = Sources { environment: empty(directory.path()), ..Sources::default() };
    let refused = load(&sources).unwrap_err().to_string();
    assert!(refused.contains("quoin.toml:2: `data.directory` cannot be set"), "{refused}");
}

#[test]
fn a_named_file_must_exist() {
    let sources = Sources { file: Some("/nonexistent/q.toml".into()), ..Sources::default() };
    let refused = load(&sources).unwrap_err().to_string();
    assert!(refused.starts_with("reading the configuration /nonexistent/q.toml: "), "{refused}");
}

#[test]
fn the_embedded_text_is_a_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    let loaded = load(&from_file(directory.path(), config::DEFAULTS)).unwrap();
    assert!(loaded.settings.iter().all(|it| matches!(it.place, Place::File { .. })));
}

#[test]
fn explanations_name_every_key_with_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let mut sources = from_file(directory.path(), "[cores]\ncount = 2\n");
    sources.environment = variables(&[("QUOIN_LOG__DEVICE", "plain")]);
    let loaded = load(&sources).unwrap();
    let text = explain_text(&loaded);
    let line = |key: &str| text.lines().find(|it| it.starts_with(key)).unwrap().to_owned();
    assert!(line("cores.count").ends_with("c.toml:2"), "{text}");
    assert!(line("log.device").contains("\"plain\""), "{text}");
    assert!(line("log.device").ends_with("QUOIN_LOG__DEVICE"), "{text}");
    assert!(line("http.listen").ends_with("default"), "{text}");
    assert_eq!(text.lines().count(), loaded.settings.len() + 1);
    let json: serde_json::Value = serde_json::from_str(&explain_json(&loaded)).unwrap();
    assert_eq!(json.as_array().unwrap().len(), loaded.settings.len());
    assert_eq!(json[0]["variable"], "QUOIN_DATA__DIRECTORY");
}

#[test]
fn a_written_file_keeps_what_was_chosen_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let mut sources = from_file(directory.path(), "[cores]\ncount = 2\n");
    sources.environment = empty(directory.path());
    sources.flags = vec![Flag { key: "http.listen", name: "--http", text: "127.0.0.1:1".into() }];
    let loaded = load(&sources).unwrap();
    fs::write(directory.path().join("quoin.toml"), file_text(&loaded)).unwrap();
    let again = Sources { environment: empty(directory.path()), ..Sources::default() };
    let again = load(&again).unwrap();
    assert_eq!(again.config, loaded.config);
    let chosen = |it: &&config::Setting| matches!(it.place, Place::File { .. });
    assert_eq!(again.settings.iter().filter(chosen).count(), 2);
}
