//! The rate limiter of one core.

use crate::{
    policy::{POLICIES_MAX, Policy, PolicyError, Unit},
    rate::{Moment, Rate},
    table::{Key, Table},
    verdict::{Decision, Verdict},
};

/// How many policies one check may ask at once.
pub const DEMANDS_MAX: usize = 8;
/// Later times are taken for this one: some 146,000 years.
pub const NOW_US_MAX: u64 = 1 << 62;
/// What a caller is told to wait when the table is full: nobody knows, so not to hammer.
pub const FULL_RETRY_US: u64 = 1_000_000;

/// Slots that a new pair's check looks at to forget rested ones. Eight, because the 1.5 slots of a pair
/// would only keep up: while a round lasts, newcomers crowd the part that it has not reached, and
/// probes there grow long. At eight a round ends after a fifth of the capacity in newcomers, and no
/// part is ever more than four fifths used.
const SWEEP_SLOTS: usize = 8;
/// The same when the table is full.
const SWEEP_SLOTS_FULL: usize = 128;

/// One policy's share of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// A digest of whom or what the policy counts: a key, a tenant, a route, an address. Two
    /// subjects with the same digest are one.
    pub subject: u128,
    /// The number of the policy.
    pub policy: u16,
    /// Units to take. 0 asks without taking and is always admitted.
    pub cost: u32,
}

impl Demand {
    #[inline]
    fn is_of_the_pair_of(&self, other: &Self) -> bool {
        self.subject == other.subject && self.policy == other.policy
    }
}

/// The rate limiter of one core: policies, and a bounded table of subjects.
///
/// # Memory
///
/// 48 bytes per (subject, policy) pair of the capacity, all of it reserved at the start and none
/// later: 1,000,000 pairs take 48 MB, whatever callers do. The system hands the pages out when they
/// are first written, so an unused table takes next to none.
///
/// A pair whose theoretical arrival time has passed has its whole burst again and is forgotten
/// without a trace, because a pair never seen has the same. Each check that brings a new pair looks
/// at a few slots for such, a bounded number however many there are.
///
/// # When the table is full
///
/// Live pairs are never forgotten: that would hand every flooder a fresh burst. New pairs are refused
/// with [`Decision::TableFull`], those in the table are served exactly as before. A full check looks
/// at 128 slots for rested pairs, so a table of up to 84 pairs refuses only when all of them are
/// live; a larger one may refuse until the sweep has come round to the rested ones.
///
/// # Time
///
/// The caller gives the time with every call. A time before the latest one seen is taken for the
/// latest: a clock that goes back stands still here and never refills anything twice.
///
/// # Changing policies
///
/// [`Self::set_policies`] is effective at the next check. The state of a pair stays: it is the time
/// at which the pair will have its whole burst again. Under changed numbers it keeps that time, but
/// never owes more than one whole burst of the new policy. A policy that turns from a rate into a
/// concurrency limit, or back, starts anew. Numbers are places in the list: a list that is edited
/// keeps the place of every policy that stays, or its pairs continue under another's state.
#[derive(Debug)]
pub struct Limiter {
    policies: Vec<Policy>,
    rules: Vec<Rule>,
    table: Table,
    now_us: u64,
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    Rate(Rate),
    Concurrent { quota: u64 },
}

/// What is to be written if all demands of a check are admitted.
#[derive(Debug, Clone, Copy)]
struct Step {
    key: Key,
    place: Result<usize, usize>,
    next: Moment,
    /// Whether `next` says more than that the pair has rested.
    kept: bool,
}

impl Step {
    /// Whether writing it takes a place in the table.
    fn is_new(&self) -> bool {
        self.place.is_err() && self.kept
    }
}

impl Limiter {
    /// A limiter without policies for `subjects_count` (subject, policy) pairs, 1 to
    /// [`SUBJECTS_MAX`](crate::SUBJECTS_MAX); a number outside is taken for the nearer bound.
    ///
    /// `seed` decides where pairs are kept. Take it from a random source, so that nobody outside can
    /// choose subjects that collide.
    pub fn new(subjects_count: usize, seed: [u64; 2]) -> Self {
        let table = Table::new(subjects_count, seed);
        Self { policies: Vec::new(), rules: Vec::new(), table, now_us: 0 }
    }

    /// Replaces all policies, or none of them if one is wrong.
    pub fn set_policies(&mut self, policies: &[Policy]) -> Result<(), PolicyError> {
        if policies.len() > POLICIES_MAX {
            return Err(PolicyError::TooMany { count: policies.len() });
        }
        let mut rules = Vec::with_capacity(policies.len());
        for (number, policy) in policies.iter().enumerate() {
            policy.validate(number)?;
            rules.push(match policy.unit {
                Unit::Requests | Unit::ContentBytes => Rule::Rate(Rate::compile(policy)),
                Unit::ConcurrentRequests => Rule::Concurrent { quota: u64::from(policy.quota) },
            });
        }
        self.policies = policies.to_vec();
        self.rules = rules;
        Ok(())
    }

