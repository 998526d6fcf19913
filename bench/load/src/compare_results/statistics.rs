//! Ranks: the test of Mann and Whitney, and the estimate of Hodges and Lehmann.

use std::cmp::Ordering;

/// Up to so many samples of both sides together the distribution is counted out; beyond, the normal one
/// is as good.
const EXACT_MAX: usize = 60;

/// After over before, and the interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The mean of the two in the middle when the count is even; nothing of nothing is 0.
pub(super) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    f64::midpoint(sorted[last / 2], sorted[last - last / 2])
}

/// How likely chance alone makes one side's ranks differ as much as these, in either direction.
pub(super) fn chance(before: &[f64], after: &[f64]) -> f64 {
    let ranks = doubled_ranks(before, after);
    let (own, all) = (&ranks[..before.len()], before.len() + after.len());
    let sum: usize = own.iter().sum();
    if all <= EXACT_MAX {
        let ways = ways(&ranks, before.len());
        let total: f64 = ways.iter().sum();
        let below: f64 = ways.iter().take(sum + 1).sum();
        let above: f64 = ways.iter().skip(sum).sum();
        return (2.0 * below.min(above) / total).min(1.0);
    }
    let (n, m) = (count(before), count(after));
    let mean = n * (n + m + 1.0) / 2.0;
    // Of the ranks as they are, so that ties are in it.
    let middle = (n + m + 1.0) / 2.0;
    let spread: f64 = ranks.iter().map(|it| (halved(*it) - middle).powi(2)).sum();
    let deviation = (n * m / ((n + m) * (n + m - 1.0)) * spread).sqrt();
    if deviation == 0.0 {
        return 1.0;
    }
    let off = ((halved(sum) - mean).abs() - 0.5).max(0.0) / deviation;
    (2.0 * above_normal(off)).min(1.0)
}

/// Whether more is after than before, as the ranks have it. Where many samples are equal, the ratio of the
/// middle pair may be one although the others all lean to one side.
pub(super) fn lean(before: &[f64], after: &[f64]) -> Ordering {
    let pairs = before.iter().flat_map(|a| after.iter().map(move |b| b.total_cmp(a)));
    let sides = pairs.fold([0_usize; 2], |[less, more], it| match it {
        Ordering::Less => [less + 1, more],
        Ordering::Equal => [less, more],
        Ordering::Greater => [less, more + 1],
    });
    sides[1].cmp(&sides[0])
}

/// Whether there are enough samples for an interval that holds all but `chance_max`.
pub(super) fn is_enough(before: &[f64], after: &[f64], chance_max: f64) -> bool {
    cut(before.len(), after.len(), chance_max).is_some()
}

/// The ratio of after to before with the interval that holds it but for `chance_max`; nothing when
/// there are too few samples for such an interval. Samples are above nothing.
pub(super) fn shift(before: &[f64], after: &[f64], chance_max: f64) -> Option<Shift> {
    let (n, m) = (before.len(), after.len());
    let cut = cut(n, m, chance_max)?;
    let mut ratios: Vec<f64> =
        before.iter().flat_map(|a| after.iter().map(move |b| (b / a).ln())).collect();
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios[cut].exp(), ratios[n * m - 1 - cut].exp());
    Some(Shift { ratio: median(&ratios).exp(), low, high })
}

/// How many of all ratios are cut off at either end.
fn cut(n: usize, m: usize, chance_max: f64) -> Option<usize> {
    if n == 0 || m == 0 {
        return None;
    }
    if n + m <= EXACT_MAX {
        let ranks: Vec<usize> = (1..=n + m).map(|it| it * 2).collect();
        let ways = ways(&ranks, n);
        let total: f64 = ways.iter().sum();
        let least = n * (n + 1);
        let mut sum = 0.0;
        // Ranks are doubled, so every second sum is reached.
        let beyond = ways.iter().skip(least).step_by(2).position(|it| {
            sum += it;
            chance_max / 2.0 < sum / total
        });
        // Sums up to the one before stay within the chance: so many ratios are beyond the ends.
        return beyond.and_then(|it| it.checked_sub(1));
    }
    let pairs = count_of(n * m);
    let deviation = (pairs * count_of(n + m + 1) / 12.0).sqrt();
    // 1.96 is for 5 %, the one chance that is asked for at this size.
    let cut = (pairs / 2.0 - 1.96 * deviation - 0.5).floor().max(0.0);
    (0..n * m).take_while(|it| count_of(*it) <= cut).last()
}

/// In how many ways `take` of the ranks have each sum.
fn ways(ranks: &[usize], take: usize) -> Vec<f64> {
    let most: usize = ranks.iter().sum();
    let mut ways = vec![vec![0.0; most + 1]; take + 1];
    ways[0][0] = 1.0;
    for rank in ranks {
        for taken in (1..=take).rev() {
            let (fewer, these) = ways.split_at_mut(taken);
            for (sum, way) in these[0].iter_mut().enumerate().skip(*rank) {
                *way += fewer[taken - 1][sum - rank];
            }
        }
    }
    ways.swap_remove(take)
}

