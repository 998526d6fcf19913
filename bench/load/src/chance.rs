//! What is drawn: numbers that look random and are the same for the same seed.

/// A stream of 64-bit numbers by a counter and a mixing function (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

/// 2^53: every multiple of its inverse below 1 is a float.
const STEPS: f64 = 9_007_199_254_740_992.0;

impl Chance {
    /// Streams of other seeds or other parts have nothing to do with each other.
    pub(crate) fn new(seed: u64, part: u64) -> Self {
        let mut chance = Self(seed ^ part.wrapping_mul(0xd1b5_4a32_d192_ed03));
        chance.0 = chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// At least 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / STEPS
    }

    /// Exponentially distributed with a mean of 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }
}

/// How popular each of so many is; the first is the most popular one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Popularity {
    Uniform {
        count: u32,
    },
    /// By rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from
    /// monotone discrete distributions", 1996): constant time, and no table.
    Zipf {
        count: u32,
        exponent: f64,
        /// The area under the curve up to the first one, and up to the last.
        from: f64,
        to: f64,
        /// A rank this close above its place is right without a look at the curve.
        sure: f64,
    },
}

impl Popularity {
    pub(crate) fn uniform(count: u32) -> Self {
        Self::Uniform { count }
    }

    pub(crate) fn zipf(count: u32, exponent: f64) -> Self {
        let area = |it: f64| area(it, exponent);
        let sure = 2.0 - place(area(2.5) - 2_f64.powf(-exponent), exponent);
        let (from, to) = (area(1.5) - 1.0, area(f64::from(count) + 0.5));
        Self::Zipf { count, exponent, from, to, sure }
    }

    /// From 0, and below the count.
    pub(crate) fn draw(&self, chance: &mut Chance) -> u32 {
        match *self {
            Self::Uniform { count } => {
                // The high half of a product: no division, and a bias below 2^-32.
                let wide = u128::from(chance.next()) * u128::from(count);
                u32::try_from(wide >> 64).expect("it is below a count of 32 bits")
            }
            Self::Zipf { count, exponent, from, to, sure } => loop {
                let at = from + chance.unit() * (to - from);
                let place = place(at, exponent);
                let rank = place.round().clamp(1.0, f64::from(count));
                let is_right =
                    rank - place <= sure || area(rank + 0.5, exponent) - rank.powf(-exponent) <= at;
                if is_right {
                    return whole(rank) - 1;
                }
            },
        }
    }
}

/// The integral of `x^-exponent`, from 1.
fn area(to: f64, exponent: f64) -> f64 {
    let power = 1.0 - exponent;
    if power.abs() < 1e-9 { to.ln() } else { (to.powf(power) - 1.0) / power }
}

/// Where [`area`] is this much.
fn place(area: f64, exponent: f64) -> f64 {
    let power = 1.0 - exponent;
    if power.abs() < 1e-9 { area.exp() } else { (1.0 + area * power).max(0.0).powf(1.0 / power) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 up to a u32")]
fn whole(rank: f64) -> u32 {
    rank as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_parts_differ() {
        let draw = |seed, part| {
            let mut chance = Chance::new(seed, part);
            [chance.next(), chance.next(), chance.next()]
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn exponential_distances_have_the_mean_and_the_tail_that_they_should() {
        let (mut chance, mut sum, mut beyond) = (Chance::new(1, 0), 0.0, 0);
        for _ in 0..200_000 {
            let it = chance.exponential();
            sum += it;
            beyond += u32::from(3.0 < it);
        }
        let mean = sum / 200_000.0;
        assert!((0.99..1.01).contains(&mean), "{mean}");
        let share = f64::from(beyond) / 200_000.0 / (-3.0_f64).exp();
        assert!((0.95..1.05).contains(&share), "{share}");
    }

    #[test]
    fn ranks_are_as_popular_as_the_law_says() {
        let draws = 400_000_u32;
        for exponent in [0.5, 0.99, 1.0, 1.2, 2.0] {
            let (popularity, mut chance) = (Popularity::zipf(1_000, exponent), Chance::new(3, 0));
            let mut counts = vec![0_u32; 1_000];
            for _ in 0..draws {
                let rank = usize::try_from(popularity.draw(&mut chance)).unwrap();
                counts[rank] += 1;
            }
            let whole: f64 = (1..=1_000).map(|rank| f64::from(rank).powf(-exponent)).sum();
            for rank in [1_u32, 2, 3, 10, 50] {
                let expected = f64::from(draws) * f64::from(rank).powf(-exponent) / whole;
                let found = f64::from(counts[usize::try_from(rank).unwrap() - 1]);
                // Five standard deviations.
                let off = (found - expected).abs();
                assert!(off < 5.0 * expected.sqrt() + 1.0, "{exponent} {rank}: {found} {expected}");
            }
        }
        let (popularity, mut chance) = (Popularity::uniform(4), Chance::new(3, 0));
        let mut counts = [0_u32; 4];
        for _ in 0..draws {
            counts[usize::try_from(popularity.draw(&mut chance)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|it| it.abs_diff(draws / 4) < 1_500), "{counts:?}");
    }
}
