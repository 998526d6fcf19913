//! What a saturated core still takes on: the dearest classes first.
//!
//! A core runs every request to its end, so what waits is not in any queue of ours but in the
//! sockets. How long the core takes to come around to them is how long they wait.

use std::cell::RefCell;
use std::time::Duration;

use contract::{DomainId, RateClass, Shape};
use limiter::{Admission, Class, ShedRules, Shedder};
use runtime::Core;
use wire::Status;

use crate::rejection::Rejection;

/// A core that comes around sooner is busy, not late. A request takes about five rounds from socket to
/// socket (read, taken by its connection, answered, given to its connection, written), each of which
/// is a queue with all others in it: so answers come within some fifty milliseconds when too much is
/// asked.
const TARGET: Duration = Duration::from_millis(10);
/// What stands for longer is no burst.
const WINDOW: Duration = Duration::from_millis(200);
/// Requests of one core that are being answered, at most.
const IN_FLIGHT_MAX: u64 = 65_536;
/// When to come again, in milliseconds.
const RETRY_MS: u32 = 1000;

/// What a core has taken on.
#[derive(Debug)]
pub(crate) struct Load {
    shedder: RefCell<Shedder>,
}

/// A request that was taken on, until it is dropped.
#[derive(Debug)]
pub(crate) struct Taken<'a>(&'a Load);

impl Load {
    pub(crate) fn new() -> Self {
        let us = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
        let (target_us, window_us) = (us(TARGET), us(WINDOW));
        let rules = ShedRules { target_us, window_us, in_flight_max: IN_FLIGHT_MAX };
        Self { shedder: RefCell::new(Shedder::new(rules)) }
    }

    /// Takes a request on that `core` looks at now, or sends it away while that is still cheap.
    #[inline]
    pub(crate) fn take(
        &self,
        core: &Core,
        now_us: u64,
        domain: DomainId,
        shape: &Shape,
    ) -> Result<Taken<'_>, Rejection> {
        let runtime::Round { number, last_us, lasted_us } = core.round(now_us);
        self.take_in(now_us, limiter::Round { number, last_us, lasted_us }, domain, shape)
    }

    fn take_in(
        &self,
        now_us: u64,
        round: limiter::Round,
        domain: DomainId,
        shape: &Shape,
    ) -> Result<Taken<'_>, Rejection> {
        let class = class(domain, shape.rate);
        match self.shedder.borrow_mut().admit(now_us, round, class) {
            Admission::Admitted => Ok(Taken(self)),
            Admission::Overloaded => Err(busy("the box has more to do than it can")),
            Admission::InFlightFull => Err(busy("too many requests are being answered")),
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.shedder.borrow_mut().ended();
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
        let load = Load::new();
        let mut now_us = 0;
        // One round after the other, in each forty requests of both when so much of it has passed.
        let mut rounds = |count: u64, last_us: u64, passed_us: u64| {
            let mut refused = [0; 2];
            for _ in 0..count {
                now_us += last_us;
                let number = now_us / last_us;
                let round = limiter::Round { number, last_us, lasted_us: passed_us };
                for _ in 0..40 {
                    for (refused, (domain, shape)) in refused.iter_mut().zip(operations()) {
                        let now_us = now_us + passed_us;
                        *refused += u32::from(load.take_in(now_us, round, domain, shape).is_err());
                    }
                }
            }
            refused
        };
        let refused = rounds(20, 90_000, 80_000);
        assert!(refused[0] == 0 && (100..800).contains(&refused[1]), "{refused:?}");
        // On time again: all is forgiven.
        assert_eq!(rounds(20, 4_000, 3_000), [0, 0]);
    }

    #[test]
    fn more_than_a_core_can_hold_is_sent_away() {
        let [_, (domain, shape)] = operations();
        let load = Load::new();
        let take = || load.take_in(1, limiter::Round::default(), domain, shape);
        let held: Vec<_> = std::iter::from_fn(|| take().ok()).collect();
        assert_eq!(held.len() as u64, IN_FLIGHT_MAX);
        assert_eq!(take().unwrap_err().status, Status::Busy);
        drop(held);
        assert!(take().is_ok());
    }
}
