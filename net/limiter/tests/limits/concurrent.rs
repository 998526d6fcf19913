//! Concurrency limits: taken by a check, given back by a release.

use std::collections::BTreeMap;

use limiter::{Decision, Demand, Limiter, Policy, Unit};
use proptest::{
    collection::vec,
    prelude::{any, prop_assert, prop_assert_eq, proptest},
};

use crate::exact::{SEED, policy};

fn jobs(quota: u32) -> Policy {
    let unit = Unit::ConcurrentRequests;
    Policy { name: "jobs".into(), unit, quota, window_us: 0, burst: 0 }
}

proptest! {
    /// Takes and releases, also ones too many, against a count per subject.
    #[test]
    fn the_count_is_exact_and_never_below_zero(
        quota in 1_u32..6,
        capacity in 1_usize..5,
        steps in vec((any::<bool>(), 0_u128..6, 0_u32..8), 1..200),
    ) {
        let mut limiter = Limiter::new(capacity, SEED);
        limiter.set_policies(&[jobs(quota)]).unwrap();
        let mut counts = BTreeMap::new();
        for (take, subject, cost) in steps {
            let count: u32 = counts.get(&subject).copied().unwrap_or(0);
            let left = if take {
                let verdict = limiter.check(9, &[Demand { subject, policy: 0, cost }]);
                let full = counts.len() == capacity && count == 0;
                let expected = if cost == 0 {
                    Decision::Admitted
                } else if cost > quota {
                    Decision::TooCostly
                } else if count + cost > quota {
                    Decision::Limited
                } else if full {
                    Decision::TableFull
                } else {
                    Decision::Admitted
                };
                prop_assert_eq!(verdict.decision, expected);
                let taken = if verdict.is_admitted() { cost } else { 0 };
                if expected != Decision::TableFull {
                    prop_assert_eq!(verdict.remaining, u64::from(quota - count - taken));
                }
                count + taken
            } else {
                prop_assert_eq!(limiter.release(subject, 0, cost), cost.min(count));
                count.saturating_sub(cost)
            };
            if left == 0 {
                counts.remove(&subject);
            } else {
                counts.insert(subject, left);
            }
            // Time forgets nothing that is under way.
            limiter.sweep(limiter::NOW_US_MAX, usize::MAX);
            prop_assert_eq!(limiter.used(), counts.len());
        }
        prop_assert!(counts.values().all(|it| *it <= quota));
    }
}

#[test]
fn a_rate_is_not_charged_when_the_concurrency_limit_refuses() {
    let mut limiter = Limiter::new(8, SEED);
    limiter.set_policies(&[policy(1, 1_000, 2), jobs(1)]).unwrap();
    let both = [0, 1].map(|policy| Demand { subject: 1, policy, cost: 1 });
    assert!(limiter.check(0, &both).is_admitted());
    let refused = limiter.check(0, &both);
    assert_eq!((refused.decision, refused.policy), (Decision::Limited, Some(1)));
    assert_eq!((refused.violated, refused.retry_after_us), (0b10, 0));
    assert_eq!(limiter::retry_after_s(&refused), Some(1));
    assert_eq!(limiter.release(1, 1, 1), 1);
    // The second unit of the rate is still there; and the other way round.
    assert!(limiter.check(0, &both).is_admitted());
    assert_eq!(limiter.release(1, 1, 1), 1);
    let refused = limiter.check(0, &both);
    assert_eq!((refused.decision, refused.policy), (Decision::Limited, Some(0)));
    assert_eq!(limiter.release(1, 1, 1), 0);
    // A refund gives back both.
    assert!(limiter.check(1_000, &both).is_admitted());
    limiter.refund(1_000, 1_000, &both);
    assert!(limiter.check(1_000, &both).is_admitted());
    assert_eq!(limiter.release(1, 1, 9), 1);
}

#[test]
fn a_lowered_quota_lets_those_under_way_finish() {
    let mut limiter = Limiter::new(8, SEED);
    limiter.set_policies(&[jobs(3)]).unwrap();
    let one = [Demand { subject: 1, policy: 0, cost: 1 }];
    for _ in 0..3 {
        assert!(limiter.check(0, &one).is_admitted());
    }
    limiter.set_policies(&[jobs(1)]).unwrap();
    for (released, expected) in
        [(1, Decision::Limited), (1, Decision::Limited), (1, Decision::Admitted)]
    {
        assert_eq!(limiter.release(1, 0, 1), released);
        assert_eq!(limiter.check(0, &one).decision, expected);
    }
}
