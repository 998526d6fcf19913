//! One subject, driven through every door and on every core at once: what the policies admit is
//! admitted, and not one request more.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::caller::{Ask, Door};
use crate::support::{Chance, TestBox, quote, setting};

/// Every so many refusals in a row a caller takes them for final: what a request was charged that
/// another policy then refused comes back a moment later.
const REFUSALS: usize = 16;
/// Whose requests are counted together: each key's, or all of this test.
const SUBJECTS: [&str; 6] = ["key", "principal", "tenant", "route", "address", "box"];

/// One round: some policies, some keys, some callers.
struct Round {
    policies: Vec<(String, Value)>,
    /// How many requests of all keys together the policies admit.
    admitted: u64,
    keys: usize,
    /// Door and key of each caller.
    callers: Vec<(Door, usize)>,
    /// Requests of each caller.
    each: u64,
}

/// Chooses a round. Every limit is so slow that nothing comes back while a test runs.
fn round(seed: u64, chance: &mut Chance) -> Round {
    let keys = usize::try_from(chance.between(1, 3)).unwrap();
    let (mut of_key, mut of_all) = (u64::MAX, u64::MAX);
    let policies = (0..chance.between(1, 3)).map(|number| {
        let per = SUBJECTS[usize::try_from(chance.between(0, 5)).unwrap()];
        let (quota, cost) = (chance.between(40, 400), chance.between(1, 3));
        let burst = if chance.between(0, 1) == 0 { 0 } else { chance.between(30, 2 * quota) };
        let admits = (if burst == 0 { quota } else { burst }) / cost;
        let least = if per == "key" { &mut of_key } else { &mut of_all };
        *least = admits.min(*least);
        let operations =
            ["rates.*", "rates.quote", "*"][usize::try_from(chance.between(0, 1)).unwrap()];
        let policy = json!({
            "per": per,
            "operations": operations,
            "quota": quota,
            "burst": burst,
            "window_s": 86_400,
            "cost": { "read": cost, "write": 1, "bulk": 1 },
        });
        (format!("mix-{seed}-{number}"), policy)
    });
    let policies = policies.collect();
    let admitted = of_key.saturating_mul(keys.try_into().unwrap()).min(of_all);
    // Every door, with at least as many callers as there are keys and cores.
    let callers = (0..chance.between(8, 14)).map(|at| {
        let at = usize::try_from(at).unwrap();
        let key = usize::try_from(chance.next() % 3).unwrap() % keys;
        (Door::ALL[at % Door::ALL.len()], if at < keys { at } else { key })
    });
    let callers = callers.collect();
    Round { policies, admitted, keys, callers, each: chance.between(10, 60) }
}

impl TestBox {
    /// Runs a round and gives how many requests were admitted: in the storm, and then until nothing
    /// more is.
    fn run(&self, round: &Round, keys: &[String]) -> (u64, u64) {
        for (name, policy) in &round.policies {
            self.operate("PUT", &format!("/v1/limits/policies/{name}"), policy);
        }
        let start = Barrier::new(round.callers.len());
        let storm = |door: Door, key: usize| {
            let (mut caller, ask) = (self.caller(door), quote(&keys[key]));
            start.wait();
            let admitted = (0..round.each).filter(|_| is_admitted(caller.ask(&ask).status));
            u64::try_from(admitted.count()).unwrap()
        };
        let at_once: u64 = thread::scope(|scope| {
            let callers: Vec<_> = round
                .callers
                .iter()
                .map(|(door, key)| scope.spawn(|| storm(*door, *key)))
                .collect();
            callers.into_iter().map(|it| it.join().unwrap()).sum()
        });
        let rest: u64 = keys[..round.keys].iter().map(|key| self.exhaust(&quote(key))).sum();
        for (name, _) in &round.policies {
            self.operate("DELETE", &format!("/v1/limits/policies/{name}"), &Value::Null);
        }
        (at_once, at_once + rest)
    }

    /// Asks through one door after the other until it is refused for good.
    fn exhaust(&self, ask: &Ask) -> u64 {
        let mut callers = Door::ALL.map(|door| self.caller(door));
        let (mut admitted, mut refused, mut at) = (0, 0, 0);
        while refused < REFUSALS {
            at = (at + 1) % callers.len();
            if is_admitted(callers[at].ask(ask).status) {
                (admitted, refused) = (admitted + 1, 0);
            } else {
                refused += 1;
            }
        }
        admitted
    }
}

fn is_admitted(status: u16) -> bool {
    match status {
        200 => true,
        429 => false,
        other => panic!("{other}"),
    }
}

#[test]
fn what_policies_admit_over_all_doors_and_cores_is_exact() {
    let quoin = TestBox::start(2);
    let first = setting("DOORS_SEED", 1);
    for seed in first..first + setting("DOORS_ROUNDS", 24) {
        let mut chance = Chance(seed);
        let round = round(seed, &mut chance);
        let keys: Vec<_> = (0..round.keys).map(|_| quoin.new_key(&mut chance)).collect();
        let texts: Vec<_> = keys.iter().map(|it| it.0.clone()).collect();
        let (at_once, all) = quoin.run(&round, &texts);
        let Round { policies, admitted, callers, each, .. } = &round;
        let what = format!("DOORS_SEED={seed} {policies:?}, {callers:?} ask {each} times");
        assert!(at_once <= *admitted, "{at_once} of {admitted}: {what}");
        assert_eq!(all, *admitted, "{what}");
        let asked = u64::try_from(callers.len()).unwrap() * each;
        // Alone, a policy that counts all of it together has nothing to give back.
        if policies.len() == 1 && policies[0].1["per"] != "key" {
            assert_eq!(at_once, asked.min(*admitted), "{what}");
        }
        for (_, id) in keys {
            quoin.operate("DELETE", &format!("/v1/identity/api-keys/{id}"), &Value::Null);
        }
    }
    assert!(quoin.server.stop().success());
}
