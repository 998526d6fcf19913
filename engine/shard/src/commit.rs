//! Commands: from the rows they touch to a frame in the log.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use contract::{Change, Cx, Operation, Run, StoreKey, Tables};
use frame::{Body as FrameBody, BodyBuilder, Event, Idempotency, Meta};
use sequencer::{Place, PushError, Sequencer};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    call::{Answer, Call, Fault, OwnedCall},
    gate::{Finished, SlowCommit},
    holds::{RowName, Waiter},
    idempotency::{IDEMPOTENCY_KEPT_US, Kept, parse, row},
    limits::GATED_MAX,
    map::CoreId,
    message::{Body, ReplicatedRow},
    overlay::HandedRow,
    shard::{Hosted, Origin, Shard, fresh_slot, request_tables},
};

/// What a decision needs beside the call.
pub(crate) struct Decision<'a> {
    pub(crate) index: usize,
    pub(crate) operation: &'static Operation,
    /// Rows of other cores, held for this transaction.
    pub(crate) handed: &'a [HandedRow],
    /// The transaction, when other cores hold rows for it.
    pub(crate) transaction: Option<u64>,
}

impl Shard {
    pub(crate) fn command(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        index: usize,
        operation: &'static Operation,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Answer {
        let rows = self.command_rows(call);
        let here = |core: &CoreId| *core == self.core;
        if rows.iter().all(|(core, _)| here(core)) {
            let names = rows.iter().map(|(_, name)| name);
            if let Some(blocking) = self.holds.conflict(names) {
                if self.holds.is_full() {
                    return Answer::Now(Err(Fault::Busy("too many commands wait for one record")));
                }
                self.holds.wait(blocking, Waiter::Call(origin, OwnedCall::of(call)), false);
                return Answer::Later;
            }
            let decision = Decision { index, operation, handed: &[], transaction: None };
            return self.decide(origin, call, &decision, sequencer, out);
        }
        if !rows.iter().any(|(core, _)| here(core)) {
            let home = rows.first().map_or(self.core, |(core, _)| *core);
            return self.forward(home, origin, call);
        }
        self.begin(origin, call, rows, sequencer)
    }

    /// Every row the command names, and its idempotency row, with their owners.
    pub(crate) fn command_rows(&self, call: &Call<'_>) -> Vec<(CoreId, RowName)> {
        let named = self.touched.rows(call.tenant);
        let mut rows: Vec<_> =
            named.map(|(slot, table, key)| (self.map.owner(slot), (table, key))).collect();
        if let Some(key) = call.idempotency {
            let (slot, name) = row(key);
            rows.push((self.map.owner(slot), name));
        }
        rows
    }

    /// Decides with every touched row in view, and commits.
    pub(crate) fn decide(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        decision: &Decision<'_>,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Answer {
        if call.deadline_us != 0 && call.deadline_us <= self.now_us {
            return Answer::Now(Err(Fault::DeadlinePassed));
        }
        if self.overlay.bytes() > self.limits.overlay_bytes_max {
            return Answer::Now(Err(Fault::Busy("changes wait for a checkpoint")));
        }
        if self.gate.len() >= GATED_MAX {
            return Answer::Now(Err(Fault::Busy("too many answers wait for the log")));
        }
        if let Some(key) = call.idempotency
            && let Some(answer) = self.repeat(origin, call, key, decision, sequencer, out)
        {
            return answer;
        }
        if let Some(precondition) = &call.precondition
            && let Some(answer) = self.unmet(origin, call, precondition, decision, sequencer)
        {
            return answer;
        }
        let Run::Command(run) = decision.operation.run else {
            unreachable!("the kind was checked")
        };
        self.decided.clear();
        let slot = match call.idempotency {
            Some(key) if self.map.owner(row(key).0) == self.core => row(key).0,
            _ => fresh_slot(self.map, self.core, self.now_us),
        };
        let id_first = ((self.id_last.max(self.now_us) + 1) << 12) | u64::from(slot.number());
        let cx = Cx::new(self.now_us, call.tenant, call.actor, call.correlation, id_first);
        let (outcome, seen, damage) = {
            let tables = request_tables(
                self.core,
                self.map,
                &self.overlay,
                &*self.base,
                decision.handed,
                &self.arena,
            );
            let Hosted { reference, scratch, .. } = &mut self.hosted[decision.index];
            let decided = &mut self.decided;
            let decide = || {
                let (reference, scratch) = (reference.as_ref(), scratch.as_mut());
                run(&cx, &tables, reference, scratch, call.payload, decided)
            };
            let outcome = catch_unwind(AssertUnwindSafe(decide));
            (outcome, tables.seen.get(), tables.damage.into_inner())
        };
        self.arena.reset();
        if let Some(fault) = self.fault_of(call.operation, decision.index, outcome, damage) {
            return self.refuse(origin, fault, seen, sequencer);
        }
        if cx.id_next() != id_first {
            self.id_last = (cx.id_next() >> 12) - 1;
            self.now_us = self.now_us.max(self.id_last);
        }
        if let Some(stray) = self.stray_change(decision) {
            return Answer::Now(Err(self.incident(call.operation, stray)));
        }
        if self.decided.events.is_empty() && call.idempotency.is_none() {
            let durable = sequencer.durable_lsn();
            if seen <= durable {
                out.extend_from_slice(&self.decided.reply);
                return Answer::Now(Ok(durable));
            }
            let reply = self.decided.reply.clone();
            self.gate.read(seen, Finished { origin, position: seen, fault: None, reply });
            return Answer::Later;
        }
        match self.push(call, sequencer) {
            Ok(place) => {
                self.install(origin, call.idempotency, place, decision);
                Answer::Later
            }
            Err(fault) => Answer::Now(Err(fault)),
        }
    }

