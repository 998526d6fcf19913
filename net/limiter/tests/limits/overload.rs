//! The shedder before a simulated server, in simulated time: same input, same output.

use std::collections::VecDeque;

use limiter::{Admission, CLASSES, Class, ShedRules, Shedder};

const SECOND_US: u64 = 1_000_000;
/// 10,000 requests per second at best.
const SERVICE_US: u64 = 100;
/// An answer after this is nothing to its caller.
const DEADLINE_US: u64 = 250_000;
/// Of 100 requests, how many are of each class.
const MIX: [u64; CLASSES] = [2, 28, 40, 30];

/// What one run of the server did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Outcome {
    arrived: [u64; CLASSES],
    shed: [u64; CLASSES],
    /// Answers in time.
    good: u64,
    late: u64,
    in_flight_max: u64,
}

impl Outcome {
    fn shed_percent(&self, class: usize) -> u64 {
        self.shed[class] * 100 / self.arrived[class]
    }
}

/// One worker, a first-in first-out queue, requests at random distances.
struct Server {
    shedder: Shedder,
    /// Whether the shedder decides, or is only told.
    sheds: bool,
    now_us: u64,
    /// Until when the worker is busy, and whether it is with a request.
    busy_until_us: u64,
    at_work: Option<u64>,
    queue: VecDeque<u64>,
    random: u64,
}

impl Server {
    fn new(rules: ShedRules, sheds: bool) -> Self {
        Self {
            shedder: Shedder::new(rules),
            sheds,
            now_us: 0,
            busy_until_us: 0,
            at_work: None,
            queue: VecDeque::new(),
            random: 88_172_645_463_325_252,
        }
    }

    /// Marsaglia's xorshift64.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    /// Runs for so long at so many requests per second, each taking `service_us`.
    fn run(&mut self, for_us: u64, per_second: u64, service_us: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let until_us = self.now_us + for_us;
        // In nanoseconds, so that the mean distance is exact enough.
        let distance_ns = 1_000_000_000 / per_second;
        let mut ahead_ns = self.now_us * 1000;
        while self.now_us < until_us {
            ahead_ns += self.below(2 * distance_ns + 1);
            let arrives_us = ahead_ns / 1000;
            self.work_until(arrives_us, service_us, &mut outcome);
            self.now_us = arrives_us;
            let mut at = self.below(100);
            let mut class = 0;
            while at >= MIX[class] {
                at -= MIX[class];
                class += 1;
            }
            outcome.arrived[class] += 1;
            let admission = self.shedder.admit(arrives_us, Class::ALL[class]);
            if self.sheds && admission != Admission::Admitted {
                outcome.shed[class] += 1;
            } else {
                self.queue.push_back(arrives_us);
            }
            outcome.in_flight_max = outcome.in_flight_max.max(self.shedder.in_flight());
        }
        outcome
    }

    fn work_until(&mut self, until_us: u64, service_us: u64, outcome: &mut Outcome) {
        loop {
            if let Some(arrived_us) = self.at_work {
                if self.busy_until_us > until_us {
                    return;
                }
                self.at_work = None;
                self.shedder.ended(self.busy_until_us);
                let in_time = self.busy_until_us - arrived_us <= DEADLINE_US;
                outcome.good += u64::from(in_time);
                outcome.late += u64::from(!in_time);
            }
            let Some(arrived_us) = self.queue.front().copied() else { return };
            let begins_us = self.busy_until_us.max(arrived_us);
            if begins_us > until_us {
                return;
            }
            self.queue.pop_front();
            self.shedder.began(begins_us, begins_us - arrived_us);
            self.busy_until_us = begins_us + service_us;
            self.at_work = Some(arrived_us);
        }
    }

    fn stall(&mut self, for_us: u64) {
        self.busy_until_us = self.busy_until_us.max(self.now_us) + for_us;
    }
}

const CAPACITY: u64 = SECOND_US / SERVICE_US;

#[test]
fn goodput_holds_at_overload() {
    // Offered load in tenths of the capacity, over 20 seconds from a cold start, and the least goodput
    // in percent of the peak. What arrives before the first standing queue is seen is answered late.
    let rows = [(10, 98), (12, 97), (15, 97), (20, 97), (30, 95), (50, 90), (100, 85)];
    for (tenths, percent_min) in rows {
        let mut server = Server::new(ShedRules::default(), true);
        let outcome = server.run(20 * SECOND_US, CAPACITY * tenths / 10, SERVICE_US);
        let peak = CAPACITY * 20;
        let percent = outcome.good * 100 / peak;
        println!("{tenths}/10 of capacity: goodput {percent} % of peak, {outcome:?}");
        assert!(percent >= percent_min, "{tenths}: {percent} {outcome:?}");
    }
}

