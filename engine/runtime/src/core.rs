//! A core as its doors see it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    sync::{Arc, mpsc::Sender},
    task::{Poll, Waker},
    time::{SystemTime, UNIX_EPOCH},
};

use contract::{DomainId, Entry};
use disk::Slip;
use frame::{Lsn, Position};
use sequencer::Sequencer;
use shard::{Answer, Call, Completion, CoreId, Fault, Rows, Shard, SlotMap, Ticket};

use crate::{
    mailbox::{Mail, Mailbox},
    rounds::{Round, Rounds},
    start::Stats,
};

/// A core, on its own thread. Clones share it.
#[derive(Clone)]
pub struct Core(Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) id: CoreId,
    pub(crate) map: SlotMap,
    pub(crate) entries: &'static [Entry],
    pub(crate) shard: RefCell<Shard>,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) mailboxes: Arc<[Mailbox]>,
    pub(crate) frozen: Sender<(u64, Arc<Rows>)>,
    /// The durable position that the shard has been told.
    pub(crate) told: Cell<Lsn>,
    sinks: RefCell<Sinks>,
    asks: Rc<Asks>,
    asks_name: SinkName,
    draining: Cell<bool>,
    drain_waiters: RefCell<Vec<Waker>>,
    guards: Cell<usize>,
    idle_waiter: RefCell<Option<Waker>>,
    companions: RefCell<Vec<Rc<dyn Any>>>,
    rounds: Rounds,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("id", &self.0.id).finish_non_exhaustive()
    }
}

/// Takes the answers that came later.
pub trait Complete {
    /// The answer to the call whose ticket was made from `number`. Must not call into the core:
    /// keep it and wake whoever waits.
    fn complete(&self, number: u32, completion: Completion);
}

/// A door's place for completions; gone when dropped, with whatever is still to come.
#[derive(Debug)]
pub struct Sink {
    core: Core,
    name: SinkName,
}

/// Keeps the core's thread from ending while a connection finishes.
#[derive(Debug)]
pub struct Guard(Core);

impl Core {
    pub(crate) fn new(
        shard: Shard,
        entries: &'static [Entry],
        id: CoreId,
        map: SlotMap,
        sequencer: Arc<Sequencer>,
        mailboxes: Arc<[Mailbox]>,
        frozen: Sender<(u64, Arc<Rows>)>,
    ) -> Self {
        let (mut sinks, asks) = (Sinks::default(), Rc::<Asks>::default());
        let asks_name = sinks.insert(Rc::clone(&asks) as Rc<dyn Complete>);
        Self(Rc::new(Inner {
            id,
            map,
            entries,
            shard: RefCell::new(shard),
            sequencer,
            mailboxes,
            frozen,
            told: Cell::new(Lsn::NONE),
            sinks: RefCell::new(sinks),
            asks,
            asks_name,
            draining: Cell::new(false),
            drain_waiters: RefCell::new(Vec::new()),
            guards: Cell::new(0),
            idle_waiter: RefCell::new(None),
            companions: RefCell::default(),
            rounds: Rounds::default(),
        }))
    }

    /// Which core this is.
    pub fn id(&self) -> CoreId {
        self.0.id
    }

    /// Which core owns which slot.
    pub fn map(&self) -> SlotMap {
        self.0.map
    }