    /// The kept reply, when the idempotency key was used before.
    fn repeat(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        key: u128,
        decision: &Decision<'_>,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Option<Answer> {
        let start = out.len();
        let (found, seen, damage) = {
            let tables = request_tables(
                self.core,
                self.map,
                &self.overlay,
                &*self.base,
                decision.handed,
                &self.arena,
            );
            let (_, (table, name)) = row(key);
            let kept = tables.get(table, name.as_slice()).and_then(parse);
            let fresh =
                kept.filter(|it| self.now_us < it.time_us.saturating_add(IDEMPOTENCY_KEPT_US));
            let found = fresh.map(|kept| {
                out.extend_from_slice(kept.reply);
                kept.fingerprint
            });
            (found, tables.seen.get(), tables.damage.into_inner())
        };
        self.arena.reset();
        if let Some(reason) = damage {
            out.truncate(start);
            return Some(Answer::Now(Err(self.incident(call.operation, reason))));
        }
        if found? != xxh3_64(call.payload) {
            out.truncate(start);
            return Some(self.refuse(origin, Fault::IdempotencyMismatch, seen, sequencer));
        }
        let durable = sequencer.durable_lsn();
        if !self.hosted[decision.index].entry.replicated.is_empty() {
            let (position, reply) = (seen.max(durable), out.split_off(start));
            let finished = Finished { origin, position, fault: None, reply };
            return Some(self.settle(key, finished, durable));
        }
        if seen <= durable {
            return Some(Answer::Now(Ok(durable)));
        }
        let reply = out.split_off(start);
        self.gate.read(seen, Finished { origin, position: seen, fault: None, reply });
        Some(Answer::Later)
    }

    /// A change to a record that nobody holds for this command, or that somebody else holds: a fault
    /// of the domain. An index row goes with its record.
    fn stray_change(&self, decision: &Decision<'_>) -> Option<String> {
        let stray = self.decided.changes.iter().find(|change| {
            let row = (change.table, change.key);
            if change.table.is_index() {
                false
            } else if self.map.owner(change.slot) == self.core {
                self.holds.is_held_by_other(self.core, decision.transaction, &row)
            } else {
                !decision.handed.iter().any(|handed| (handed.table, handed.key) == row)
            }
        })?;
        let (table, key) = (stray.table.number(), stray.key.as_slice().escape_ascii());
        Some(format!("the command changed table {table} key {key} without naming it in touches"))
    }

