//! An independent account of what the box may show: a model of the ledger fed by durable frames.
//!
//! Each frame is checked against the order that caused it, in log order; nothing of the ledger's own
//! code runs here but its types.

use std::collections::BTreeMap;

use contract::{Coded, Stored};
use frame::{Body, Frame, HEADER_BYTES, Lsn, Position, decode, stamp};

use crate::{
    ledger::{Audited, Done, Event, Moved, Paid},
    orders::{Clients, Fate, Request},
};

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation(pub(crate) String);

/// Fails with a violation unless the condition holds.
macro_rules! demand {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::auditor::Violation(format!($($text)+)));
        }
    };
}
pub(crate) use demand;

/// A frame as it went to the log.
#[derive(Debug)]
pub(crate) struct Written {
    /// Header and body, as if in segment 0.
    bytes: Vec<u8>,
    pub(crate) position: Position,
}

impl Written {
    pub(crate) fn frame(&self) -> Frame<'_> {
        decode(&self.bytes, 0).expect("it was encoded here")
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..]
    }
}

/// An account between two changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) owner: u32,
    pub(crate) balance: u64,
    pub(crate) by: u64,
}

/// Versions by the frame that made each; `None` when there is nothing any more.
type History<T> = Vec<(u64, Option<T>)>;

/// The model.
#[derive(Debug, Default)]
pub(crate) struct Auditor {
    /// Every frame that was given to the log; index 0 is frame 1.
    pub(crate) frames: Vec<Written>,
    /// Frames up to here are durable and in the model.
    pub(crate) durable: u64,
    /// What was durable when the last durable group was formed: losing these can be proved.
    pub(crate) provable: u64,
    provable_next: u64,
    /// The latest time in the log when this life began: ids and times go on after it.
    floor_us: u64,
    pub(crate) accounts: BTreeMap<u64, History<Version>>,
    pub(crate) fees: BTreeMap<u32, History<(u64, u64)>>,
    /// The frame of each call that has one.
    pub(crate) frame_of: BTreeMap<u64, u64>,
    /// The reply that each frame's call must get.
    pub(crate) replies: BTreeMap<u64, Vec<u8>>,
    /// The frame of each idempotency key, and the call.
    pub(crate) kept: BTreeMap<u128, (u64, u64)>,
    /// The latest frame that a reply has shown.
    pub(crate) observed: u64,
}

/// The state after the frame `lsn`.
pub(crate) fn at<T: Copy>(history: &[(u64, Option<T>)], lsn: u64) -> Option<T> {
    let after = history.partition_point(|(from, _)| *from <= lsn);
    history[..after].last().and_then(|(_, state)| *state)
}

impl Auditor {
    /// The log took a frame to write it, in this epoch.
    pub(crate) fn taken(
        &mut self,
        lsn: Lsn,
        epoch: u32,
        time_us: u64,
        body: &[u8],
    ) -> Result<(), Violation> {
        let previous = self.position();
        demand!(lsn == previous.lsn.next(), "frame {lsn} was taken after frame {}", previous.lsn);
        demand!(
            self.floor_us <= time_us,
            "frame {lsn} is of {time_us}, a frame of an earlier life is of {}",
            self.floor_us
        );
        let (header, position) = stamp(previous, epoch, Lsn::NONE, 0, time_us, body);
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(body);
        self.frames.push(Written { bytes, position });
        self.provable_next = self.durable;
        Ok(())
    }

    /// After the last frame that was taken.
    pub(crate) fn position(&self) -> Position {
        self.frames.last().map_or(Position::NONE, |frame| frame.position)
    }

    /// After the frame `lsn`, which was taken.
    pub(crate) fn position_of(&self, lsn: u64) -> Position {
        let index = usize::try_from(lsn).expect("few frames");
        index.checked_sub(1).map_or(Position::NONE, |index| self.frames[index].position)
    }

    /// Frames up to `lsn` are durable.
    pub(crate) fn durable(&mut self, lsn: u64, clients: &Clients) -> Result<(), Violation> {
        demand!(lsn >= self.durable, "the durable position went back to {lsn}");
        demand!(lsn <= self.position().lsn.0, "frame {lsn} is durable and was never written");
        self.provable = self.provable_next;
        while self.durable < lsn {
            let next = self.durable + 1;
            self.consume(next, clients)
                .map_err(|Violation(text)| Violation(format!("frame {next}: {text}")))?;
            self.durable = next;
        }
        Ok(())
    }

