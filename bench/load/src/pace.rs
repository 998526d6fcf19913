//! When requests start: at once after a reply, or by a timetable that no reply can hold up.

use std::sync::Arc;
use std::time::Instant;

/// Nanoseconds since one common start, for every thread of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn instant(self, at_ns: u64) -> Instant {
        self.0 + std::time::Duration::from_nanos(at_ns)
    }
}

/// The measured part of a round, in nanoseconds of its [`Clock`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Window {
    pub(crate) fn contains(self, at: u64) -> bool {
        self.from <= at && at < self.to
    }
}

/// Hands out the starts of requests.
#[derive(Debug)]
pub(crate) enum Arrivals {
    /// A new request whenever there is room for one, until the given time.
    Closed { until: u64 },
    /// Requests at fixed times.
    Open(Timetable),
}

/// Requests are due at fixed times, whether or not anybody is free to send them.
#[derive(Debug)]
pub(crate) struct Timetable {
    from: u64,
    until: u64,
    starts: Starts,
    handed_out: u64,
}

/// When requests are due, in nanoseconds from the first that may be.
#[derive(Debug, Clone)]
pub(crate) enum Starts {
    /// Start `k` at `k / rate`.
    Even { per_second: u64 },
    /// In order.
    Listed(Arc<[u64]>),
}

const SECOND_NS: u128 = 1_000_000_000;

impl Arrivals {
    /// The intended start of the next request, if one may be sent now.
    pub(crate) fn next(&mut self, now: u64) -> Option<u64> {
        match self {
            Self::Closed { until } => (now < *until).then_some(now),
            Self::Open(timetable) => timetable.next(now),
        }
    }

    /// The intended start of the next request, if it is of the time before `limit`. A closed loop has
    /// none that waits.
    pub(crate) fn next_before(&mut self, limit: u64) -> Option<u64> {
        match self {
            Self::Closed { .. } => None,
            Self::Open(timetable) => timetable.next(limit.checked_sub(1)?),
        }
    }

    /// Whether [`Self::next`] would hand something out.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        match self {
            Self::Closed { until } => now < *until,
            Self::Open(timetable) => timetable.backlog(now) != 0,
        }
    }

    pub(crate) fn timetable(&self) -> Option<&Timetable> {
        match self {
            Self::Closed { .. } => None,
            Self::Open(timetable) => Some(timetable),
        }
    }

    /// Whether nothing will be handed out at `now` or later.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        match self {
            Self::Closed { until } => *until <= now,
            Self::Open(timetable) => timetable.until <= now && timetable.backlog(now) == 0,
        }
    }
}

impl Timetable {
    pub(crate) fn new(from: u64, until: u64, starts: Starts) -> Self {
        Self { from, until, starts, handed_out: 0 }
    }

