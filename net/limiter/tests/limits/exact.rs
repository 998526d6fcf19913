//! A limiter admits what its policies define, exactly: against models that keep every admitted
//! request, and against the closed form over long times.

use limiter::{Decision, Demand, Limiter, Policy, Unit};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest},
};

use crate::model::{self, Curve};

pub(crate) const SEED: [u64; 2] = [0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344];

pub(crate) fn policy(quota: u32, window_us: u64, burst: u32) -> Policy {
    Policy { name: "p".into(), unit: Unit::Requests, quota, window_us, burst }
}

pub(crate) fn limiter(policies: &[Policy], subjects_count: usize) -> Limiter {
    let mut limiter = Limiter::new(subjects_count, SEED);
    limiter.set_policies(policies).expect("the policies are in range");
    limiter
}

fn one(policy: u16, cost: u32) -> Demand {
    Demand { subject: 1, policy, cost }
}

/// Small numbers, so that quotas seldom divide windows and bounds are often met.
pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    (1_u32..40, 1_u64..400, 1_u32..12)
        .prop_map(|(quota, window_us, burst)| policy(quota, window_us, burst))
}

proptest! {
    /// Every verdict and every number in it against the list of all that was admitted.
    #[test]
    fn one_policy_is_its_definition(
        policy in any_policy(),
        steps in vec((0_u64..60, 0_u32..14), 1..60),
    ) {
        let mut limiter = limiter(std::slice::from_ref(&policy), 4);
        let mut curve = Curve::new(&policy);
        let mut now_us = 1_700_000_000_000_000;
        for (gap_us, cost) in steps {
            now_us += gap_us;
            let verdict = limiter.check(now_us, &[one(0, cost)]);
            let expected = if cost > policy.burst {
                Decision::TooCostly
            } else if curve.admits(now_us, cost) {
                Decision::Admitted
            } else {
                Decision::Limited
            };
            prop_assert_eq!(verdict.decision, expected);
            prop_assert_eq!(verdict.quota, u64::from(policy.quota));
            let wait_us = match expected {
                Decision::Limited => curve.first_at(now_us, cost) - now_us,
                _ => 0,
            };
            prop_assert_eq!(verdict.retry_after_us, wait_us);
            if verdict.is_admitted() {
                curve.charge(now_us, cost);
            }
            prop_assert_eq!(verdict.remaining, u64::from(curve.remaining(now_us)));
            prop_assert_eq!(verdict.reset_us, curve.first_at(now_us, policy.burst) - now_us);
        }
    }

    /// All or nothing, over several policies and subjects, with the worst one told.
    #[test]
    fn several_policies_are_charged_together_or_not_at_all(
        policies in vec(any_policy(), 1..4),
        steps in vec((0_u64..60, vec((0_u128..3, 0_u16..4, 0_u32..9), 1..6)), 1..60),
    ) {
        let mut limiter = limiter(&policies, 64);
        let mut curves = model::curves(&policies, 3);
        let mut now_us = 5;
        for (gap_us, asked) in steps {
            now_us += gap_us;
            let demands: Vec<_> = asked
                .iter()
                .map(|(subject, policy, cost)| Demand { subject: *subject, policy: *policy, cost: *cost })
                .collect();
            let before = curves.clone();
            let mut expected = Decision::Admitted;
            let mut violated = 0;
            for (at, demand) in demands.iter().enumerate() {
                let decision = match curves.get_mut(&(demand.subject, demand.policy)) {
                    None => Decision::UnknownPolicy,
                    Some(curve) if demand.cost > curve.burst => Decision::TooCostly,
                    Some(curve) if !curve.admits(now_us, demand.cost) => Decision::Limited,
                    Some(curve) => {
                        curve.charge(now_us, demand.cost);
                        Decision::Admitted
                    }
                };
                expected = expected.max(decision);
                violated |= u8::from(decision != Decision::Admitted) << at;
            }
            if expected != Decision::Admitted {
                curves = before;
            }
            let verdict = limiter.check(now_us, &demands);
            prop_assert_eq!((verdict.decision, verdict.violated), (expected, violated));
            if expected == Decision::Admitted {
                let least = demands
                    .iter()
                    .map(|it| curves[&(it.subject, it.policy)].remaining(now_us))
                    .min();
                prop_assert!(verdict.remaining >= u64::from(least.unwrap()));
            }
            // What is left of each, without taking anything.
            for ((subject, policy), curve) in &curves {
                let peek = limiter.check(now_us, &[Demand { subject: *subject, policy: *policy, cost: 0 }]);
                prop_assert_eq!(peek.decision, Decision::Admitted);
                prop_assert_eq!(peek.remaining, u64::from(curve.remaining(now_us)));
            }
        }
    }

    /// A charge taken back in the same microsecond was never made.
    #[test]
    fn a_refund_at_once_is_exact(
        policy in any_policy(),
        steps in vec((0_u64..60, 1_u32..12, any::<bool>()), 1..60),
    ) {
        let mut limiter = limiter(std::slice::from_ref(&policy), 4);
        let mut curve = Curve::new(&policy);
        let mut now_us = 5;
        for (gap_us, cost, back) in steps {
            now_us += gap_us;
            let demand = [one(0, cost)];
            let admitted = limiter.check(now_us, &demand).is_admitted();
            prop_assert_eq!(admitted, curve.admits(now_us, cost));
            if admitted && back {
                limiter.refund(now_us, now_us, &demand);
            } else if admitted {
                curve.charge(now_us, cost);
            }
            let peek = limiter.check(now_us, &[one(0, 0)]);
            prop_assert_eq!(peek.remaining, u64::from(curve.remaining(now_us)));
        }
    }

    /// A charge taken back later frees nothing that others had not: what stays is within the policy.
    #[test]
    fn a_late_refund_never_admits_too_much(
        policy in any_policy(),
        steps in vec((0_u64..60, 1_u32..12, any::<bool>()), 1..60),
    ) {
        let mut limiter = limiter(std::slice::from_ref(&policy), 4);
        let mut curve = Curve::new(&policy);
        let mut open: Option<(u64, u32)> = None;
        let mut now_us = 5;
        for (gap_us, cost, taken_back) in steps {
            now_us += gap_us;
            if let Some((admitted_us, cost)) = open.filter(|_| taken_back) {
                limiter.refund(now_us, admitted_us, &[one(0, cost)]);
                open = None;
                curve.withdraw(admitted_us, cost);
            }
            if limiter.check(now_us, &[one(0, cost)]).is_admitted() {
                prop_assert!(curve.admits(now_us, cost), "at {now_us}");
                curve.charge(now_us, cost);
                open = open.or(Some((now_us, cost)));
            }
        }
    }
}

