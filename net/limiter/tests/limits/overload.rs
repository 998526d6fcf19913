//! The shedder before a simulated core, in simulated time: same input, same output.

use limiter::{Admission, CLASSES, Class, Round, ShedRules, Shedder};

const SECOND_US: u64 = 1_000_000;
const RULES: ShedRules = ShedRules { target_us: 30_000, window_us: 200_000, in_flight_max: 65_536 };
/// 10,000 requests per second at best.
const SERVICE_US: u64 = 100;
const CAPACITY: u64 = SECOND_US / SERVICE_US;
/// What a refusal costs.
const REFUSAL_US: u64 = 5;
/// An answer after this is nothing to its caller.
const DEADLINE_US: u64 = 100_000;
/// Of 100 requests, how many are of each class.
const MIX: [u64; CLASSES] = [2, 28, 40, 30];

/// What one run of the core did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Outcome {
    arrived: [u64; CLASSES],
    shed: [u64; CLASSES],
    /// Answers in time.
    good: u64,
    late: u64,
}

impl Outcome {
    fn shed_percent(&self, class: usize) -> u64 {
        self.shed[class] * 100 / self.arrived[class]
    }
}

/// One core: it takes what has arrived, does all of it, and looks again.
struct Core {
    shedder: Shedder,
    /// Whether the shedder decides, or is only asked.
    sheds: bool,
    now_us: u64,
    round: Round,
    /// Of arrivals at random distances: the next.
    next_ns: u64,
    random: u64,
}

impl Core {
    fn new(sheds: bool) -> Self {
        let shedder = Shedder::new(RULES);
        let random = 88_172_645_463_325_252;
        Self { shedder, sheds, now_us: 0, round: Round::default(), next_ns: 0, random }
    }

    /// Marsaglia's xorshift64.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    fn class(&mut self) -> usize {
        let mut at = self.below(100);
        let mut class = 0;
        while at >= MIX[class] {
            at -= MIX[class];
            class += 1;
        }
        class
    }

    /// Runs for so long at so many requests per second, each taking `service_us`.
    fn run(&mut self, for_us: u64, per_second: u64, service_us: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let until_us = self.now_us + for_us;
        // In nanoseconds, so that the mean distance is exact enough.
        let distance_ns = 1_000_000_000 / per_second;
        self.next_ns = self.next_ns.max(self.now_us * 1000);
        while self.now_us < until_us {
            let mut arrived = Vec::new();
            while self.next_ns / 1000 <= self.now_us {
                arrived.push(self.next_ns / 1000);
                self.next_ns += self.below(2 * distance_ns + 1);
            }
            if arrived.is_empty() {
                self.now_us = self.next_ns / 1000;
                continue;
            }
            let began_us = self.now_us;
            for arrived_us in arrived {
                self.round.lasted_us = self.now_us - began_us;
                let class = self.class();
                outcome.arrived[class] += 1;
                let admission = self.shedder.admit(self.now_us, self.round, Class::ALL[class]);
                if admission == Admission::Admitted {
                    self.shedder.ended();
                }
                if self.sheds && admission != Admission::Admitted {
                    outcome.shed[class] += 1;
                    self.now_us += REFUSAL_US;
                    continue;
                }
                self.now_us += service_us;
                let in_time = self.now_us - arrived_us <= DEADLINE_US;
                outcome.good += u64::from(in_time);
                outcome.late += u64::from(!in_time);
            }
            self.round.number += 1;
            self.round.last_us = self.now_us - began_us;
        }
        outcome
    }

    fn stall(&mut self, for_us: u64) {
        self.now_us += for_us;
        self.round.number += 1;
        self.round.last_us = for_us;
    }
}

#[test]
fn goodput_holds_at_overload() {
    // Offered load in tenths of the capacity, over 20 seconds from a cold start, and the least goodput
    // in percent of the peak: at ten times the capacity refusals take nearly half of the time.
    let rows = [(10, 98), (12, 96), (15, 94), (20, 92), (30, 87), (50, 76), (100, 50)];
    for (tenths, percent_min) in rows {
        let mut core = Core::new(true);
        let outcome = core.run(20 * SECOND_US, CAPACITY * tenths / 10, SERVICE_US);
        let percent = outcome.good * 100 / (CAPACITY * 20);
        println!("{tenths}/10 of capacity: goodput {percent} % of peak, {outcome:?}");
        assert!(percent >= percent_min, "{tenths}: {percent} {outcome:?}");
    }
}

