//! A revoked key is refused by every door and every core from the answer to its revoke on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, RwLock};
use std::thread;

use serde_json::Value;

use crate::caller::Door;
use crate::support::{Chance, TestBox, quote, setting};

/// Callers of each door: the kernel spreads their connections over the cores.
const CALLERS: usize = 3;
/// Requests of each caller after a revoke; each is a trial.
const TRIALS: u64 = 4;
/// After so many keys a caller connects anew.
const KEYS: u64 = 50;

/// What the callers and the operator share.
struct Stage {
    key: RwLock<String>,
    /// A round begins; and every caller has used its key.
    together: Barrier,
    /// The revoke of this round's key is answered.
    revoked: AtomicBool,
    trials: AtomicU64,
    /// Requests that were under way while the key was revoked: either answer is right.
    meanwhile: AtomicU64,
    /// What should not have been. Who finds something goes on: the others wait for all.
    wrong: Mutex<Vec<String>>,
}

impl Stage {
    /// One caller's part of `rounds` rounds.
    fn play(&self, quoin: &TestBox, door: Door, rounds: u64) {
        let mut caller = quoin.caller(door);
        for round in 0..rounds {
            if round % KEYS == KEYS - 1 {
                caller = quoin.caller(door);
            }
            self.together.wait();
            let ask = quote(&self.key.read().unwrap());
            self.expect(caller.ask(&ask).status, &[200], "a good key", door, round);
            self.together.wait();
            let mut trials = 0;
            while trials < TRIALS {
                let revoked = self.revoked.load(Ordering::SeqCst);
                let status = caller.ask(&ask).status;
                if revoked {
                    self.expect(status, &[401], "a revoked key", door, round);
                    trials += 1;
                } else {
                    self.expect(status, &[200, 401], "a key amid its revoke", door, round);
                    self.meanwhile.fetch_add(1, Ordering::Relaxed);
                }
            }
            self.trials.fetch_add(trials, Ordering::Relaxed);
            // The operator sees that all are done.
            self.together.wait();
        }
    }

    fn expect(&self, status: u16, right: &[u16], what: &str, door: Door, round: u64) {
        if !right.contains(&status) {
            let found = format!("{what} got {status} at {door:?} in round {round}");
            self.wrong.lock().unwrap().push(found);
        }
    }
}

#[test]
fn a_revoked_key_is_never_accepted_after_the_answer() {
    let each = u64::try_from(Door::ALL.len() * CALLERS).unwrap() * TRIALS;
    let wanted = setting("REVOKE_TRIALS", 960);
    let rounds = wanted.div_ceil(each);
    let quoin = TestBox::start(2);
    let stage = Stage {
        key: RwLock::default(),
        together: Barrier::new(Door::ALL.len() * CALLERS + 1),
        revoked: AtomicBool::new(false),
        trials: AtomicU64::new(0),
        meanwhile: AtomicU64::new(0),
        wrong: Mutex::default(),
    };
    let mut chance = Chance(setting("DOORS_SEED", 1));
    thread::scope(|scope| {
        for door in [Door::ALL; CALLERS].concat() {
            let (stage, quoin) = (&stage, &quoin);
            scope.spawn(move || stage.play(quoin, door, rounds));
        }
        for round in 0..rounds {
            let (key, id) = quoin.new_key(&mut chance);
            *stage.key.write().unwrap() = key;
            stage.revoked.store(false, Ordering::SeqCst);
            stage.together.wait();
            stage.together.wait();
            quoin.operate("DELETE", &format!("/v1/identity/api-keys/{id}"), &Value::Null);
            stage.revoked.store(true, Ordering::SeqCst);
            stage.together.wait();
            if round % 500 == 499 {
                eprintln!("{} trials", stage.trials.load(Ordering::Relaxed));
            }
        }
    });
    let trials = stage.trials.load(Ordering::Relaxed);
    let meanwhile = stage.meanwhile.load(Ordering::Relaxed);
    eprintln!("{trials} trials after {rounds} revokes, and {meanwhile} requests meanwhile");
    let wrong = stage.wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(wanted <= trials);
    assert!(quoin.server.stop().success());
}
