//! A box with one HTTP door, with TLS or without.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use gateway::{Front, Gate, Origins, Terms, TokenTerms};
use process::Link;
use runtime::{DeviceChoice, Doors, Running, start};
use tempfile::TempDir;
use tls::{
    Certificates, ClientOptions, Protocol, ServerConfig, ServerOptions, client_config,
    ensure_development, server_config,
};

use crate::shelf;

pub(crate) struct TestBox {
    pub(crate) address: SocketAddr,
    /// What to trust; `None` for a door without TLS.
    authority: Option<PathBuf>,
    running: Option<Running>,
    _data: TempDir,
}

/// What a box with a development certificate speaks, and the authority to trust.
pub(crate) fn offered(data: &TempDir) -> (Arc<ServerConfig>, PathBuf) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let made = ensure_development(&data.path().join("tls"), &[], now).expect("certificates");
    let (certificates, _) = Certificates::load(vec![made.pair], now).expect("just made");
    let protocols = vec![Protocol::Http2, Protocol::Http1];
    let options = ServerOptions { protocols, ..ServerOptions::default() };
    let config = server_config(&Arc::new(certificates), &options).expect("a configuration");
    (Arc::new(config), made.authority)
}

impl TestBox {
    pub(crate) fn plain(options: web::Options) -> Self {
        Self::open(options, TempDir::new().expect("a temporary directory"), None)
    }

    pub(crate) fn https(options: web::Options) -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let (config, authority) = offered(&data);
        Self::open(web::Options { tls: Some(config), ..options }, data, Some(authority))
    }

    fn open(options: web::Options, data: TempDir, authority: Option<PathBuf>) -> Self {
        let loopback = "127.0.0.1:0".parse().expect("an address");
        let door = Arc::new(web::Door::bind(loopback, 1, options).expect("a free port"));
        let address = door.address();
        let origins = Origins::of(Vec::new());
        let terms = Terms {
            body_bytes_max: 1 << 20,
            origins,
            version: "1.2.3".to_owned(),
            tokens: TokenTerms::default(),
        };
        let front = Front::new(terms, shelf::ENTRIES, 1);
        let doors: Doors = Arc::new(move |core| {
            door.serve(&Rc::new(Gate::new(&front, &core))).map_err(|it| it.to_string())
        });
        let mut options = runtime::Options::new(data.path().join("data"));
        options.log.device = DeviceChoice::Plain;
        options.log.segment_bytes = 16 << 20;
        let running = start(&options, shelf::ENTRIES, &doors, &mut |_| {}).expect("it starts");
        Self { address, authority, running: Some(running), _data: data }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().expect("a clean stop");
        }
    }

    /// Connects, and speaks one of `protocols` when there is TLS.
    pub(crate) fn connect(&self, protocols: &[Protocol]) -> Link {
        let Some(authority) = &self.authority else { return Link::plain(self.address) };
        let options = ClientOptions {
            authorities: vec![authority.clone()],
            protocols: protocols.to_vec(),
            ..ClientOptions::default()
        };
        Link::tls(self.address, &Arc::new(client_config(&options).expect("a configuration")))
    }

    /// Connects, and leaves everything else to the caller.
    pub(crate) fn connect_silently(&self) -> Link {
        Link::plain(self.address)
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}
