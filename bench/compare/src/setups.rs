//! The peers: each is started over a folder of its own and is stopped when it is dropped.

pub(crate) mod nginx;
pub(crate) mod postgres;
pub(crate) mod quotes;
pub(crate) mod redis;

use crate::child::Running;

/// A peer that is ready to be measured.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// For `--peer` and what goes with it.
    pub(crate) flags: Vec<String>,
    /// What it is, with its version.
    pub(crate) version: String,
    /// Its processes, stopped from the last to the first.
    pub(crate) running: Vec<Running<'a>>,
}

impl Setup<'_> {
    /// The flags of the peer, with its processes.
    pub(crate) fn all_flags(&self) -> Vec<String> {
        let pids: Vec<String> = self.running.iter().map(|it| it.pid().to_string()).collect();
        let mut flags = self.flags.clone();
        if !pids.is_empty() {
            flags.extend(["--peer-pid".to_owned(), pids.join(",")]);
        }
        flags
    }
}

impl Drop for Setup<'_> {
    fn drop(&mut self) {
        while let Some(last) = self.running.pop() {
            drop(last);
        }
    }
}

/// Words as flags have them.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