    /// Encodes the frame and gives it its place in the log.
    fn push(&mut self, call: &Call<'_>, sequencer: &Sequencer) -> Result<Place, Fault> {
        let domain = domain_of(call);
        let idempotency = call.idempotency.map(|key| Idempotency {
            key,
            fingerprint: xxh3_64(call.payload),
            status: 0,
            reply: &self.decided.reply,
        });
        let meta = Meta {
            time_us: self.now_us,
            tenant: call.tenant.0,
            actor: call.actor.0,
            correlation: call.correlation,
            idempotency,
        };
        self.body.clear();
        let too_large =
            |_| Fault::TooLarge { what: "what the command changes", limit: frame::BODY_BYTES_MAX };
        let mut builder = BodyBuilder::start(&mut self.body, &meta).map_err(too_large)?;
        for (event, payload) in self.decided.rows() {
            let (code, version, key) = (event.code, event.version, event.key.as_slice());
            builder.event(&Event { domain, code, version, key, payload }).map_err(too_large)?;
        }
        builder.finish();
        debug_assert!(
            FrameBody::parse(&self.body, self.now_us).is_ok(),
            "what is written can be read"
        );
        if let Some(key) = call.idempotency {
            let (slot, (table, name)) = row(key);
            let kept = Kept {
                time_us: self.now_us,
                fingerprint: xxh3_64(call.payload),
                reply: &self.decided.reply,
            };
            let value = Some(kept.seal());
            self.decided.changes.push(Change { slot, table, key: name, value });
        }
        sequencer.push(self.now_us, &self.body).map_err(|error| match error {
            PushError::OutOfSpace => Fault::OutOfSpace,
            PushError::Backlog => Fault::Busy("the log is behind"),
            PushError::Failed | PushError::Closing => Fault::Stopping,
        })
    }

    /// Takes the changes in, here and on the cores that hold rows, and queues the reply.
    fn install(
        &mut self,
        origin: Origin,
        key: Option<u128>,
        place: Place,
        decision: &Decision<'_>,
    ) {
        self.observe(place.generation);
        let reply = std::mem::take(&mut self.decided.reply);
        let mut changes = std::mem::take(&mut self.decided.changes);
        let replicate = self.replicated_rows(decision.index, &changes);
        let mut elsewhere: Vec<(CoreId, Vec<Change>)> = Vec::new();
        for change in changes.drain(..) {
            let owner = self.map.owner(change.slot);
            if owner == self.core {
                self.overlay.install(change, place.lsn);
            } else if let Some((_, part)) = elsewhere.iter_mut().find(|(core, _)| *core == owner) {
                part.push(change);
            } else {
                elsewhere.push((owner, vec![change]));
            }
        }
        self.decided.changes = changes;
        let applies_left = match decision.transaction {
            Some(transaction) => self.apply_elsewhere(transaction, place, elsewhere),
            None => 0,
        };
        if applies_left == 0 && replicate.is_none() {
            self.gate.commit(Finished { origin, position: place.lsn, fault: None, reply });
            return;
        }
        let commit = SlowCommit {
            origin,
            reply,
            durable: false,
            applies_left,
            replicate,
            replicas_left: 0,
            key,
            askers: Vec::new(),
        };
        self.gate.slow_commit(place.lsn, commit);
    }

    fn apply_elsewhere(
        &mut self,
        transaction: u64,
        place: Place,
        mut elsewhere: Vec<(CoreId, Vec<Change>)>,
    ) -> u16 {
        let holders = self.transactions.get(&transaction).map(|it| it.holders(self.core));
        let mut applies_left = 0;
        for core in holders.unwrap_or_default() {
            let part = elsewhere.iter_mut().find(|(owner, _)| *owner == core);
            let changes = part.map(|(_, changes)| std::mem::take(changes)).unwrap_or_default();
            self.send(core, Body::Apply { transaction, place, changes });
            applies_left += 1;
        }
        self.applying.insert(transaction, place.lsn);
        applies_left
    }

    fn replicated_rows(&self, index: usize, changes: &[Change]) -> Option<Arc<[ReplicatedRow]>> {
        let replicated = self.hosted[index].entry.replicated;
        if replicated.is_empty() {
            return None;
        }
        let rows: Vec<_> = changes
            .iter()
            .filter(|change| replicated.contains(&change.table))
            .filter_map(|change| {
                let (tenant, key) = StoreKey::split_record(change.key.as_slice())?;
                let (table, key, value) = (change.table, key.into(), change.value.clone());
                Some(ReplicatedRow { table, tenant, key, value })
            })
            .collect();
        if rows.is_empty() { None } else { Some(rows.into()) }
    }
}

fn domain_of(call: &Call<'_>) -> u16 {
    let [d0, d1, ..] = call.operation.to_be_bytes();
    u16::from_be_bytes([d0, d1])
}
