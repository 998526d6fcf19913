//! The port, and the connections of one core.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpListener as Socket};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use contract::Entry;
use gateway::{BindError, Listeners, Routes, openapi};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use monoio::net::{TcpListener, TcpStream};
use runtime::Core;

use crate::answer;
use crate::stream::{Activity, Stream};

/// How often silent connections are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How long an accept loop rests after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The request line and all headers of one request fit into this.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Most connections of one core; one more is closed at once.
    pub connections_max: usize,
    /// Longest silence of a client between requests or inside one, in seconds; kept to within five.
    pub silence_s: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { body_bytes_max: 1024 * 1024, connections_max: 4096, silence_s: 75 }
    }
}

/// The port of the door, before and while the cores serve it.
#[derive(Debug)]
pub struct Door {
    options: Options,
    listeners: Listeners,
    version: String,
    /// The `OpenAPI` document, written when it is first asked for.
    description: Arc<OnceLock<Bytes>>,
}

impl Door {
    /// Takes `address` for `cores` cores. `version` is the box's, for the `OpenAPI` document.
    pub fn bind(
        address: SocketAddr,
        cores: u16,
        version: &str,
        options: Options,
    ) -> Result<Self, BindError> {
        let listeners = gateway::bind(address, cores)?;
        let description = Arc::default();
        Ok(Self { options, listeners, version: version.to_owned(), description })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.listeners.address()
    }

    /// Serves the core's share of connections, from its own thread, until the core's thread ends.
    pub fn serve(&self, core: &Core) -> io::Result<()> {
        let Some(socket) = self.listeners.take(core.id().0) else { return Ok(()) };
        let desk = Rc::new(Desk {
            core: core.clone(),
            options: self.options,
            routes: Routes::new(core.entries()),
            version: self.version.clone(),
            description: Arc::clone(&self.description),
            sweeps: Rc::default(),
            names: Cell::new(0),
            connections: RefCell::default(),
        });
        monoio::spawn(sweep(Rc::clone(&desk)));
        monoio::spawn(stop(Rc::clone(&desk)));
        desk.accept_on(socket)
    }
}

/// What the connections of one core share.
pub(crate) struct Desk {
    pub(crate) core: Core,
    pub(crate) options: Options,
    pub(crate) routes: Routes,
    version: String,
    description: Arc<OnceLock<Bytes>>,
    sweeps: Rc<Cell<u64>>,
    names: Cell<u64>,
    connections: RefCell<BTreeMap<u64, Rc<Activity>>>,
}

impl Desk {
    /// Accepts until the core's thread ends. An accept is never cancelled: the runtime would lose
    /// the connection that completes it.
    fn accept_on(self: Rc<Self>, socket: Socket) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        monoio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let count = self.connections.borrow().len();
                        if count < self.options.connections_max && !self.core.is_stopping() {
                            monoio::spawn(serve(Rc::clone(&self), stream));
                        }
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: let some connections end first.
                        tracing::warn!(%error, "http: a connection was not accepted");
                        monoio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        Ok(())
    }

    /// The `OpenAPI` document.
    pub(crate) fn description(&self) -> Bytes {
        let entries: &'static [Entry] = self.core.entries();
        let describe = || Bytes::from(openapi(entries, &self.version).to_string());
        self.description.get_or_init(describe).clone()
    }
}

async fn serve(desk: Rc<Desk>, stream: TcpStream) {
    let _guard = desk.core.enter();
    // Without it small answers wait for acknowledgements; a socket that refuses is about to fail.
    drop(stream.set_nodelay(true));
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let activity = Rc::new(Activity {
        waker,
        sweep: Cell::new(desk.sweeps.get()),
        busy: Cell::new(false),
        expired: Cell::new(false),
        sweeps: Rc::clone(&desk.sweeps),
    });
    let name = desk.names.get();
    desk.names.set(name + 1);
    desk.connections.borrow_mut().insert(name, Rc::clone(&activity));
    let stream = Stream::new(stream, Rc::clone(&activity));
    let service = service_fn(|request| {
        let (desk, activity) = (Rc::clone(&desk), Rc::clone(&activity));
        async move { answer::answer(&desk, &activity, request).await }
    });
    let mut builder = http1::Builder::new();
    // Not `pipeline_flush`: it keeps back the 400 that answers garbage.
    builder.max_buf_size(HEAD_BYTES_MAX);
    // Answers are small: one copy costs less than a gathering write.
    builder.writev(false);
    let mut connection = pin!(builder.serve_connection(stream, service));
    let mut closing = false;
    poll_fn(|context| {
        if activity.expired.get() {
            return Poll::Ready(());
        }
        if desk.core.is_stopping() && !closing {
            closing = true;
            connection.as_mut().graceful_shutdown();
        }
        // How a connection ended is between hyper and the client: there is nothing to repair here.
        connection.as_mut().poll(context).map(drop)
    })
    .await;
    desk.connections.borrow_mut().remove(&name);
}

/// Ends connections that say nothing for too long.
async fn sweep(desk: Rc<Desk>) {
    let silent = desk.options.silence_s.div_ceil(SWEEP.as_secs()).max(1);
    loop {
        monoio::time::sleep(SWEEP).await;
        desk.sweeps.set(desk.sweeps.get() + 1);
        for activity in desk.connections.borrow().values() {
            let since = desk.sweeps.get() - activity.sweep.get();
            if !activity.busy.get() && silent < since {
                activity.expired.set(true);
                activity.waker.wake_by_ref();
            }
        }
    }
}

/// Tells every connection once the box stops.
async fn stop(desk: Rc<Desk>) {
    desk.core.stopping().await;
    for activity in desk.connections.borrow().values() {
        activity.waker.wake_by_ref();
    }
}
