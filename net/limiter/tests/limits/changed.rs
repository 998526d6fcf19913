//! Policies change at once, and subjects keep what the rule says.

use limiter::{Decision, Demand, Limiter, Policy, PolicyError, Unit};

use crate::exact::{SEED, limiter, policy};

fn take(limiter: &mut Limiter, now_us: u64, cost: u32) -> (Decision, u64, u64) {
    let verdict = limiter.check(now_us, &[Demand { subject: 1, policy: 0, cost }]);
    (verdict.decision, verdict.remaining, verdict.reset_us)
}

#[test]
fn a_change_is_effective_at_the_next_check() {
    use Decision::{Admitted, Limited, TooCostly};
    // Ten units per second, all ten taken at time 0: rested again at 1,000,000.
    let rows = [
        // The same again: nothing changes.
        (policy(10, 1_000_000, 10), 1, (Limited, 0, 1_000_000)),
        // A slower refill: still rested at 1,000,000, so half of the new burst is there already.
        (policy(5, 1_000_000, 10), 5, (Admitted, 0, 2_000_000)),
        // A faster refill: owes at most the new burst.
        (policy(100, 1_000_000, 10), 1, (Limited, 0, 100_000)),
        (policy(1_000_000, 1_000_000, 1), 1, (Limited, 0, 1)),
        // A larger burst: what was added is there at once.
        (policy(10, 1_000_000, 15), 5, (Admitted, 0, 1_500_000)),
        (policy(10, 1_000_000, 15), 6, (Limited, 5, 1_000_000)),
        // A smaller burst: cannot be taken any more at all.
        (policy(10, 1_000_000, 4), 5, (TooCostly, 0, 400_000)),
    ];
    for (changed, cost, expected) in rows {
        let mut limiter = limiter(&[policy(10, 1_000_000, 10)], 4);
        assert_eq!(take(&mut limiter, 0, 10), (Admitted, 0, 1_000_000));
        limiter.set_policies(std::slice::from_ref(&changed)).unwrap();
        assert_eq!(take(&mut limiter, 0, cost), expected, "{changed:?} {cost}");
    }
}

#[test]
fn a_wrong_list_changes_nothing() {
    let mut limiter = limiter(&[policy(1, 1_000, 1)], 4);
    let wrong = [policy(9, 1_000, 9), policy(0, 1_000, 1)];
    assert_eq!(limiter.set_policies(&wrong), Err(PolicyError::Quota { number: 1 }));
    assert_eq!(limiter.policies(), [policy(1, 1_000, 1)]);
    let many = vec![policy(1, 1, 1); limiter::POLICIES_MAX + 1];
    assert_eq!(
        limiter.set_policies(&many),
        Err(PolicyError::TooMany { count: limiter::POLICIES_MAX + 1 })
    );
    assert_eq!(limiter.set_policies(&many[1..]), Ok(()));
}

#[test]
fn a_policy_that_is_gone_admits_nothing() {
    let mut limiter = Limiter::new(4, SEED);
    let gone = (Decision::UnknownPolicy, 0, 0);
    assert_eq!(take(&mut limiter, 0, 1), gone);
    limiter.set_policies(&[policy(1, 1_000, 1)]).unwrap();
    assert_eq!(take(&mut limiter, 0, 1).0, Decision::Admitted);
    limiter.set_policies(&[]).unwrap();
    assert_eq!(take(&mut limiter, 0, 1), gone);
    assert_eq!(limiter.policy(0), None);
    limiter.refund(0, 0, &[Demand { subject: 1, policy: 0, cost: 1 }]);
    // Back again it finds its subject as it was.
    limiter.set_policies(&[policy(1, 1_000, 1)]).unwrap();
    assert_eq!(take(&mut limiter, 0, 1).0, Decision::Limited);
}

#[test]
fn a_policy_that_changes_its_kind_starts_anew() {
    let jobs = Policy {
        name: "jobs".into(),
        unit: Unit::ConcurrentRequests,
        quota: 1,
        window_us: 0,
        burst: 0,
    };
    let mut limiter = limiter(&[policy(1, 1_000, 1)], 4);
    assert_eq!(take(&mut limiter, 0, 1).0, Decision::Admitted);
    limiter.set_policies(std::slice::from_ref(&jobs)).unwrap();
    assert_eq!(take(&mut limiter, 0, 1), (Decision::Admitted, 0, 0));
    limiter.set_policies(&[policy(1, 1_000, 1)]).unwrap();
    assert_eq!(take(&mut limiter, 0, 1).0, Decision::Limited);
    // What the concurrency policy gave is still given back.
    assert_eq!(limiter.release(1, 0, 1), 1);
    assert_eq!(limiter.release(1, 0, 1), 0);
}
