//! What may take milliseconds runs on a thread beside the log's: directory changes, which wait for
//! the file system's journal, and the zeroes of a new file. Commits go on meanwhile.

use std::future::poll_fn;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

/// One thread that runs jobs in the order they were given. Dropping it waits for all of them, so
/// that nothing changes in a directory that nobody uses any more.
#[derive(Debug, Default)]
pub(super) struct Helper {
    /// `None` where no thread could be started: jobs run on the caller's.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Outcome<T> {
    value: Option<T>,
    waker: Option<Waker>,
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
        let outcome = Arc::new(Mutex::new(Outcome { value: None, waker: None }));
        let theirs = Arc::clone(&outcome);
        let job = move || {
            let value = work();
            let waker = {
                let mut outcome = lock(&theirs);
                outcome.value = Some(value);
                outcome.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        // The thread takes jobs until this sender is gone.
        jobs.send(Box::new(job)).expect("the helper outlives its jobs");
        poll_fn(|context| {
            let mut outcome = lock(&outcome);
            if let Some(value) = outcome.value.take() {
                return Poll::Ready(value);
            }
            outcome.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
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

fn lock<T>(outcome: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under this lock can panic.
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}