    /// The box died and recovery found frames up to `lsn`: what follows never happened.
    pub(crate) fn recovered(&mut self, lsn: u64, clients: &Clients) -> Result<(), Violation> {
        self.frames.truncate(usize::try_from(lsn).expect("few frames"));
        let times = self.frames.iter().map(|written| written.frame().time_us());
        self.floor_us = times.max().unwrap_or(0);
        // Only a frame of the last group says what was durable when the group was formed.
        let provable = if self.durable < lsn { self.provable_next } else { self.provable };
        self.durable(lsn, clients)?;
        (self.provable, self.provable_next) = (provable, provable);
        Ok(())
    }

    /// The box started again days later: a call under an old key is a new one.
    pub(crate) fn days_passed(&mut self) {
        self.kept.clear();
    }

    fn consume(&mut self, lsn: u64, clients: &Clients) -> Result<(), Violation> {
        let index = usize::try_from(lsn - 1).expect("few frames");
        let bytes = self.frames[index].body().to_vec();
        let body = Body::parse(&bytes, 0);
        let body = body.map_err(|error| Violation(format!("cannot be read: {error}")))?;
        let call = u64::try_from(body.meta().correlation).unwrap_or(0);
        let attempt = clients.attempt(call);
        let Some((attempt, order)) = attempt.zip(clients.order_of(call)) else {
            return Err(Violation(format!("nobody made call {call}")));
        };
        demand!(attempt.fate != Fate::Refused, "call {call} was refused and is in the log");
        demand!(!self.frame_of.contains_key(&call), "call {call} is in the log twice");
        let mut events = Vec::new();
        for event in body.events() {
            let decoded = Event::decode(event.code, event.version, event.payload);
            let decoded = decoded.ok_or_else(|| Violation("unknown event".to_owned()))?;
            events.push(decoded);
        }
        let fee_floor = |schedule: u32| attempt.fee_floors.get(&schedule).copied().unwrap_or(0);
        let reply = self.apply(lsn, call, &order.request, &events, fee_floor)?;
        let idempotency = body.meta().idempotency;
        demand!(
            idempotency.map(|it| it.key) == order.key,
            "call {call} has another idempotency key in the log"
        );
        if let Some(idempotency) = idempotency {
            demand!(idempotency.reply == reply, "call {call}: the kept reply is another");
            let before = self.kept.insert(idempotency.key, (lsn, call));
            if let Some((first, _)) = before {
                return Err(Violation(format!("call {call} was already done by frame {first}")));
            }
        }
        self.frame_of.insert(call, lsn);
        self.replies.insert(lsn, reply);
        Ok(())
    }