    /// Charges every demand if each of its policies admits it, and none otherwise. Several demands on
    /// one pair add up. At most [`DEMANDS_MAX`] demands.
    ///
    /// What was taken from a concurrency policy must be given back with [`Self::release`].
    #[inline]
    pub fn check(&mut self, now_us: u64, demands: &[Demand]) -> Verdict {
        self.advance(now_us);
        match demands {
            [] => Verdict::UNLIMITED,
            [demand] => self.check_one(demand),
            _ => self.check_all(demands),
        }
    }

    /// Gives back what a check took from a concurrency policy. Returns how much that was: never more
    /// than was taken, so a release too many changes nothing.
    pub fn release(&mut self, subject: u128, policy: u16, cost: u32) -> u32 {
        let key = Key::concurrent(subject, policy);
        let Ok(place) = self.table.find(&key) else { return 0 };
        let count = self.table.value(place).us;
        let Some(left) = count.checked_sub(u64::from(cost)).filter(|left| *left > 0) else {
            self.table.remove(place);
            return u32::try_from(count).map_or(cost, |count| count.min(cost));
        };
        self.table.put(Ok(place), &key, Moment { us: left, ticks: 0 });
        cost
    }

    /// Takes back demands that a check admitted at `admitted_us` and that were not used, because the
    /// request was refused elsewhere.
    ///
    /// Never gives back more than the charge took: what other checks admitted in between stays
    /// within their policies. At most the refill of `now_us - admitted_us` is lost to the subject,
    /// and nothing when both are the same.
    pub fn refund(&mut self, now_us: u64, admitted_us: u64, demands: &[Demand]) {
        self.advance(now_us);
        for demand in demands {
            match self.rules.get(usize::from(demand.policy)) {
                Some(Rule::Rate(rate)) => {
                    let key = Key::rate(demand.subject, demand.policy);
                    if let Ok(place) = self.table.find(&key) {
                        let tat = self.table.value(place);
                        let tat = rate.refund(self.now_us, admitted_us, tat, demand.cost);
                        self.table.put(Ok(place), &key, tat);
                    }
                }
                Some(Rule::Concurrent { .. }) => {
                    self.release(demand.subject, demand.policy, demand.cost);
                }
                None => {}
            }
        }
    }

    /// Looks at up to `slots_count` further slots and forgets rested pairs: for idle moments. Checks do
    /// what is needed without it. Returns how many were forgotten.
    pub fn sweep(&mut self, now_us: u64, slots_count: usize) -> usize {
        self.advance(now_us);
        self.table.sweep(self.now_us, slots_count)
    }

    /// The policy with this number.
    pub fn policy(&self, number: u16) -> Option<&Policy> {
        self.policies.get(usize::from(number))
    }

    /// All policies, in the order of their numbers.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// How many (subject, policy) pairs are in the table, rested ones not yet swept included.
    pub fn used(&self) -> usize {
        self.table.used()
    }

    /// How many (subject, policy) pairs fit.
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Bytes of the table: `32 * (capacity + capacity / 2 + 1)`.
    pub fn table_bytes(&self) -> usize {
        self.table.bytes()
    }

    #[inline]
    fn advance(&mut self, now_us: u64) {
        self.now_us = self.now_us.max(now_us.min(NOW_US_MAX));
    }

    #[inline]
    fn check_one(&mut self, demand: &Demand) -> Verdict {
        let Some((step, verdict)) = self.look(demand, None) else { return unknown(demand) };
        if verdict.is_admitted() {
            if step.is_new() {
                return self.admit_new(&step, verdict);
            }
            if step.place.is_ok() {
                self.table.put(step.place, &step.key, step.next);
            }
        }
        verdict
    }

    /// Admits a pair that is in no table yet, if there is room.
    fn admit_new(&mut self, step: &Step, verdict: Verdict) -> Verdict {
        let mut place = step.place;
        if self.table.room() == 0 {
            if !self.has_room(1) {
                return full(verdict);
            }
            // Something was forgotten, and what stood behind it moved.
            place = self.table.find(&step.key);
        }
        self.table.put(place, &step.key, step.next);
        self.table.sweep(self.now_us, SWEEP_SLOTS);
        verdict
    }

