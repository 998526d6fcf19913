//! Policies applied: who may go on, exactly, whatever door and core a request came to.
//!
//! A subject is counted on one core, the owner of its slot, and nowhere else. A request that came to
//! another core asks the owner and waits for its word. Where several policies count on several
//! cores, each owner charges in turn; if one refuses, the others are told to take their charge back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::{Shape, Slot, Tenant};
use limiter::{Demand, Limiter, Unit, Verdict, retry_after_s, write_limit, write_policies};
use limits::{Policies, Subject};
use runtime::Core;
use shard::CoreId;
use wire::Status;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::caller::Caller;
use crate::metrics::LimitCounts;
use crate::rejection::Rejection;
use crate::routes::Route;

/// Pairs of subject and policy that one core counts at most: 12 MB.
const SUBJECTS_MAX: usize = 256 * 1024;

/// A policy as a core follows it.
#[derive(Debug)]
struct Active {
    /// Stands for tenant and name, the same on every core.
    id: u64,
    /// The owner: the box's own limit everybody.
    tenant: Tenant,
    rule: limits::Policy,
}

/// What one core counts, and the policies it follows.
#[derive(Debug)]
pub(crate) struct Limits {
    limiter: RefCell<Limiter>,
    /// The ids of the limiter's policies, by number. A policy that is gone keeps its number until
    /// another one needs it: subjects carry the policy's id, so no state is taken over.
    numbers: RefCell<Vec<u64>>,
    active: RefCell<Rc<[Active]>>,
    generation: Cell<u64>,
    counts: Arc<LimitCounts>,
}

/// One subject's share of a request, as it travels between cores.
#[derive(Debug, Clone, Copy)]
struct Charge {
    policy: u64,
    subject: u128,
    cost: u32,
    concurrent: bool,
}

/// What an owner said.
struct Word {
    verdict: Verdict,
    /// The policy that decided.
    shown: Option<limiter::Policy>,
    charged_us: u64,
}

/// What a request was allowed. What it holds at the same time as others is given back when this is
/// dropped, however the request ended.
#[derive(Debug)]
pub(crate) struct Allowance {
    core: Core,
    held: Vec<(CoreId, Vec<Charge>)>,
    /// `RateLimit-Policy` and `RateLimit`, of the tightest policy.
    pub(crate) fields: Option<(Vec<u8>, Vec<u8>)>,
}

/// A request over its limit.
#[derive(Debug)]
pub(crate) struct Limited {
    pub(crate) rejection: Rejection,
    pub(crate) fields: Option<(Vec<u8>, Vec<u8>)>,
}

impl Limits {
    /// `seed` is from a random source: nobody outside may choose subjects that collide.
    pub(crate) fn new(seed: [u64; 2], counts: Arc<LimitCounts>) -> Self {
        Self {
            limiter: RefCell::new(Limiter::new(SUBJECTS_MAX, seed)),
            numbers: RefCell::default(),
            active: RefCell::new(Rc::from([])),
            generation: Cell::new(0),
            counts,
        }
    }

    /// Takes over what changed since the last look.
    fn refresh(&self, core: &Core) {
        core.reference(limits::ENTRY.id, |policies: &Policies, generation| {
            if generation != self.generation.replace(generation) {
                self.follow(policies);
            }
        });
    }

    fn follow(&self, policies: &Policies) {
        let active: Rc<[Active]> = policies
            .all()
            .iter()
            .filter(|(_, rule)| rule.enabled && can_be_followed(rule))
            .map(|(tenant, rule)| Active {
                id: id(*tenant, &rule.name),
                tenant: *tenant,
                rule: rule.clone(),
            })
            .collect();
        let mut limiter = self.limiter.borrow_mut();
        let mut numbers = self.numbers.borrow().clone();
        let mut rules = limiter.policies().to_vec();
        let mut free: Vec<_> = (0..numbers.len())
            .rev()
            .filter(|number| !active.iter().any(|it| it.id == numbers[*number]))
            .collect();
        for it in &*active {
            let rule = rule(&it.rule);
            let kept = numbers.iter().position(|id| *id == it.id);
            if let Some(number) = kept.or_else(|| free.pop()) {
                (numbers[number], rules[number]) = (it.id, rule);
            } else {
                numbers.push(it.id);
                rules.push(rule);
            }
        }
        match limiter.set_policies(&rules) {
            Ok(()) => {
                *self.numbers.borrow_mut() = numbers;
                *self.active.borrow_mut() = active;
            }
            // More policies over all tenants than a limiter holds.
            Err(error) => tracing::error!(%error, "the limits stay as they were"),
        }
    }

