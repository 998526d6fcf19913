//! When the requests of a step are due.

use crate::chance::Chance;
use crate::scenario::{Arrival, Process};

/// Over which time, and how much. Times in seconds from the first request.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_field_names, reason = "units last")]
pub(crate) struct Course {
    /// From nothing to the full rate.
    pub(crate) rise_s: f64,
    /// To the end of the window.
    pub(crate) length_s: f64,
    /// In the mean, once it is full.
    pub(crate) per_s: f64,
}

/// Nanoseconds from the first request, in order. The same chance draws the same list.
pub(crate) fn list(arrival: &Arrival, course: Course, chance: &mut Chance) -> Vec<u64> {
    let mut starts = Vec::new();
    // Even starts are in the middle of their share, so that doors do not all begin at once.
    let mut up_to = if arrival.process == Process::Even { chance.unit() } else { 0.0 };
    loop {
        up_to += if arrival.process == Process::Even { 1.0 } else { chance.exponential() };
        let at = when(arrival, course, up_to);
        if course.length_s <= at {
            return starts;
        }
        starts.push(nanos(at));
    }
}

/// When so many requests have come.
fn when(arrival: &Arrival, Course { rise_s, per_s, .. }: Course, count: f64) -> f64 {
    let in_rise = per_s * rise_s / 2.0;
    if count < in_rise {
        return (2.0 * count * rise_s / per_s).sqrt();
    }
    let rest = count - in_rise;
    let bursts = arrival.burst_every_s.zip(arrival.burst_for_s).zip(arrival.burst_factor);
    let Some(((every_s, for_s), factor)) = bursts else { return rise_s + rest / per_s };
    // Each turn begins with its burst, and has as many as the mean asks for.
    let in_turn = per_s * every_s;
    let turns = (rest / in_turn).floor();
    let within = rest - turns * in_turn;
    let in_burst = per_s * factor * for_s;
    let at = if within < in_burst {
        within / (per_s * factor)
    } else {
        for_s + (within - in_burst) * (every_s - for_s) / (in_turn - in_burst)
    };
    rise_s + turns * every_s + at
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a step is at least nothing and at most some hours long"
)]
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Arrival = Arrival {
        process: Process::Even,
        burst_every_s: None,
        burst_for_s: None,
        burst_factor: None,
    };

    fn starts(arrival: Arrival, rise_s: f64) -> Vec<u64> {
        let course = Course { rise_s, length_s: 10.0 + rise_s, per_s: 5_000.0 };
        list(&arrival, course, &mut Chance::new(1, 2))
    }

    fn between(starts: &[u64], from_s: f64, to_s: f64) -> usize {
        starts.iter().filter(|at| (nanos(from_s)..nanos(to_s)).contains(at)).count()
    }

    #[test]
    fn even_starts_are_at_equal_distances() {
        let starts = starts(PLAIN, 0.0);
        assert!(starts.len().abs_diff(50_000) <= 1);
        assert!(starts.windows(2).all(|it| (it[1] - it[0]).abs_diff(200_000) <= 1));
    }

    #[test]
    fn a_rise_is_straight_and_half_of_what_comes_after() {
        for process in [Process::Even, Process::Poisson] {
            let starts = starts(Arrival { process, ..PLAIN }, 2.0);
            // (from, to, expected): a quarter in the first half of the rise.
            for (from_s, to_s, expected) in
                [(0.0, 1.0, 1_250), (1.0, 2.0, 3_750), (2.0, 12.0, 50_000)]
            {
                let found = between(&starts, from_s, to_s);
                assert!(found.abs_diff(expected) < expected / 10, "{process:?} {found} {expected}");
            }
            assert!(starts.is_sorted());
        }
    }

    #[test]
    fn independent_starts_are_no_more_and_no_less_than_that() {
        let starts = starts(Arrival { process: Process::Poisson, ..PLAIN }, 0.0);
        assert!(starts.len().abs_diff(50_000) < 1_000, "{}", starts.len());
        // The variance of counts is their mean.
        let counts: Vec<f64> = (0..1_000_u32)
            .map(|it| f64::from(it) / 100.0)
            .map(|from_s| between(&starts, from_s, from_s + 0.01))
            .map(|it| f64::from(u32::try_from(it).unwrap()))
            .collect();
        let mean = counts.iter().sum::<f64>() / 1_000.0;
        let variance = counts.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 1_000.0;
        assert!((0.85..1.15).contains(&(variance / mean)), "{mean} {variance}");
    }

    #[test]
    fn a_burst_has_its_factor_and_the_whole_its_mean() {
        let arrival = Arrival {
            process: Process::Bursts,
            burst_every_s: Some(1.0),
            burst_for_s: Some(0.1),
            burst_factor: Some(4.0),
        };
        let starts = starts(arrival, 0.0);
        assert!(starts.len().abs_diff(50_000) < 1_000, "{}", starts.len());
        let in_bursts: usize =
            (0..10_u32).map(f64::from).map(|turn| between(&starts, turn, turn + 0.1)).sum();
        assert!(in_bursts.abs_diff(20_000) < 800, "{in_bursts}");
    }
}
