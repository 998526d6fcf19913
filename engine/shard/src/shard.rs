//! The shard itself: what comes in, what goes out, and queries.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bumpalo::Bump;
use contract::{
    Cx, Decided, Entry, Failure, Kind, Operation, Placement, Run, Slot, TableId, Tenant, Touched,
};
use frame::Lsn;
use sequencer::Sequencer;

use crate::{
    call::{Answer, Call, Completion, Fault, Incident, OwnedCall, Ticket},
    gate::{Finished, Gate},
    holds::{Holds, Waiter},
    limits::{FORWARDED_MAX, GATED_MAX, Limits, PAYLOAD_BYTES_MAX, REPLY_BYTES_MAX},
    map::{CoreId, SlotMap},
    message::{Body, Message},
    overlay::{HandedRow, Overlay, Rows},
    scatter::Scatter,
    settle::Settling,
    tables::{Base, RequestTables},
    transaction::Transaction,
};

/// Where the answer to a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// To a caller on this core.
    Here(Ticket),
    /// To another core, which forwarded the call under this number.
    Core(CoreId, u64),
    /// To another core, which merges the parts of an answer under this number.
    Part(CoreId, u64),
}

/// What a shard starts from.
pub struct Start {
    /// Which core it is.
    pub core: CoreId,
    /// Which core owns what.
    pub map: SlotMap,
    /// Every domain.
    pub entries: &'static [Entry],
    /// Limits that follow the machine.
    pub limits: Limits,
    /// The stores.
    pub base: Arc<dyn Base>,
    /// What recovery found above the stores, of this core's slots.
    pub rows: Rows,
    /// The latest time in the log, in microseconds: ids and times go on after it.
    pub floor_us: u64,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("core", &self.core).finish_non_exhaustive()
    }
}

/// A domain as one core hosts it.
pub(crate) struct Hosted {
    pub(crate) entry: &'static Entry,
    pub(crate) reference: Box<dyn Any>,
    /// How many rows have been compiled into the reference data.
    pub(crate) generation: u64,
    pub(crate) scratch: Box<dyn Any>,
}

