//! The world around the box: the disk, the clock, the clients, and chance.

use std::{collections::BTreeMap, sync::Arc};

use contract::{Actor, Domain, Stored};
use disk::{Operation, sim::SimDisk};
use frame::{Lsn, Position};
use segments::{LogOptions, recover};
use shard::{Answer, Call, Completion, Fault, IDEMPOTENCY_KEPT_US, Limits, Rows, Ticket};

use crate::{
    auditor::{Auditor, Violation, demand},
    checkpoint::Checkpoint,
    ledger::{Done, Enrol, Ledger, Schedules},
    machine::{Birth, Machine},
    options::{Broken, Counts, Options, Outcome},
    orders::{Attempt, Clients, Fate, Request, TENANT},
    random::Random,
    state::Stores,
    trace::Trace,
};

/// Room for everything.
const CAPACITY_BYTES: u64 = 1 << 30;
/// Where the clock begins: some day in 2025.
const START_US: u64 = 1_750_000_000_000_000;

/// So much later nobody may ask for a kept reply, and a search for those is due, wherever the clock
/// was set before: two days.
const DAYS_US: u64 = 2 * IDEMPOTENCY_KEPT_US;

/// How often each thing happens in one life: calls, messages, the disk, looks at the durable position,
/// steps of a checkpoint, faults, crashes, the clock.
type Pace = [u64; 8];

fn pace(random: &mut Random) -> Pace {
    let mut some = |choices: &[u64]| *random.pick(choices);
    [
        some(&[20, 60, 120]),
        some(&[40, 120, 400]),
        some(&[40, 120, 400]),
        some(&[20, 100, 300]),
        some(&[0, 5, 30]),
        some(&[0, 0, 1, 3]),
        some(&[0, 1, 4]),
        10,
    ]
}

/// Everything.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) random: Random,
    pub(crate) trace: Trace,
    pub(crate) disk: SimDisk,
    pub(crate) now_us: u64,
    pub(crate) stores: Stores,
    pub(crate) clients: Clients,
    pub(crate) auditor: Auditor,
    pub(crate) machine: Machine,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) counts: Counts,
    pub(crate) lives: u64,
    /// No more faults: all must come to its end.
    pub(crate) settling: bool,
    pace: Pace,
    full: bool,
    /// The disk was full at some time of this life.
    was_full: bool,
    /// The frame of each fee that was acknowledged.
    fee_floors: BTreeMap<u32, u64>,
    /// The accounts whose opening was acknowledged, and its frame.
    opened: BTreeMap<u64, u64>,
    /// The highest position that a reply carried.
    position_last: u64,
}

/// Runs one seed.
pub fn run(options: Options) -> Outcome {
    let mut world = World::new(options);
    let violation = world.run().err().map(|Violation(text)| text);
    if let Some(violation) = &violation {
        world.trace.line(|| format!("violation: {violation}"));
    }
    let counts = Counts { frames: world.auditor.durable, lives: world.lives, ..world.counts };
    Outcome { trace: world.trace.hash(), counts, violation }
}

/// An empty box on an empty disk, which the first start replaces.
fn unused(disk: &SimDisk) -> Machine {
    let options = LogOptions::default();
    let recovered = disk.run(recover(disk, &options, Position::NONE, &mut |_| {}, &mut |_| {}));
    let recovered = recovered.expect("an empty disk is an empty log");
    let birth = Birth {
        position: recovered.position,
        resume: recovered.resume,
        rows: vec![Rows::default()],
        floor_us: 0,
        base: Arc::default(),
        limits: Limits::default(),
        options,
        early: false,
    };
    Machine::new(disk, birth)
}

impl World {
    fn new(options: Options) -> Self {
        let mut random = Random::new(options.seed);
        let disk = SimDisk::new(random.next(), CAPACITY_BYTES);
        let pace = pace(&mut random);
        let machine = unused(&disk);
        Self {
            options,
            random,
            trace: Trace::new(options.verbose),
            disk,
            now_us: START_US,
            stores: Stores::default(),
            clients: Clients::new(),
            auditor: Auditor::default(),
            machine,
            checkpoint: Checkpoint::Idle,
            counts: Counts::default(),
            lives: 0,
            settling: false,
            pace,
            full: false,
            was_full: false,
            fee_floors: BTreeMap::new(),
            opened: BTreeMap::new(),
            position_last: 0,
        }
    }

    fn run(&mut self) -> Result<(), Violation> {
        self.boot()?;
        for _ in 0..self.options.steps {
            self.step()?;
        }
        self.settle()
    }

