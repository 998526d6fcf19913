//! Spans that wait for the collector, between the two side threads.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::counters::Counters;
use crate::record::Span;

#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    moved: Condvar,
    counters: Arc<Counters>,
    spans_max: usize,
}

#[derive(Debug, Default)]
struct State {
    spans: VecDeque<Span>,
    /// Since when the oldest waits.
    since: Option<Instant>,
    /// Nothing more comes, and after this nothing more is sent.
    closed: Option<Instant>,
}

impl Outbox {
    /// Holds `spans_max` spans at most.
    pub(crate) fn new(counters: Arc<Counters>, spans_max: usize) -> Self {
        Self { state: Mutex::default(), moved: Condvar::new(), counters, spans_max }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the youngest; the oldest make room.
    pub(crate) fn put(&self, spans: Vec<Span>) {
        let mut state = self.lock();
        state.spans.extend(spans);
        let over = state.spans.len().saturating_sub(self.spans_max);
        state.spans.drain(..over);
        state.since.get_or_insert_with(Instant::now);
        self.count_dropped(over);
        self.count_waiting(&state);
        self.moved.notify_all();
    }

    /// Nothing more is put. What waits may go out until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) {
        self.lock().closed = Some(deadline);
        self.moved.notify_all();
    }

    /// The oldest spans: at once when `full` of them wait, when one waited as long as `wait`, or when
    /// the box stops. `None` when there is nothing more to do.
    pub(crate) fn next(&self, full: usize, wait: Duration) -> Option<Vec<Span>> {
        let mut state = self.lock();
        loop {
            if let Some(deadline) = state.closed
                && (state.spans.is_empty() || deadline <= Instant::now())
            {
                let late = state.spans.len();
                state.spans.clear();
                self.count_dropped(late);
                self.count_waiting(&state);
                return None;
            }
            let waited = state.since.map(|it| it.elapsed());
            let is_due = waited.is_some_and(|it| wait <= it) || full <= state.spans.len();
            if !state.spans.is_empty() && (is_due || state.closed.is_some()) {
                let count = full.min(state.spans.len());
                let batch = state.spans.drain(..count).collect();
                // The rest came later than the first; when exactly does not matter.
                state.since = (!state.spans.is_empty()).then(Instant::now);
                self.count_waiting(&state);
                return Some(batch);
            }
            let rest = waited.map_or(Duration::MAX, |it| wait.saturating_sub(it));
            state = self.wait(state, rest);
        }
    }

    /// Waits so long, or until the box stops, should the caller not know yet that it does.
    pub(crate) fn pause(&self, length: Duration, knows_of_stop: bool) {
        let until = Instant::now() + length;
        let mut state = self.lock();
        while state.closed.is_some() == knows_of_stop {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            state = self.wait(state, rest);
        }
    }

    /// How long may still be sent; `None` when the box does not stop.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.lock().closed.map(|it| it.saturating_duration_since(Instant::now()))
    }

    /// These are not sent any more.
    pub(crate) fn count_dropped(&self, spans: usize) {
        self.counters.dropped.fetch_add(count(spans), Relaxed);
    }

    fn count_waiting(&self, state: &State) {
        self.counters.waiting.store(count(state.spans.len()), Relaxed);
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, rest: Duration) -> MutexGuard<'s, State> {
        // A condition variable overflows at the longest durations.
        const LONGEST: Duration = Duration::from_hours(1);
        let woken = self.moved.wait_timeout(state, rest.min(LONGEST));
        woken.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// As a counter counts.
pub(crate) fn count(spans: usize) -> u64 {
    u64::try_from(spans).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;

    const LONG: Duration = Duration::from_hours(1);

    fn spans(positions: std::ops::Range<u64>) -> Vec<Span> {
        positions.map(|it| Span { record: record(it), core: 0, state: "".into() }).collect()
    }

    fn next(outbox: &Outbox, full: usize, wait: Duration) -> Vec<u64> {
        let spans = outbox.next(full, wait).unwrap_or_default();
        spans.iter().map(|it| it.record.finished.position).collect()
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let counters = Arc::new(Counters::new(1));
        let outbox = Outbox::new(Arc::clone(&counters), 10);
        outbox.put(spans(0..7));
        outbox.put(spans(7..15));
        assert_eq!(counters.dropped.load(Relaxed), 5);
        assert_eq!(counters.waiting.load(Relaxed), 10);
        assert_eq!(next(&outbox, 4, LONG), [5, 6, 7, 8]);
        assert_eq!(next(&outbox, 100, Duration::ZERO), [9, 10, 11, 12, 13, 14]);
        assert_eq!(counters.waiting.load(Relaxed), 0);
    }

    #[test]
    fn what_is_left_goes_out_before_the_end_and_is_counted_after_it() {
        let counters = Arc::new(Counters::new(1));
        let outbox = Outbox::new(Arc::clone(&counters), 10);
        outbox.put(spans(0..3));
        outbox.close(Instant::now() + LONG);
        assert_eq!(next(&outbox, 2, LONG), [0, 1]);
        outbox.close(Instant::now());
        assert_eq!(next(&outbox, 2, LONG), [] as [u64; 0]);
        assert_eq!(counters.dropped.load(Relaxed), 1);
        assert_eq!(outbox.time_left(), Some(Duration::ZERO));
    }

    #[test]
    fn a_stop_ends_a_pause_of_whoever_does_not_know_of_it() {
        let outbox = Arc::new(Outbox::new(Arc::new(Counters::new(1)), 1));
        let other = Arc::clone(&outbox);
        let paused = std::thread::spawn(move || other.pause(LONG, false));
        outbox.close(Instant::now() + LONG);
        paused.join().unwrap();
        let began = Instant::now();
        outbox.pause(Duration::from_millis(20), true);
        assert!(Duration::from_millis(20) <= began.elapsed());
    }
}
