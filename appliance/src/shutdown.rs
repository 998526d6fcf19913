//! How the process ends.
//!
//! The first SIGINT or SIGTERM once the doors open asks for an orderly stop. Before that (a long
//! replay) and after that (a stop that takes too long) a signal ends the process at once, which is
//! safe at any moment: what was acknowledged is on disk.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use runtime::Running;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit status of a box whose log failed: `EX_SOFTWARE` of sysexits.h, told apart from refusals
/// (1) and from wrong usage (2) so that a supervisor can decide.
pub(crate) const EXIT_FAILED: u8 = 70;

/// How often a running box is asked whether it still can.
const WATCH: Duration = Duration::from_millis(50);

/// Why the box ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// By this signal.
    Signal(&'static str),
    /// The log failed, or a thread panicked.
    Failure(String),
}

/// Listens for signals from its creation on.
#[derive(Debug)]
pub(crate) struct Shutdown {
    orderly: Arc<AtomicBool>,
    signals: Receiver<&'static str>,
}

impl Shutdown {
    /// Takes the signals over. Call it before the box starts.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut taken = Signals::new([SIGINT, SIGTERM])?;
        let orderly = Arc::new(AtomicBool::new(false));
        let first = Arc::clone(&orderly);
        let (sender, signals) = mpsc::channel();
        thread::Builder::new().name("quoin-signals".to_owned()).spawn(move || {
            for signal in taken.forever() {
                let name = if signal == SIGINT { "SIGINT" } else { "SIGTERM" };
                if first.swap(false, Ordering::AcqRel) {
                    // An error means that nobody waits any more: the process is ending already.
                    let _ = sender.send(name);
                } else {
                    tracing::warn!(signal = name, "stopping at once");
                    process::exit(128 + signal);
                }
            }
        })?;
        Ok(Self { orderly, signals })
    }

    /// From here on the first signal waits to be taken by [`Shutdown::wait`]. Call it before the
    /// doors open: whoever was let in is let out in order.
    pub(crate) fn hold(&self) {
        self.orderly.store(true, Ordering::Release);
    }

    /// Waits until a signal comes or `running` fails. A signal that was held comes at once.
    pub(crate) fn wait(&self, running: &Running) -> Ending {
        loop {
            match self.signals.recv_timeout(WATCH) {
                Ok(signal) => return Ending::Signal(signal),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(WATCH),
            }
            if let Some(reason) = running.failure() {
                return Ending::Failure(reason);
            }
        }
    }
}
