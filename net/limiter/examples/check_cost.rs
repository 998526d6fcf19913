//! What one check costs: `cargo run --release -p limiter --example check_cost`.
//!
//! A round is short enough to run between two turns of other programs; the figures are the median and
//! the tenth percentile of the rounds. Subjects come in a pseudo-random order, so a table larger than
//! the caches is met cold. Choosing the subject is measured with the check.

#![allow(clippy::print_stdout, reason = "a measurement prints")]

use std::{hint::black_box, time::Instant};

use limiter::{Demand, Limiter, Policy, Unit};

const CHECKS: u32 = 10_000;
const ROUNDS: usize = 2_001;
const SEED: [u64; 2] = [0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344];

fn main() {
    println!("empty process: {} KiB resident", resident_kib().unwrap_or(0));
    // Subjects, and how many would fit.
    let sizes =
        [(1_000, 1_000_000), (1_000, 1_000), (1_000_000, 2_000_000), (1_000_000, 1_000_000)];
    let cases: [(&str, &[u16]); 3] =
        [("one policy, admitted", &[0]), ("two policies, admitted", &[0, 1]), ("refused", &[2])];
    for (subjects_count, room) in sizes {
        for (name, policies) in cases {
            let mut limiter = limiter(room * policies.len());
            let [median, low] = run(&mut limiter, subjects_count, policies);
            println!(
                "{subjects_count} subjects, {name}: {median:.1} ns/check (p10 {low:.1}), {} of {} \
                 pairs, table {} bytes, {} KiB resident",
                limiter.used(),
                limiter.capacity(),
                limiter.table_bytes(),
                resident_kib().unwrap_or(0),
            );
        }
    }
}

fn limiter(capacity: usize) -> Limiter {
    let mut limiter = Limiter::new(capacity, SEED);
    let policy = |name: &str, quota, window_us, burst| Policy {
        name: name.into(),
        unit: Unit::Requests,
        quota,
        window_us,
        burst,
    };
    let policies = [
        policy("burst", 7, 10_000_000, 1_000_000),
        policy("sustained", 86_399, 86_400_000_000, 1_000_000),
        policy("once", 1, 86_400_000_000, 1),
    ];
    limiter.set_policies(&policies).expect("the policies are in range");
    limiter
}

/// Nanoseconds per check: the median and the tenth percentile of the rounds.
fn run(limiter: &mut Limiter, subjects_count: usize, policies: &[u16]) -> [f64; 2] {
    let subjects_count = u64::try_from(subjects_count).expect("a small number");
    let mut now_us = 1_700_000_000_000_000;
    let mut demands: Vec<_> =
        policies.iter().map(|policy| Demand { subject: 0, policy: *policy, cost: 1 }).collect();
    let mut check = |number: u64| {
        let subject = u128::from(number) << 64 | u128::from(number.wrapping_mul(SEED[0] | 1));
        for demand in &mut demands {
            demand.subject = subject;
        }
        black_box(limiter.check(now_us, black_box(&demands)));
        now_us += number & 1;
    };
    for number in 0..subjects_count {
        check(number);
    }
    let mut random = SEED[1];
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..CHECKS {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (_, number) = random.carrying_mul(subjects_count, 0);
            check(number);
        }
        rounds.push(begun.elapsed().as_secs_f64() * 1e9 / f64::from(CHECKS));
    }
    rounds.sort_by(f64::total_cmp);
    [rounds[ROUNDS / 2], rounds[ROUNDS / 10]]
}

/// Resident pages of this process, where the system tells.
fn resident_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
