//! The side thread that sends batches.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::collector::{Answer, Collector};
use crate::counters::Counters;
use crate::otlp::{self, Resource};
use crate::outbox::{Outbox, count};
use crate::record::Span;
use crate::start::Pace;

#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) collector: Collector,
    pub(crate) resource: Resource,
    pub(crate) pace: Pace,
    pub(crate) counters: Arc<Counters>,
    /// The log knows that the collector does not take what is sent.
    pub(crate) complained: bool,
}

impl Delivery {
    /// Until the outbox is closed, and empty or out of time.
    pub(crate) fn run(mut self) {
        while let Some(batch) = self.outbox.next(self.pace.batch_spans, self.pace.batch_wait) {
            self.deliver(&batch);
        }
    }

    /// Sends one batch as often as it takes or makes sense.
    fn deliver(&mut self, batch: &[Span]) {
        let body = otlp::body(&self.resource, batch);
        let (began, mut backoff) = (Instant::now(), self.pace.backoff_first);
        loop {
            let time_left = self.outbox.time_left();
            let (after, why) = match self.collector.post(&body, time_left) {
                Answer::Taken { rejected } => return self.taken(batch.len(), rejected),
                Answer::Refused(why) => {
                    self.counters.failed.fetch_add(count(batch.len()), Relaxed);
                    return self.complain(&why);
                }
                Answer::Later { after, why } => (after, why),
            };
            self.complain(&why);
            let wait = after.unwrap_or_else(|| jittered(backoff));
            backoff = (2 * backoff).min(self.pace.backoff_max);
            let out_of_time = match time_left {
                // What is tried again after the end is never sent.
                Some(time_left) => time_left <= wait,
                None => self.pace.give_up < began.elapsed() + wait,
            };
            if out_of_time {
                return self.outbox.count_dropped(batch.len());
            }
            self.outbox.pause(wait, time_left.is_some());
        }
    }

    fn taken(&mut self, spans: usize, rejected: u64) {
        let rejected = rejected.min(count(spans));
        self.counters.exported.fetch_add(count(spans) - rejected, Relaxed);
        self.counters.failed.fetch_add(rejected, Relaxed);
        if rejected != 0 {
            self.complain("the collector rejected some of the spans");
        } else if self.complained {
            self.complained = false;
            tracing::info!(collector = self.collector.url(), "spans are taken again");
        }
    }

    /// Once, until it works again: a collector that is away for a day is one line.
    fn complain(&mut self, why: &str) {
        if !self.complained {
            self.complained = true;
            tracing::warn!(collector = self.collector.url(), why, "spans are not taken");
        }
    }
}

/// Between half and all of it: boxes that lost the same collector do not come back in step.
fn jittered(backoff: Duration) -> Duration {
    let half = backoff / 2;
    let share = u32::try_from(RandomState::new().hash_one(0) % 1000).unwrap_or(0);
    half + half * share / 1000
}
