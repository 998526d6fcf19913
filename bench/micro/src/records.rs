//! Records: put into the overlay, read from a store.

use std::fmt;
use std::hint::black_box;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::time::Instant;

use contract::{Change, Record, RowVisitor, Staging, Stored, TableId, Tables, Tenant, open};
use frame::{Lsn, Position};
use rates::{AcceptedQuote, QuoteId, Recall};
use shard::{Base, Rows};
use stores::{DomainStore, Snapshot, Stores};
use values::{Currency, Date, Money};

use crate::engine::{World, encoded, number};
use crate::harness::Harness;
use crate::reference;

const NAMES: [&str; 4] = [
    "overlay: insert a row",
    "store: get a row, checksum verified",
    "store: get a row and validate its archive",
    "shard: recall a record in the store",
];
const ROWS: u32 = 100_000;
const CACHE_BYTES: usize = 256 * 1024 * 1024;

pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let [insert, get, validate, recall] = NAMES;
    let (ids, changes) = rows();
    harness.time_many(insert, ROWS, || {
        let begun = Instant::now();
        let mut rows = Rows::default();
        let fresh: Vec<Change> = changes.iter().map(copy).collect();
        let mut aside = begun.elapsed();
        for (change, lsn) in fresh.into_iter().zip(1..) {
            rows.install(change, Lsn(lsn));
        }
        let begun = Instant::now();
        drop(black_box(rows));
        aside += begun.elapsed();
        aside
    });

    let directory = tempfile::tempdir().expect("a temporary directory");
    let snapshot = stored(directory.path(), &changes);
    let table = AcceptedQuote::TABLE;
    let mut turn = 0;
    let mut next = || {
        turn = (turn + 7_919) % ids.len();
        turn
    };
    harness.time(get, || {
        let key = changes[next()].key;
        let mut bytes = 0;
        let found = snapshot.get(table, key.as_slice(), &mut |value| bytes = value.len());
        assert!(found.expect("a sound store"), "every key was stored");
        bytes
    });
    harness.time(validate, || {
        let key = changes[next()].key;
        let mut total = Money::ZERO;
        let visit = &mut |value: &[u8]| {
            let envelope = open(value, false).expect("verified by the store");
            let record = AcceptedQuote::access(envelope.payload).expect("its own archive");
            total = record.total.to_native();
        };
        snapshot.get(table, key.as_slice(), visit).expect("a sound store");
        total
    });
    let recalls: Vec<Vec<u8>> =
        ids.iter().map(|id| encoded(&Recall { id: *id, as_known_at_us: None })).collect();
    let mut world = World::new(Arc::new(StoreBase(snapshot)));
    harness.time(recall, || world.query(number::<Recall>(), &recalls[next()]));
}

/// Accepted quotes as the engine stores them, sorted as a checkpoint writes them.
fn rows() -> (Vec<QuoteId>, Vec<Change>) {
    let accepted = AcceptedQuote {
        quote: reference::plain(),
        operative_from: Date::parse("2025-07-01").expect("a date"),
        currency: Currency::AUD,
        total: Money::parse("132.75").expect("an amount"),
        reference: "timesheet 1".to_owned(),
        accepted_us: 1_751_328_000_000_000,
        accepted_by: 7,
        known_us: 1_751_328_000_000_000,
        lines: None,
        charge: None,
    };
    let mut staged = Vec::new();
    // One at a time: staging looks for earlier changes of the same frame.
    for number in 0..u64::from(ROWS) {
        let id = QuoteId::new(1 << 40 | number);
        let mut changes = Vec::new();
        Staging::new(&Nothing, &mut changes).batch(Tenant::BOX).put(&id, &accepted);
        staged.extend(changes.into_iter().map(|change| (id, change)));
    }
    staged.sort_unstable_by(|(_, a), (_, b)| a.key.as_slice().cmp(b.key.as_slice()));
    staged.into_iter().unzip()
}

fn copy(change: &Change) -> Change {
    Change { slot: change.slot, table: change.table, key: change.key, value: change.value.clone() }
}

fn stored(directory: &std::path::Path, changes: &[Change]) -> Snapshot {
    let tables: Vec<u16> = rates::ENTRY.records.iter().map(|it| it.table.number()).collect();
    let store = DomainStore { id: rates::ENTRY.id.0, name: rates::ENTRY.name, tables: &tables };
    let stores = Stores::open(directory, &[store], CACHE_BYTES).expect("a fresh store");
    let rows = changes.iter().map(|it| (it.table, it.key.as_slice(), it.value.as_deref()));
    let position = Position { epoch: 1, lsn: Lsn(1), chain: 1 };
    stores.checkpoint(rows, position).expect("room for a checkpoint");
    stores.snapshot().expect("a sound store")
}

/// A snapshot as a shard reads it.
struct StoreBase(Snapshot);

impl Base for StoreBase {
    fn get(&self, table: TableId, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        self.0.get(table, key, found).map(drop).map_err(|error| error.to_string())
    }

    fn scan(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        visit: &mut RowVisitor<'_>,
    ) -> Result<(), String> {
        let end = if to.is_empty() { Bound::Unbounded } else { Bound::Excluded(to) };
        let mut visit = |key: &[u8], value: &[u8]| {
            if visit(key, value) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let scanned = self.0.scan(table, Bound::Included(from), end, &mut visit);
        scanned.map_err(|error| error.to_string())
    }
}

/// Tables without rows.
struct Nothing;

impl Tables for Nothing {
    fn get(&self, _: TableId, _: &[u8]) -> Option<&[u8]> {
        None
    }
    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {}
    fn keep(&self, _: Vec<u8>) -> &[u8] {
        unreachable!("nothing is read, so nothing is upgraded")
    }
    fn damaged(&self, table: TableId, _: &[u8], reason: &dyn fmt::Display) {
        unreachable!("{table:?} has no rows, so none is damaged: {reason}")
    }
}