    /// Asks for all of `charges`, which this core counts, or none of them.
    fn charge(&self, core: &Core, charges: &[Charge]) -> Word {
        self.refresh(core);
        let now_us = core.now_us();
        let demands = self.demands(charges);
        let mut limiter = self.limiter.borrow_mut();
        let verdict = limiter.check(now_us, &demands);
        self.counts.asked(verdict.is_admitted(), limiter.used());
        let shown = verdict.policy.and_then(|number| limiter.policy(number)).cloned();
        Word { verdict, shown, charged_us: now_us }
    }

    fn refund(&self, core: &Core, charged_us: u64, charges: &[Charge]) {
        let demands = self.demands(charges);
        self.limiter.borrow_mut().refund(core.now_us(), charged_us, &demands);
    }

    fn release(&self, charges: &[Charge]) {
        for demand in self.demands(charges) {
            self.limiter.borrow_mut().release(demand.subject, demand.policy, demand.cost);
        }
    }

    /// A policy that is gone meanwhile asks for nothing.
    fn demands(&self, charges: &[Charge]) -> Vec<Demand> {
        let numbers = self.numbers.borrow();
        let demand = |it: &Charge| {
            let number = numbers.iter().position(|id| *id == it.policy)?;
            let policy = u16::try_from(number).ok()?;
            Some(Demand { subject: it.subject, policy, cost: it.cost })
        };
        charges.iter().filter_map(demand).collect()
    }

    /// Whether no policy limits anybody. Costs a look at a number when nothing changed.
    pub(crate) fn are_open(&self, core: &Core) -> bool {
        self.refresh(core);
        self.active.borrow().is_empty()
    }

    /// What the policies take for an operation asked for so many `times` at once, by the core that
    /// counts it.
    fn charges(
        &self,
        core: &Core,
        caller: &Caller,
        shape: &Shape,
        times: u16,
    ) -> Vec<(CoreId, Vec<Charge>)> {
        let mut found: Vec<(CoreId, Vec<Charge>)> = Vec::new();
        for it in &**self.active.borrow() {
            let everybody = it.tenant == Tenant::BOX;
            if !(everybody || it.tenant == caller.tenant) || !it.rule.covers(shape.name, shape.rate)
            {
                continue;
            }
            if !caller.is_known && it.rule.per != Subject::Address {
                continue;
            }
            let Some(subject) = subject(it, caller, shape.name) else { continue };
            let concurrent = it.rule.unit == limits::Unit::Concurrent;
            let cost = it.rule.cost_of(shape.rate).saturating_mul(times.into());
            let charge = Charge { policy: it.id, subject, cost, concurrent };
            let low = u64::try_from(subject & u128::from(u64::MAX)).expect("64 bits");
            let owner = core.map().owner(Slot::of_id(low));
            // A limiter looks at so many at once; more of one owner are charged in turn.
            let has_room = |charges: &[Charge]| charges.len() < limiter::DEMANDS_MAX;
            match found.iter_mut().find(|it| it.0 == owner && has_room(&it.1)) {
                Some((_, charges)) => charges.push(charge),
                None => found.push((owner, vec![charge])),
            }
        }
        found
    }
}

/// What was charged so far of one request.
struct Tally<'a> {
    core: &'a Core,
    allowance: Allowance,
    charged: Vec<(CoreId, u64, Vec<Charge>)>,
    tightest: Option<Word>,
}

impl<'a> Tally<'a> {
    fn new(core: &'a Core) -> Self {
        let allowance = Allowance { core: core.clone(), held: Vec::new(), fields: None };
        Self { core, allowance, charged: Vec::new(), tightest: None }
    }

