//! The search for the knee: the highest rate that meets the objectives.
//!
//! Rates grow geometrically until one is not sustained. Then the gap below it is searched several times,
//! each time halved on a logarithmic scale until it is narrow, and the second best of what the passes found
//! is confirmed in a longer window. A machine of which others use parts has phases of many seconds in which
//! it does less, but hardly any in which it does more: a single pass that runs into one finds a knee that is
//! not there, and the best of all may have been lucky.

use std::time::Duration;

use crate::plan::result::Purpose;

/// Somebody who offers a rate and tells how it went.
pub(crate) trait Offer {
    /// Why the search ends early.
    type Stop;

    /// Offers `per_s` and says whether all objectives were met. `long` asks for the window that
    /// confirms.
    fn offer(&mut self, purpose: Purpose, per_s: f64, long: bool) -> Result<bool, Self::Stop>;

    /// Time since the search began.
    fn elapsed(&self) -> Duration;
}

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Search {
    /// Where to begin, per second.
    pub(crate) first_per_s: f64,
    /// What a sustained rate is multiplied with.
    pub(crate) factor: f64,
    /// The gap that is narrow enough: the upper end over the lower one.
    pub(crate) gap: f64,
    /// When no new rate is tried any more; what is known then is the answer.
    pub(crate) budget: Duration,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Found {
    /// The highest sustained rate, the second best of the passes; none when none was sustained.
    pub(crate) sustained: Option<f64>,
    /// The lowest rate above it that was not; none when none failed.
    pub(crate) failed: Option<f64>,
    /// What each pass found.
    pub(crate) passes: Vec<f64>,
    /// Whether the sustained rate was met in the longer window, too.
    pub(crate) confirmed: bool,
}

/// What one pass found: a rate that was met, and the one above it that was not.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pass {
    met: f64,
    failed: Option<f64>,
}

/// Rates beside each other are closer together than two runs are.
pub(crate) const GAP: f64 = 1.03;
/// Below this part of the first rate nothing is tried.
const LEAST_PART: f64 = 1.0 / 256.0;
/// Most rates that are tried upwards.
const RAMPS_MAX: u32 = 64;
/// How often the gap is searched.
const PASSES: usize = 9;
/// No pass begins after this part of the budget: the rest is for the confirmation.
const PASSES_PART: f64 = 0.8;
/// How often a knee that was not confirmed is looked for below.
const CONFIRMS_MAX: u32 = 2;