    /// One thing happens.
    fn step(&mut self) -> Result<(), Violation> {
        self.now_us += self.random.below(400);
        match self.random.weighted(&self.pace) {
            0 => {
                let order = self.clients.next_order(&mut self.random);
                self.call(order)
            }
            1 => self.letter().map(drop),
            2 => self.disk_step().map(drop),
            3 => self.durable_step().map(drop),
            4 => self.checkpoint_step().map(drop),
            5 => {
                self.fault();
                Ok(())
            }
            6 => self.restart(),
            _ => self.pass_time(),
        }
    }

    /// A client calls.
    fn call(&mut self, order: usize) -> Result<(), Violation> {
        let core = self.random.index(self.machine.shards.len());
        let at_least = match self.random.below(20) {
            0..4 => self.position_last,
            4 => self.machine.sequencer.last().0,
            5 => self.machine.sequencer.last().0 + 1 + self.random.below(3),
            _ => 0,
        };
        let patience = self.random.chance(150).then(|| 1 + self.random.below(20_000));
        let deadline_us = patience.map_or(0, |it| self.now_us + it);
        self.attempt(order, core, at_least, deadline_us).map(drop)
    }

    fn attempt(
        &mut self,
        order: usize,
        core: usize,
        at_least: u64,
        deadline_us: u64,
    ) -> Result<u64, Violation> {
        self.clients.attempts.push(Attempt {
            order,
            fate: Fate::Waiting,
            at_least,
            floor: self.auditor.observed,
            fee_floors: self.fee_floors.clone(),
            opened: self.opened.clone(),
        });
        let number = u64::try_from(self.clients.attempts.len()).expect("few calls");
        self.counts.calls += 1;
        let wanted = &self.clients.orders[order];
        let (request, key) = (&wanted.request, wanted.key);
        self.trace.line(|| {
            format!(
                "call {number} core {core} at {at_least} until {deadline_us} order {order} \
                 key {} {request:?}",
                key.is_some()
            )
        });
        let payload = request.payload();
        let call = Call {
            ticket: Ticket(number),
            operation: request.operation(),
            tenant: TENANT,
            actor: Actor(1),
            correlation: u128::from(number),
            idempotency: key,
            deadline_us,
            at_least: Lsn(at_least),
            precondition: None,
            payload: &payload,
        };
        let mut reply = Vec::new();
        let shard = &mut self.machine.shards[core];
        let answer = shard.call(self.now_us, &call, &self.machine.sequencer, &mut reply);
        if let Answer::Now(outcome) = answer {
            self.complete(Completion { ticket: Ticket(number), outcome, reply })?;
        }
        self.take_output(core)?;
        Ok(number)
    }