    /// Notes what an owner said. When it refuses, what others took is given back.
    fn take(
        &mut self,
        owner: CoreId,
        charges: Vec<Charge>,
        word: Word,
    ) -> Result<(), Box<Limited>> {
        if !word.verdict.is_admitted() {
            // The refund gives back what is held as well.
            self.allowance.held.clear();
            for (owner, charged_us, charges) in self.charged.drain(..) {
                tell(self.core, owner, move |there, limits| {
                    limits.refund(there, charged_us, &charges);
                });
            }
            return Err(Box::new(limited(&word)));
        }
        // At once: the request may be given up at its next step.
        let held: Vec<_> = charges.iter().filter(|it| it.concurrent).copied().collect();
        if !held.is_empty() {
            self.allowance.held.push((owner, held));
        }
        self.charged.push((owner, word.charged_us, charges));
        let tighter = |than: &Word| word.verdict.remaining < than.verdict.remaining;
        if self.tightest.as_ref().is_none_or(tighter) {
            self.tightest = Some(word);
        }
        Ok(())
    }

    fn finish(mut self) -> Allowance {
        self.allowance.fields = self.tightest.as_ref().and_then(fields);
        self.allowance
    }
}

/// Charges the request to every policy that covers it.
pub(crate) async fn limit(
    core: &Core,
    limits: &Limits,
    caller: &Caller,
    route: &Route,
) -> Result<Allowance, Box<Limited>> {
    limit_times(core, limits, caller, &route.operation.shape, 1).await
}

/// Charges an operation asked for so many `times` at once, as one: all of them pass or none.
pub(crate) async fn limit_times(
    core: &Core,
    limits: &Limits,
    caller: &Caller,
    shape: &Shape,
    times: u16,
) -> Result<Allowance, Box<Limited>> {
    let mut tally = Tally::new(core);
    if limits.are_open(core) {
        return Ok(tally.finish());
    }
    for (owner, charges) in limits.charges(core, caller, shape, times) {
        let word = if owner == core.id() {
            limits.charge(core, &charges)
        } else {
            charge_there(core, owner, &charges).await
        };
        tally.take(owner, charges, word)?;
    }
    Ok(tally.finish())
}

/// Charges as [`limit_times`] does when this core counts all of it; `None` when another has to be
/// asked, and nothing was charged.
pub(crate) fn limit_here(
    core: &Core,
    limits: &Limits,
    caller: &Caller,
    shape: &Shape,
    times: u16,
) -> Option<Result<Allowance, Box<Limited>>> {
    let mut tally = Tally::new(core);
    if limits.are_open(core) {
        return Some(Ok(tally.finish()));
    }
    let due = limits.charges(core, caller, shape, times);
    if due.iter().any(|(owner, _)| *owner != core.id()) {
        return None;
    }
    for (owner, charges) in due {
        let word = limits.charge(core, &charges);
        if let Err(limited) = tally.take(owner, charges, word) {
            return Some(Err(limited));
        }
    }
    Some(Ok(tally.finish()))
}

/// Has another core charge. Should the caller be gone by then, what was charged is given back: the
/// owner gets both requests in this order.
async fn charge_there(core: &Core, owner: CoreId, charges: &[Charge]) -> Word {
    let admitted = Arc::new(AtomicBool::new(false));
    let (theirs, noted) = (charges.to_vec(), Arc::clone(&admitted));
    let mut pending = Pending { core, owner, charges, admitted: Some(admitted) };
    let word = core
        .on(owner, move |there| {
            let word = with(there, |limits| limits.charge(there, &theirs));
            noted.store(word.verdict.is_admitted(), Ordering::Release);
            word
        })
        .await;
    pending.admitted = None;
    word
}

/// A charge on another core whose outcome nobody has heard yet.
struct Pending<'a> {
    core: &'a Core,
    owner: CoreId,
    charges: &'a [Charge],
    /// Set by the owner; `None` once it was heard.
    admitted: Option<Arc<AtomicBool>>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let Some(admitted) = self.admitted.take() else { return };
        let held: Vec<_> = self.charges.iter().filter(|it| it.concurrent).copied().collect();
        if !held.is_empty() {
            tell(self.core, self.owner, move |_, limits| {
                if admitted.load(Ordering::Acquire) {
                    limits.release(&held);
                }
            });
        }
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        for (owner, charges) in self.held.drain(..) {
            tell(&self.core, owner, move |_, limits| limits.release(&charges));
        }
    }
}

