//! One future on one thread, parked while it has nothing to do.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::PlainDevice;

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

/// Runs `future` to its end on this thread, with the pauses of `device`.
pub fn block_on<F: Future>(device: &PlainDevice, future: F) -> F::Output {
    let unpark = Arc::new(Unpark { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut future = pin!(future);
    loop {
        device.deadline.set(None);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !unpark.woken.swap(false, Ordering::AcqRel) {
            match device.deadline.get() {
                None => thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    thread::park_timeout(left);
                }
            }
        }
    }
}

/// Resolves after `duration`, by asking the executor to poll again at its end.
pub(super) async fn pause(executor_deadline: &Cell<Option<Instant>>, duration: Duration) {
    let deadline = Instant::now() + duration;
    poll_fn(|_| {
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        let earliest = executor_deadline.get().map_or(deadline, |other| other.min(deadline));
        executor_deadline.set(Some(earliest));
        Poll::Pending
    })
    .await;
}
