//! Numbers from a seed.

/// A stream of numbers that a seed decides (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of one item of a seeded series.
    pub const fn new(seed: u64, item: u64) -> Self {
        let mut random = Self(seed ^ item.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, low: i32, high: i32) -> i32 {
        assert!(low <= high, "{low} to {high} holds nothing");
        let count = u64::from(low.abs_diff(high)) + 1;
        low + i32::try_from(self.next() % count).expect("within two i32")
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: i32) -> bool {
        self.within(1, 100) <= percent
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let last = i32::try_from(of.len()).expect("a short list") - 1;
        &of[usize::try_from(self.within(0, last)).expect("not below 0")]
    }
}
