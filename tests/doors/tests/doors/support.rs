//! A running box with encryption, what is asked of it, and numbers by chance.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use client::Trust;
use credentials::ApiKey;
use process::{Server, free_port, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use tls::{ClientConfig, ClientOptions, Protocol, client_config};

use crate::caller::{Ask, Caller, Door};

/// A box of the caller's own. Killed when it is dropped.
pub(crate) struct TestBox {
    pub(crate) server: Server,
    rpc_tls: u16,
    authority: PathBuf,
    // Fields drop in order: the process ends before its directory goes.
    _folder: TempDir,
}

impl TestBox {
    pub(crate) fn start(cores: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (status, out, error) = run(&["init", "--data", data.to_str().unwrap()]);
        assert!(status.success(), "{out} {error}");
        let authority = data.join("tls/development-authority.pem");
        let (config, rpc_tls) = (folder.path().join("box.toml"), free_port());
        fs::write(&config, format!("[rpc]\ntls_listen = \"127.0.0.1:{rpc_tls}\"\n")).unwrap();
        let more = ["--config", config.to_str().unwrap()];
        let server = Server::start(&data, cores, &more).unwrap();
        Self { server, rpc_tls, authority, _folder: folder }
    }

    /// The address of binary RPC over TLS.
    pub(crate) fn rpc_tls(&self) -> String {
        format!("127.0.0.1:{}", self.rpc_tls)
    }

    /// Whom a client of binary RPC trusts.
    pub(crate) fn authorities(&self) -> Trust {
        let server_name = Some("localhost".to_owned());
        Trust { authorities: vec![self.authority.clone()], server_name, ..Trust::default() }
    }

    /// What a client that trusts the box and offers `protocols` is made from.
    pub(crate) fn trust(&self, protocols: &[Protocol]) -> Arc<ClientConfig> {
        let options = ClientOptions {
            authorities: vec![self.authority.clone()],
            protocols: protocols.to_vec(),
            ..ClientOptions::default()
        };
        Arc::new(client_config(&options).unwrap())
    }

    /// A caller of its own connection.
    pub(crate) fn caller(&self, door: Door) -> Caller {
        Caller::connect(self, door)
    }

    /// Asks as whoever reached the machine, who may do everything.
    pub(crate) fn operate(&self, method: &'static str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let ask = Ask { method, path: path.to_owned(), key: None, body };
        let answer = self.caller(Door::Plain).ask(&ask);
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A new key of the administrator; the numbers make its secret.
    pub(crate) fn new_key(&self, chance: &mut Chance) -> (String, String) {
        let mut secret = [0; 32];
        for part in secret.chunks_mut(8) {
            part.copy_from_slice(&chance.next().to_be_bytes());
        }
        let mut digest = String::new();
        for byte in ApiKey::new(0, secret).digest() {
            write!(digest, "{byte:02x}").unwrap();
        }
        let body = json!({ "user": "admin", "scopes": ["*"], "digest": digest });
        let made = self.operate("POST", "/v1/identity/api-keys", &body);
        let id = made["id"].as_str().unwrap().to_owned();
        (ApiKey::new(id.parse().unwrap(), secret).text(), id)
    }
}

/// What every caller may know.
pub(crate) fn health() -> Ask {
    Ask { method: "GET", path: "/healthz".to_owned(), key: None, body: String::new() }
}

/// A quote, with this key.
pub(crate) fn quote(key: &str) -> Ask {
    let body = json!({
        "award": "MA000004",
        "classification": "retail-employee-level-1",
        "employment": "casual",
        "state": "NSW",
        "pay_period_start": "2025-07-07",
        "shifts": [
            { "start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": [] },
        ],
    });
    let path = "/v1/rates/quote".to_owned();
    Ask { method: "POST", path, key: Some(key.to_owned()), body: body.to_string() }
}

/// Numbers that a seed decides (`SplitMix64`).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
}

/// A number from the environment, or else `usual`.
pub(crate) fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |it| it.parse().expect("a number"))
}
