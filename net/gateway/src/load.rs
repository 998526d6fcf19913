//! What a saturated core still takes on: the dearest classes first.
//!
//! A core runs every request to its end, so what waits is not in any queue of ours but in the
//! sockets. How late the core's own timer fires is how long a request waits there at least.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use contract::{DomainId, RateClass, Shape};
use limiter::{Admission, Class, ShedRules, Shedder};
use wire::Status;

use crate::rejection::Rejection;

/// Below this a core is busy, not late: thousands of connections that all have something to say are
/// served within it.
const TARGET: Duration = Duration::from_millis(40);
/// What stands for longer is no burst. Some ticks of the core's timer are in it.
const WINDOW: Duration = Duration::from_millis(400);
/// Requests of one core that are being answered, at most.
const IN_FLIGHT_MAX: u64 = 65_536;
/// When to come again, in milliseconds.
const RETRY_MS: u32 = 1000;

/// What a core has taken on.
#[derive(Debug)]
pub(crate) struct Load {
    shedder: RefCell<Shedder>,
    /// The time of the last request: what ends needs no closer.
    now_us: Cell<u64>,
}

/// A request that was taken on, until it is dropped.
#[derive(Debug)]
pub(crate) struct Taken<'a>(&'a Load);

impl Load {
    pub(crate) fn new() -> Self {
        let us = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
        let (window_us, target_us) = (us(WINDOW), us(TARGET));
        let rules = ShedRules { window_us, target_us, in_flight_max: IN_FLIGHT_MAX };
        Self { shedder: RefCell::new(Shedder::new(rules)), now_us: Cell::new(0) }
    }

    /// Takes a request on, or sends it away while that is still cheap. `lag` is how late the core is.
    pub(crate) fn take(
        &self,
        now_us: u64,
        lag: Duration,
        domain: DomainId,
        shape: &Shape,
    ) -> Result<Taken<'_>, Rejection> {
        self.now_us.set(now_us);
        let mut shedder = self.shedder.borrow_mut();
        match shedder.admit(now_us, class(domain, shape.rate)) {
            Admission::Admitted => {
                shedder.began(now_us, u64::try_from(lag.as_micros()).unwrap_or(u64::MAX));
                Ok(Taken(self))
            }
            Admission::Overloaded => Err(busy("the box has more to do than it can")),
            Admission::InFlightFull => Err(busy("too many requests are being answered")),
        }
    }

    /// Whether anything is sent away.
    #[cfg(test)]
    pub(crate) fn is_shedding(&self) -> bool {
        self.shedder.borrow().is_shedding()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.shedder.borrow_mut().ended(self.0.now_us.get());
    }
}

/// The operator must get through to a box that is in trouble; a change is somebody's finished work,
/// a read can be repeated, and what weighs most gives way first.
fn class(domain: DomainId, rate: RateClass) -> Class {
    if [identity::ENTRY.id, limits::ENTRY.id].contains(&domain) {
        return Class::Critical;
    }
    match rate {
        RateClass::Write => Class::Interactive,
        RateClass::Read => Class::Normal,
        RateClass::Bulk => Class::Bulk,
    }
}

fn busy(detail: &'static str) -> Rejection {
    Rejection { retry_after_ms: RETRY_MS, ..Rejection::new(Status::Busy, detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operation of the operator's own, and one of another domain.
    fn operations() -> [(DomainId, &'static Shape); 2] {
        let shape = &limits::ENTRY.operations[0].shape;
        [(limits::ENTRY.id, shape), (DomainId(902), shape)]
    }

    #[test]
    fn a_late_core_sends_requests_away_but_never_the_operator() {
        let late = Duration::from_millis(90);
        let load = Load::new();
        let mut refused = [0; 2];
        for now_us in (0..5_000_000).step_by(1000) {
            for (refused, (domain, shape)) in refused.iter_mut().zip(operations()) {
                *refused += u32::from(load.take(now_us, late, domain, shape).is_err());
            }
        }
        assert!(load.is_shedding(), "the queue stands");
        assert!(refused[0] == 0 && 0 < refused[1], "{refused:?}");
        // On time again: all is forgiven after a while.
        for now_us in (5_000_000..60_000_000).step_by(1000) {
            for (domain, shape) in operations() {
                drop(load.take(now_us, Duration::ZERO, domain, shape));
            }
        }
        assert!(!load.is_shedding());
    }

    #[test]
    fn more_than_a_core_can_hold_is_sent_away() {
        let [_, (domain, shape)] = operations();
        let load = Load::new();
        let take = || load.take(1, Duration::ZERO, domain, shape);
        let held: Vec<_> = std::iter::from_fn(|| take().ok()).collect();
        assert_eq!(held.len() as u64, IN_FLIGHT_MAX);
        assert_eq!(take().unwrap_err().status, Status::Busy);
        drop(held);
        assert!(take().is_ok());
    }
}
