//! Timing without a framework: calibrate, sample, sort.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use serde::Serialize;

/// A sample is at least this long, so that reading the clock is less than a millionth of it.
const SAMPLE: Duration = Duration::from_millis(40);

/// Nanoseconds per operation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) min_ns: f64,
    pub(crate) median_ns: f64,
    pub(crate) max_ns: f64,
}

/// Runs benchmarks one after the other and keeps their figures.
#[derive(Debug, Default)]
pub(crate) struct Harness {
    filter: String,
    samples: u32,
    quiet: bool,
    figures: Vec<Figure>,
}

impl Harness {
    pub(crate) fn new(filter: &str, samples: u32, quiet: bool) -> Self {
        if !quiet {
            println!("{:<50}{:>12}{:>12}{:>12}", "ns per operation", "min", "median", "max");
        }
        Self { filter: filter.to_owned(), samples, quiet, figures: Vec::new() }
    }

    /// Whether any of these would run, to spare their preparation.
    pub(crate) fn wants(&self, names: &[&str]) -> bool {
        names.iter().any(|name| name.contains(&self.filter))
    }

    /// Times `operation`, whose result the compiler must not do without.
    pub(crate) fn time<T>(&mut self, name: &'static str, mut operation: impl FnMut() -> T) {
        self.time_many(name, 1, || {
            black_box(operation());
            Duration::ZERO
        });
    }

    /// Times a function that does `count` operations at a time, without the time that it reports as
    /// spent on preparation.
    pub(crate) fn time_many(
        &mut self,
        name: &'static str,
        count: u32,
        mut operations: impl FnMut() -> Duration,
    ) {
        at_once(self.time_turns(name, count, async || operations()));
    }

    /// Times such a function that lets others run in between, which it reports as aside.
    pub(crate) async fn time_turns(
        &mut self,
        name: &'static str,
        count: u32,
        mut operations: impl AsyncFnMut() -> Duration,
    ) {
        if !self.wants(&[name]) {
            return;
        }
        let mut sample = async |calls: u32| {
            let begun = Instant::now();
            let mut aside = Duration::ZERO;
            for _ in 0..calls {
                aside += operations().await;
            }
            begun.elapsed().saturating_sub(aside)
        };
        let mut calls = 1;
        while sample(calls).await < SAMPLE && calls < 1 << 30 {
            calls *= 2;
        }
        let done = f64::from(calls) * f64::from(count);
        let mut all = Vec::new();
        for _ in 0..self.samples {
            all.push(sample(calls).await.as_secs_f64() * 1e9 / done);
        }
        all.sort_unstable_by(f64::total_cmp);
        let figure = Figure {
            name,
            min_ns: all[0],
            median_ns: all[all.len() / 2],
            max_ns: all[all.len() - 1],
        };
        self.keep(figure);
    }

    /// Adds up the figures called `plus` and takes off those called `minus`; nothing when one of them
    /// was not run. Every column is reckoned for itself, so that the least and the greatest are of
    /// figures, not bounds.
    pub(crate) fn derive(&mut self, name: &'static str, plus: &[&str], minus: &[&str]) {
        if !self.wants(&[name]) {
            return;
        }
        let sum = |names: &[&str]| -> Option<[f64; 3]> {
            let mut sum = [0.0; 3];
            for name in names {
                let it = self.figures.iter().find(|it| it.name == *name)?;
                for (sum, part) in sum.iter_mut().zip([it.min_ns, it.median_ns, it.max_ns]) {
                    *sum += part;
                }
            }
            Some(sum)
        };
        let (Some(plus), Some(minus)) = (sum(plus), sum(minus)) else { return };
        let [min_ns, median_ns, max_ns] = [0, 1, 2].map(|column| plus[column] - minus[column]);
        self.keep(Figure { name, min_ns, median_ns, max_ns });
    }

    fn keep(&mut self, figure: Figure) {
        if !self.quiet {
            let Figure { name, min_ns, median_ns, max_ns } = figure;
            println!("{name:<50}{min_ns:>12.1}{median_ns:>12.1}{max_ns:>12.1}");
        }
        self.figures.push(figure);
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.figures).expect("figures are plain data")
    }
}

/// The outcome of what waits for nothing.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits for nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_known_length_is_what_is_shown() {
        let mut harness = Harness::new("wait", 3, true);
        let spin = |wait: Duration| {
            let begun = Instant::now();
            while begun.elapsed() < wait {
                std::hint::spin_loop();
            }
            begun.elapsed()
        };
        harness.time("wait one", || spin(Duration::from_micros(200)));
        // Ten operations of 20 us; what is reported as aside does not count.
        harness.time_many("wait many", 10, || {
            spin(Duration::from_micros(200));
            spin(Duration::from_micros(100))
        });
        harness.time("something else", || panic!("the filter leaves this out"));
        let least: Vec<f64> = harness.figures.iter().map(|it| it.min_ns).collect();
        // A busy machine adds to a wait and never takes from it.
        assert!((200_000.0..400_000.0).contains(&least[0]), "{least:?}");
        assert!((20_000.0..40_000.0).contains(&least[1]), "{least:?}");
        harness.derive("wait difference", &["wait one"], &["wait many", "wait many"]);
        harness.derive("wait unknown", &["wait one"], &["something else"]);
        let difference = harness.figures.last().unwrap();
        assert_eq!((harness.figures.len(), difference.name), (3, "wait difference"));
        assert!((difference.min_ns - (least[0] - 2.0 * least[1])).abs() < 1e-6);
        let json: serde_json::Value = serde_json::from_str(&harness.to_json()).unwrap();
        assert_eq!(json.pointer("/1/name").unwrap(), "wait many");
        assert!(json.pointer("/0/median_ns").unwrap().is_number());
    }
}
