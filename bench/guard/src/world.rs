//! One core's shard without sockets and disk, over a log that is durable at once.

use std::sync::Arc;

use contract::{Actor, Operation, Request, Tenant};
use frame::{Feed, Group, Position};
use rates::rules::calendar::HolidayTable;
use rates::rules::pack::Pack;
use rates::{PublishAward, PublishHolidays};
use sequencer::Sequencer;
use shard::{Answer, Call, CoreId, EmptyBase, Limits, Rows, Shard, SlotMap, Start};

const ENTRIES: [contract::Entry; 1] = [rates::ENTRY];
/// 2025-07-01, in microseconds since 1970.
const NOW_US: u64 = 1_751_328_000_000_000;
const HOLIDAYS: &str = include_str!("../../../config/reference/holidays.toml");
const AWARD: &str = "MA000004";
const PACK: &str = include_str!("../../../config/reference/packs/MA000004.toml");
const SHIPPED: &str = "what is shipped is checked by the tests of its domain";

pub(crate) struct World {
    shard: Shard,
    sequencer: Sequencer,
    group: Group,
    reply: Vec<u8>,
}

impl World {
    /// With the retail award published.
    pub(crate) fn new() -> Self {
        let sequencer = Sequencer::new(Position::NONE);
        sequencer.grant(u64::MAX / 2);
        let shard = Shard::new(Start {
            core: CoreId(0),
            map: SlotMap::new(1),
            entries: &ENTRIES,
            limits: Limits { overlay_bytes_max: usize::MAX },
            base: Arc::new(EmptyBase),
            rows: Rows::default(),
            floor_us: NOW_US,
        });
        let mut world = Self { shard, sequencer, group: Group::default(), reply: Vec::new() };
        let table: HolidayTable = toml::from_str(HOLIDAYS).expect(SHIPPED);
        world.publish(&PublishHolidays { table });
        let versions = Pack::from_toml(AWARD, PACK).expect(SHIPPED).versions(AWARD);
        for version in versions.expect(SHIPPED) {
            world.publish(&PublishAward { version, replace: false });
        }
        world
    }

    fn publish<R: Request>(&mut self, request: &R) {
        let mut payload = Vec::new();
        request.encode(&mut payload);
        self.command(number(operation(R::SHAPE.name)), &payload);
        self.sync();
    }

    /// Runs a query and gives its reply.
    pub(crate) fn query(&mut self, operation: u32, payload: &[u8]) -> &[u8] {
        self.reply.clear();
        let call = call(operation, payload);
        let answer = self.shard.call(NOW_US, &call, &self.sequencer, &mut self.reply);
        assert!(matches!(answer, Answer::Now(Ok(_))), "a query of durable state: {answer:?}");
        &self.reply
    }

    /// Decides a command: its frame stands in the log's buffer afterwards.
    pub(crate) fn command(&mut self, operation: u32, payload: &[u8]) -> usize {
        self.reply.clear();
        let call = call(operation, payload);
        let answer = self.shard.call(NOW_US, &call, &self.sequencer, &mut self.reply);
        assert_eq!(answer, Answer::Later, "a command waits for the log");
        1
    }

    /// Makes durable what was decided, and gives the number of replies.
    pub(crate) fn sync(&mut self) -> usize {
        self.group.clear();
        if self.sequencer.take(&mut self.group) {
            let position = Position { epoch: 1, lsn: self.group.last(), chain: 0 };
            self.sequencer.durable(position);
        }
        self.shard.durable(NOW_US, &self.sequencer);
        let mut replies = 0;
        for completion in self.shard.take_completions() {
            completion.outcome.expect("a legal command");
            replies += 1;
        }
        replies
    }
}

/// The operation of this name.
pub(crate) fn operation(name: &str) -> &'static Operation {
    let found = ENTRIES[0].operations.iter().find(|it| it.shape.name == name);
    found.expect("an operation of the domain")
}

/// Its RPC number.
pub(crate) fn number(operation: &Operation) -> u32 {
    operation.number(ENTRIES[0].id)
}

/// The archive of a JSON request.
pub(crate) fn archive(operation: &Operation, json: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    (operation.from_json)(json, &mut payload).expect("a request that the domain takes");
    payload
}

/// A call of the box itself.
fn call(operation: u32, payload: &[u8]) -> Call<'_> {
    Call::plain(operation, Tenant::BOX, Actor(0), payload)
}
