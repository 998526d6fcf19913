//! Samples long enough for the clock not to matter.

use std::time::{Duration, Instant};

const SAMPLE: Duration = Duration::from_millis(40);

/// Nanoseconds per evaluation.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

/// Runs `round` so often that a sample is long enough, and gives the time of one round. `calls`
/// begins at 1 and stays for the next sample.
pub(crate) async fn sample(calls: &mut u32, mut round: impl AsyncFnMut()) -> Duration {
    loop {
        let begun = Instant::now();
        for _ in 0..*calls {
            round().await;
        }
        let took = begun.elapsed();
        if SAMPLE <= took || 1 << 20 <= *calls {
            return took / *calls;
        }
        *calls *= 2;
    }
}

impl Samples {
    pub(crate) fn push(&mut self, round: Duration, evaluations: usize) {
        let count = u32::try_from(evaluations).map_or(f64::MAX, f64::from);
        self.0.push(round.as_secs_f64() * 1e9 / count);
        self.0.sort_unstable_by(f64::total_cmp);
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub(crate) fn line(&self, name: &str) -> String {
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        format!("{name:<34}{least:>10.1}{:>10.1}{most:>10.1}", self.median())
    }
}