impl Search {
    /// Searches. On a stop, what was known until then is in `found`.
    pub(crate) fn run<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        *found = Found::default();
        self.climb(offer, found)?;
        let (Some(low), Some(mut high)) = (found.sustained, found.failed) else { return Ok(()) };
        let mut passes = Vec::new();
        while passes.is_empty()
            || (passes.len() < PASSES && offer.elapsed() < self.budget.mul_f64(PASSES_PART))
        {
            passes.push(self.pass(offer, low, &mut high)?);
            passes.sort_by(|a: &Pass, b| a.met.total_cmp(&b.met));
            let second = passes[passes.len().saturating_sub(2)];
            (found.sustained, found.failed) = (Some(second.met), second.failed);
            found.passes = passes.iter().map(|it| it.met).collect();
        }
        self.confirm(offer, found)
    }

    /// Grows until a rate is not sustained in two looks, or shrinks until one is.
    fn climb<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        let mut rate = self.first_per_s;
        for _ in 0..RAMPS_MAX {
            if self.is_late(offer) || rate < self.first_per_s * LEAST_PART {
                return Ok(());
            }
            let mut look = || offer.offer(Purpose::Ramp, rate, false);
            if look()? || look()? {
                found.sustained = Some(rate);
                rate *= self.factor;
            } else {
                found.failed = Some(rate);
                rate /= self.factor * self.factor;
            }
            if found.sustained.is_some() && found.failed.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Halves the gap between a rate that was met and one that was not, until it is narrow. Where all of
    /// it is met, what ended the climb is offered again, and the climb goes on: `high` grows.
    fn pass<O: Offer>(&self, offer: &mut O, low: f64, high: &mut f64) -> Result<Pass, O::Stop> {
        let mut pass = self.halve(offer, Pass { met: low, failed: Some(*high) })?;
        if pass.failed != Some(*high) || self.is_late(offer) {
            return Ok(pass);
        }
        while !self.is_late(offer) {
            if !offer.offer(Purpose::Bisect, *high, false)? {
                pass.failed = Some(*high);
                return self.halve(offer, pass);
            }
            pass = Pass { met: *high, failed: None };
            *high *= self.factor;
        }
        Ok(pass)
    }

    fn halve<O: Offer>(&self, offer: &mut O, mut pass: Pass) -> Result<Pass, O::Stop> {
        while let Some(failed) = pass.failed
            && self.gap < failed / pass.met
            && !self.is_late(offer)
        {
            let middle = (pass.met * failed).sqrt();
            if offer.offer(Purpose::Bisect, middle, false)? {
                pass.met = middle;
            } else {
                pass.failed = Some(middle);
            }
        }
        Ok(pass)
    }

    /// Offers the knee in the longer window, and goes down where two of three looks at it fail.
    fn confirm<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        let (Some(mut rate), Some(failed)) = (found.sustained, found.failed) else { return Ok(()) };
        // Downwards the rates are those of the passes, too.
        let step = (failed / rate).min(self.gap);
        for _ in 0..CONFIRMS_MAX {
            let mut look = || offer.offer(Purpose::Confirm, rate, true);
            if look()? || (look()? && look()?) {
                found.confirmed = true;
                return Ok(());
            }
            found.failed = Some(rate);
            rate /= step;
            found.sustained = Some(rate);
            if self.is_late(offer) {
                break;
            }
        }
        Ok(())
    }

    fn is_late(&self, offer: &impl Offer) -> bool {
        self.budget <= offer.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    /// A server with a knee; so many of a hundred looks below it fail all the same.
    struct Scripted {
        knee: f64,
        bad_percent: u64,
        /// From when and until when it does only this part of that.
        slow: Option<(Duration, Duration, f64)>,
        chance: Chance,
        offers: Vec<f64>,
        step: Duration,
        breaks_at: Option<usize>,
    }

    impl Scripted {
        fn new(knee: f64, bad_percent: u64, seed: u64) -> Self {
            Self {
                knee,
                bad_percent,
                slow: None,
                chance: Chance::new(seed, 0),
                offers: Vec::new(),
                step: Duration::from_secs(5),
                breaks_at: None,
            }
        }
    }

    impl Offer for Scripted {
        type Stop = &'static str;

        fn offer(&mut self, _: Purpose, per_s: f64, _: bool) -> Result<bool, &'static str> {
            if self.breaks_at == Some(self.offers.len()) {
                return Err("it broke");
            }
            let is_slow = |(from, until, _): &(Duration, Duration, f64)| {
                (*from..*until).contains(&self.elapsed())
            };
            let part = self.slow.filter(is_slow).map_or(1.0, |it| it.2);
            self.offers.push(per_s);
            Ok(per_s <= self.knee * part && self.bad_percent <= self.chance.next() % 100)
        }

        fn elapsed(&self) -> Duration {
            self.step * u32::try_from(self.offers.len()).unwrap()
        }
    }

    const SEARCH: Search = Search {
        first_per_s: 1_000.0,
        factor: 1.6,
        gap: GAP,
        budget: Duration::from_secs(100_000),
    };

    fn found(search: Search, server: &mut Scripted) -> Found {
        let mut found = Found::default();
        search.run(server, &mut found).unwrap();
        found
    }

    #[test]
    fn a_knee_is_found_wherever_it_is() {
        for knee in [20.0, 999.0, 1_000.0, 1_001.0, 12_345.0, 1e6] {
            let found = found(SEARCH, &mut Scripted::new(knee, 0, 0));
            let sustained = found.sustained.unwrap();
            assert!((knee / GAP..=knee).contains(&sustained), "{knee}: {found:?}");
            assert!(found.failed.unwrap() <= sustained * GAP && found.confirmed);
            assert_eq!(found.passes, [sustained; PASSES]);
        }
    }

    #[test]
    fn one_bad_look_in_twenty_moves_no_knee_by_more_than_a_tenth() {
        let mut far = 0;
        for seed in 0..1_000 {
            let found = found(SEARCH, &mut Scripted::new(50_000.0, 5, seed));
            far += u32::from(found.sustained.is_none_or(|it| it < 45_000.0));
        }
        // Eight of nine passes would have to fail one of their first two looks by accident.
        assert!(far <= 3, "{far} of 1,000");
    }

    #[test]
    fn a_phase_in_which_the_machine_does_less_moves_no_knee() {
        let whole = Scripted { step: Duration::from_secs(3), ..Scripted::new(50_000.0, 0, 0) };
        let plan = Search { first_per_s: 10_000.0, budget: Duration::from_secs(90), ..SEARCH };
        for second in 0..60 {
            let from = Duration::from_secs(second);
            let slow = Some((from, from + Duration::from_secs(25), 0.8));
            let mut server =
                Scripted { slow, chance: Chance::new(0, 0), offers: Vec::new(), ..whole };
            let found = found(plan, &mut server);
            let sustained = found.sustained.unwrap();
            assert!((47_000.0..=50_000.0).contains(&sustained), "{second}: {found:?}");
            assert!(found.passes.len() >= 3, "{found:?}");
        }
    }

    #[test]
    fn it_ends_in_time_with_what_it_knows() {
        let search = Search { budget: Duration::from_secs(30), ..SEARCH };
        let mut server = Scripted::new(50_000.0, 0, 0);
        let found = found(search, &mut server);
        assert_eq!(server.offers.len(), 6);
        assert!(!found.confirmed && found.failed.is_none());
        assert!((10_000.0..10_500.0).contains(&found.sustained.unwrap()), "{found:?}");
    }

    #[test]
    fn what_can_never_be_met_is_given_up() {
        let mut server = Scripted::new(0.0, 0, 0);
        let found = found(SEARCH, &mut server);
        assert_eq!(found.sustained, None);
        assert!(found.failed.is_some() && server.offers.len() < 30, "{found:?}");
    }

    #[test]
    fn what_ended_the_climb_by_accident_is_climbed_again() {
        // The first rate fails twice: all else is far above it.
        let slow = Some((Duration::ZERO, Duration::from_secs(6), 0.0));
        let mut server = Scripted { slow, ..Scripted::new(50_000.0, 0, 0) };
        let found = found(SEARCH, &mut server);
        assert!((50_000.0 / GAP..=50_000.0).contains(&found.sustained.unwrap()), "{found:?}");
    }

    #[test]
    fn a_stop_leaves_what_was_known() {
        let mut server = Scripted { breaks_at: Some(3), ..Scripted::new(50_000.0, 0, 0) };
        let mut found = Found::default();
        assert_eq!(SEARCH.run(&mut server, &mut found), Err("it broke"));
        assert!((2_500.0..2_600.0).contains(&found.sustained.unwrap()), "{found:?}");
    }
}
