//! A whole box behind the binary door, asked by the client crate.

#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    dead_code,
    missing_debug_implementations,
    reason = "a test's domain is documented by its test"
)]

#[path = "../../gateway/tests/support/shelf.rs"]
mod shelf;

#[path = "door/answers.rs"]
mod answers;
#[path = "door/strangers.rs"]
mod strangers;

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use contract::Stored;
use gateway::{Front, Gate, Origins, Terms, TokenTerms};
use runtime::{DeviceChoice, Doors, Running, start};
use tempfile::TempDir;

/// A box on a fresh directory, with its door open.
pub struct TestBox {
    pub address: SocketAddr,
    running: Option<Running>,
    _data: TempDir,
}

impl TestBox {
    pub fn open(cores: u16, options: rpc::Options) -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let loopback = "127.0.0.1:0".parse().expect("an address");
        let door = Arc::new(rpc::Door::bind(loopback, cores, options).expect("a free port"));
        let address = door.address();
        let terms = Terms {
            body_bytes_max: 0,
            origins: Origins::None,
            version: String::new(),
            tokens: TokenTerms::default(),
        };
        let front = Front::new(terms, shelf::ENTRIES, cores);
        let doors: Doors = Arc::new(move |core| {
            door.serve(&Rc::new(Gate::new(&front, &core))).map_err(|it| it.to_string())
        });
        let mut options = runtime::Options::new(data.path().to_owned());
        options.cores = cores;
        options.log.device = DeviceChoice::Plain;
        options.log.segment_bytes = 16 << 20;
        let running = start(&options, shelf::ENTRIES, &doors, &mut |_| {}).expect("it starts");
        Self { address, running: Some(running), _data: data }
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().expect("a clean stop");
        }
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

pub fn archived(request: &impl Stored) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

pub fn item(id: u64, label: &str) -> Vec<u8> {
    archived(&shelf::PutItem { id, label: label.to_owned(), count: 1 })
}

pub fn find(id: u64) -> Vec<u8> {
    archived(&shelf::FindItem { id })
}

pub fn echo(text: &str, times: u32) -> Vec<u8> {
    archived(&shelf::Echo { text: text.to_owned(), times, loud: false })
}
