//! The blocking face: shared by threads, reconnecting, one connection per core.

mod exchange;
mod lane;
mod link;
mod socket;

pub use exchange::Pending;

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wire::Welcome;

use crate::call::{Call, Reply};
use crate::error::{CallError, ConnectError, SubmitError};
use crate::options::Options;
use lane::Lane;
use link::{Link, Target};

/// A connection to a box, shared by any number of threads.
///
/// Calls with a slot travel on a connection to the core that owns it, opened at the first such
/// call; all others share one connection. Each connection has a thread that reads and reconnects.
#[derive(Debug)]
pub struct Client {
    target: Arc<Target>,
    lanes: Mutex<BTreeMap<Option<u16>, Running>>,
}

#[derive(Debug)]
struct Running {
    lane: Arc<Lane>,
    thread: JoinHandle<()>,
}

impl Client {
    /// Connects and waits for the greeting; afterwards the client reconnects by itself.
    pub fn connect(address: impl ToSocketAddrs, options: Options) -> Result<Self, ConnectError> {
        let addresses: Vec<_> = address.to_socket_addrs().map_err(ConnectError::Io)?.collect();
        let target = Arc::new(Target::new(addresses, options)?);
        let link = target.connect(None)?;
        let client = Self { target, lanes: Mutex::default() };
        client.start(None, Some(link))?;
        Ok(client)
    }

    /// Sends a call and waits for its reply.
    pub fn call(&self, call: &Call<'_>) -> Result<Reply, CallError> {
        self.submit(call)?.wait()
    }

    /// Sends a call; its reply is waited for later, so that many can be in flight.
    pub fn submit(&self, call: &Call<'_>) -> Result<Pending, SubmitError> {
        let core = call.slot.and_then(|slot| self.target.core_of(slot));
        let lane = self.lane(core)?;
        let wait = Duration::from_millis(self.target.options.call_ms);
        lane.submit(call).map(|exchange| Pending::new(exchange, wait))
    }

    /// What the box said most recently about itself: its limits, cores and slots.
    pub fn welcome(&self) -> Option<Arc<Welcome>> {
        self.target.welcome()
    }

    fn lane(&self, core: Option<u16>) -> Result<Arc<Lane>, SubmitError> {
        if let Some(running) = locked(&self.lanes).get(&core) {
            return Ok(Arc::clone(&running.lane));
        }
        // No thread to be had is no connection either.
        self.start(core, None).map_err(|_| SubmitError::Closed)
    }

    fn start(&self, core: Option<u16>, link: Option<Link>) -> Result<Arc<Lane>, ConnectError> {
        let mut lanes = locked(&self.lanes);
        if let Some(running) = lanes.get(&core) {
            return Ok(Arc::clone(&running.lane));
        }
        let lane = Arc::new(Lane::new(Arc::clone(&self.target), core));
        let body = Arc::clone(&lane);
        let stream = link.and_then(|link| lane.open(link));
        let thread = Builder::new()
            .name("quoin-client".to_owned())
            .spawn(move || body.run(stream))
            .map_err(ConnectError::Io)?;
        lanes.insert(core, Running { lane: Arc::clone(&lane), thread });
        Ok(lane)
    }
}

impl Drop for Client {
    /// Closes every connection; calls still waiting end as [`CallError::Closed`].
    fn drop(&mut self) {
        let lanes = std::mem::take(&mut *locked(&self.lanes));
        for running in lanes.values() {
            running.lane.close();
        }
        for (_, running) in lanes {
            // A lane that panicked has nothing left to close.
            drop(running.thread.join());
        }
    }
}

/// A lock whose holder panicked still guards consistent state: every section below either
/// finishes its change or makes none.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
