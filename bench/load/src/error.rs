//! Why a run gave no figures.

use std::io;
use std::net::SocketAddr;

/// Why a run gave no figures. What the system said is the error's source.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Flags that do not fit together, or a value out of range.
    #[error("--{flag}: {reason}")]
    Invalid {
        /// The flag at fault, without its dashes.
        flag: &'static str,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// A file that is no recording.
    #[error("{file}: {reason}")]
    Recording {
        /// Its name.
        file: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// No connection.
    #[error("cannot connect to {address} (is the server running there?)")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The other side speaks another protocol, or does not let us in.
    #[error("{address} did not let the generator in: {reason}")]
    Handshake {
        /// Who.
        address: SocketAddr,
        /// What it said.
        reason: String,
    },
    /// The workload's request has no ordinary answer, so there is nothing to measure.
    #[error("{address} answered the first request with {answer}")]
    Refused {
        /// Who.
        address: SocketAddr,
        /// The status and the detail of the answer.
        answer: String,
    },
    /// A connection ended or turned to nonsense in the middle of a run.
    #[error("a connection to {address} broke: {reason}")]
    Broken {
        /// To whom.
        address: SocketAddr,
        /// What happened.
        reason: String,
    },
    /// A thread, a core or a socket of the generator's own.
    #[error("cannot set up {what}")]
    Setup {
        /// What was to be set up.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The process whose CPU time was to be read.
    #[error("cannot read the cpu time of process {pid} (check --server-pid and --peer-pid)")]
    Cpu {
        /// Which process.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
    /// The directory whose device was to be measured.
    #[error("cannot measure the device (check --probe-dir)")]
    Device(#[from] disk::DiskError),
}

impl LoadError {
    pub(crate) fn setup(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Setup { what, source }
    }
}