fn with<T>(core: &Core, work: impl FnOnce(&Limits) -> T) -> T {
    let limits = core.kept::<Limits>().expect("every core that serves keeps its limits");
    work(&limits)
}

/// Has the owner do something, without waiting.
fn tell(core: &Core, owner: CoreId, work: impl FnOnce(&Core, &Limits) + Send + 'static) {
    core.tell(owner, move |there| with(there, |limits| work(there, limits)));
}

fn id(tenant: Tenant, name: &str) -> u64 {
    xxh3_64(&[&tenant.0.to_le_bytes(), name.as_bytes()].concat())
}

fn rule(policy: &limits::Policy) -> limiter::Policy {
    let units = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let name = policy.name.as_str().into();
    let quota = units(policy.quota);
    match policy.unit {
        limits::Unit::Concurrent => {
            limiter::Policy { name, unit: Unit::ConcurrentRequests, quota, window_us: 0, burst: 0 }
        }
        limits::Unit::Requests => limiter::Policy {
            name,
            unit: Unit::Requests,
            quota,
            window_us: u64::from(policy.window_s) * 1_000_000,
            burst: units(policy.at_once()),
        },
    }
}

/// The limiter counts in exact fractions, and a few combinations of a high quota and a long window
/// have none that fits: better one policy less than none of them.
fn can_be_followed(policy: &limits::Policy) -> bool {
    let tried = Limiter::new(1, [0; 2]).set_policies(&[rule(policy)]);
    if let Err(error) = &tried {
        tracing::error!(policy = policy.name, %error, "a policy is not followed");
    }
    tried.is_ok()
}

/// Whom the policy counts this request for; `None` when there is no such one.
fn subject(active: &Active, caller: &Caller, operation: &str) -> Option<u128> {
    let mut digest = Xxh3::with_seed(active.id);
    match active.rule.per {
        Subject::Key => digest.update(&caller.credential?.to_le_bytes()),
        Subject::Principal => {
            digest.update(&caller.tenant.0.to_le_bytes());
            digest.update(&caller.actor.0.to_le_bytes());
        }
        Subject::Tenant => digest.update(&caller.tenant.0.to_le_bytes()),
        Subject::Route => digest.update(operation.as_bytes()),
        Subject::Address => match caller.address? {
            std::net::IpAddr::V4(ip) => digest.update(&ip.octets()),
            // A household has a /64: whoever has one has all of its addresses.
            std::net::IpAddr::V6(ip) => digest.update(&ip.octets()[..8]),
        },
        Subject::Box => {}
    }
    Some(digest.digest128())
}

fn fields(word: &Word) -> Option<(Vec<u8>, Vec<u8>)> {
    let shown = word.shown.as_ref()?;
    let (mut policies, mut limit) = (Vec::new(), Vec::new());
    write_policies(&mut policies, [shown]);
    write_limit(&mut limit, shown, &word.verdict);
    Some((policies, limit))
}

fn limited(word: &Word) -> Limited {
    let name = word.shown.as_ref().map_or("", |it| &it.name);
    let detail = match word.verdict.decision {
        limiter::Decision::TableFull => {
            "too many callers are counted at the same time; come back later".to_owned()
        }
        limiter::Decision::TooCostly => {
            format!("the policy {name} never admits a request of this weight")
        }
        _ => format!("over the quota of the policy {name}"),
    };
    let wait_ms = retry_after_s(&word.verdict).unwrap_or(0).saturating_mul(1000);
    let retry_after_ms = u32::try_from(wait_ms).unwrap_or(u32::MAX);
    let rejection = Rejection { retry_after_ms, ..Rejection::new(Status::RateLimited, detail) };
    Limited { rejection, fields: fields(word) }
}

#[cfg(test)]
#[path = "limit/tests.rs"]
mod tests;
