//! How other threads wake the one that writes.

use std::future::{Future, poll_fn};
use std::hint::spin_loop;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const QUIET: u32 = 0;
const RUNG: u32 = 1;
const PARKED: u32 = 2;

/// A bell that remembers one ring. Ringing a thread that is busy costs one atomic swap and no
/// system call; only a parked one is woken through its executor (an eventfd in the ring with
/// glommio, a futex with the plain one).
#[derive(Debug, Default)]
pub struct Bell {
    state: AtomicU32,
    waker: Mutex<Option<Waker>>,
    spin: Duration,
}

impl Bell {
    /// A bell whose listener spins for `spin` before it parks. Spinning saves the wake-up (some 20
    /// us on a virtual machine) and costs a core: zero is right unless a core is to spare.
    pub fn new(spin: Duration) -> Self {
        Self { state: AtomicU32::new(QUIET), waker: Mutex::new(None), spin }
    }

    /// Rings: the next `rung`, or the one that waits now, resolves. Everything that the caller did
    /// before is visible to the listener after.
    pub fn ring(&self) {
        if self.state.swap(RUNG, Ordering::AcqRel) == PARKED {
            let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Resolves once the bell was rung since the last time. One listener at a time.
    pub async fn rung(&self) {
        if self.spin() {
            return;
        }
        poll_fn(|context| self.listen(context)).await;
    }

    /// As `rung`, but also resolves when `other` does, in which case a ring stays remembered.
    pub async fn rung_or<T>(&self, other: impl Future<Output = T>) {
        let mut other = std::pin::pin!(other);
        poll_fn(|context| match Pin::as_mut(&mut other).poll(context) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => self.listen(context),
        })
        .await;
    }

    fn listen(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.state.swap(QUIET, Ordering::AcqRel) == RUNG {
            return Poll::Ready(());
        }
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        let parked =
            self.state.compare_exchange(QUIET, PARKED, Ordering::AcqRel, Ordering::Acquire);
        if parked.is_ok() {
            return Poll::Pending;
        }
        // Rung in between.
        self.state.store(QUIET, Ordering::Release);
        Poll::Ready(())
    }

    fn spin(&self) -> bool {
        if self.spin.is_zero() {
            return false;
        }
        let until = Instant::now() + self.spin;
        while Instant::now() < until {
            for _ in 0..32 {
                if self.state.load(Ordering::Relaxed) == RUNG {
                    return self.state.swap(QUIET, Ordering::AcqRel) == RUNG;
                }
                spin_loop();
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    fn poll(future: Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn one_ring_is_remembered_and_no_more() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        assert_eq!(poll(pin!(bell.rung())), Poll::Ready(()));
        let mut waiting = pin!(bell.rung());
        assert_eq!(poll(waiting.as_mut()), Poll::Pending);
        assert_eq!(poll(waiting.as_mut()), Poll::Pending);
        bell.ring();
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(()));
    }

    #[test]
    fn a_ring_survives_the_other_future() {
        let bell = Bell::default();
        let mut waiting = pin!(bell.rung_or(std::future::ready(())));
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(()));
        bell.ring();
        assert_eq!(poll(pin!(bell.rung())), Poll::Ready(()));
    }
}