/// After the burst, the n-th unit comes free exactly when n emission intervals have passed: whatever
/// the quota, no error adds up. The bursts leave room for asking at whole microseconds: a bucket that
/// is full for a part of one loses that part, by definition.
#[test]
fn a_quota_that_does_not_divide_its_window_never_drifts() {
    let rows: [(u32, u64, u32); 10] = [
        (1, 1, 1),
        (3, 10, 2),
        (7, 1_000_000, 5),
        (1000, 1_000_000, 100),
        (999_983, 1_000_000, 3),
        (3_000_017, 1_000_000, 8),
        (86_399, 86_400_000_000, 10),
        (u32::MAX, 86_400_000_000, 40_000_000),
        (1_000_000_000, 86_400_000_000, u32::MAX),
        (11, limiter::WINDOW_US_MAX, 3),
    ];
    for (quota, window_us, burst) in rows {
        let mut limiter = limiter(&[policy(quota, window_us, burst)], 1);
        let start_us = 1_700_000_000_000_000;
        assert!(limiter.check(start_us, &[one(0, burst)]).is_admitted());
        let mut now_us = start_us;
        for number in 1..=20_000_u128 {
            let free_us = (number * u128::from(window_us)).div_ceil(u128::from(quota));
            let free_us = start_us + u64::try_from(free_us).unwrap();
            let verdict = limiter.check(now_us, &[one(0, 1)]);
            if free_us > now_us {
                assert_eq!(verdict.decision, Decision::Limited, "{quota}/{window_us} {number}");
                now_us += verdict.retry_after_us;
                assert_eq!(now_us, free_us, "{quota}/{window_us} {number}");
                let early = limiter.check(now_us - 1, &[one(0, 1)]);
                assert_eq!(early.decision, Decision::Limited);
                assert!(limiter.check(now_us, &[one(0, 1)]).is_admitted());
            } else {
                assert!(verdict.is_admitted(), "{quota}/{window_us} {number}");
            }
        }
    }
}

/// Asked every few microseconds for simulated days, the sum is the closed form to the unit.
#[test]
fn the_sum_over_a_long_time_is_the_closed_form() {
    let rows: [(u32, u64, u32, u64); 4] = [
        (7, 1_000_000, 3, 20_011),
        (13, 60_000_000, 13, 700_001),
        (1001, 1_000_000, 50, 331),
        (u32::MAX, 86_400_000_000, 1000, 17),
    ];
    for (quota, window_us, burst, step_us) in rows {
        let mut limiter = limiter(&[policy(quota, window_us, burst)], 1);
        let start_us = 1_000;
        let mut admitted = 0_u128;
        let mut now_us = start_us;
        for _ in 0..200_000 {
            let left = limiter.check(now_us, &[one(0, 0)]).remaining;
            let cost = u32::try_from(left).unwrap();
            assert!(limiter.check(now_us, &[one(0, cost)]).is_admitted());
            assert_eq!(limiter.check(now_us, &[one(0, 1)]).decision, Decision::Limited);
            admitted += u128::from(cost);
            let elapsed_us = u128::from(now_us - start_us);
            let refilled = elapsed_us * u128::from(quota) / u128::from(window_us);
            assert_eq!(admitted, u128::from(burst) + refilled, "{quota}/{window_us} at {now_us}");
            now_us += step_us;
        }
    }
}

#[test]
fn a_clock_that_goes_back_refills_nothing() {
    let mut limiter = limiter(&[policy(1, 100, 1)], 1);
    assert!(limiter.check(1_000, &[one(0, 1)]).is_admitted());
    // A cost of zero is admitted in the past too, and must not write the earlier time down.
    let rows = [
        (500, 0, Decision::Admitted),
        (500, 1, Decision::Limited),
        (1_099, 1, Decision::Limited),
        (1_100, 1, Decision::Admitted),
    ];
    for (now_us, cost, expected) in rows {
        assert_eq!(limiter.check(now_us, &[one(0, cost)]).decision, expected, "{now_us} {cost}");
    }
    // Nor does the end of time overflow.
    assert!(limiter.check(u64::MAX, &[one(0, 1)]).is_admitted());
    assert_eq!(limiter.check(u64::MAX, &[one(0, 1)]).decision, Decision::Limited);
}
