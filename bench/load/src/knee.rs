//! The search for the knee: the highest rate that meets the objectives.
//!
//! Rates grow geometrically until one is not sustained, then the gap is halved on a logarithmic scale
//! until it is narrow, then the highest sustained rate is confirmed in a longer window. One bad moment
//! of the machine is no knee: a rate counts as not sustained when it failed twice, out of at most three
//! looks at it, and the lowest that failed is offered once more at the end.

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
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    /// The highest sustained rate; none when none was.
    pub(crate) sustained: Option<f64>,
    /// The lowest rate that was not; none when none failed.
    pub(crate) failed: Option<f64>,
    /// Whether the sustained rate was met in the longer window, too.
    pub(crate) confirmed: bool,
}

/// Rates beside each other are closer together than two runs are.
pub(crate) const GAP: f64 = 1.03;
/// Below this part of the first rate nothing is tried.
const LEAST_PART: f64 = 1.0 / 256.0;
/// Most rates that are tried upwards.
const RAMPS_MAX: u32 = 64;
/// How often a knee that was not confirmed is looked for below.
const CONFIRMS_MAX: u32 = 6;
/// How often what stands above a confirmed knee is looked at again.
const CHALLENGES_MAX: u32 = 3;

impl Search {
    /// Searches. On a stop, what was known until then is in `found`.
    pub(crate) fn run<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        *found = Found { sustained: None, failed: None, confirmed: false };
        let mut rate = self.first_per_s;
        for _ in 0..CHALLENGES_MAX {
            self.climb(offer, found, rate)?;
            self.narrow(offer, found)?;
            self.confirm(offer, found)?;
            let Some(failed) = found.failed.filter(|_| found.confirmed) else { return Ok(()) };
            // What stands in the way may have failed by accident, at a time when it stood far off.
            if self.is_late(offer) || !offer.offer(Purpose::Confirm, failed, false)? {
                return Ok(());
            }
            *found = Found { sustained: Some(failed), failed: None, confirmed: false };
            rate = failed * self.factor.sqrt();
        }
        Ok(())
    }

    /// Grows until a rate is not sustained, or shrinks until one is.
    fn climb<O: Offer>(
        &self,
        offer: &mut O,
        found: &mut Found,
        mut rate: f64,
    ) -> Result<(), O::Stop> {
        for _ in 0..RAMPS_MAX {
            if self.is_late(offer) || rate < self.first_per_s * LEAST_PART {
                return Ok(());
            }
            if Self::sustains(offer, Purpose::Ramp, rate, false)? {
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

    /// Halves the gap until it is narrow.
    fn narrow<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        while let (Some(low), Some(high)) = (found.sustained, found.failed)
            && self.gap < high / low
            && !self.is_late(offer)
        {
            let middle = (low * high).sqrt();
            if Self::sustains(offer, Purpose::Bisect, middle, false)? {
                found.sustained = Some(middle);
            } else {
                found.failed = Some(middle);
            }
        }
        Ok(())
    }

    /// Offers the highest rate in the longer window, and goes down where that fails.
    fn confirm<O: Offer>(&self, offer: &mut O, found: &mut Found) -> Result<(), O::Stop> {
        for _ in 0..CONFIRMS_MAX {
            let Some(low) = found.sustained else { return Ok(()) };
            if self.is_late(offer) {
                return Ok(());
            }
            if Self::sustains(offer, Purpose::Confirm, low, true)? {
                found.confirmed = true;
                return Ok(());
            }
            found.failed = Some(low);
            found.sustained = Some(low / self.gap);
        }
        found.sustained = None;
        Ok(())
    }

    fn is_late(&self, offer: &impl Offer) -> bool {
        self.budget <= offer.elapsed()
    }

    /// Two of three.
    fn sustains<O: Offer>(
        offer: &mut O,
        purpose: Purpose,
        rate: f64,
        long: bool,
    ) -> Result<bool, O::Stop> {
        if offer.offer(purpose, rate, long)? {
            return Ok(true);
        }
        // Far too much fails every time, and once more with it.
        Ok(offer.offer(Purpose::Confirm, rate, long)?
            && offer.offer(Purpose::Confirm, rate, long)?)
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
        chance: Chance,
        offers: Vec<f64>,
        step: Duration,
        breaks_at: Option<usize>,
    }

    impl Scripted {
        fn new(knee: f64, bad_percent: u64, seed: u64) -> Self {
            let chance = Chance::new(seed, 0);
            let step = Duration::from_secs(5);
            Self { knee, bad_percent, chance, offers: Vec::new(), step, breaks_at: None }
        }
    }

    impl Offer for Scripted {
        type Stop = &'static str;

        fn offer(&mut self, _: Purpose, per_s: f64, _: bool) -> Result<bool, &'static str> {
            if self.breaks_at == Some(self.offers.len()) {
                return Err("it broke");
            }
            self.offers.push(per_s);
            Ok(per_s <= self.knee && self.bad_percent <= self.chance.next() % 100)
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
    const NOTHING: Found = Found { sustained: None, failed: None, confirmed: false };

    #[test]
    fn a_knee_is_found_wherever_it_is() {
        for knee in [20.0, 999.0, 1_000.0, 1_001.0, 12_345.0, 1e6] {
            let (mut server, mut found) = (Scripted::new(knee, 0, 0), NOTHING);
            SEARCH.run(&mut server, &mut found).unwrap();
            let sustained = found.sustained.unwrap();
            assert!((knee / GAP..=knee).contains(&sustained), "{knee}: {found:?}");
            assert!(found.failed.unwrap() <= sustained * GAP && found.confirmed);
        }
    }

    #[test]
    fn one_bad_look_in_ten_moves_no_knee_by_more_than_a_tenth() {
        let mut far = 0;
        for seed in 0..200 {
            let (mut server, mut found) = (Scripted::new(50_000.0, 10, seed), NOTHING);
            SEARCH.run(&mut server, &mut found).unwrap();
            far += u32::from(found.sustained.is_none_or(|it| it < 45_000.0));
        }
        // A rate fails by accident when two of three looks do, about two in a hundred, and the last look
        // would have to fail, too.
        assert!(far <= 8, "{far} of 200");
    }

    #[test]
    fn it_ends_in_time_with_what_it_knows() {
        let (mut server, mut found) = (Scripted::new(50_000.0, 0, 0), NOTHING);
        let search = Search { budget: Duration::from_secs(30), ..SEARCH };
        search.run(&mut server, &mut found).unwrap();
        assert_eq!(server.offers.len(), 6);
        assert!(!found.confirmed && found.failed.is_none());
        assert!((10_000.0..10_500.0).contains(&found.sustained.unwrap()), "{found:?}");
    }

    #[test]
    fn what_can_never_be_met_is_given_up() {
        let (mut server, mut found) = (Scripted::new(0.0, 0, 0), NOTHING);
        SEARCH.run(&mut server, &mut found).unwrap();
        assert_eq!(found.sustained, None);
        assert!(found.failed.is_some() && server.offers.len() < 30, "{found:?}");
    }

    #[test]
    fn a_stop_leaves_what_was_known() {
        let (mut server, mut found) = (Scripted::new(50_000.0, 0, 0), NOTHING);
        server.breaks_at = Some(3);
        assert_eq!(SEARCH.run(&mut server, &mut found), Err("it broke"));
        assert!((2_500.0..2_600.0).contains(&found.sustained.unwrap()), "{found:?}");
    }
}