    fn at(&self, index: u64) -> u64 {
        match &self.starts {
            Starts::Even { per_second } => {
                let offset = u128::from(index) * SECOND_NS / u128::from(*per_second);
                self.from + u64::try_from(offset).unwrap_or(u64::MAX / 2)
            }
            Starts::Listed(starts) => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                starts.get(index).map_or(u64::MAX, |offset| self.from + offset)
            }
        }
    }

    /// How many starts are due at `now`.
    fn due(&self, now: u64) -> u64 {
        let Some(last) = now.min(self.until.saturating_sub(1)).checked_sub(self.from) else {
            return 0;
        };
        let mut due = match &self.starts {
            Starts::Even { per_second } => {
                let due = u128::from(last) * u128::from(*per_second) / SECOND_NS + 1;
                u64::try_from(due).unwrap_or(u64::MAX)
            }
            Starts::Listed(starts) => {
                // What was handed out was due.
                let done = usize::try_from(self.handed_out).unwrap_or(usize::MAX).min(starts.len());
                let more = starts[done..].partition_point(|offset| *offset <= last);
                u64::try_from(done + more).unwrap_or(u64::MAX)
            }
        };
        // Both divisions round down: the start after the last one may be due as well.
        while self.at(due) <= now && self.at(due) < self.until {
            due += 1;
        }
        due
    }

    fn next(&mut self, now: u64) -> Option<u64> {
        let at = self.at(self.handed_out);
        (at <= now && at < self.until).then(|| {
            self.handed_out += 1;
            at
        })
    }

    /// How many starts are due and were not handed out.
    pub(crate) fn backlog(&self, now: u64) -> u64 {
        self.due(now).saturating_sub(self.handed_out)
    }

    /// The first start after `now`; `None` when there is none.
    pub(crate) fn after(&self, now: u64) -> Option<u64> {
        let at = self.at(self.due(now));
        (at < self.until).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(from: u64, until: u64) -> Timetable {
        Timetable::new(from, until, Starts::Even { per_second: 1_000 })
    }

    #[test]
    fn a_list_is_handed_out_in_its_order_and_no_further_than_the_end() {
        let starts = Starts::Listed([0, 10, 10, 35, 90].into());
        let mut timetable = Timetable::new(100, 180, starts);
        assert_eq!((timetable.next(99), timetable.after(0)), (None, Some(100)));
        assert_eq!((timetable.next(100), timetable.after(100)), (Some(100), Some(110)));
        assert_eq!(timetable.backlog(134), 2);
        assert_eq!([timetable.next(134), timetable.next(134)], [Some(110), Some(110)]);
        assert_eq!((timetable.next(134), timetable.after(134)), (None, Some(135)));
        assert_eq!((timetable.backlog(1_000), timetable.next(1_000)), (1, Some(135)));
        assert_eq!((timetable.backlog(1_000), timetable.after(1_000)), (0, None));
    }

    #[test]
    fn a_timetable_hands_out_every_start_once_and_on_time() {
        // (rate, length, starts): also rates that do not divide a second.
        for (per_second, length, starts) in
            [(1_000, 2_000_000_000, 2_000), (3, 1_000_000_000, 3), (7, 1, 1), (1_000_003, 1_000, 2)]
        {
            let mut timetable = Timetable::new(500, 500 + length, Starts::Even { per_second });
            assert_eq!(timetable.next(499), None);
            let mut now = 500;
            let mut count = 0;
            loop {
                assert_eq!(timetable.backlog(now), 1, "start {count} at {now}");
                assert_eq!(timetable.next(now), Some(now));
                assert_eq!(timetable.next(now), None);
                count += 1;
                match timetable.after(now) {
                    Some(next) => now = next,
                    None => break,
                }
            }
            assert_eq!(count, starts, "rate {per_second}");
            assert_eq!(timetable.backlog(u64::MAX / 4), 0);
        }
    }

    #[test]
    fn what_nobody_took_stays_due_at_its_own_time() {
        let mut timetable = even(0, 10_000_000);
        assert_eq!(timetable.backlog(3_500_000), 4);
        let mut arrivals = Arrivals::Open(even(0, 10_000_000));
        assert_eq!(arrivals.next_before(0), None);
        assert_eq!(arrivals.next_before(1_000_000), Some(0));
        assert_eq!(arrivals.next_before(1_000_000), None, "the next start is not before itself");
        assert_eq!(arrivals.next(1_000_000), Some(1_000_000));
        assert!(Arrivals::Open(even(5, 10)).is_due(5));
        assert!(!Arrivals::Open(even(5, 10)).is_due(4));
        assert_eq!(timetable.next(3_500_000), Some(0));
        assert_eq!(timetable.next(3_500_000), Some(1_000_000));
        assert_eq!(timetable.backlog(3_500_000), 2);
        assert_eq!(timetable.after(3_500_000), Some(4_000_000));
        // The end comes, ten were due in all.
        assert_eq!(timetable.backlog(1_000_000_000), 8);
        assert_eq!(timetable.after(1_000_000_000), None);
    }

    #[test]
    fn a_closed_loop_ends_with_its_window() {
        let mut arrivals = Arrivals::Closed { until: 10 };
        assert!(arrivals.is_due(9) && !arrivals.is_due(10));
        assert_eq!((arrivals.next(9), arrivals.next(10)), (Some(9), None));
        assert!(arrivals.is_over(10) && !arrivals.is_over(9));
        assert_eq!(arrivals.next_before(9), None);
    }
}
