//! One check of the rate limiter in its core.

use std::hint::black_box;

use limiter::{Demand, Limiter, Policy, Unit};

use crate::harness::Harness;

const NAMES: [&str; 3] = [
    "limiter: check, 1 policy, 1 subject",
    "limiter: check, 4 policies, 1 subject",
    "limiter: check, 1 policy, 100,000 subjects",
];
const SUBJECTS: u64 = 100_000;

pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let [one, four, many] = NAMES;
    let mut now_us = 1_700_000_000_000_000;
    for (name, policies, subjects) in [(one, 1, 1), (four, 4, 1), (many, 1, SUBJECTS)] {
        let mut limiter = limiter(policies);
        let mut demands: Vec<_> =
            (0..policies).map(|policy| Demand { subject: 0, policy, cost: 1 }).collect();
        let mut number = 0_u64;
        harness.time(name, || {
            // A stride that is prime to the count: neighbours in time are not in memory.
            number = (number + 77_773) % subjects;
            for demand in &mut demands {
                demand.subject = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64
                    | u128::from(number);
            }
            now_us += 1;
            limiter.check(now_us, black_box(&demands)).is_admitted()
        });
    }
}

/// That admits all that is asked of it here.
fn limiter(policies: u16) -> Limiter {
    let policies: Vec<_> = (0..policies)
        .map(|number| Policy {
            name: format!("policy-{number}").into(),
            unit: Unit::Requests,
            quota: 1_000_000_000,
            window_us: 1_000_000,
            burst: 1_000_000_000,
        })
        .collect();
    let mut limiter = Limiter::new(2 * 100_000, [0x517c_c1b7, 0x2722_0a95]);
    limiter.set_policies(&policies).expect("the policies are in range");
    limiter
}
