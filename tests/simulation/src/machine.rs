//! One life of the box: cores, mailboxes between them, the sequencer and the running log.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use disk::sim::SimDisk;
use frame::{Lsn, Position};
use segments::{Control, Log, LogError, LogOptions, Resume};
use sequencer::Sequencer;
use shard::{Completion, CoreId, Incident, Limits, Message, Rows, Shard, SlotMap, Start};

use crate::{
    ledger::ENTRIES,
    state::State,
    tap::{Seen, Tap},
};

type LogRun = Pin<Box<dyn Future<Output = Result<(), LogError>>>>;

/// What a life starts from.
pub(crate) struct Birth {
    pub(crate) position: Position,
    pub(crate) resume: Resume,
    pub(crate) rows: Vec<Rows>,
    pub(crate) floor_us: u64,
    pub(crate) base: Arc<State>,
    pub(crate) limits: Limits,
    pub(crate) options: LogOptions,
    /// See [`Tap`].
    pub(crate) early: bool,
}

/// What a core put out since it was asked last, messages aside.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) completions: Vec<Completion>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) frozen: Option<(u64, Arc<Rows>)>,
}

/// The running box.
pub(crate) struct Machine {
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) control: Arc<Control>,
    tap: Arc<Tap>,
    log: Option<LogRun>,
    pub(crate) epoch: u32,
    pub(crate) shards: Vec<Shard>,
    /// What each core sent to each other, in order: `from * cores + to`. The last `from` is the
    /// checkpoint.
    mailboxes: Vec<VecDeque<Message>>,
    /// Cores that have not looked at the durable position since it moved.
    pub(crate) behind: Vec<bool>,
}

impl Machine {
    pub(crate) fn new(disk: &SimDisk, birth: Birth) -> Self {
        let cores = u16::try_from(birth.rows.len()).expect("few cores");
        let map = SlotMap::new(cores);
        let sequencer = Arc::new(Sequencer::new(birth.position));
        let control = Arc::new(Control::default());
        let ring = Arc::clone(&control);
        sequencer.attach(Box::new(move || ring.ring()), Box::new(|| {}));
        let tap = Arc::new(Tap::new(Arc::clone(&sequencer), birth.early));
        let epoch = birth.resume.epoch();
        let log = Log::resume(disk.clone(), birth.options, birth.resume);
        let mut log = log.expect("the options go together");
        let (feed, told) = (Arc::clone(&tap), Arc::clone(&control));
        let log: LogRun = Box::pin(async move { segments::run(&mut log, &*feed, &told).await });
        let shards = map.ids().zip(birth.rows).map(|(core, rows)| {
            Shard::new(Start {
                core,
                map,
                entries: &ENTRIES,
                limits: birth.limits,
                base: birth.base.clone(),
                rows,
                floor_us: birth.floor_us,
            })
        });
        let count = usize::from(cores);
        Self {
            sequencer,
            control,
            tap,
            log: Some(log),
            epoch,
            shards: shards.collect(),
            mailboxes: (0..(count + 1) * count).map(|_| VecDeque::new()).collect(),
            behind: vec![false; count],
        }
    }

    /// Gives the log a turn.
    pub(crate) fn poll_log(&mut self) -> Seen {
        if let Some(log) = &mut self.log {
            let polled = log.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if polled.is_ready() {
                self.log = None;
            }
            if let Poll::Ready(Ok(())) = polled {
                assert!(self.sequencer.failure().is_none(), "a failed log does not end well");
            }
        }
        let seen = self.tap.drain();
        if seen.durable.is_some() || seen.failed.is_some() {
            self.behind.fill(true);
        }
        seen
    }

    pub(crate) fn log_ended(&self) -> bool {
        self.log.is_none()
    }

    /// Takes everything that a core puts out; messages go to their mailboxes.
    pub(crate) fn collect(&mut self, core: usize) -> Output {
        let count = self.shards.len();
        let shard = &mut self.shards[core];
        for (to, message) in shard.take_messages() {
            self.mailboxes[core * count + usize::from(to.0)].push_back(message);
        }
        Output {
            completions: shard.take_completions().collect(),
            incidents: shard.take_incidents().collect(),
            frozen: shard.take_frozen(),
        }
    }

    /// The mailboxes that hold something.
    pub(crate) fn letters(&self) -> Vec<usize> {
        (0..self.mailboxes.len()).filter(|index| !self.mailboxes[*index].is_empty()).collect()
    }

    /// Sender and receiver of a mailbox.
    pub(crate) fn ends(&self, mailbox: usize) -> (usize, usize) {
        (mailbox / self.shards.len(), mailbox % self.shards.len())
    }

    /// Takes a message out: the oldest, or the newest when order is not kept.
    pub(crate) fn take_letter(&mut self, mailbox: usize, newest: bool) -> Option<Message> {
        let letters = &mut self.mailboxes[mailbox];
        if newest { letters.pop_back() } else { letters.pop_front() }
    }

    /// Hands a message to its receiver.
    pub(crate) fn deliver(&mut self, mailbox: usize, now_us: u64, message: Message) {
        let (from, to) = self.ends(mailbox);
        // The checkpoint is no core; a receiver does not ask who told it of a generation.
        let from = if from == self.shards.len() { to } else { from };
        let from = CoreId(u16::try_from(from).expect("few cores"));
        self.shards[to].receive(now_us, from, message, &self.sequencer);
    }

    /// Begins a generation: every core is told.
    pub(crate) fn rotate(&mut self) -> (Lsn, u64) {
        let (cut, generation) = self.sequencer.rotate();
        let count = self.shards.len();
        for mailbox in &mut self.mailboxes[count * count..] {
            mailbox.push_back(Message::rotate(generation));
        }
        (cut, generation)
    }

    /// Whether nothing is on its way between cores or waits in one.
    pub(crate) fn is_quiet(&self) -> bool {
        self.mailboxes.iter().all(VecDeque::is_empty)
            && !self.behind.contains(&true)
            && self.shards.iter().all(|shard| shard.waiting() == 0)
    }
}
