//! Whether a reply may be what its caller was shown.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Denial, Stored};
use shard::Fault;

use crate::{
    auditor::{Auditor, Version, Violation, at, demand},
    ledger::{Audited, Fees, Found, Owned},
    orders::{Attempt, Order, Request},
};

/// An account as a reply shows it: balance and the call that changed it last.
type Shown = Option<(u64, u64)>;

impl Auditor {
    /// Checks an answer. `position` is what the reply says it reflects.
    pub(crate) fn answered(
        &mut self,
        call: u64,
        attempt: &Attempt,
        order: &Order,
        position: u64,
        reply: &[u8],
    ) -> Result<(), Violation> {
        demand!(
            position <= self.durable,
            "call {call} was answered at position {position}, durable is {}",
            self.durable
        );
        demand!(
            attempt.at_least <= self.durable,
            "call {call} was answered before the position it demanded was durable"
        );
        if let Some(&lsn) = self.frame_of.get(&call) {
            demand!(position == lsn, "call {call} is frame {lsn}, answered as {position}");
            return self.replied(call, lsn, reply);
        }
        if let Some(key) = order.key
            && let Some(&(lsn, first)) = self.kept.get(&key)
        {
            demand!(lsn <= position, "call {call} repeats frame {lsn}, answered as {position}");
            demand!(call != first, "a call with a frame was found above");
            return self.replied(call, lsn, reply);
        }
        let floor = attempt.floor.max(attempt.at_least);
        match &order.request {
            Request::Balance(balance) => {
                let found = decode::<Found>(reply)?;
                self.shown(floor, &[(balance.id, Some((found.balance, found.by)))])
            }
            Request::Audit(audit) if order.key.is_none() => {
                let audited = decode::<Audited>(reply)?;
                demand!(audited.accounts.len() == audit.ids.len(), "an account is missing");
                let shown: Vec<_> = audit.ids.iter().copied().zip(audited.accounts).collect();
                self.shown(floor, &shown)
            }
            Request::List(list) => self.listed(list.owner, floor, &attempt.opened, reply),
            Request::Schedule(asked) => {
                let fees = decode::<Fees>(reply)?;
                let floor = attempt.fee_floors.get(&asked.schedule).copied().unwrap_or(0);
                self.fee_shown(asked.schedule, (fees.fee, fees.by), floor)
            }
            request => {
                Err(Violation(format!("call {call} was answered and is not durable: {request:?}")))
            }
        }
    }

    /// Checks a fault.
    pub(crate) fn refused(
        &mut self,
        call: u64,
        attempt: &Attempt,
        order: &Order,
        fault: &Fault,
    ) -> Result<(), Violation> {
        demand!(!self.frame_of.contains_key(&call), "call {call} was refused and is in the log");
        match fault {
            Fault::Busy(_) | Fault::OutOfSpace | Fault::DeadlinePassed | Fault::Stopping => Ok(()),
            Fault::PositionAhead { demanded, reached } => {
                demand!(demanded > reached, "position {demanded} is not ahead of {reached}");
                Ok(())
            }
            Fault::IdempotencyMismatch => {
                let first = order.key.and_then(|key| self.kept.get(&key)).copied();
                let Some((lsn, _)) = first else {
                    return Err(Violation(format!("call {call}: its key is not in the log")));
                };
                self.observe(lsn);
                Ok(())
            }
            Fault::Denied(denial) => {
                let floor = attempt.floor.max(attempt.at_least);
                let fee = self.fee_highest(&order.request);
                self.denied(&order.request, floor, fee, denial)
                    .map_err(|Violation(text)| Violation(format!("{}: {text}", denial.name)))
            }
            fault => Err(Violation(format!("call {call} failed: {fault}"))),
        }
    }

    fn replied(&mut self, call: u64, lsn: u64, reply: &[u8]) -> Result<(), Violation> {
        let expected = self.replies.get(&lsn).map(Vec::as_slice);
        demand!(expected == Some(reply), "call {call} got another reply than frame {lsn} gives");
        self.observe(lsn);
        Ok(())
    }

    fn observe(&mut self, lsn: u64) {
        self.observed = self.observed.max(lsn);
    }

