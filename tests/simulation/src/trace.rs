//! What happened, as one hash: two runs of one seed must agree on it.

use crate::random::mix;

/// The running hash, and the lines when somebody wants to read them.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    verbose: bool,
    count: u64,
}

impl Trace {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { hash: 0, verbose, count: 0 }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// Adds one line.
    pub(crate) fn line(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        self.count += 1;
        for chunk in line.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.hash = mix(self.hash ^ u64::from_le_bytes(word));
        }
        self.hash = mix(self.hash ^ self.count);
        if self.verbose {
            eprintln!("{:6} {line}", self.count);
        }
    }
}
