//! The generic cell rate algorithm in exact integers.
//!
//! With `T = window_us / quota` (the emission interval of one unit) and a stored theoretical arrival
//! time `tat`, a demand of cost `c` at `now` conforms if
//!
//! ```text
//! max(tat, now) + c * T  <=  now + burst * T
//! ```
//!
//! and then the left side becomes the new `tat`. For `c = 1` this is the virtual scheduling form of
//! the specification with the limit `(burst - 1) * T`. A `tat` at or before `now` says the same as
//! none at all, which is why a rested subject can be forgotten.
//!
//! `T` is a fraction. In lowest terms it is `unit / ticks_per_us` microseconds, so that with time
//! counted in ticks every term is a whole number: a unit costs `unit` ticks, and nothing is rounded
//! until a client is told a number. A `tat` is stored as whole microseconds and a rest in ticks, which
//! is short; a debt, what is owed from now on, is one number of ticks.

use crate::policy::Policy;

/// A time of one policy: whole microseconds, and a rest in the policy's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) us: u64,
    pub(crate) ticks: u64,
}

impl Moment {
    /// Before every time that a caller names: the state of a subject never seen.
    pub(crate) const RESTED: Self = Self { us: 0, ticks: 0 };
}

/// A rate policy made ready for checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    quota: u32,
    burst: u32,
    /// Below 2^32, because it divides the quota.
    ticks_per_us: u64,
    /// Ticks of one unit, and of a whole burst.
    unit: u64,
    depth: u64,
    /// A whole burst in microseconds, rounded up: no debt of this policy is longer.
    depth_us: u64,
}

/// What a rate says to one demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) admitted: bool,
    /// The theoretical arrival time after this demand: with the charge if it was admitted.
    pub(crate) next: Moment,
    /// Units that could be taken at once after this.
    pub(crate) remaining: u64,
    /// Until the whole burst is there again.
    pub(crate) reset_us: u64,
    /// Until the same demand is admitted, if nothing else is charged; 0 when it was.
    pub(crate) retry_after_us: u64,
}

/// How many ticks a microsecond and a unit of this policy have: quota and window in lowest terms.
pub(crate) fn ticks(policy: &Policy) -> (u64, u64) {
    let (mut common, mut rest) = (policy.window_us, u64::from(policy.quota));
    while rest > 0 {
        (common, rest) = (rest, common % rest);
    }
    (u64::from(policy.quota) / common, policy.window_us / common)
}

impl Rate {
    /// `policy` must have passed its validation and count a rate.
    pub(crate) fn compile(policy: &Policy) -> Self {
        let (ticks_per_us, unit) = ticks(policy);
        let depth = unit * u64::from(policy.burst);
        Self {
            quota: policy.quota,
            burst: policy.burst,
            ticks_per_us,
            unit,
            depth,
            depth_us: depth.div_ceil(ticks_per_us),
        }
    }

    pub(crate) fn burst(&self) -> u32 {
        self.burst
    }

    pub(crate) fn quota(&self) -> u64 {
        u64::from(self.quota)
    }

    /// Decides one demand of at most a burst for a subject whose theoretical arrival time is `tat`.
    ///
    /// A `tat` of an earlier policy under the same number is read so that the subject owes at most
    /// a whole burst of this one.
    #[inline]
    pub(crate) fn charge(&self, now_us: u64, tat: Moment, cost: u32) -> Charge {
        let owed = self.debt(now_us, tat);
        let asked = owed + self.unit * u64::from(cost);
        let admitted = asked <= self.depth;
        let debt = if admitted { asked } else { owed };
        let whole_us = debt / self.ticks_per_us;
        let rest = debt % self.ticks_per_us;
        let retry_after_us =
            if admitted { 0 } else { (asked - self.depth).div_ceil(self.ticks_per_us) };
        Charge {
            admitted,
            next: Moment { us: now_us + whole_us, ticks: rest },
            remaining: (self.depth - debt) / self.unit,
            reset_us: whole_us + u64::from(rest > 0),
            retry_after_us,
        }
    }

    /// What is owed from now on: at most a whole burst.
    #[inline]
    fn debt(&self, now_us: u64, tat: Moment) -> u64 {
        // Bounded before it is multiplied: the time of an earlier policy may be far.
        let whole_us = tat.us.saturating_sub(now_us).min(self.depth_us);
        let rest = if tat.us < now_us { 0 } else { tat.ticks.min(self.ticks_per_us - 1) };
        (whole_us * self.ticks_per_us + rest).min(self.depth)
    }

