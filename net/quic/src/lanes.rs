//! Datagrams that reached a core which does not own them, on their way to the one that does.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::link::Datagram;

/// Datagrams that wait for one core; more are dropped, as a full socket would.
const STRAYS_MAX: usize = 1024;

/// One core's side entrance.
#[derive(Debug, Default)]
pub(crate) struct Lane(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    strays: VecDeque<Datagram>,
    waker: Option<Waker>,
}

impl Lane {
    /// Hands a datagram to the lane's core; whether there was room.
    pub(crate) fn forward(&self, datagram: Datagram) -> bool {
        let mut inside = self.inside();
        if inside.strays.len() == STRAYS_MAX {
            return false;
        }
        inside.strays.push_back(datagram);
        if let Some(waker) = inside.waker.take() {
            drop(inside);
            waker.wake();
        }
        true
    }

    /// Takes what has arrived, and has `waker` woken when more does.
    pub(crate) fn take(&self, waker: &Waker) -> VecDeque<Datagram> {
        let mut inside = self.inside();
        if inside.waker.is_none() {
            inside.waker = Some(waker.clone());
        }
        std::mem::take(&mut inside.strays)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
