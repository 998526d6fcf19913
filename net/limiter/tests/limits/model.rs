//! A policy as its definition says it: every admitted request is kept and every interval is looked at.

use std::collections::BTreeMap;

use limiter::Policy;

/// What one subject was admitted under one policy.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    quota: u128,
    window_us: u128,
    pub(crate) burst: u32,
    admitted: Vec<(u64, u32)>,
}

/// One curve for each of the policies and the first so many subjects.
pub(crate) fn curves(policies: &[Policy], subjects_count: u128) -> BTreeMap<(u128, u16), Curve> {
    let numbered = || (0_u16..).zip(policies);
    (0..subjects_count)
        .flat_map(|subject| numbered().map(move |(number, it)| ((subject, number), Curve::new(it))))
        .collect()
}

impl Curve {
    pub(crate) fn new(policy: &Policy) -> Self {
        let quota = u128::from(policy.quota);
        let window_us = u128::from(policy.window_us);
        Self { quota, window_us, burst: policy.burst, admitted: Vec::new() }
    }

    /// Whether in no interval that ends now more would have been admitted than
    /// `burst + length * quota / window`.
    pub(crate) fn admits(&self, now_us: u64, cost: u32) -> bool {
        let mut sum = u128::from(cost);
        let mut fits = cost <= self.burst;
        for (at_us, cost) in self.admitted.iter().rev() {
            sum += u128::from(*cost);
            let length_us = u128::from(now_us - at_us);
            let allowed = u128::from(self.burst) * self.window_us + length_us * self.quota;
            fits &= sum * self.window_us <= allowed;
        }
        fits
    }

    pub(crate) fn charge(&mut self, now_us: u64, cost: u32) {
        self.admitted.push((now_us, cost));
    }

    pub(crate) fn withdraw(&mut self, at_us: u64, cost: u32) {
        let place =
            self.admitted.iter().position(|it| *it == (at_us, cost)).expect("it was charged");
        self.admitted.remove(place);
    }

    /// The largest cost that would be admitted now.
    pub(crate) fn remaining(&self, now_us: u64) -> u32 {
        (0..=self.burst).rev().find(|cost| self.admits(now_us, *cost)).expect("a cost of zero")
    }

    /// The first microsecond from `now_us` on at which the cost is admitted.
    pub(crate) fn first_at(&self, now_us: u64, cost: u32) -> u64 {
        let (mut low, mut high) = (now_us, now_us + 1_000_000);
        assert!(self.admits(high, cost));
        while low < high {
            let middle = low.midpoint(high);
            if self.admits(middle, cost) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Whether a subject with this past is the same as one without.
    pub(crate) fn is_rested(&self, now_us: u64) -> bool {
        self.admits(now_us, self.burst)
    }
}