    fn check_all(&mut self, demands: &[Demand]) -> Verdict {
        assert!(demands.len() <= DEMANDS_MAX, "a check of more than {DEMANDS_MAX} demands");
        let mut steps: [Option<Step>; DEMANDS_MAX] = [None; DEMANDS_MAX];
        let mut verdict = Verdict::UNLIMITED;
        let mut new_count = 0;
        for (at, demand) in demands.iter().enumerate() {
            // A pair that stands in the demands twice goes on from where the first left it.
            let twin = demands[..at].iter().rposition(|it| it.is_of_the_pair_of(demand));
            let earlier = twin.and_then(|it| steps[it]);
            let looked = self.look(demand, earlier.as_ref());
            let own = looked.map_or_else(|| unknown(demand), |(_, own)| own);
            verdict = verdict.and(Verdict { violated: own.violated << at, ..own });
            steps[at] = looked.map(|(step, _)| step);
            let is_new = steps[at].is_some_and(|it| it.is_new());
            let is_counted = earlier.is_some_and(|it| it.is_new());
            new_count += usize::from(is_new && !is_counted);
        }
        if !verdict.is_admitted() {
            return verdict;
        }
        if new_count > 0 && !self.has_room(new_count) {
            return full(verdict);
        }
        for step in steps[..demands.len()].iter().flatten() {
            // Places may have moved: room was swept, or a pair before this one took the vacant slot.
            let place = if new_count == 0 { step.place } else { self.table.find(&step.key) };
            if place.is_ok() || step.kept {
                self.table.put(place, &step.key, step.next);
            }
        }
        if new_count > 0 {
            self.table.sweep(self.now_us, SWEEP_SLOTS * new_count);
        }
        verdict
    }

    /// What the demand's policy says, given what an earlier demand of the same check leaves.
    #[inline]
    fn look(&self, demand: &Demand, earlier: Option<&Step>) -> Option<(Step, Verdict)> {
        let rule = self.rules.get(usize::from(demand.policy))?;
        let key = match rule {
            Rule::Rate(_) => Key::rate(demand.subject, demand.policy),
            Rule::Concurrent { .. } => Key::concurrent(demand.subject, demand.policy),
        };
        let (place, known) = match earlier {
            Some(earlier) => (earlier.place, earlier.next),
            None => match self.table.find(&key) {
                Ok(at) => (Ok(at), self.table.value(at)),
                Err(at) => (Err(at), Moment::RESTED),
            },
        };
        let (next, rested, verdict) = match rule {
            Rule::Rate(rate) => {
                let (next, verdict) = self.look_rate(rate, known, demand);
                (next, Moment { us: self.now_us, ticks: 0 }, verdict)
            }
            Rule::Concurrent { quota } => {
                let (next, verdict) = look_concurrent(*quota, known.us, demand);
                (next, Moment::RESTED, verdict)
            }
        };
        Some((Step { key, place, next, kept: next > rested }, verdict))
    }

    #[inline]
    fn look_rate(&self, rate: &Rate, tat: Moment, demand: &Demand) -> (Moment, Verdict) {
        let possible = demand.cost <= rate.burst();
        let charge = rate.charge(self.now_us, tat, if possible { demand.cost } else { 0 });
        let decision = match (possible, charge.admitted) {
            (false, _) => Decision::TooCostly,
            (true, false) => Decision::Limited,
            (true, true) => Decision::Admitted,
        };
        let verdict = Verdict {
            decision,
            policy: Some(demand.policy),
            quota: rate.quota(),
            remaining: charge.remaining,
            reset_us: charge.reset_us,
            retry_after_us: charge.retry_after_us,
            violated: u8::from(decision != Decision::Admitted),
        };
        (charge.next, verdict)
    }

    /// Whether `count` pairs fit, after looking for rested ones if they do not.
    #[inline]
    fn has_room(&mut self, count: usize) -> bool {
        if self.table.room() < count {
            self.table.sweep(self.now_us, SWEEP_SLOTS_FULL);
        }
        self.table.room() >= count
    }
}

fn look_concurrent(quota: u64, count: u64, demand: &Demand) -> (Moment, Verdict) {
    let cost = u64::from(demand.cost);
    let decision = if cost == 0 || count + cost <= quota {
        Decision::Admitted
    } else if cost > quota {
        Decision::TooCostly
    } else {
        Decision::Limited
    };
    let admitted = decision == Decision::Admitted;
    let next = if admitted { count + cost } else { count };
    let verdict = Verdict {
        decision,
        policy: Some(demand.policy),
        quota,
        remaining: quota.saturating_sub(next),
        reset_us: 0,
        retry_after_us: 0,
        violated: u8::from(!admitted),
    };
    (Moment { us: next, ticks: 0 }, verdict)
}

fn unknown(demand: &Demand) -> Verdict {
    Verdict {
        decision: Decision::UnknownPolicy,
        policy: Some(demand.policy),
        quota: 0,
        remaining: 0,
        reset_us: 0,
        retry_after_us: 0,
        violated: 1,
    }
}

/// An admission for which there is no room. No policy is violated.
fn full(verdict: Verdict) -> Verdict {
    Verdict {
        decision: Decision::TableFull,
        remaining: 0,
        reset_us: FULL_RETRY_US,
        retry_after_us: FULL_RETRY_US,
        ..verdict
    }
}