#[test]
fn without_shedding_goodput_collapses() {
    // What the test above must not be able to pass by accident.
    let mut core = Core::new(false);
    let outcome = core.run(20 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert!(outcome.good * 100 < CAPACITY * 20 * 10, "{outcome:?}");
}

#[test]
fn the_lowest_class_is_shed_first() {
    // At 2x half must go: all bulk (30 %) and half of normal (20 of 40), next to nothing above.
    let mut core = Core::new(true);
    core.run(2 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let outcome = core.run(20 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let percent = [0, 1, 2, 3].map(|class| outcome.shed_percent(class));
    println!("{percent:?}");
    assert_eq!(percent[0], 0, "{percent:?}");
    assert!(percent[1] < percent[2] && percent[2] < percent[3], "{percent:?}");
    assert!(percent[1] <= 40 && 90 <= percent[3], "{percent:?}");
    assert!(core.shedder.is_shedding());
}

#[test]
fn nothing_is_shed_below_saturation() {
    let mut core = Core::new(true);
    let outcome = core.run(20 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    assert_eq!(outcome.shed, [0; CLASSES]);
    assert_eq!(outcome.late, 0);
}

#[test]
fn when_the_load_goes_away_everything_is_admitted_again() {
    let mut core = Core::new(true);
    core.run(5 * SECOND_US, CAPACITY * 3, SERVICE_US);
    core.run(SECOND_US, CAPACITY * 8 / 10, SERVICE_US);
    let outcome = core.run(5 * SECOND_US, CAPACITY * 8 / 10, SERVICE_US);
    assert_eq!(outcome.shed, [0; CLASSES]);
    assert!(!core.shedder.is_shedding());
}

#[test]
fn a_server_that_slows_down_is_followed_and_so_is_its_recovery() {
    let mut core = Core::new(true);
    core.run(5 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let slow = core.run(10 * SECOND_US, CAPACITY * 2, SERVICE_US * 3);
    // What arrives is six times what it can do: refusals take a tenth of its time.
    assert!(slow.good * 100 / (CAPACITY / 3 * 10) >= 88, "{slow:?}");
    let fast = core.run(10 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert!(fast.good * 100 / (CAPACITY * 10) >= 92, "{fast:?}");
}

#[test]
fn a_stall_is_soon_forgotten() {
    let mut core = Core::new(true);
    core.run(2 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    core.stall(SECOND_US / 2);
    core.run(3 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    let outcome = core.run(5 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    assert_eq!((outcome.late, outcome.shed), (0, [0; CLASSES]), "{outcome:?}");
}

#[test]
fn what_is_in_flight_is_bounded_with_a_reserve_for_the_operator() {
    let mut shedder = Shedder::new(ShedRules { in_flight_max: 64, ..RULES });
    let admit = |it: &mut Shedder, class| it.admit(0, Round::default(), class);
    for _ in 0..64 {
        assert_eq!(admit(&mut shedder, Class::Interactive), Admission::Admitted);
    }
    assert_eq!(admit(&mut shedder, Class::Interactive), Admission::InFlightFull);
    for _ in 0..4 {
        assert_eq!(admit(&mut shedder, Class::Critical), Admission::Admitted);
    }
    assert_eq!(admit(&mut shedder, Class::Critical), Admission::InFlightFull);
    for _ in 0..4 {
        shedder.ended();
    }
    assert_eq!(admit(&mut shedder, Class::Bulk), Admission::InFlightFull);
    shedder.ended();
    assert_eq!(admit(&mut shedder, Class::Bulk), Admission::Admitted);
    // Reports too many take nothing below zero.
    for _ in 0..100 {
        shedder.ended();
    }
    assert_eq!(shedder.in_flight(), 0);
}

#[test]
fn the_same_input_gives_the_same_output() {
    let run = || Core::new(true).run(5 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert_eq!(run(), run());
}
