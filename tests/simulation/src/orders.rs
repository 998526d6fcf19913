//! What clients ask for.

use std::collections::BTreeMap;

use contract::{Stored, Tenant};
use shard::idempotency_key;

use crate::{
    ledger::{Audit, Balance, Close, Enrol, Leg, List, Open, Schedule, SetFee, Transfer},
    random::{Random, mix},
};

/// Whose accounts they all are.
pub(crate) const TENANT: Tenant = Tenant(7);
const OWNERS: u64 = 4;
const SCHEDULES: u64 = 3;
/// How many account numbers clients choose themselves.
const ENROLLED: u64 = 12;

/// A request of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Open(Open),
    Enrol(Enrol),
    Transfer(Transfer),
    Close(Close),
    SetFee(SetFee),
    Audit(Audit),
    Balance(Balance),
    List(List),
    Schedule(Schedule),
}

impl Request {
    fn code(&self) -> u32 {
        match self {
            Self::Open(_) => 1,
            Self::Enrol(_) => 2,
            Self::Transfer(_) => 3,
            Self::Close(_) => 4,
            Self::SetFee(_) => 5,
            Self::Audit(_) => 6,
            Self::Balance(_) => 64,
            Self::List(_) => 65,
            Self::Schedule(_) => 66,
        }
    }

    /// The operation's number on the wire.
    pub(crate) fn operation(&self) -> u32 {
        (900 << 16) | self.code()
    }

    pub(crate) fn is_command(&self) -> bool {
        self.code() < 64
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Open(it) => it.encode(&mut out),
            Self::Enrol(it) => it.encode(&mut out),
            Self::Transfer(it) => it.encode(&mut out),
            Self::Close(it) => it.encode(&mut out),
            Self::SetFee(it) => it.encode(&mut out),
            Self::Audit(it) => it.encode(&mut out),
            Self::Balance(it) => it.encode(&mut out),
            Self::List(it) => it.encode(&mut out),
            Self::Schedule(it) => it.encode(&mut out),
        }
        out
    }
}

/// A request that a client wants done, however often it has to ask.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Request,
    /// The hashed idempotency key.
    pub(crate) key: Option<u128>,
}

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No answer yet.
    Waiting,
    /// Answered with a reply.
    Answered,
    /// Answered with a fault: nothing of it may ever be in the log.
    Refused,
    /// The box died first.
    Unknown,
}

/// One call for an order. Its number is the call's ticket and correlation.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) order: usize,
    pub(crate) fate: Fate,
    pub(crate) at_least: u64,
    /// The latest frame that any reply had shown before this call was made.
    pub(crate) floor: u64,
    /// The frame of each fee that had been acknowledged before.
    pub(crate) fee_floors: BTreeMap<u32, u64>,
    /// The accounts whose opening had been acknowledged before, and its frame.
    pub(crate) opened: BTreeMap<u64, u64>,
}

/// Every client, and what they asked for so far.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    pub(crate) orders: Vec<Order>,
    pub(crate) attempts: Vec<Attempt>,
    /// Accounts that replies have named, and those that may be enrolled.
    known: Vec<u64>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        let known = (1..=ENROLLED).map(enrolled).collect();
        Self { orders: Vec::new(), attempts: Vec::new(), known }
    }

    /// A reply named this account.
    pub(crate) fn learn(&mut self, id: u64) {
        if !self.known.contains(&id) {
            self.known.push(id);
        }
    }

    pub(crate) fn order_of(&self, attempt: u64) -> Option<&Order> {
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.orders.get(self.attempts.get(index)?.order)
    }

    pub(crate) fn attempt(&self, number: u64) -> Option<&Attempt> {
        self.attempts.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub(crate) fn attempt_mut(&mut self, number: u64) -> Option<&mut Attempt> {
        self.attempts.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The order of the next call: a new one, or an old one again.
    pub(crate) fn next_order(&mut self, random: &mut Random) -> usize {
        if random.chance(150)
            && let Some(old) = self.keyed(random)
        {
            return old;
        }
        let (request, key) = match random.below(40) {
            0 => match self.misused(random) {
                Some(misused) => misused,
                None => (self.request(random), None),
            },
            _ => (self.request(random), None),
        };
        self.push(request, key, random)
    }

    /// Adds an order.
    pub(crate) fn push(
        &mut self,
        request: Request,
        key: Option<u128>,
        random: &mut Random,
    ) -> usize {
        let number = self.orders.len();
        let keyed = request.is_command() && random.chance(500);
        let fresh = || {
            let text = u64::try_from(number).expect("few orders").to_le_bytes();
            idempotency_key(TENANT, request.operation(), &text)
        };
        let key = key.or_else(|| keyed.then(fresh));
        self.orders.push(Order { request, key });
        number
    }

    fn keyed(&self, random: &mut Random) -> Option<usize> {
        if self.orders.is_empty() {
            return None;
        }
        // Recent orders are more interesting: they may be in flight.
        let reach = if random.chance(500) { 8 } else { 400 };
        let back = random.below(reach);
        let back = usize::try_from(back).expect("small");
        let index = self.orders.len().checked_sub(back + 1)?;
        self.orders[index].key.map(|_| index)
    }

    /// Another request under a key that was used before.
    fn misused(&self, random: &mut Random) -> Option<(Request, Option<u128>)> {
        let order = &self.orders[self.keyed(random)?];
        let request = match order.request.clone() {
            Request::Enrol(it) => Request::Enrol(Enrol { balance: it.balance + 1, ..it }),
            Request::Open(it) => Request::Open(Open { balance: it.balance + 1, ..it }),
            Request::SetFee(it) => Request::SetFee(SetFee { fee: it.fee + 1, ..it }),
            Request::Transfer(it) => {
                Request::Transfer(Transfer { schedule: (it.schedule + 1) % 3, ..it })
            }
            _ => return None,
        };
        Some((request, order.key))
    }

    fn account(&self, random: &mut Random) -> u64 {
        *random.pick(&self.known)
    }

    fn request(&self, random: &mut Random) -> Request {
        let small = |random: &mut Random, bound| {
            u32::try_from(random.below(bound)).expect("a small number")
        };
        match random.below(100) {
            0..5 => {
                let (owner, balance) = (small(random, OWNERS), random.below(1000));
                Request::Open(Open { owner, balance })
            }
            5..15 => {
                let id = enrolled(1 + random.below(ENROLLED));
                let (owner, balance) = (small(random, OWNERS), random.below(1000));
                Request::Enrol(Enrol { id, owner, balance })
            }
            15..45 => {
                let legs = (0..=random.below(3))
                    .map(|_| Leg { to: self.account(random), amount: random.below(60) });
                let legs = legs.collect();
                let from = self.account(random);
                Request::Transfer(Transfer { from, legs, schedule: small(random, SCHEDULES) })
            }
            45..49 => {
                let (id, heir) = (self.account(random), self.account(random));
                Request::Close(Close { id, heir })
            }
            49..54 => {
                let schedule = small(random, SCHEDULES);
                Request::SetFee(SetFee { schedule, fee: random.below(9) })
            }
            54..64 => {
                let ids = (0..=random.below(6)).map(|_| self.account(random)).collect();
                Request::Audit(Audit { ids })
            }
            64..86 => Request::Balance(Balance { id: self.account(random) }),
            86..93 => Request::List(List { owner: small(random, OWNERS) }),
            _ => Request::Schedule(Schedule { schedule: small(random, SCHEDULES) }),
        }
    }
}

/// The account numbers that clients choose, spread over the slots.
fn enrolled(number: u64) -> u64 {
    mix(number)
}