#[test]
fn without_shedding_goodput_collapses() {
    // What the test above must not be able to pass by accident.
    let mut server = Server::new(ShedRules::default(), false);
    let outcome = server.run(20 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert!(outcome.good * 100 < CAPACITY * 20 * 10, "{outcome:?}");
}

#[test]
fn the_lowest_class_is_shed_first() {
    // At 2x half is shed: all bulk (30 %) and half of normal (20 of 40), nothing above.
    let mut server = Server::new(ShedRules::default(), true);
    server.run(2 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let outcome = server.run(20 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let percent = [0, 1, 2, 3].map(|class| outcome.shed_percent(class));
    println!("{percent:?}");
    assert_eq!((percent[0], percent[1]), (0, 0), "{percent:?}");
    assert!((45..=55).contains(&percent[2]), "{percent:?}");
    assert!(percent[3] >= 99, "{percent:?}");
    assert!(server.shedder.is_shedding());
    assert_eq!(server.shedder.admitted_permille(Class::Interactive), 1000);
    assert_eq!(server.shedder.admitted_permille(Class::Bulk), 0);
}

#[test]
fn nothing_is_shed_below_saturation() {
    let mut server = Server::new(ShedRules::default(), true);
    let outcome = server.run(20 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    assert_eq!(outcome.shed, [0; CLASSES]);
    assert_eq!(outcome.late, 0);
}

#[test]
fn when_the_load_goes_away_everything_is_admitted_again() {
    let mut server = Server::new(ShedRules::default(), true);
    server.run(5 * SECOND_US, CAPACITY * 3, SERVICE_US);
    server.run(SECOND_US, CAPACITY * 8 / 10, SERVICE_US);
    let outcome = server.run(5 * SECOND_US, CAPACITY * 8 / 10, SERVICE_US);
    assert_eq!(outcome.shed, [0; CLASSES]);
    assert!(!server.shedder.is_shedding());
}

#[test]
fn a_server_that_slows_down_is_followed_and_so_is_its_recovery() {
    let mut server = Server::new(ShedRules::default(), true);
    server.run(5 * SECOND_US, CAPACITY * 2, SERVICE_US);
    // A third of the speed: some seconds later its goodput is its own peak again.
    server.run(2 * SECOND_US, CAPACITY * 2, SERVICE_US * 3);
    let slow = server.run(10 * SECOND_US, CAPACITY * 2, SERVICE_US * 3);
    assert!(slow.good * 100 / (CAPACITY / 3 * 10) >= 95, "{slow:?}");
    // And back.
    server.run(8 * SECOND_US, CAPACITY * 2, SERVICE_US);
    let fast = server.run(10 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert!(fast.good * 100 / (CAPACITY * 10) >= 95, "{fast:?}");
}

#[test]
fn a_stall_is_soon_forgotten() {
    let mut server = Server::new(ShedRules::default(), true);
    server.run(2 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    server.stall(SECOND_US / 2);
    server.run(3 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    let outcome = server.run(5 * SECOND_US, CAPACITY * 9 / 10, SERVICE_US);
    assert_eq!(outcome.late, 0, "{outcome:?}");
    assert!(outcome.good * 100 / (CAPACITY * 9 / 10 * 5) >= 98, "{outcome:?}");
}

#[test]
fn what_is_in_flight_is_bounded_with_a_reserve_for_the_operator() {
    let rules = ShedRules { in_flight_max: 64, ..ShedRules::default() };
    let mut shedder = Shedder::new(rules);
    for _ in 0..64 {
        assert_eq!(shedder.admit(0, Class::Interactive), Admission::Admitted);
    }
    assert_eq!(shedder.admit(0, Class::Interactive), Admission::InFlightFull);
    for _ in 0..4 {
        assert_eq!(shedder.admit(0, Class::Critical), Admission::Admitted);
    }
    assert_eq!(shedder.admit(0, Class::Critical), Admission::InFlightFull);
    for _ in 0..4 {
        shedder.began(1, 1);
        shedder.ended(2);
    }
    assert_eq!(shedder.admit(2, Class::Bulk), Admission::InFlightFull);
    shedder.abandoned(3);
    assert_eq!(shedder.admit(3, Class::Bulk), Admission::Admitted);
    // Reports too many take nothing below zero.
    for _ in 0..100 {
        shedder.abandoned(4);
        shedder.ended(4);
    }
    assert_eq!(shedder.in_flight(), 0);
}

#[test]
fn a_server_that_begins_nothing_is_overloaded() {
    let mut shedder = Shedder::new(ShedRules::default());
    let mut admitted = 0;
    for now_us in (0..SECOND_US).step_by(1_000) {
        admitted += u64::from(shedder.admit(now_us, Class::Normal) == Admission::Admitted);
    }
    // Two windows of a hundred until it is seen, then nothing.
    assert!((150..=310).contains(&admitted), "{admitted}");
    assert!(shedder.admit(SECOND_US, Class::Critical) == Admission::Admitted);
}

#[test]
fn the_same_input_gives_the_same_output() {
    let run =
        || Server::new(ShedRules::default(), true).run(5 * SECOND_US, CAPACITY * 2, SERVICE_US);
    assert_eq!(run(), run());
}