    /// Every domain.
    pub fn entries(&self) -> &'static [Entry] {
        self.0.entries
    }

    /// Wall-clock time in microseconds since 1970-01-01 UTC.
    #[allow(clippy::unused_self, reason = "the clock is the core's to give: doors read no other")]
    pub fn now_us(&self) -> u64 {
        now_us()
    }

    /// Frames up to here survive any crash.
    pub fn durable(&self) -> Lsn {
        self.0.sequencer.durable_lsn()
    }

    /// The durable position with epoch and chain.
    pub fn position(&self) -> Position {
        self.0.sequencer.position()
    }

    /// How the whole box stands.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.0.sequencer, &self.0.mailboxes)
    }

    /// Where this core is in its rounds, to whoever has a request to answer at `now_us`.
    #[inline]
    pub fn round(&self, now_us: u64) -> Round {
        self.0.rounds.now(now_us)
    }

    /// How long the last round of every core took, in microseconds.
    pub fn lags_us(&self) -> impl Iterator<Item = u64> {
        self.0.mailboxes.iter().map(Mailbox::lag_us)
    }

    /// Whether the box is stopping.
    pub fn is_stopping(&self) -> bool {
        self.0.draining.get()
    }

    /// Runs a call; see `Answer`. The reply is appended to `out`.
    pub fn call(&self, call: &Call<'_>, out: &mut Vec<u8>) -> Answer {
        let inner = &*self.0;
        let mut shard = inner.shard.borrow_mut();
        let answer = shard.call(now_us(), call, &inner.sequencer, out);
        if answer == Answer::Later {
            inner.send_messages(&mut shard);
            inner.mailbox().want_durable();
            // Completions are delivered by the core's own turn: the caller has not yet returned.
            if shard.has_output() || inner.told.get() < inner.sequencer.durable_lsn() {
                inner.mailbox().ring();
            }
        } else if shard.has_output() {
            inner.mailbox().ring();
        }
        answer
    }

    /// Runs a call and waits for its answer. The reply is appended to `out`.
    pub async fn ask(&self, call: Call<'_>, out: &mut Vec<u8>) -> Result<Lsn, Fault> {
        let asks = &self.0.asks;
        let number = asks.next();
        match self.call(&Call { ticket: ticket(self.0.asks_name, number), ..call }, out) {
            Answer::Now(outcome) => outcome,
            Answer::Later => {
                let completion = asks.take(number).wait().await;
                out.extend_from_slice(&completion.reply);
                completion.outcome
            }
        }
    }

    /// Reads this core's compiled reference data of a domain, with a number that rises with every
    /// change of it. `None` when there is no such domain, or its reference data is of another type.
    /// Must not call into the core.
    pub fn reference<R: 'static, T>(
        &self,
        domain: DomainId,
        read: impl FnOnce(&R, u64) -> T,
    ) -> Option<T> {
        let shard = self.0.shard.borrow();
        let (reference, generation) = shard.reference(domain)?;
        Some(read(reference.downcast_ref()?, generation))
    }

    /// Keeps what a door has on this core, one of each type, for [`Core::on`] to find. What was kept
    /// of the same type before is let go.
    pub fn keep<T: 'static>(&self, companion: Rc<T>) {
        let mut companions = self.0.companions.borrow_mut();
        companions.retain(|it| !it.is::<T>());
        companions.push(companion);
    }

    /// What was kept of this type.
    pub fn kept<T: 'static>(&self) -> Option<Rc<T>> {
        let companions = self.0.companions.borrow();
        companions.iter().find_map(|it| Rc::clone(it).downcast().ok())
    }

    /// Runs `work` on the core `at`, with what is kept there, and waits for what it gives. The caller
    /// bounds how many it has under way. Never resolves when that core's thread has ended.
    pub async fn on<T: Send + 'static>(
        &self,
        at: CoreId,
        work: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> T {
        if at == self.0.id {
            return work(self);
        }
        let slip = Slip::default();
        let theirs = slip.clone();
        self.tell(at, move |core| theirs.fill(work(core)));
        slip.filled().await
    }

    /// Runs `work` on the core `at`, as [`Core::on`] does, and waits for nothing.
    pub fn tell(&self, at: CoreId, work: impl FnOnce(&Self) + Send + 'static) {
        if at == self.0.id {
            work(self);
        } else {
            self.0.mailboxes[usize::from(at.0)].put(Mail::Job(Box::new(work)));
        }
    }

    /// Makes a place for completions.
    pub fn register(&self, complete: Rc<dyn Complete>) -> Sink {
        let name = self.0.sinks.borrow_mut().insert(complete);
        Sink { core: self.clone(), name }
    }

    /// Counts the caller among those that the core waits for at a stop.
    pub fn enter(&self) -> Guard {
        self.0.guards.set(self.0.guards.get() + 1);
        Guard(self.clone())
    }

    /// Resolves when the box begins to stop.
    pub async fn stopping(&self) {
        poll_fn(|context| {
            if self.0.draining.get() {
                return Poll::Ready(());
            }
            let mut waiters = self.0.drain_waiters.borrow_mut();
            if !waiters.iter().any(|waker| waker.will_wake(context.waker())) {
                waiters.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Resolves when no guard is left.
    pub(crate) async fn idle(&self) {
        poll_fn(|context| {
            if self.0.guards.get() == 0 {
                return Poll::Ready(());
            }
            *self.0.idle_waiter.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Takes mail and the durable position in and gives everything out. True when it is time to end.
    pub(crate) fn turn(&self, mail: &mut Vec<Mail>) -> bool {
        let inner = &*self.0;
        let mut end = false;
        let mut jobs = Vec::new();
        inner.mailbox().take(mail);
        {
            let mut shard = inner.shard.borrow_mut();
            for mail in mail.drain(..) {
                match mail {
                    Mail::Peer(from, message) => {
                        shard.receive(now_us(), from, message, &inner.sequencer);
                    }
                    Mail::Job(job) => jobs.push(job),
                    Mail::Rotate(generation) => {
                        let message = shard::Message::rotate(generation);
                        shard.receive(now_us(), inner.id, message, &inner.sequencer);
                    }
                    Mail::Base(base, done) => {
                        shard.install_base(base);
                        // The checkpoint may have given up waiting at a stop.
                        let _ = done.send(());
                    }
                    Mail::Drain => self.drain(),
                    Mail::Stop => end = true,
                }
            }
        }
        for job in jobs {
            job(self);
        }
        self.give_out();
        end
    }

    /// Counts the core's rounds, as long as its loop turns.
    pub(crate) async fn count_rounds(&self) {
        let mailbox = self.0.mailbox();
        if let Err(error) = self.0.rounds.count(|last_us| mailbox.set_lag_us(last_us)).await {
            let core = self.0.id.0;
            tracing::error!(core, %error, "load: this core cannot tell when it has too much to do");
        }
    }

    /// Refuses what waited beyond its deadline.
    pub(crate) fn tick(&self) {
        self.0.shard.borrow_mut().tick(now_us());
        self.give_out();
    }

    fn give_out(&self) {
        let inner = &*self.0;
        loop {
            let mut shard = inner.shard.borrow_mut();
            let durable = inner.sequencer.durable_lsn();
            if inner.told.get() < durable {
                inner.told.set(durable);
                shard.durable(now_us(), &inner.sequencer);
            }
            inner.send_messages(&mut shard);
            for incident in shard.take_incidents() {
                let number = format!("{:016x}", incident.number);
                let operation = format!("{:#010x}", incident.operation);
                tracing::error!(incident = number, operation, reason = incident.reason);
            }
            if let Some(frozen) = shard.take_frozen() {
                // The checkpoint may be gone at a stop.
                let _ = inner.frozen.send(frozen);
            }
            let completions: Vec<Completion> = shard.take_completions().collect();
            inner.mailbox().set_overlay_bytes(shard.overlay_bytes());
            let waits = shard.waiting() > 0;
            drop(shard);
            for completion in completions {
                inner.deliver(completion);
            }
            if waits {
                inner.mailbox().want_durable();
            }
            if inner.told.get() == inner.sequencer.durable_lsn() {
                return;
            }
        }
    }

    fn drain(&self) {
        self.0.draining.set(true);
        for waker in self.0.drain_waiters.borrow_mut().drain(..) {
            waker.wake();
        }
    }
}

impl Inner {
    fn mailbox(&self) -> &Mailbox {
        &self.mailboxes[usize::from(self.id.0)]
    }

    pub(crate) fn send_messages(&self, shard: &mut Shard) {
        for (to, message) in shard.take_messages() {
            self.mailboxes[usize::from(to.0)].put(Mail::Peer(self.id, message));
        }
    }

    fn deliver(&self, completion: Completion) {
        let (name, number) = split_ticket(completion.ticket);
        let sink = self.sinks.borrow().get(name);
        // The connection may be gone: nobody is left to tell.
        if let Some(sink) = sink {
            sink.complete(number, completion);
        }
    }
}

/// The places for completions. A place is used again, its name is not: an answer that comes after
/// its connection is gone must not reach another.
#[derive(Default)]
struct Sinks {
    places: Vec<(u64, Option<Rc<dyn Complete>>)>,
    free: Vec<u16>,
}

/// One place at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SinkName {
    place: u16,
    /// How often the place was used before, modulo 2^24.
    turn: u64,
}

/// The most numbers that one sink's tickets can tell apart.
pub const TICKET_NUMBERS: u32 = 1 << 24;
const TURNS: u64 = 1 << 24;

impl Sinks {
    fn insert(&mut self, complete: Rc<dyn Complete>) -> SinkName {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            u16::try_from(self.places.len() - 1).expect("connections of a core are bounded below")
        });
        let (turn, sink) = &mut self.places[usize::from(place)];
        *sink = Some(complete);
        SinkName { place, turn: *turn }
    }

    fn get(&self, name: SinkName) -> Option<Rc<dyn Complete>> {
        let (turn, sink) = self.places.get(usize::from(name.place))?;
        if *turn == name.turn { sink.clone() } else { None }
    }

    fn remove(&mut self, name: SinkName) {
        let (turn, sink) = &mut self.places[usize::from(name.place)];
        *turn = (*turn + 1) % TURNS;
        *sink = None;
        self.free.push(name.place);
    }
}

/// ```text
/// | place (16) | turn (24) | number (24) |
/// ```
fn ticket(name: SinkName, number: u32) -> Ticket {
    assert!(number < TICKET_NUMBERS, "a connection has fewer calls under way");
    let SinkName { place, turn } = name;
    Ticket((u64::from(place) << 48) | (turn << 24) | u64::from(number))
}

fn split_ticket(ticket: Ticket) -> (SinkName, u32) {
    let [p0, p1, t0, t1, t2, n0, n1, n2] = ticket.0.to_be_bytes();
    let place = u16::from_be_bytes([p0, p1]);
    let turn = u64::from(u32::from_be_bytes([0, t0, t1, t2]));
    (SinkName { place, turn }, u32::from_be_bytes([0, n0, n1, n2]))
}

impl Sink {
    /// The ticket for a call of this sink; `number`, below [`TICKET_NUMBERS`], comes back with the
    /// completion.
    pub fn ticket(&self, number: u32) -> Ticket {
        ticket(self.name, number)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.core.0.sinks.borrow_mut().remove(self.name);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let left = self.0.0.guards.get() - 1;
        self.0.0.guards.set(left);
        if left == 0
            && let Some(waker) = self.0.0.idle_waiter.borrow_mut().take()
        {
            waker.wake();
        }
    }
}

/// The answers that are awaited one by one. A number is free again when its answer has come,
/// whether or not anybody still waits for it.
#[derive(Default)]
struct Asks {
    waiting: RefCell<Vec<Option<Rc<Asked>>>>,
    free: RefCell<Vec<u32>>,
}

/// One awaited answer.
#[derive(Default)]
struct Asked {
    completion: RefCell<Option<Completion>>,
    waker: RefCell<Option<Waker>>,
}

impl Asks {
    /// The number that the next [`Asks::take`] is for.
    fn next(&self) -> u32 {
        let last = || u32::try_from(self.waiting.borrow().len()).unwrap_or(u32::MAX);
        self.free.borrow().last().copied().unwrap_or_else(last)
    }

    fn take(&self, number: u32) -> Rc<Asked> {
        let asked = Rc::<Asked>::default();
        let mut waiting = self.waiting.borrow_mut();
        match self.free.borrow_mut().pop() {
            Some(_) => waiting[number as usize] = Some(Rc::clone(&asked)),
            None => waiting.push(Some(Rc::clone(&asked))),
        }
        asked
    }
}

impl Complete for Asks {
    fn complete(&self, number: u32, completion: Completion) {
        let asked = self.waiting.borrow_mut()[number as usize].take();
        self.free.borrow_mut().push(number);
        let asked = asked.expect("an answer to what was asked");
        *asked.completion.borrow_mut() = Some(completion);
        if let Some(waker) = asked.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

impl Asked {
    async fn wait(&self) -> Completion {
        poll_fn(|context| {
            if let Some(completion) = self.completion.borrow_mut().take() {
                return Poll::Ready(completion);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Complete for Nobody {
        fn complete(&self, _: u32, _: Completion) {}
    }

    #[test]
    fn an_answer_to_a_connection_that_is_gone_reaches_no_other() {
        let mut sinks = Sinks::default();
        let first = sinks.insert(Rc::new(Nobody));
        sinks.remove(first);
        let second = sinks.insert(Rc::new(Nobody));
        assert_eq!(first.place, second.place);
        assert!(sinks.get(first).is_none());
        assert!(sinks.get(second).is_some());
    }

    #[test]
    fn a_ticket_splits_into_what_it_was_made_of() {
        let name = SinkName { place: 7, turn: 0x0A_BBCC };
        assert_eq!(ticket(name, 0x0D_EEFF), Ticket(0x0007_0ABB_CC0D_EEFF));
        assert_eq!(split_ticket(ticket(name, 0x0D_EEFF)), (name, 0x0D_EEFF));
    }
}