/// Twice the rank of each sample among all, before's first: equal ones share the mean of their ranks.
fn doubled_ranks(before: &[f64], after: &[f64]) -> Vec<usize> {
    let all = || before.iter().chain(after);
    let rank = |it: &f64| {
        let below = all().filter(|other| *other < it).count();
        let equal = all().filter(|other| other.total_cmp(it).is_eq()).count();
        2 * below + equal + 1
    };
    all().map(rank).collect()
}

/// Means of neighbours, so many that what is left depends little on what came before: seconds of one
/// run resemble each other, and taken one by one they would feign more knowledge than there is.
pub(super) fn blocks(series: &[f64]) -> Vec<f64> {
    let n = count(series);
    if series.len() < 4 {
        return series.to_vec();
    }
    let mean = series.iter().sum::<f64>() / n;
    let off = |it: &f64| it - mean;
    let spread: f64 = series.iter().map(|it| off(it).powi(2)).sum();
    let along: f64 = series.windows(2).map(|it| off(&it[0]) * off(&it[1])).sum();
    let likeness = if spread == 0.0 { 0.0 } else { (along / spread).clamp(0.0, 0.9) };
    // The number of independent samples that tell as much, of a series that remembers one step.
    let wide = ((1.0 + likeness) / (1.0 - likeness)).ceil();
    let wide = (1..=series.len()).take_while(|it| count_of(*it) <= wide).last().unwrap_or(1);
    series.chunks(wide).map(|it| it.iter().sum::<f64>() / count(it)).collect()
}

fn count(samples: &[f64]) -> f64 {
    count_of(samples.len())
}

fn count_of(samples: usize) -> f64 {
    u32::try_from(samples).map_or(f64::INFINITY, f64::from)
}

fn halved(doubled: usize) -> f64 {
    count_of(doubled) / 2.0
}