    /// Takes and checks everything that a core puts out.
    pub(crate) fn take_output(&mut self, core: usize) -> Result<(), Violation> {
        let output = self.machine.collect(core);
        if let Some(incident) = output.incidents.first() {
            return Err(Violation(format!("core {core}: {}", incident.reason)));
        }
        for completion in output.completions {
            self.complete(completion)?;
        }
        match output.frozen {
            Some((generation, rows)) => self.frozen(core, generation, rows),
            None => Ok(()),
        }
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Violation> {
        let Completion { ticket: Ticket(call), outcome, reply } = completion;
        self.trace.line(|| format!("answer {call} {outcome:?} {reply:?}"));
        let attempt = self.clients.attempt_mut(call);
        let Some(attempt) = attempt else {
            return Err(Violation(format!("nobody made call {call}")));
        };
        demand!(attempt.fate == Fate::Waiting, "call {call} was answered twice");
        attempt.fate = if outcome.is_ok() { Fate::Answered } else { Fate::Refused };
        let (attempt, order) = self
            .clients
            .attempt(call)
            .zip(self.clients.order_of(call))
            .expect("it was found above");
        match outcome {
            Ok(position) => {
                self.counts.answers += 1;
                self.auditor.answered(call, attempt, order, position.0, &reply)?;
                self.position_last = self.position_last.max(position.0);
                self.acknowledge(call, &reply)
            }
            Err(fault) => {
                match &fault {
                    Fault::OutOfSpace => {
                        self.counts.out_of_space += 1;
                        demand!(
                            self.was_full,
                            "call {call}: there is room, and it is out of space"
                        );
                    }
                    Fault::Stopping => {
                        let sequencer = &self.machine.sequencer;
                        demand!(sequencer.failure().is_some(), "call {call}: nothing stops");
                    }
                    _ => {}
                }
                self.auditor.refused(call, attempt, order, &fault)
            }
        }
    }

    /// What later calls may rely on.
    fn acknowledge(&mut self, call: u64, reply: &[u8]) -> Result<(), Violation> {
        let order = self.clients.order_of(call).expect("it was answered");
        let kept = order.key.and_then(|key| self.auditor.kept.get(&key)).map(|(lsn, _)| *lsn);
        let lsn = self.auditor.frame_of.get(&call).copied().or(kept);
        match (&order.request, lsn) {
            (Request::Open(_) | Request::Enrol(_), Some(lsn)) => {
                let done = Done::decode(reply).map_err(|error| Violation(error.to_string()))?;
                let opened = self.opened.entry(done.id).or_default();
                *opened = lsn.max(*opened);
                self.clients.learn(done.id);
            }
            (Request::SetFee(set), Some(lsn)) => {
                let schedule = set.schedule;
                let floor = self.fee_floors.entry(schedule).or_default();
                *floor = lsn.max(*floor);
                for (core, shard) in self.machine.shards.iter().enumerate() {
                    let compiled = shard.reference(Ledger::ID);
                    let compiled = compiled.and_then(|it| it.0.downcast_ref::<Schedules>());
                    let fee = compiled.map_or((0, 0), |compiled| compiled.fee(schedule));
                    self.auditor.fee_shown(schedule, fee, lsn).map_err(|Violation(text)| {
                        Violation(format!("core {core} after call {call}: {text}"))
                    })?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A message between cores arrives; false when there is none.
    fn letter(&mut self) -> Result<bool, Violation> {
        let letters = self.machine.letters();
        if letters.is_empty() {
            return Ok(false);
        }
        let mailbox = *self.random.pick(&letters);
        let overtaking = self.options.broken == Some(Broken::Overtaking);
        let newest = overtaking && self.random.chance(700);
        let (from, to) = self.machine.ends(mailbox);
        if let Some(letter) = self.machine.take_letter(mailbox, newest) {
            self.trace.line(|| format!("letter {from} to {to}"));
            let lost = self.options.broken == Some(Broken::LostMessage) && self.random.chance(5);
            if !lost {
                self.machine.deliver(mailbox, self.now_us, letter);
            }
        }
        self.take_output(to)?;
        Ok(true)
    }

    /// The disk completes something, or the log has a turn; false when neither had anything to do.
    fn disk_step(&mut self) -> Result<bool, Violation> {
        let stepped = self.random.chance(850) && self.disk.step();
        self.poll_log().map(|moved| moved || stepped)
    }

    /// Gives the log a turn and tells the auditor what it did.
    fn poll_log(&mut self) -> Result<bool, Violation> {
        let epoch = self.machine.epoch;
        let seen = self.machine.poll_log();
        let moved = !seen.taken.is_empty() || seen.durable.is_some();
        for (lsn, time_us, body) in seen.taken {
            self.auditor.taken(lsn, epoch, time_us, &body)?;
        }
        if let Some(position) = seen.durable {
            self.trace.line(|| format!("durable {position}"));
            self.auditor.durable(position.lsn.0, &self.clients)?;
            let expected = self.auditor.position_of(position.lsn.0);
            demand!(position == expected, "the log is at {position}, not at {expected}");
        }
        if let Some(error) = seen.failed {
            self.counts.disk_errors += 1;
            self.trace.line(|| format!("the log failed: {error}"));
        }
        Ok(moved)
    }

    /// A core looks at the durable position; false when all have.
    fn durable_step(&mut self) -> Result<bool, Violation> {
        let behind: Vec<_> =
            (0..self.machine.behind.len()).filter(|core| self.machine.behind[*core]).collect();
        if behind.is_empty() {
            return Ok(false);
        }
        let core = *self.random.pick(&behind);
        self.machine.behind[core] = false;
        self.trace.line(|| format!("core {core} looks"));
        self.machine.shards[core].durable(self.now_us, &self.machine.sequencer);
        self.take_output(core)?;
        Ok(true)
    }

    /// Something goes wrong with the disk, or is repaired.
    fn fault(&mut self) {
        match self.random.below(4) {
            0 => self.disk.fail_next(Operation::Sync),
            1 => self.disk.fail_next(Operation::Write),
            _ => self.fill_disk(!self.full),
        }
        let full = self.full;
        self.trace.line(|| format!("fault, full {full}"));
    }

    fn fill_disk(&mut self, full: bool) {
        self.full = full;
        self.was_full |= full;
        self.disk.set_capacity(if full { 0 } else { CAPACITY_BYTES });
    }

    fn pass_time(&mut self) -> Result<(), Violation> {
        self.disk.advance_ms(self.random.below(10));
        self.now_us += self.random.below(5000);
        if self.full && self.random.chance(100) {
            self.trace.line(|| "room again".to_owned());
            self.fill_disk(false);
        }
        let core = self.random.index(self.machine.shards.len());
        self.machine.shards[core].tick(self.now_us);
        self.take_output(core)?;
        // A box whose log failed stops; nobody says how soon.
        if self.machine.log_ended() && self.random.chance(500) { self.restart() } else { Ok(()) }
    }

    /// The box stops, well or not, and starts again.
    fn restart(&mut self) -> Result<(), Violation> {
        if self.random.chance(200) {
            self.stop()?;
        }
        self.trace.line(|| "crash".to_owned());
        self.checkpoint = Checkpoint::Idle;
        self.disk = self.disk.crash();
        self.pace = pace(&mut self.random);
        self.was_full = self.full;
        self.shift_clock();
        let late = self.random.chance(60);
        if late {
            self.now_us += DAYS_US + self.random.below(DAYS_US);
        }
        self.boot()?;
        if late {
            self.auditor.days_passed();
        }
        Ok(())
    }

    /// The clock is somewhere else when the box comes back.
    fn shift_clock(&mut self) {
        const JUMP_US: u64 = 600_000_000;
        if self.random.chance(300) {
            let jump = self.random.below(JUMP_US);
            if self.random.chance(500) {
                self.now_us += jump;
            } else {
                self.now_us -= jump;
            }
        }
    }

    /// The box is asked to stop: what it accepted must be durable when it has.
    fn stop(&mut self) -> Result<(), Violation> {
        self.trace.line(|| "stop".to_owned());
        let failed_before = self.machine.sequencer.failure().is_some();
        self.machine.sequencer.close();
        let last = self.machine.sequencer.last().0;
        while !self.machine.log_ended() {
            self.poll_log()?;
            self.disk.step();
            self.disk.advance_ms(1);
        }
        let failed = failed_before || self.machine.sequencer.failure().is_some();
        demand!(
            failed || self.auditor.durable == last,
            "stopped with frames up to {last}, durable is {}",
            self.auditor.durable
        );
        Ok(())
    }

    /// All is repaired: everything must come to its end, and work goes on.
    fn settle(&mut self) -> Result<(), Violation> {
        self.settling = true;
        self.fill_disk(false);
        self.trace.line(|| "settle".to_owned());
        if self.machine.sequencer.failure().is_some() {
            self.restart_gently()?;
        }
        self.drain()?;
        let waiting = self.clients.attempts.iter().position(|it| it.fate == Fate::Waiting);
        if let Some(index) = waiting {
            return Err(Violation(format!("call {} was never answered", index + 1)));
        }
        self.restart_gently()?;
        let last = self.auditor.durable;
        let request = Request::Enrol(Enrol { id: u64::MAX, owner: 1, balance: 1 });
        let order = self.clients.push(request, None, &mut self.random);
        // The log needs a moment before it has space to promise.
        for _ in 0..1000 {
            self.disk.step();
            self.poll_log()?;
        }
        let number = self.attempt(order, 0, 0, 0)?;
        self.drain()?;
        let fate = self.clients.attempt(number).map(|it| it.fate);
        demand!(fate == Some(Fate::Answered), "a healthy box refused a command: {fate:?}");
        demand!(self.auditor.durable > last, "the last command is not in the log");
        self.restart_gently()
    }

    fn restart_gently(&mut self) -> Result<(), Violation> {
        self.checkpoint = Checkpoint::Idle;
        self.disk = self.disk.crash();
        self.boot()
    }

    /// Lets everything under way come to its end.
    fn drain(&mut self) -> Result<(), Violation> {
        for _ in 0..200_000 {
            let mut moved = self.letter()?;
            moved |= self.durable_step()?;
            moved |= self.disk.step();
            moved |= self.poll_log()?;
            if !matches!(self.checkpoint, Checkpoint::Idle) {
                moved |= self.checkpoint_step()?;
            }
            if self.machine.sequencer.failure().is_some() {
                return self.restart_gently();
            }
            if !moved {
                if self.machine.is_quiet() && matches!(self.checkpoint, Checkpoint::Idle) {
                    return Ok(());
                }
                self.disk.advance_ms(1);
                self.now_us += 1000;
                for core in 0..self.machine.shards.len() {
                    self.machine.shards[core].tick(self.now_us);
                    self.take_output(core)?;
                }
            }
        }
        let waiting: Vec<_> = self.machine.shards.iter().map(shard::Shard::waiting).collect();
        Err(Violation(format!(
            "the box does not come to rest: {waiting:?} wait on the cores, {} messages, {:?}, {} \
             disk operations",
            self.machine.letters().len(),
            self.checkpoint,
            self.disk.pending_count()
        )))
    }
}
