//! What all HTTP doors of a core share.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use contract::Entry;
use flate2::Compression;
use runtime::Core;
use telemetry::Recorder;
use tls::ClientIdentity;

use crate::authenticate::{Authenticator, TokenTerms};
use crate::cors::Origins;
use crate::limit::Limits;
use crate::load::Load;
use crate::metrics::{CoreMetrics, Metrics};
use crate::openapi::openapi;
use crate::pack::gzip;
use crate::routes::Routes;

/// How the box answers over HTTP, on every door.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Which pages of other origins a browser may let call.
    pub origins: Origins,
    /// The box's version, for its documents.
    pub version: String,
    /// How its own tokens are made.
    pub tokens: TokenTerms,
}

/// What the cores share: one for the box.
#[derive(Debug)]
pub struct Front {
    pub(crate) terms: Terms,
    pub(crate) metrics: Metrics,
    /// The `OpenAPI` document, whole and packed, written when it is first asked for.
    description: OnceLock<(Bytes, Bytes)>,
}

impl Front {
    /// For a box with `cores` cores and these domains.
    pub fn new(terms: Terms, entries: &'static [Entry], cores: u16) -> Arc<Self> {
        let metrics = Metrics::new(entries, cores);
        Arc::new(Self { terms, metrics, description: OnceLock::new() })
    }

    /// The counters of all cores.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// One core's side of it: every HTTP door of the core answers through this.
#[derive(Debug)]
pub struct Gate {
    pub(crate) front: Arc<Front>,
    pub(crate) core: Core,
    pub(crate) routes: Routes,
    pub(crate) limits: Rc<Limits>,
    pub(crate) load: Load,
    pub(crate) recorder: Rc<Recorder>,
    pub(crate) authenticator: Authenticator,
}

impl Gate {
    /// On the core's own thread. Finished requests go to the recorder that the core keeps, if it
    /// keeps one.
    pub fn new(front: &Arc<Front>, core: &Core) -> Self {
        let routes = Routes::new(core.entries());
        let counts = Arc::clone(&front.metrics.of(core.id().0).limits);
        let random = || RandomState::new().build_hasher().finish();
        let limits = Rc::new(Limits::new([random(), random()], counts));
        core.keep(Rc::clone(&limits));
        let authenticator = Authenticator::new(core, front.terms.tokens.clone());
        let recorder = core.kept().unwrap_or_else(|| Rc::new(Recorder::off()));
        let (front, core, load) = (Arc::clone(front), core.clone(), Load::new());
        Self { front, core, routes, limits, load, recorder, authenticator }
    }

    /// The core.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The core's counters.
    pub fn metrics(&self) -> &CoreMetrics {
        self.front.metrics.of(self.core.id().0)
    }

    /// The `OpenAPI` document, whole and packed.
    pub(crate) fn description(&self) -> (Bytes, Bytes) {
        let describe = || {
            let document = openapi(self.core.entries(), &self.front.terms.version).to_string();
            let packed = gzip(document.as_bytes(), Compression::default());
            (Bytes::from(document), packed)
        };
        self.front.description.get_or_init(describe).clone()
    }
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorKind {
    /// Without encryption, from this machine.
    Plain,
    /// HTTP/1.1 or HTTP/2 over TLS.
    Https,
    /// HTTP/3.
    Http3,
    /// Binary RPC.
    Rpc,
}

impl DoorKind {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Https, Self::Http3, Self::Rpc];

    /// The name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Https => "https",
            Self::Http3 => "http3",
            Self::Rpc => "rpc",
        }
    }
}

/// The other side of a request.
#[derive(Debug)]
pub struct Peer<'a> {
    /// The door it came through.
    pub door: DoorKind,
    /// Its address, when the door knows it.
    pub address: Option<SocketAddr>,
    /// The name in the certificate that the client showed and the handshake verified.
    pub client: Option<&'a ClientIdentity>,
    /// The request came before the handshake was complete: somebody may have recorded and repeated
    /// it (RFC 8470).
    pub early_data: bool,
    /// Set once the whole request is here: from then on it is the box that takes its time.
    pub received: &'a Cell<bool>,
}