/// The part of the normal distribution above `z`, right to seven digits: Abramowitz and Stegun,
/// Handbook of Mathematical Functions, 26.2.17.
fn above_normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let sum = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530]
        .into_iter()
        .fold(0.0, |sum, factor| (sum + factor) * t);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    /// All ways to choose, one by one: slow and plain.
    fn counted_out(before: &[f64], after: &[f64]) -> f64 {
        let ranks = doubled_ranks(before, after);
        let own: usize = ranks[..before.len()].iter().sum();
        let (mut all, mut below, mut above) = (0.0, 0.0, 0.0);
        for chosen in 0_u32..1 << ranks.len() {
            if usize::try_from(chosen.count_ones()).unwrap() != before.len() {
                continue;
            }
            let taken = ranks.iter().enumerate().filter(|(index, _)| chosen >> index & 1 == 1);
            let sum: usize = taken.map(|it| it.1).sum();
            all += 1.0;
            below += f64::from(u8::from(sum <= own));
            above += f64::from(u8::from(own <= sum));
        }
        (2.0 * f64::min(below, above) / all).min(1.0)
    }

    #[test]
    fn the_exact_chance_is_that_of_counting_all_ways() {
        let cases: [(&[f64], &[f64]); 6] = [
            (&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]),
            (&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]),
            (&[1.0, 3.0, 5.0, 7.0, 9.0], &[2.0, 4.0, 6.0, 8.0, 10.0]),
            (&[1.0, 1.0, 2.0, 2.0], &[2.0, 2.0, 3.0, 3.0, 3.0]),
            (&[5.0, 5.0, 5.0], &[5.0, 5.0, 5.0]),
            (&[9.0, 1.0, 4.0, 4.0, 7.0, 2.0], &[3.0, 8.0, 4.0, 6.0, 5.0, 9.5, 9.6]),
        ];
        for (before, after) in cases {
            close(chance(before, after), counted_out(before, after), 1e-12);
            close(chance(after, before), chance(before, after), 1e-12);
        }
        // Two of the seventy ways to choose four of eight.
        close(chance(cases[0].0, cases[0].1), 2.0 / 70.0, 1e-12);
        close(chance(cases[4].0, cases[4].1), 1.0, 1e-12);
    }

    /// Worked through in textbooks (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
    /// example 4.1: permeability of membranes): W = 30, one-sided P = 0.1272, interval of 96 %.
    #[test]
    fn a_published_example_comes_out_as_published() {
        let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let early = [1.15, 0.88, 0.90, 0.74, 1.21];
        close(chance(&term, &early), 2.0 * 0.1272, 1e-4);
        close(chance(&early, &term), 2.0 * 0.1272, 1e-4);
        assert_eq!(lean(&early, &term), Ordering::Greater);
        // Its interval is from the 9th to the 42nd of the 50 differences: 8 are cut off at either end.
        assert_eq!(cut(10, 5, 0.05), Some(8));
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        // All ways to split ranks into two sides: how often the interval of the difference has no zero.
        for (n, m) in [(4_usize, 4_usize), (5, 5), (4, 7), (6, 6), (3, 9)] {
            let (mut all, mut missed) = (0.0, 0.0);
            for chosen in 0_u32..1 << (n + m) {
                if usize::try_from(chosen.count_ones()).unwrap() != n {
                    continue;
                }
                let (mut before, mut after) = (Vec::new(), Vec::new());
                for rank in 0..u32::try_from(n + m).unwrap() {
                    let side = if chosen >> rank & 1 == 1 { &mut before } else { &mut after };
                    side.push(f64::from(rank + 1).exp());
                }
                let found = shift(&before, &after, 0.05).unwrap();
                let outside = found.high < 1.0 || 1.0 < found.low;
                assert_eq!(outside, chance(&before, &after) <= 0.05, "{before:?} {after:?}");
                all += 1.0;
                missed += f64::from(u8::from(outside));
            }
            assert!(missed / all <= 0.05, "{n} {m}: {}", missed / all);
        }
    }

    #[test]
    fn equal_samples_lean_as_the_others_do() {
        let before = [5.0; 20];
        let mut after = [5.0; 20];
        after[12..].fill(6.0);
        assert!(chance(&before, &after) < 0.01);
        close(shift(&before, &after, 0.05).unwrap().ratio, 1.0, 1e-12);
        assert_eq!(lean(&before, &after), Ordering::Greater);
        assert_eq!(lean(&after, &before), Ordering::Less);
        assert_eq!(lean(&after, &after), Ordering::Equal);
    }

    #[test]
    fn beyond_what_is_counted_the_normal_one_is_as_good() {
        let low: Vec<f64> = (0..30).map(|it| 100.0 + f64::from(it * 7 % 30)).collect();
        let high: Vec<f64> = (0..30).map(|it| 105.5 + f64::from(it * 11 % 30)).collect();
        let exact = chance(&low, &high);
        let (mut more_low, mut more_high) = (low.clone(), high.clone());
        more_low.push(114.25);
        more_high.push(120.75);
        let normal = chance(&more_low, &more_high);
        assert!((exact - normal).abs() < 0.01 && normal < 0.05, "{exact} {normal}");
        let (a, b) =
            (shift(&low, &high, 0.05).unwrap(), shift(&more_low, &more_high, 0.05).unwrap());
        close(a.low, b.low, 0.01);
        close(a.high, b.high, 0.01);
    }

    #[test]
    fn a_known_shift_is_found_within_its_interval() {
        let before = [100.0, 102.0, 98.0, 101.0, 99.0];
        let after: Vec<f64> = before.iter().map(|it| it * 1.2).collect();
        let found = shift(&before, &after, 0.05).unwrap();
        close(found.ratio, 1.2, 1e-3);
        assert!(found.low <= 1.2 && 1.2 <= found.high, "{found:?}");
        assert!(1.1 < found.low && found.high < 1.3, "{found:?}");
        // One wild round does not carry the estimate away.
        let mut wild = after.clone();
        wild[2] = 1e6;
        let found = shift(&before, &wild, 0.05).unwrap();
        assert!((1.15..1.25).contains(&found.ratio), "{found:?}");
    }

    #[test]
    fn too_few_samples_have_no_interval() {
        // Of six, three can be chosen in twenty ways: the rarest outcome is not rare enough.
        for (n, m, expected) in
            [(0, 5, None), (1, 1, None), (3, 3, None), (4, 4, Some(0)), (5, 5, Some(2))]
        {
            assert_eq!(cut(n, m, 0.05), expected, "{n} {m}");
        }
    }

    #[test]
    fn what_remembers_is_taken_together() {
        let jumping: Vec<f64> = (0..20).map(|it| f64::from(it * 7 % 5)).collect();
        assert_eq!(blocks(&jumping).len(), 20);
        let drifting: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(blocks(&drifting).len() <= 4, "{:?}", blocks(&drifting));
        assert_eq!(blocks(&[5.0, 5.0, 5.0, 5.0, 5.0]), [5.0; 5]);
        assert_eq!(blocks(&[1.0, 2.0]), [1.0, 2.0]);
    }

    #[test]
    fn medians_and_the_normal_tail_are_known() {
        for (samples, expected) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![4.0, 1.0], 2.5), (vec![9.0, 1.0, 2.0], 2.0)]
        {
            close(median(&samples), expected, 1e-12);
        }
        for (z, expected) in
            [(0.0, 0.5), (1.0, 0.158_655_3), (1.959_964, 0.025), (3.0, 0.001_349_9)]
        {
            close(above_normal(z), expected, 2e-7);
        }
    }
}
