//! One value from one thread to a future on another.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Where work on another thread leaves what it gives. Clones share it.
#[derive(Debug)]
pub struct Slip<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

impl<T> Clone for Slip<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Slip<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { value: None, waker: None })))
    }
}

impl<T> Slip<T> {
    /// Leaves the value and wakes whoever waits for it. Once.
    pub fn fill(&self, value: T) {
        let waker = {
            let mut state = self.lock();
            state.value = Some(value);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits for the value; never resolves when nobody fills the slip.
    pub async fn filled(self) -> T {
        poll_fn(|context| {
            let mut state = self.lock();
            if let Some(value) = state.value.take() {
                return Poll::Ready(value);
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code under this lock can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
