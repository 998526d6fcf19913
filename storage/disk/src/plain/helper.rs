//! What may take milliseconds runs on a thread beside the log's: directory changes, which wait for
//! the file system's journal, and the zeroes of a new file. Commits go on meanwhile.

use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use crate::Slip;

type Job = Box<dyn FnOnce() + Send>;

/// One thread that runs jobs in the order they were given. Dropping it waits for all of them, so
/// that nothing changes in a directory that nobody uses any more.
#[derive(Debug, Default)]
pub(super) struct Helper {
    /// `None` where no thread could be started: jobs run on the caller's.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    pub(super) fn start() -> Self {
        let (jobs, given) = mpsc::channel::<Job>();
        let run = move || given.into_iter().for_each(|job| job());
        match thread::Builder::new().name("quoin-log-files".into()).spawn(run) {
            Ok(thread) => Self { jobs: Some(jobs), thread: Some(thread) },
            Err(_) => Self::default(),
        }
    }

    /// Runs `work` beside the calling thread. It is done even when nobody awaits its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let Some(jobs) = &self.jobs else { return work() };
        let slip = Slip::default();
        let theirs = slip.clone();
        // The thread takes jobs until this sender is gone.
        jobs.send(Box::new(move || theirs.fill(work()))).expect("the helper outlives its jobs");
        slip.filled().await
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A job that panicked has printed why.
            drop(thread.join());
        }
    }
}