    /// Finds one moment, durable and not before `floor`, at which all accounts were as shown.
    fn shown(&mut self, floor: u64, shown: &[(u64, Shown)]) -> Result<(), Violation> {
        let mut moments = BTreeSet::from([floor]);
        for (id, _) in shown {
            let changes = self.accounts.get(id).into_iter().flatten().map(|(lsn, _)| *lsn);
            moments.extend(changes.filter(|lsn| floor < *lsn && *lsn <= self.durable));
        }
        let state = |id: &u64, lsn: u64| -> Shown {
            let version = self.accounts.get(id).and_then(|history| at(history, lsn));
            version.map(|it: Version| (it.balance, it.by))
        };
        let fits = |lsn: &u64| shown.iter().all(|(id, seen)| state(id, *lsn) == *seen);
        let Some(moment) = moments.into_iter().find(fits) else {
            let frames: Vec<_> = shown
                .iter()
                .map(|(_, seen)| seen.and_then(|(_, by)| self.frame_of.get(&by)))
                .collect();
            return Err(Violation(format!(
                "{shown:?} was never so between frame {floor} and frame {}; it is of frames \
                 {frames:?}",
                self.durable
            )));
        };
        self.observe(moment);
        Ok(())
    }

    /// A list is not of one moment, but each row is, and nothing acknowledged is missing.
    fn listed(
        &mut self,
        owner: u32,
        floor: u64,
        opened: &BTreeMap<u64, u64>,
        reply: &[u8],
    ) -> Result<(), Violation> {
        let list = decode::<Owned>(reply)?;
        for row in &list.accounts {
            self.shown(floor, &[(row.id, Some((row.balance, row.by)))])?;
            let version = Version { owner, balance: row.balance, by: row.by };
            let history = self.accounts.get(&row.id);
            let theirs = history.is_some_and(|it| it.iter().any(|(_, was)| *was == Some(version)));
            demand!(theirs, "account {} is not of owner {owner}", row.id);
        }
        for (id, lsn) in opened {
            let since = self.accounts.get(id).map(|it| &it[it.partition_point(|at| at.0 < *lsn)..]);
            let there = since
                .unwrap_or_default()
                .iter()
                .all(|(_, version)| version.is_some_and(|version| version.owner == owner));
            let listed = list.accounts.iter().any(|row| row.id == *id);
            demand!(listed || !there, "account {id} is missing from the list of {owner}");
        }
        Ok(())
    }

    fn denied(
        &mut self,
        request: &Request,
        floor: u64,
        fee: u64,
        denial: &Denial,
    ) -> Result<(), Violation> {
        let id = denial.field.parse::<u64>().unwrap_or(0);
        let seen = denial.detail.split_once(' ').and_then(|(balance, by)| {
            Some((balance.parse::<u64>().ok()?, by.parse::<u64>().ok()?))
        });
        match (denial.name, request, seen) {
            ("AccountUnknown", _, _) => self.shown(floor, &[(id, None)]),
            ("AccountTaken", Request::Enrol(_), Some(seen)) => {
                self.shown(floor, &[(id, Some(seen))])
            }
            ("Overdraft", Request::Transfer(transfer), Some(seen)) => {
                let total: u64 = transfer.legs.iter().map(|leg| leg.amount).sum();
                demand!(seen.0 < total + fee, "{} covers {total} and {fee}", seen.0);
                self.shown(floor, &[(id, Some(seen))])
            }
            ("LegsWrong", Request::Transfer(transfer), _) => {
                let own = transfer.legs.iter().any(|leg| leg.to == transfer.from);
                demand!(own || transfer.legs.is_empty(), "the legs are right");
                Ok(())
            }
            ("LegsWrong", Request::Close(close), _) => {
                demand!(close.id == close.heir, "the heir is another account");
                Ok(())
            }
            _ => Err(Violation(format!("{request:?} was refused: {denial:?}"))),
        }
    }

    /// The highest fee that could apply.
    fn fee_highest(&self, request: &Request) -> u64 {
        let Request::Transfer(transfer) = request else { return 0 };
        let history = self.fees.get(&transfer.schedule).into_iter().flatten();
        history.filter_map(|(_, fee)| fee.map(|(fee, _)| fee)).max().unwrap_or(0)
    }
}

fn decode<T: Stored>(reply: &[u8]) -> Result<T, Violation> {
    T::decode(reply).map_err(|error| Violation(error.to_string()))
}
