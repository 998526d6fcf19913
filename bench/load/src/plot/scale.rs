//! From figures to places on the page, and the round figures that stand beside an axis.

/// From a figure to a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

impl Scale {
    /// Figures beyond the ends come to the ends.
    pub(super) fn at(&self, figure: f64) -> f64 {
        let figure = figure.clamp(self.low, self.high);
        let part = if self.log {
            (figure / self.low).log10() / (self.high / self.low).log10()
        } else {
            (figure - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }
}

/// Round figures from `low` up to `high`, about `count` of them: steps of 1, 2 or 5.
pub(super) fn ticks(low: f64, high: f64, count: u32) -> Vec<f64> {
    let rough = (high - low) / f64::from(count);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * power).into_iter().find(|it| rough <= *it);
    let step = step.unwrap_or(high - low);
    let first = (low / step).ceil();
    // A tick is a multiple of the step, not a sum of steps: sums drift.
    let all = (0..=count * 2 + 2).map(|index| (first + f64::from(index)) * step);
    all.take_while(|tick| *tick <= high + step * 1e-6).collect()
}

/// Powers of ten between the ends; of few decades also their doubles and fives.
pub(super) fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor(), high.log10().ceil());
    let parts: &[f64] = match last - first {
        ..=2.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let mut all = Vec::new();
    let mut power = first;
    while power <= last {
        all.extend(parts.iter().map(|part| part * 10_f64.powf(power)));
        power += 1.0;
    }
    all.retain(|it| (low * 0.999..=high * 1.001).contains(it));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found}");
        }
    }

    #[test]
    fn ticks_are_round_and_few() {
        close(&ticks(0.0, 10.0, 5), &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        close(&ticks(0.0, 64_000.0, 5), &[0.0, 20_000.0, 40_000.0, 60_000.0]);
        close(&ticks(0.0, 0.9, 5), &[0.0, 0.2, 0.4, 0.6, 0.8]);
        close(&ticks(-0.07, 0.12, 4), &[-0.05, 0.0, 0.05, 0.1]);
    }

    #[test]
    fn few_decades_have_ticks_between_them() {
        close(&log_ticks(1e3, 1e7), &[1e3, 1e4, 1e5, 1e6, 1e7]);
        close(&log_ticks(1e4, 1e5), &[1e4, 2e4, 5e4, 1e5]);
        close(&log_ticks(1e4, 1e6), &[1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6]);
    }

    #[test]
    fn scales_reach_from_end_to_end_and_no_further() {
        let linear = Scale { from: 10.0, to: 110.0, low: 0.0, high: 50.0, log: false };
        for (figure, at) in [(0.0, 10.0), (25.0, 60.0), (50.0, 110.0), (-1.0, 10.0), (99.0, 110.0)]
        {
            assert!((linear.at(figure) - at).abs() < 1e-9, "{figure}");
        }
        let log = Scale { from: 300.0, to: 100.0, low: 1e3, high: 1e7, log: true };
        for (figure, at) in [(1e3, 300.0), (1e5, 200.0), (1e7, 100.0), (0.0, 300.0), (1e9, 100.0)] {
            assert!((log.at(figure) - at).abs() < 1e-9, "{figure}");
        }
    }
}
