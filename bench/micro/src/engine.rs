//! One core's shard without sockets and disk: what a door's call costs.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use contract::{Actor, Request, Stored, Tenant};
use frame::{Feed, Group, Position};
use rates::{AcceptQuote, Accepted, PublishAward, PublishHolidays, Quote, QuoteId, Recall};
use sequencer::Sequencer;
use shard::{Answer, Base, Call, CoreId, EmptyBase, Limits, Rows, Shard, SlotMap, Start};

use crate::harness::Harness;
use crate::reference;

const ENTRIES: [contract::Entry; 1] = [rates::ENTRY];
/// 2025-07-01, in microseconds since 1970.
const NOW_US: u64 = 1_751_328_000_000_000;
const NAMES: [&str; 4] = [
    "shard: quote one-segment shift",
    "shard: quote overnight",
    "shard: recall a record in the overlay",
    "shard: accept, 64 in one group, without disk",
];
/// Accepted quotes that recalls choose from.
const RECORDS: u32 = 10_000;
const GROUP: u32 = 64;

/// A shard, and a log that is durable at once.
pub(crate) struct World {
    shard: Shard,
    sequencer: Sequencer,
    group: Group,
    reply: Vec<u8>,
}

impl World {
    /// With everything shipped published, over the given stores.
    pub(crate) fn new(base: Arc<dyn Base>) -> Self {
        let sequencer = Sequencer::new(Position::NONE);
        sequencer.grant(u64::MAX / 2);
        let shard = Shard::new(Start {
            core: CoreId(0),
            map: SlotMap::new(1),
            entries: &ENTRIES,
            limits: Limits { overlay_bytes_max: usize::MAX },
            base,
            rows: Rows::default(),
            floor_us: NOW_US,
        });
        let mut world = Self { shard, sequencer, group: Group::default(), reply: Vec::new() };
        world.command(&PublishHolidays { table: reference::holidays() });
        for (award, text) in reference::PACKS {
            let versions = reference::pack(award, text).versions(award);
            for version in versions.expect("a shipped pack") {
                world.command(&PublishAward { version, replace: false });
            }
        }
        world
    }

    /// Runs a call whose answer comes at once and gives the length of the reply.
    pub(crate) fn query(&mut self, operation: u32, payload: &[u8]) -> usize {
        self.reply.clear();
        let answer =
            self.shard.call(NOW_US, &call(operation, payload), &self.sequencer, &mut self.reply);
        assert!(matches!(answer, Answer::Now(Ok(_))), "a query of durable state: {answer:?}");
        self.reply.len()
    }

    /// Starts a command.
    fn start(&mut self, operation: u32, payload: &[u8]) {
        self.reply.clear();
        let answer =
            self.shard.call(NOW_US, &call(operation, payload), &self.sequencer, &mut self.reply);
        assert_eq!(answer, Answer::Later, "a command waits for the log");
    }

    /// Makes everything started durable and hands each reply to `visit`.
    fn sync(&mut self, mut visit: impl FnMut(&[u8])) {
        self.group.clear();
        if self.sequencer.take(&mut self.group) {
            let lsn = self.group.last();
            self.sequencer.durable(Position { epoch: 1, lsn, chain: 0 });
        }
        self.shard.durable(NOW_US, &self.sequencer);
        for completion in self.shard.take_completions() {
            completion.outcome.expect("a legal command");
            visit(&completion.reply);
        }
    }

    pub(crate) fn command<R: Request>(&mut self, request: &R) {
        self.start(number::<R>(), &encoded(request));
        let mut replies = 0;
        self.sync(|_| replies += 1);
        assert_eq!(replies, 1, "one command, one reply");
    }

    /// Accepts the same quote so often and gives the ids.
    fn accept(&mut self, count: u32) -> Vec<QuoteId> {
        let payload = encoded(&acceptance());
        for _ in 0..count {
            self.start(number::<AcceptQuote>(), &payload);
        }
        let mut ids = Vec::new();
        self.sync(|reply| ids.push(Accepted::decode(reply).expect("its own reply").id));
        ids
    }
}

pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let [plain, overnight, recall, accept] = NAMES;
    let mut world = World::new(Arc::new(EmptyBase));
    for (name, quote) in [(plain, reference::plain()), (overnight, reference::overnight())] {
        let payload = encoded(&quote);
        harness.time(name, || world.query(number::<Quote>(), black_box(&payload)));
    }
    let recalls: Vec<Vec<u8>> = world
        .accept(RECORDS)
        .into_iter()
        .map(|id| encoded(&Recall { id, as_known_at_us: None }))
        .collect();
    let mut turn = 0;
    harness.time(recall, || {
        // A stride that is prime to the count, so that neighbours in time are not in the tree.
        turn = (turn + 7_919) % recalls.len();
        world.query(number::<Recall>(), &recalls[turn])
    });
    let payload = encoded(&acceptance());
    let mut since_new = 0;
    harness.time_many(accept, GROUP, || {
        let mut aside = Duration::ZERO;
        let mut total = 0;
        since_new += GROUP;
        if 1_000_000 < since_new {
            // Rows pile up without a checkpoint: begin again, and leave that out.
            let begun = std::time::Instant::now();
            world = World::new(Arc::new(EmptyBase));
            since_new = 0;
            aside = begun.elapsed();
        }
        for _ in 0..GROUP {
            world.start(number::<AcceptQuote>(), &payload);
        }
        world.sync(|reply| total += reply.len());
        black_box(total);
        aside
    });
}

fn acceptance() -> AcceptQuote {
    let reference = "timesheet 1".to_owned();
    AcceptQuote { quote: reference::plain(), total: None, reference, template: None, charge: None }
}

/// The RPC number of the operation that takes `R`.
pub(crate) fn number<R: Request>() -> u32 {
    let entry = &ENTRIES[0];
    let found = entry.operations.iter().find(|it| it.shape.name == R::SHAPE.name);
    found.expect("every request type is an operation").number(entry.id)
}

pub(crate) fn encoded<T: Stored>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

/// A call of the box itself.
pub(crate) fn call(operation: u32, payload: &[u8]) -> Call<'_> {
    Call::plain(operation, Tenant::BOX, Actor(0), payload)
}
