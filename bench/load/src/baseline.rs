//! What the same requests cost when nothing is done with them, on the same runtime.

mod bytes;
mod http;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use runtime::event_loop;

use crate::cpu;
use crate::error::LoadError;

/// What the baseline speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whatever comes goes back.
    Echo,
    /// hyper, answering 200 with a body of so many bytes.
    Http { body_bytes: usize },
}

/// A baseline server on a thread of its own. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) address: SocketAddr,
    /// The thread, for its CPU time.
    pub(crate) tid: i32,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Baseline {
    pub(crate) fn start(kind: Kind, core: usize) -> Result<Self, LoadError> {
        let failed = LoadError::setup("the baseline server (--server-core)");
        Self::spawn(kind, core).map_err(failed)
    }

    fn spawn(kind: Kind, core: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (ready, started) = mpsc::channel();
        let thread = thread::Builder::new().name("baseline".to_owned()).spawn(move || {
            let serving = || -> io::Result<_> {
                cpu::pin(core)?;
                event_loop()
            };
            let mut runtime = match serving() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let tid = rustix::thread::gettid().as_raw_nonzero().get();
            drop(ready.send(Ok(tid)));
            runtime.block_on(serve(kind, listener, &stopped));
        })?;
        let tid = started.recv().map_err(io::Error::other)??;
        Ok(Self { address, tid, stop, thread: Some(thread) })
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // The thread waits for a connection: this one ends it.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            // A panic of the baseline has already been printed, and its rounds have failed.
            drop(thread.join());
        }
    }
}

async fn serve(kind: Kind, listener: TcpListener, stopped: &AtomicBool) {
    let nonblocking = listener.set_nonblocking(monoio::utils::is_legacy());
    let Ok(listener) = nonblocking.and_then(|()| monoio::net::TcpListener::from_std(listener))
    else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        if stopped.load(Ordering::Acquire) {
            return;
        }
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        match kind {
            Kind::Echo => drop(monoio::spawn(bytes::echo(stream))),
            Kind::Http { body_bytes } => drop(monoio::spawn(http::answer(stream, body_bytes))),
        }
    }
}