    /// Checks the events against the request and takes them in; gives the reply the call must get.
    fn apply(
        &mut self,
        lsn: u64,
        call: u64,
        request: &Request,
        events: &[Event],
        fee_floor: impl Fn(u32) -> u64,
    ) -> Result<Vec<u8>, Violation> {
        let mut reply = Vec::new();
        match (request, events) {
            (Request::Open(open), [Event::Opened(opened)]) => {
                demand!(!self.accounts.contains_key(&opened.id), "id {} is not fresh", opened.id);
                let asked = (open.owner, open.balance, call);
                self.open(lsn, opened.id, asked, (opened.owner, opened.balance, opened.by))?;
                Done { id: opened.id, balance: open.balance }.encode(&mut reply);
            }
            (Request::Enrol(enrol), [Event::Opened(opened)]) => {
                demand!(enrol.id == opened.id, "another account was opened");
                demand!(self.now(enrol.id).is_none(), "account {} was there already", enrol.id);
                let asked = (enrol.owner, enrol.balance, call);
                self.open(lsn, opened.id, asked, (opened.owner, opened.balance, opened.by))?;
                Done { id: opened.id, balance: enrol.balance }.encode(&mut reply);
            }
            (Request::Transfer(transfer), [Event::Moved(moved)]) => {
                let asked = (transfer.from, &transfer.legs, call);
                demand!(asked == (moved.from, &moved.legs, moved.by), "another transfer was made");
                let fee = (moved.fee, moved.fee_by);
                self.fee_shown(transfer.schedule, fee, fee_floor(transfer.schedule))?;
                let balance = self.transfer(lsn, moved)?;
                let (fee, fee_by) = fee;
                Paid { balance, fee, fee_by }.encode(&mut reply);
            }
            (Request::Close(close), [Event::Closed(closed)]) => {
                demand!(
                    (close.id, close.heir, call) == (closed.id, closed.heir, closed.by),
                    "another account was closed"
                );
                let account = self.need(close.id)?;
                demand!(account.balance == closed.balance, "closed with a wrong balance");
                let heir = self.need(close.heir)?;
                let balance = heir.balance + account.balance;
                self.put(lsn, close.id, None);
                self.put(lsn, close.heir, Some(Version { balance, by: call, ..heir }));
                Done { id: close.id, balance: account.balance }.encode(&mut reply);
            }
            (Request::SetFee(set), [Event::FeeSet(done)]) => {
                demand!(
                    (set.schedule, set.fee, call) == (done.schedule, done.fee, done.by),
                    "another fee was set"
                );
                self.fees.entry(set.schedule).or_default().push((lsn, Some((set.fee, call))));
                Done { id: u64::from(set.schedule), balance: set.fee }.encode(&mut reply);
            }
            (Request::Audit(audit), []) => {
                let read = |id: &u64| self.now(*id).map(|it| (it.balance, it.by));
                Audited { accounts: audit.ids.iter().map(read).collect() }.encode(&mut reply);
            }
            _ => return Err(Violation(format!("{request:?} decided {events:?}"))),
        }
        Ok(reply)
    }

    fn open(
        &mut self,
        lsn: u64,
        id: u64,
        asked: (u32, u64, u64),
        done: (u32, u64, u64),
    ) -> Result<(), Violation> {
        demand!(asked == done, "account {id} was opened as {done:?}, not as {asked:?}");
        let (owner, balance, by) = asked;
        self.put(lsn, id, Some(Version { owner, balance, by }));
        Ok(())
    }

    fn transfer(&mut self, lsn: u64, moved: &Moved) -> Result<u64, Violation> {
        let payer = self.need(moved.from)?;
        let total: u64 = moved.legs.iter().map(|leg| leg.amount).sum();
        let Some(left) = payer.balance.checked_sub(total + moved.fee) else {
            return Err(Violation(format!("account {} was overdrawn", moved.from)));
        };
        self.put(lsn, moved.from, Some(Version { balance: left, by: moved.by, ..payer }));
        let mut fee = moved.fee;
        for leg in &moved.legs {
            let account = self.need(leg.to)?;
            let balance = account.balance + leg.amount + std::mem::take(&mut fee);
            self.put(lsn, leg.to, Some(Version { balance, by: moved.by, ..account }));
        }
        Ok(left)
    }

    /// Whether `shown` may be what a core had compiled, when `floor` was acknowledged before.
    pub(crate) fn fee_shown(
        &self,
        schedule: u32,
        shown: (u64, u64),
        floor: u64,
    ) -> Result<(), Violation> {
        let history = self.fees.get(&schedule).map_or(&[][..], Vec::as_slice);
        if shown == (0, 0) && at(history, floor).is_none() {
            return Ok(());
        }
        let found = history.iter().find(|(_, fee)| *fee == Some(shown));
        let found = found.map(|(lsn, _)| *lsn);
        let least = history.iter().rfind(|(lsn, _)| *lsn <= floor).map_or(0, |(lsn, _)| *lsn);
        demand!(
            found.is_some_and(|lsn| least <= lsn),
            "schedule {schedule} shows {shown:?}, which stands in frame {found:?}; frame {least} \
             was acknowledged before"
        );
        Ok(())
    }

    fn put(&mut self, lsn: u64, id: u64, version: Option<Version>) {
        self.accounts.entry(id).or_default().push((lsn, version));
    }

    fn need(&self, id: u64) -> Result<Version, Violation> {
        self.now(id).ok_or_else(|| Violation(format!("account {id} is not there")))
    }

    pub(crate) fn now(&self, id: u64) -> Option<Version> {
        at(self.accounts.get(&id)?, u64::MAX)
    }
}