/// One core's state machine.
pub struct Shard {
    pub(crate) core: CoreId,
    pub(crate) map: SlotMap,
    pub(crate) limits: Limits,
    pub(crate) hosted: Vec<Hosted>,
    pub(crate) overlay: Overlay,
    pub(crate) base: Arc<dyn Base>,
    pub(crate) arena: Bump,
    /// Microseconds; never goes back.
    pub(crate) now_us: u64,
    /// The number part of the last id given out; the clock never falls behind it.
    pub(crate) id_last: u64,
    pub(crate) touched: Touched,
    pub(crate) decided: Decided,
    pub(crate) body: Vec<u8>,
    pub(crate) gate: Gate,
    pub(crate) holds: Holds,
    pub(crate) transactions: BTreeMap<u64, Transaction>,
    /// Commits whose changes other cores are taking in, by transaction.
    pub(crate) applying: BTreeMap<u64, Lsn>,
    pub(crate) scatters: BTreeMap<u64, Scatter>,
    pub(crate) settling: BTreeMap<u64, Settling>,
    pub(crate) forwarded: BTreeMap<u64, Ticket>,
    /// Which frame each compiled row of a replicated table comes from.
    pub(crate) compiled: BTreeMap<(TableId, Tenant, Box<[u8]>), Lsn>,
    pub(crate) generation: u64,
    pub(crate) markers: u16,
    pub(crate) number_next: u64,
    pub(crate) outbox: Vec<(CoreId, Message)>,
    pub(crate) completions: Vec<Completion>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) frozen: Option<(u64, Arc<Rows>)>,
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.gate.len();
        f.debug_struct("Shard")
            .field("core", &self.core)
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// A shard over what recovery found. Replicated records are to be compiled before the first
    /// call: see [`Shard::compile`].
    pub fn new(start: Start) -> Self {
        let hosted = start.entries.iter().map(|entry| Hosted {
            entry,
            reference: (entry.reference)(),
            generation: 0,
            scratch: (entry.scratch)(),
        });
        Self {
            core: start.core,
            map: start.map,
            limits: start.limits,
            hosted: hosted.collect(),
            overlay: Overlay::new(start.rows),
            base: start.base,
            arena: Bump::new(),
            now_us: start.floor_us,
            id_last: start.floor_us,
            touched: Touched::new(),
            decided: Decided::default(),
            body: Vec::new(),
            gate: Gate::default(),
            holds: Holds::default(),
            transactions: BTreeMap::new(),
            applying: BTreeMap::new(),
            scatters: BTreeMap::new(),
            settling: BTreeMap::new(),
            forwarded: BTreeMap::new(),
            compiled: BTreeMap::new(),
            generation: 0,
            markers: 0,
            number_next: 0,
            outbox: Vec::new(),
            completions: Vec::new(),
            incidents: Vec::new(),
            frozen: None,
        }
    }

    /// Runs a call. `out` gets the archived reply appended when the answer is there at once, and is
    /// left as it was otherwise.
    pub fn call(
        &mut self,
        now_us: u64,
        call: &Call<'_>,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Answer {
        self.advance_clock(now_us);
        self.dispatch(Origin::Here(call.ticket), call, sequencer, out)
    }

    /// Takes a message from another core in.
    pub fn receive(&mut self, now_us: u64, from: CoreId, message: Message, sequencer: &Sequencer) {
        self.advance_clock(now_us);
        match message.0 {
            Body::Forward { id, call } => self.run_owned(Origin::Core(from, id), &call, sequencer),
            Body::Part { id, call } => self.answer_part(from, id, &call, sequencer),
            Body::Answer { id, outcome, reply } => {
                let ticket = self.forwarded.remove(&id).expect("an answer to what was forwarded");
                self.completions.push(Completion { ticket, outcome, reply });
            }
            Body::PartAnswer { id, outcome, reply } => {
                self.part_answered(id, from, outcome, reply);
            }
            Body::Hold { transaction, rows } => self.hold_for(from, transaction, rows),
            Body::Held { transaction, rows } => self.held(transaction, rows, sequencer),
            Body::Apply { transaction, place, changes } => {
                self.apply_for(from, transaction, place, changes, sequencer);
            }
            Body::Applied { transaction } => self.applied(transaction),
            Body::Release { transaction } => self.release_for(from, transaction, sequencer),
            Body::Replicate { lsn, rows } => self.replicate_from(from, lsn, &rows),
            Body::Replicated { lsn } => self.replicated(lsn),
            Body::Settle { id, key } => self.settle_for(from, id, key),
            Body::Settled { id } => self.settled(id, sequencer.durable_lsn()),
            Body::Marker { generation, from_peer } => self.marker(generation, from_peer),
        }
    }

    /// Lets go what waited for the durable position, which the sequencer knows.
    pub fn durable(&mut self, now_us: u64, sequencer: &Sequencer) {
        self.advance_clock(now_us);
        let durable = sequencer.durable_lsn();
        while let Some(mut finished) = self.gate.pop_commit(durable) {
            self.finish(finished.origin, finished.outcome(), finished.reply);
        }
        for lsn in self.gate.newly_durable(durable) {
            self.commit_durable(lsn);
        }
        while let Some(mut finished) = self.gate.pop_read(durable) {
            self.finish(finished.origin, finished.outcome(), finished.reply);
        }
        while let Some((origin, call)) = self.gate.pop_call(durable) {
            self.run_owned(origin, &call, sequencer);
        }
    }

    /// Refuses what waited beyond its deadline. A few times a second is enough.
    pub fn tick(&mut self, now_us: u64) {
        self.advance_clock(now_us);
        for origin in self.gate.expire_calls(self.now_us) {
            self.finish(origin, Err(Fault::DeadlinePassed), Vec::new());
        }
    }

    /// The answers that became ready since they were taken last.
    pub fn take_completions(&mut self) -> std::vec::Drain<'_, Completion> {
        self.completions.drain(..)
    }

    /// The messages for other cores since they were taken last, in order.
    pub fn take_messages(&mut self) -> std::vec::Drain<'_, (CoreId, Message)> {
        self.outbox.drain(..)
    }

    /// What went wrong inside since it was taken last.
    pub fn take_incidents(&mut self) -> std::vec::Drain<'_, Incident> {
        self.incidents.drain(..)
    }

    /// Whether anything waits to be taken.
    pub fn has_output(&self) -> bool {
        !self.completions.is_empty()
            || !self.outbox.is_empty()
            || !self.incidents.is_empty()
            || self.frozen.is_some()
    }

    /// The changes of the generation that ended, complete; for the checkpoint.
    pub fn take_frozen(&mut self) -> Option<(u64, Arc<Rows>)> {
        self.frozen.take()
    }

    /// The frozen changes are in the stores: reads go to this snapshot, which has them.
    pub fn install_base(&mut self, base: Arc<dyn Base>) {
        self.base = base;
        self.overlay.drop_frozen();
    }

    /// Bytes that this core keeps above the stores.
    pub fn overlay_bytes(&self) -> usize {
        self.overlay.bytes()
    }

    /// How many answers wait for the durable position or for other cores.
    pub fn waiting(&self) -> usize {
        let across_cores = self.transactions.len() + self.scatters.len() + self.forwarded.len();
        self.gate.len() + self.holds.waiting() + self.settling.len() + across_cores
    }

    pub(crate) fn dispatch(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Answer {
        let (index, operation) = match self.resolve(call) {
            Ok(found) => found,
            Err(fault) => return Answer::Now(Err(fault)),
        };
        if call.at_least > sequencer.durable_lsn() {
            return self.wait_for_position(origin, call, sequencer);
        }
        if let Err(fault) = self.touch(index, operation, call) {
            return Answer::Now(Err(fault));
        }
        match (operation.kind(), operation.shape.placement) {
            (Kind::Command, _) => self.command(origin, call, index, operation, sequencer, out),
            (Kind::Query, Placement::EveryCore) if self.map.cores() > 1 => {
                self.scatter(origin, call, operation, sequencer)
            }
            (Kind::Query, _) => {
                let first = self.touched.rows(call.tenant).next();
                let owner = first.map_or(self.core, |(slot, _, _)| self.map.owner(slot));
                if owner == self.core {
                    self.query(origin, call, index, operation, sequencer, out)
                } else {
                    self.forward(owner, origin, call)
                }
            }
        }
    }

    /// Runs a call whose answer nobody waits for on the stack.
    pub(crate) fn run_owned(&mut self, origin: Origin, call: &OwnedCall, sequencer: &Sequencer) {
        let mut reply = Vec::new();
        match self.dispatch(origin, &call.borrow(), sequencer, &mut reply) {
            Answer::Now(outcome) => self.finish(origin, outcome, reply),
            Answer::Later => {}
        }
    }

    pub(crate) fn finish(&mut self, origin: Origin, outcome: Result<Lsn, Fault>, reply: Vec<u8>) {
        match origin {
            Origin::Here(ticket) => self.completions.push(Completion { ticket, outcome, reply }),
            Origin::Core(core, id) => self.send(core, Body::Answer { id, outcome, reply }),
            Origin::Part(core, id) if core == self.core => {
                self.part_answered(id, core, outcome, reply);
            }
            Origin::Part(core, id) => self.send(core, Body::PartAnswer { id, outcome, reply }),
        }
    }

    pub(crate) fn send(&mut self, to: CoreId, body: Body) {
        debug_assert!(to != self.core, "a core does not write to itself");
        self.outbox.push((to, Message(body)));
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.number_next += 1;
        self.number_next
    }

    pub(crate) fn incident(&mut self, operation: u32, reason: String) -> Fault {
        let number = (u64::from(self.core.0) << 48) | self.number();
        self.incidents.push(Incident { number, operation, reason });
        Fault::Internal { incident: number }
    }

    pub(crate) fn forward(&mut self, to: CoreId, origin: Origin, call: &Call<'_>) -> Answer {
        let Origin::Here(ticket) = origin else {
            unreachable!("a forwarded call has reached a core that owns what it touches")
        };
        if self.forwarded.len() >= FORWARDED_MAX {
            return Answer::Now(Err(Fault::Busy("too many calls wait for another core")));
        }
        let id = self.number();
        self.forwarded.insert(id, ticket);
        self.send(to, Body::Forward { id, call: OwnedCall::of(call) });
        Answer::Later
    }

    pub(crate) fn query(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        index: usize,
        operation: &'static Operation,
        sequencer: &Sequencer,
        out: &mut Vec<u8>,
    ) -> Answer {
        let Run::Query(run) = operation.run else { unreachable!("the kind was checked") };
        let start = out.len();
        let cx = Cx::new(self.now_us, call.tenant, call.actor, call.correlation, 0);
        let (outcome, seen, blocked, damage) = {
            let mut tables =
                request_tables(self.core, self.map, &self.overlay, &*self.base, &[], &self.arena);
            tables.holds = Some(&self.holds);
            let Hosted { reference, scratch, .. } = &mut self.hosted[index];
            let answer = || {
                let (reference, scratch) = (reference.as_ref(), scratch.as_mut());
                (run.answer)(&cx, &tables, reference, scratch, call.payload, out)
            };
            let outcome = catch_unwind(AssertUnwindSafe(answer));
            (outcome, tables.seen.get(), tables.blocked.get(), tables.damage.into_inner())
        };
        self.arena.reset();
        if let Some(row) = blocked {
            out.truncate(start);
            if self.holds.is_full() {
                return Answer::Now(Err(Fault::Busy("too many commands wait for one record")));
            }
            self.holds.wait(row, Waiter::Query(origin, OwnedCall::of(call)), false);
            return Answer::Later;
        }
        let fault = self.fault_of(call.operation, index, outcome, damage);
        if let Some(fault) = fault {
            out.truncate(start);
            return self.refuse(origin, fault, seen, sequencer);
        }
        if out.len() - start > REPLY_BYTES_MAX {
            out.truncate(start);
            return Answer::Now(Err(Fault::TooLarge { what: "the reply", limit: REPLY_BYTES_MAX }));
        }
        let durable = sequencer.durable_lsn();
        if seen <= durable {
            return Answer::Now(Ok(durable));
        }
        if self.gate.len() >= GATED_MAX {
            out.truncate(start);
            return Answer::Now(Err(Fault::Busy("too many answers wait for the log")));
        }
        let reply = out.split_off(start);
        self.gate.read(seen, Finished { origin, position: seen, fault: None, reply });
        Answer::Later
    }

    /// A fault as an answer. What shows a state waits until no crash can take that state back.
    pub(crate) fn refuse(
        &mut self,
        origin: Origin,
        fault: Fault,
        seen: Lsn,
        sequencer: &Sequencer,
    ) -> Answer {
        let shows_state =
            matches!(fault, Fault::Denied(_) | Fault::IdempotencyMismatch | Fault::Changed);
        if !shows_state || seen <= sequencer.durable_lsn() {
            return Answer::Now(Err(fault));
        }
        if self.gate.len() >= GATED_MAX {
            return Answer::Now(Err(Fault::Busy("too many answers wait for the log")));
        }
        let (fault, reply) = (Some(fault), Vec::new());
        self.gate.read(seen, Finished { origin, position: seen, fault, reply });
        Answer::Later
    }

    /// What a step that ran gives: none when it went well.
    pub(crate) fn fault_of(
        &mut self,
        operation: u32,
        index: usize,
        outcome: std::thread::Result<Result<(), Failure>>,
        damage: Option<String>,
    ) -> Option<Fault> {
        match outcome {
            Err(panic) => {
                // The step may have left its buffers half-made.
                let hosted = &mut self.hosted[index];
                hosted.scratch = (hosted.entry.scratch)();
                Some(self.incident(operation, format!("panic: {}", panic_text(panic.as_ref()))))
            }
            Ok(_) if damage.is_some() => {
                let reason = damage.unwrap_or_default();
                Some(self.incident(operation, format!("damaged record: {reason}")))
            }
            Ok(Err(Failure::Malformed)) => Some(Fault::Malformed),
            Ok(Err(Failure::Denied(denial))) => Some(Fault::Denied(denial)),
            Ok(Ok(())) => None,
        }
    }

    fn advance_clock(&mut self, now_us: u64) {
        self.now_us = self.now_us.max(now_us).max(self.id_last);
    }

    pub(crate) fn resolve(&self, call: &Call<'_>) -> Result<(usize, &'static Operation), Fault> {
        let [d0, d1, c0, c1] = call.operation.to_be_bytes();
        let (domain, code) = (u16::from_be_bytes([d0, d1]), u16::from_be_bytes([c0, c1]));
        let index = self.hosted.iter().position(|hosted| hosted.entry.id.0 == domain);
        let index = index.ok_or(Fault::UnknownOperation)?;
        let entry: &'static Entry = self.hosted[index].entry;
        let operation = entry.operation(code).ok_or(Fault::UnknownOperation)?;
        if call.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Fault::TooLarge { what: "the request", limit: PAYLOAD_BYTES_MAX });
        }
        if call.deadline_us != 0 && call.deadline_us <= self.now_us {
            return Err(Fault::DeadlinePassed);
        }
        Ok((index, operation))
    }

    pub(crate) fn touch(
        &mut self,
        index: usize,
        operation: &Operation,
        call: &Call<'_>,
    ) -> Result<(), Fault> {
        self.touched.clear();
        (operation.touches)(call.payload, &mut self.touched).map_err(|_| Fault::Malformed)?;
        if let Some(precondition) = &call.precondition {
            // What the precondition reads is held like what the command reads.
            let query = self.hosted[index].entry.operation(precondition.query);
            let touches = query.ok_or(Fault::UnknownOperation)?.touches;
            touches(precondition.payload, &mut self.touched).map_err(|_| Fault::Malformed)?;
        }
        if self.touched.is_over_limit() {
            let limit = contract::TOUCHED_MAX;
            return Err(Fault::TooLarge { what: "the number or length of the keys named", limit });
        }
        Ok(())
    }

    fn wait_for_position(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        sequencer: &Sequencer,
    ) -> Answer {
        let reached = sequencer.last();
        if call.at_least > reached {
            let demanded = call.at_least;
            return Answer::Now(Err(Fault::PositionAhead { demanded, reached }));
        }
        if self.gate.len() >= GATED_MAX {
            return Answer::Now(Err(Fault::Busy("too many answers wait for the log")));
        }
        self.gate.call(call.at_least, origin, OwnedCall::of(call));
        Answer::Later
    }
}

pub(crate) fn request_tables<'a>(
    core: CoreId,
    map: SlotMap,
    overlay: &'a Overlay,
    base: &'a dyn Base,
    handed: &'a [HandedRow],
    arena: &'a Bump,
) -> RequestTables<'a> {
    RequestTables {
        core,
        map,
        overlay,
        base,
        handed,
        arena,
        holds: None,
        blocked: Cell::new(None),
        seen: Cell::new(Lsn::NONE),
        damage: RefCell::new(None),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "without a message".to_owned()
    }
}

/// The slot of a fresh id on a core without a better reason: one at a time, so that fresh records
/// stand together, and another one every second, so that they spread.
pub(crate) fn fresh_slot(map: SlotMap, core: CoreId, now_us: u64) -> Slot {
    let (from, to) = map.range(core);
    let turn = (now_us >> 20) % u64::from(to - from);
    Slot::new(from + u16::try_from(turn).expect("below the number of slots"))
}
