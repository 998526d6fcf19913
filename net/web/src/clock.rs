//! Hyper's timers on the core's sweep.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// Alarms that ring at the first tick after their time. Hyper wants its timers to be sent between
/// threads, which a core's own cannot be; these never are, and their locks are never waited for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Vec<Weak<Alarm>>>>);

#[derive(Debug)]
struct Alarm {
    at: Instant,
    waker: Mutex<Option<Waker>>,
}

struct Wait(Arc<Alarm>);

impl Clock {
    /// Rings what is due.
    pub(crate) fn tick(&self, now: Instant) {
        let mut alarms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.retain(|alarm| {
            let Some(alarm) = alarm.upgrade() else { return false };
            if now < alarm.at {
                return true;
            }
            let waker = alarm.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
            false
        });
    }
}

impl Timer for Clock {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        let alarm = Arc::new(Alarm { at, waker: Mutex::default() });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&alarm));
        Box::pin(Wait(alarm))
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.at <= Instant::now() {
            return Poll::Ready(());
        }
        let mut waker = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner);
        *waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Sleep for Wait {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn an_alarm_rings_once_at_the_first_tick_after_its_time() {
        let (clock, bell) = (Clock::default(), Arc::new(Bell::default()));
        let waker = Waker::from(Arc::clone(&bell));
        let mut context = Context::from_waker(&waker);
        let (hour, now) = (Duration::from_hours(1), Instant::now());
        assert!(clock.sleep_until(now).as_mut().poll(&mut context).is_ready());
        let mut late = clock.sleep_until(now + hour);
        let dropped = clock.sleep(hour);
        assert!(late.as_mut().poll(&mut context).is_pending());
        drop(dropped);
        clock.tick(now);
        assert_eq!((bell.0.load(Ordering::Relaxed), clock.0.lock().unwrap().len()), (0, 1));
        clock.tick(now + hour);
        clock.tick(now + hour);
        assert_eq!((bell.0.load(Ordering::Relaxed), clock.0.lock().unwrap().len()), (1, 0));
    }
}
