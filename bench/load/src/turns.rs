//! Letting everything else run without ever sleeping.
//!
//! A task that wakes itself is put in front of all others by this runtime, so that nothing else would
//! run, nor the ring be looked at. Two tasks that wake each other stand in line like any other, and as
//! long as one of them stands there the runtime looks at the ring and does not wait.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// The line that tasks stand in for their next turn. Timers of the runtime stand still meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    waiting: RefCell<Vec<Waker>>,
    giver: RefCell<Option<Waker>>,
    over: Cell<bool>,
}

impl Turns {
    /// Gives out turns until the end; to be run as a task of its own.
    pub(crate) async fn give(&self) {
        poll_fn(|context| {
            self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
            if self.over.get() {
                return Poll::Ready(());
            }
            self.giver.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Returns after every task that was ready had a turn.
    pub(crate) async fn next(&self) {
        let mut asked = false;
        poll_fn(|context| {
            if asked {
                return Poll::Ready(());
            }
            asked = true;
            self.waiting.borrow_mut().push(context.waker().clone());
            self.wake_giver();
            Poll::Pending
        })
        .await;
    }

    /// Lets [`Turns::give`] return.
    pub(crate) fn end(&self) {
        self.over.set(true);
        self.wake_giver();
    }

    fn wake_giver(&self) {
        if let Some(giver) = self.giver.take() {
            giver.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use monoio::{FusionDriver, RuntimeBuilder};

    use super::*;

    #[test]
    fn whoever_asks_gets_turns_and_so_does_everybody_else() {
        let mut runtime = RuntimeBuilder::<FusionDriver>::new().enable_timer().build().unwrap();
        runtime.block_on(async {
            let (turns, count) = (Rc::new(Turns::default()), Rc::new(Cell::new(0)));
            let giver = Rc::clone(&turns);
            let giving = monoio::spawn(async move { giver.give().await });
            let (others, other_turns) = (Rc::clone(&count), Rc::clone(&turns));
            let other = monoio::spawn(async move {
                for _ in 0..1_000 {
                    others.set(others.get() + 1);
                    other_turns.next().await;
                }
            });
            while count.get() < 1_000 {
                turns.next().await;
            }
            other.await;
            turns.end();
            giving.await;
        });
    }
}
