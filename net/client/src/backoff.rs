//! How long to pause before the next attempt to connect.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Doubling pauses between two bounds, each shortened by up to a half at random, so that clients
/// that lost the same server do not return in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    next_ms: u64,
    fresh: bool,
    ms_max: u64,
    seed: u64,
}

impl Backoff {
    pub(crate) fn new(ms_min: u64, ms_max: u64) -> Self {
        // The standard library seeds its hashers from the operating system's randomness.
        Self::seeded(ms_min, ms_max, RandomState::new().hash_one(0_u8))
    }

    fn seeded(ms_min: u64, ms_max: u64, seed: u64) -> Self {
        let ms_max = ms_max.max(1);
        Self { next_ms: ms_min.clamp(1, ms_max), fresh: true, ms_max, seed: seed | 1 }
    }

    /// Whether the next attempt is the first, which needs no pause before it.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Notes that an attempt was made and brought nothing.
    pub(crate) fn spoil(&mut self) {
        self.fresh = false;
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let whole_ms = self.next_ms;
        self.next_ms = whole_ms.saturating_mul(2).min(self.ms_max);
        // xorshift64: quality does not matter, only that two clients differ.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        Duration::from_millis(whole_ms - self.seed % (whole_ms / 2 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_bound_and_lose_at_most_half() {
        for seed in [0, 1, 42, u64::MAX] {
            let mut backoff = Backoff::seeded(10, 100, seed);
            for whole_ms in [10, 20, 40, 80, 100, 100] {
                let pause = backoff.pause();
                assert!(pause <= Duration::from_millis(whole_ms), "{pause:?} of {whole_ms}");
                assert!(Duration::from_millis(whole_ms / 2) <= pause, "{pause:?} of {whole_ms}");
            }
        }
    }

    #[test]
    fn senseless_bounds_still_pause() {
        let mut backoff = Backoff::seeded(0, 0, 7);
        assert_eq!(backoff.pause(), Duration::from_millis(1));
        assert_eq!(backoff.pause(), Duration::from_millis(1));
    }
}
