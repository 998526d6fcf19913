//! Memory is bounded, and the bound costs nobody what is theirs.

use limiter::{Decision, Demand, FULL_RETRY_US, Limiter};
use proptest::{
    collection::vec,
    prelude::{prop_assert, prop_assert_eq, proptest},
};

use crate::{
    exact::{SEED, any_policy, limiter, policy},
    model,
};

proptest! {
    /// Many subjects in a small table against a model that forgets nobody: a rested subject that was
    /// forgotten is as good as new, a live one is never forgotten, and room is found if there is any.
    #[test]
    fn a_small_table_is_exact(
        policies in vec(any_policy(), 1..3),
        capacity in 1_usize..10,
        seed: [u64; 2],
        steps in vec((0_u64..90, 0_u128..16, 0_u16..2, 1_u32..5), 1..120),
    ) {
        let mut limiter = Limiter::new(capacity, seed);
        limiter.set_policies(&policies).unwrap();
        let mut curves = model::curves(&policies, 16);
        let mut now_us = 77;
        for (gap_us, subject, policy, cost) in steps {
            now_us += gap_us;
            let policy = policy.min(u16::try_from(policies.len() - 1).unwrap());
            let live = curves.values().filter(|it| !it.is_rested(now_us)).count();
            let curve = curves.get_mut(&(subject, policy)).unwrap();
            let is_new = curve.is_rested(now_us);
            let verdict = limiter.check(now_us, &[Demand { subject, policy, cost }]);
            match verdict.decision {
                Decision::Admitted => {
                    prop_assert!(curve.admits(now_us, cost));
                    curve.charge(now_us, cost);
                }
                Decision::TableFull => {
                    prop_assert!(is_new && curve.admits(now_us, cost));
                    prop_assert_eq!(live, capacity);
                    prop_assert_eq!(verdict.retry_after_us, FULL_RETRY_US);
                    prop_assert_eq!((verdict.remaining, verdict.violated), (0, 0));
                }
                _ => prop_assert!(!curve.admits(now_us, cost)),
            }
            prop_assert!(limiter.used() <= capacity);
        }
    }
}

#[test]
fn demands_that_do_not_all_fit_take_no_room() {
    let mut limiter = limiter(&[policy(1, 1_000, 5), policy(1, 1_000, 5)], 3);
    let pair = |subject| [0, 1].map(|policy| Demand { subject, policy, cost: 1 });
    assert!(limiter.check(0, &pair(1)).is_admitted());
    assert_eq!(limiter.check(0, &pair(2)).decision, Decision::TableFull);
    assert_eq!(limiter.used(), 2);
    // Known pairs and one more new one are served.
    assert!(limiter.check(0, &pair(1)).is_admitted());
    assert!(limiter.check(0, &pair(2)[..1]).is_admitted());
    assert_eq!(limiter.check(0, &pair(2)).decision, Decision::TableFull);
    // The same new pair twice needs one place, and a cost of zero none.
    assert!(limiter.check(1_000, &[]).is_admitted());
    assert_eq!(limiter.sweep(1_000, usize::MAX), 1);
    let twice = [Demand { subject: 3, policy: 0, cost: 2 }; 2];
    assert_eq!(limiter.check(1_000, &twice).remaining, 1);
    assert_eq!(limiter.used(), 3);
    let free = Demand { subject: 4, policy: 0, cost: 0 };
    assert_eq!(limiter.check(1_000, &[free, free]).remaining, 5);
    assert_eq!(limiter.check(1_000, &[free]).remaining, 5);
    assert_eq!(limiter.used(), 3);
}

/// The promise of 48 bytes for each of a million subjects, exact for every one of them.
#[test]
fn a_million_subjects_stay_within_their_bytes() {
    const SUBJECTS: u32 = 1_000_000;
    let capacity = usize::try_from(SUBJECTS).unwrap();
    let hour_us = 3_600_000_000;
    let mut limiter = limiter(&[policy(2, hour_us, 2)], capacity);
    let demand = |number: u32| [Demand { subject: u128::from(number) << 40, policy: 0, cost: 1 }];
    for number in 0..SUBJECTS {
        assert!(limiter.check(1, &demand(number)).is_admitted());
    }
    assert_eq!(limiter.used(), capacity);
    // A new one is refused, and nobody pays for it.
    assert_eq!(limiter.check(2, &demand(SUBJECTS)).decision, Decision::TableFull);
    for (now_us, decision) in [(3, Decision::Admitted), (4, Decision::Limited)] {
        for number in 0..SUBJECTS {
            assert_eq!(limiter.check(now_us, &demand(number)).decision, decision);
        }
    }
    assert_eq!((limiter.used(), limiter.capacity()), (capacity, capacity));
    assert!(limiter.table_bytes() <= 48 * capacity + 64, "{}", limiter.table_bytes());
    // Once all have rested, a million others take their places, none refused: the sweep of the
    // newcomers is ahead of them.
    for number in SUBJECTS..2 * SUBJECTS {
        assert!(limiter.check(2 * hour_us, &demand(number)).is_admitted(), "{number}");
    }
    assert_eq!(limiter.used(), capacity);
    assert!(limiter.table_bytes() <= 48 * capacity + 64);
}

#[test]
fn a_flood_of_new_subjects_leaves_the_known_ones_alone() {
    let mut limiter = Limiter::new(1_000, SEED);
    limiter.set_policies(&[policy(1, 1_000, 10)]).unwrap();
    let mut refused = 0;
    for number in 0..100_000_u32 {
        let now_us = u64::from(number);
        let flood = Demand { subject: u128::from(number) + 1, policy: 0, cost: 10 };
        refused += u32::from(!limiter.check(now_us, &[flood]).is_admitted());
        if number % 1_000 == 0 {
            // One per emission interval is what the policy gives for ever.
            let known = Demand { subject: 0, policy: 0, cost: 1 };
            assert!(limiter.check(now_us, &[known]).is_admitted() || number > 0);
        }
    }
    // Each flooder is live for 10,000 us, so a thousand are served per 10,000 and the rest refused.
    assert!((89_000..=91_000).contains(&refused), "{refused}");
    assert_eq!(limiter.used(), 1_000);
}