    /// The theoretical arrival time when a charge made at `admitted_us` is taken back at `now_us`.
    ///
    /// What was charged in between may have begun where the taken charge ended. Had the charge never
    /// been made, it would have begun at the latest at `now_us` instead of at the earliest at
    /// `admitted_us`; so the time in between is kept, and the result is never too early.
    pub(crate) fn refund(&self, now_us: u64, admitted_us: u64, tat: Moment, cost: u32) -> Moment {
        let kept = now_us.saturating_sub(admitted_us).saturating_mul(self.ticks_per_us);
        let charged = self.unit * u64::from(cost.min(self.burst));
        let debt = self.debt(now_us, tat).saturating_sub(charged.saturating_sub(kept));
        Moment { us: now_us + debt / self.ticks_per_us, ticks: debt % self.ticks_per_us }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{TICKS_MAX, Unit, WINDOW_US_MAX};

    fn rate(quota: u32, window_us: u64, burst: u32) -> Rate {
        let policy = Policy { name: "a".into(), unit: Unit::Requests, quota, window_us, burst };
        policy.validate(0).unwrap();
        Rate::compile(&policy)
    }

    /// `tat` and `cost` at time 1000 of 3 units per 10 us with a burst of 6 (20 us).
    #[track_caller]
    fn check(tat: (u64, u64), cost: u32, expected: (bool, (u64, u64), u64, u64, u64)) {
        let tat = Moment { us: tat.0, ticks: tat.1 };
        // The same fraction in other terms is the same policy.
        for rate in [rate(3, 10, 6), rate(300, 1000, 6)] {
            let charge = rate.charge(1000, tat, cost);
            let next = (charge.next.us, charge.next.ticks);
            let found =
                (charge.admitted, next, charge.remaining, charge.reset_us, charge.retry_after_us);
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_rested_subject_has_its_whole_burst() {
        check((0, 0), 1, (true, (1003, 1), 5, 4, 0));
        check((999, 2), 1, (true, (1003, 1), 5, 4, 0));
        check((1000, 0), 6, (true, (1020, 0), 0, 20, 0));
        check((0, 0), 0, (true, (1000, 0), 6, 0, 0));
    }

    #[test]
    fn the_bound_is_exact_to_a_third_of_a_microsecond() {
        check((1000, 1), 6, (false, (1000, 1), 5, 1, 1));
        check((1016, 2), 1, (true, (1020, 0), 0, 20, 0));
        check((1017, 0), 1, (false, (1017, 0), 0, 17, 1));
        check((1016, 2), 2, (false, (1016, 2), 1, 17, 4));
        check((1016, 1), 2, (false, (1016, 1), 1, 17, 3));
    }

    #[test]
    fn the_debt_of_an_earlier_policy_is_at_most_a_burst() {
        check((99_999, 7), 1, (false, (1020, 0), 0, 20, 4));
        check((u64::MAX, u64::MAX), 1, (false, (1020, 0), 0, 20, 4));
        check((1016, 7), 1, (true, (1020, 0), 0, 20, 0));
    }

    #[test]
    fn the_longest_policies_do_not_overflow() {
        let rows = [
            (1, WINDOW_US_MAX, u32::try_from(TICKS_MAX / WINDOW_US_MAX).unwrap()),
            (u32::MAX, 1, u32::MAX),
            (u32::MAX, u64::from(u32::MAX - 1), 1 << 30),
        ];
        for (quota, window_us, burst) in rows {
            let rate = rate(quota, window_us, burst);
            let now_us = crate::NOW_US_MAX;
            let one = rate.charge(now_us, Moment::RESTED, 1);
            assert_eq!((one.admitted, one.remaining), (true, u64::from(burst) - 1));
            let all = rate.charge(now_us, Moment::RESTED, burst);
            assert_eq!((all.admitted, all.remaining), (true, 0));
            assert_eq!(all.reset_us, rate.depth_us);
            let more = rate.charge(now_us, all.next, burst);
            assert_eq!((more.admitted, more.retry_after_us), (false, rate.depth_us));
            let back = rate.refund(now_us, 0, all.next, burst);
            assert_eq!(back, all.next);
            let back = rate.refund(now_us, now_us, all.next, burst);
            assert_eq!(back, Moment { us: now_us, ticks: 0 });
        }
    }

    #[test]
    fn a_refund_keeps_the_time_that_passed() {
        let rate = rate(3, 10, 6);
        let rows = [
            (1000, (1013, 1), 1, (1010, 0)),
            (1002, (1013, 1), 1, (1012, 0)),
            (1003, (1013, 1), 1, (1013, 0)),
            (1004, (1013, 1), 1, (1013, 1)),
            (1000, (2, 0), 1, (1000, 0)),
            (1000, (1002, 0), 9, (1000, 0)),
        ];
        for (now_us, tat, cost, expected) in rows {
            let found = rate.refund(now_us, 1000, Moment { us: tat.0, ticks: tat.1 }, cost);
            assert_eq!((found.us, found.ticks), expected, "{now_us} {tat:?}");
        }
    }
}
