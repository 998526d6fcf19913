//! What a round counted, on one thread or merged from several.

use hdrhistogram::Histogram;

/// The longest latency told apart from longer ones, in nanoseconds: ten minutes.
const LATENCY_NS_MAX: u64 = 600_000_000_000;
/// Three digits: a percentile is right to a thousandth.
const DIGITS: u8 = 3;
/// Two digits where there are many: a percentile is right to a hundredth.
const PART_DIGITS: u8 = 2;
const SECOND_NS: u64 = 1_000_000_000;
/// Status numbers of the binary protocol and of HTTP are below this.
const STATUS_COUNT: usize = 600;

/// How many answers came with which status number.
#[derive(Debug, Clone)]
pub(crate) struct Statuses(Vec<u64>);

impl Statuses {
    fn new() -> Self {
        Self(vec![0; STATUS_COUNT])
    }

    pub(crate) fn add(&mut self, status: u16) {
        // A three-digit HTTP status above 599 does not exist; it counts as the last one.
        let index = usize::from(status).min(STATUS_COUNT - 1);
        self.0[index] += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        (0..).zip(self.0.iter().copied()).filter(|(_, count)| *count != 0)
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// What is counted more closely, for plans. By intended start inside the window.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    /// By the number of the operation in the mix.
    pub(crate) operations: Vec<Part>,
    /// By the second of the window.
    pub(crate) seconds: Vec<Part>,
}

/// Requests of one operation, or of one second.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Of the answers that said Ok, in nanoseconds, to two digits.
    pub(crate) latency: Histogram<u64>,
    /// All other requests.
    pub(crate) other: u64,
}

impl Detail {
    pub(crate) fn new(operations: usize, window_ns: u64) -> Self {
        let seconds = window_ns.div_ceil(SECOND_NS);
        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
        Self { operations: vec![Part::new(); operations], seconds: vec![Part::new(); seconds] }
    }

    /// Counts a request that was meant to start so long after the window opened.
    pub(crate) fn count(&mut self, since_ns: u64, latency_ns: u64, operation: u16, ok: bool) {
        let second = usize::try_from(since_ns / SECOND_NS).unwrap_or(usize::MAX);
        let operation = self.operations.get_mut(usize::from(operation));
        for part in operation.into_iter().chain(self.seconds.get_mut(second)) {
            if ok {
                part.latency.saturating_record(latency_ns);
            } else {
                part.other += 1;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mine = self.operations.iter_mut().chain(&mut self.seconds);
        for (mine, theirs) in mine.zip(other.operations.iter().chain(&other.seconds)) {
            merge_histogram(&mut mine.latency, &theirs.latency);
            mine.other += theirs.other;
        }
    }
}

impl Part {
    fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, LATENCY_NS_MAX, PART_DIGITS);
        Self { latency: latency.expect("the bounds are in order"), other: 0 }
    }
}

/// What a round counted.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Only where it was asked for.
    pub(crate) detail: Option<Detail>,
    /// Of the answers that said Ok, by intended start inside the window. Nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// How long after its intended start a request was handed to the socket. Nanoseconds.
    pub(crate) lateness: Histogram<u64>,
    /// Answers that arrived inside the window; items of a batch one by one.
    pub(crate) statuses: Statuses,
    /// The same outside the window.
    pub(crate) outside: Statuses,
    /// Frames or messages answered inside the window.
    pub(crate) frames: u64,
    /// Inside the window.
    pub(crate) sent_bytes: u64,
    /// Inside the window.
    pub(crate) received_bytes: u64,
    /// Started inside the window and never answered.
    pub(crate) unanswered: u64,
    /// Meant to start inside the window and never sent: due for longer than the patience.
    pub(crate) unsent: u64,
    /// Most starts that were due and not sent.
    pub(crate) backlog_max: u64,
    /// Starts that were due and not sent when the window closed.
    pub(crate) backlog_end: u64,
    /// CPU time of the generator's busiest thread inside the window, in nanoseconds.
    pub(crate) generator_ns: u64,
    /// The same of all its threads together.
    pub(crate) generator_all_ns: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            detail: None,
            latency: histogram(),
            lateness: histogram(),
            statuses: Statuses::new(),
            outside: Statuses::new(),
            frames: 0,
            sent_bytes: 0,
            received_bytes: 0,
            unanswered: 0,
            unsent: 0,
            backlog_max: 0,
            backlog_end: 0,
            generator_ns: 0,
            generator_all_ns: 0,
        }
    }

    /// Adds what another thread counted in the same round. Of generator times the longest is kept:
    /// one busy thread is enough to distort a round.
    pub(crate) fn merge(&mut self, other: &Self) {
        match (&mut self.detail, &other.detail) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine, theirs) => *mine = mine.take().or_else(|| theirs.clone()),
        }
        merge_histogram(&mut self.latency, &other.latency);
        merge_histogram(&mut self.lateness, &other.lateness);
        for (mine, theirs) in
            [(&mut self.statuses, &other.statuses), (&mut self.outside, &other.outside)]
        {
            mine.0.iter_mut().zip(&theirs.0).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.frames += other.frames;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
        self.unanswered += other.unanswered;
        self.unsent += other.unsent;
        self.backlog_max += other.backlog_max;
        self.backlog_end += other.backlog_end;
        self.generator_ns = self.generator_ns.max(other.generator_ns);
        self.generator_all_ns += other.generator_all_ns;
    }
}

pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, DIGITS).expect("the bounds are in order")
}

pub(crate) fn merge_histogram(into: &mut Histogram<u64>, from: &Histogram<u64>) {
    into.add(from).expect("all histograms have the same bounds");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_halves_equal_the_whole() {
        let (mut whole, mut low, mut high) = (Tally::new(), Tally::new(), Tally::new());
        for value in 1..=10_000_u64 {
            let half = if value % 3 == 0 { &mut low } else { &mut high };
            for tally in [&mut whole, half] {
                tally.latency.saturating_record(value * 1_000);
                tally.statuses.add(if value % 10 == 0 { 40 } else { 0 });
                tally.frames += 1;
            }
        }
        (low.generator_ns, high.generator_ns) = (7, 5);
        (low.generator_all_ns, high.generator_all_ns) = (7, 5);
        low.merge(&high);
        for quantile in [0.0, 0.5, 0.9, 0.99, 0.999, 1.0] {
            assert_eq!(
                low.latency.value_at_quantile(quantile),
                whole.latency.value_at_quantile(quantile)
            );
        }
        assert_eq!(low.latency.len(), 10_000);
        assert_eq!(low.statuses.iter().collect::<Vec<_>>(), [(0, 9_000), (40, 1_000)]);
        assert_eq!((low.frames, low.generator_ns, low.generator_all_ns), (10_000, 7, 12));
    }

    #[test]
    fn a_percentile_is_right_to_a_thousandth() {
        let mut tally = Tally::new();
        for value in 1..=1_000_000_u64 {
            tally.latency.saturating_record(value);
        }
        for (quantile, expected) in [(0.5, 500_000_u64), (0.99, 990_000), (0.999, 999_000)] {
            let found = tally.latency.value_at_quantile(quantile);
            assert!(found.abs_diff(expected) <= expected / 1_000, "{quantile}: {found}");
        }
    }

    #[test]
    fn a_status_out_of_range_is_counted_all_the_same() {
        let mut statuses = Statuses::new();
        statuses.add(999);
        assert_eq!((statuses.total(), statuses.iter().next()), (1, Some((599, 1))));
    }
}
