//! What a checkpoint wrote is what is read, also after a crash between two domains.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::{Bound, ControlFlow};
use std::path::Path;

use contract::{DomainId, TableId};
use frame::{Lsn, Position};
use stores::{CheckpointError, DomainStore, OpenError, ReadError, Stores};

const RATES: TableId = TableId::record(3, 1);
const RATES_LATER: TableId = TableId::record(3, 2);
const ORDERS: TableId = TableId::record(7, 1);
const ORDERS_INDEX: TableId = ORDERS.index(1);
const CACHE_BYTES: usize = 4 * 1024 * 1024;

const ORDERS_TABLES: [u16; 2] = [1, ORDERS_INDEX.number()];

fn domains() -> [DomainStore<'static>; 2] {
    [
        DomainStore { id: 7, name: "orders", tables: &ORDERS_TABLES },
        DomainStore { id: 3, name: "rates", tables: &[1] },
    ]
}

fn open(directory: &Path) -> Stores {
    Stores::open(directory, &domains(), CACHE_BYTES).unwrap()
}

fn at(lsn: u64) -> Position {
    Position { epoch: 1, lsn: Lsn(lsn), chain: lsn * 31 }
}

fn sealed(table: TableId, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    contract::seal(table.number(), 1, |out| out.extend_from_slice(text.as_bytes()), &mut out);
    out
}

type Rows<'r> = &'r [(TableId, &'r str, Option<&'r str>)];

fn checkpoint(stores: &Stores, lsn: u64, rows: Rows<'_>) -> Result<(), CheckpointError> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(table, key, text)| (*table, *key, text.map(|text| sealed(*table, text))))
        .collect();
    let changes = rows.iter().map(|(table, key, value)| (*table, key.as_bytes(), value.as_deref()));
    stores.checkpoint(changes, at(lsn)).map(drop)
}

fn read(stores: &Stores, table: TableId) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let snapshot = stores.snapshot().unwrap();
    snapshot
        .scan(table, Bound::Unbounded, Bound::Unbounded, &mut |key, value| {
            let text = String::from_utf8_lossy(&value[8..]).into_owned();
            rows.push((String::from_utf8_lossy(key).into_owned(), text));
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn rows_are_inserted_replaced_and_removed_and_survive_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    assert_eq!(stores.applied(), Position::NONE);
    checkpoint(
        &stores,
        5,
        &[(RATES, "b", Some("1")), (RATES, "d", Some("2")), (ORDERS, "x", Some("3"))],
    )
    .unwrap();
    checkpoint(
        &stores,
        9,
        &[
            (RATES, "a", Some("4")),
            (RATES, "b", None),
            (RATES, "d", Some("5")),
            (RATES, "e", None),
            (RATES, "f", Some("6")),
            (ORDERS_INDEX, "x", Some("")),
        ],
    )
    .unwrap();
    drop(stores);
    let stores = open(directory.path());
    assert_eq!(stores.applied(), at(9));
    assert_eq!(read(&stores, RATES), pairs(&[("a", "4"), ("d", "5"), ("f", "6")]));
    assert_eq!(read(&stores, ORDERS), pairs(&[("x", "3")]));
    assert_eq!(read(&stores, ORDERS_INDEX), pairs(&[("x", "")]));
}

#[test]
fn a_snapshot_keeps_what_it_saw() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    checkpoint(&stores, 1, &[(RATES, "a", Some("old"))]).unwrap();
    let before = stores.snapshot().unwrap();
    checkpoint(&stores, 2, &[(RATES, "a", Some("new"))]).unwrap();
    let get = |snapshot: &stores::Snapshot| {
        let mut text = Vec::new();
        let found = snapshot.get(RATES, b"a", &mut |value| text.extend_from_slice(&value[8..]));
        assert!(found.unwrap());
        text
    };
    assert_eq!(get(&before), b"old");
    assert_eq!(before.applied(), at(1));
    assert_eq!(get(&stores.snapshot().unwrap()), b"new");
    assert!(!before.get(RATES, b"b", &mut |_| unreachable!()).unwrap());
}

#[test]
fn scans_respect_their_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    checkpoint(
        &stores,
        1,
        &[(RATES, "a", Some("")), (RATES, "b", Some("")), (RATES, "c", Some(""))],
    )
    .unwrap();
    let snapshot = stores.snapshot().unwrap();
    let scan = |from: Bound<&[u8]>, to: Bound<&[u8]>, rows_max: usize| {
        let mut keys = String::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            keys.push_str(std::str::from_utf8(key).unwrap());
            if keys.len() < rows_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        snapshot.scan(RATES, from, to, &mut visit).unwrap();
        keys
    };
    let (a, b, c) = (&b"a"[..], &b"b"[..], &b"c"[..]);
    assert_eq!(scan(Bound::Unbounded, Bound::Unbounded, 9), "abc");
    assert_eq!(scan(Bound::Included(b), Bound::Unbounded, 9), "bc");
    assert_eq!(scan(Bound::Excluded(a), Bound::Excluded(c), 9), "b");
    assert_eq!(scan(Bound::Included(b), Bound::Included(b), 9), "b");
    assert_eq!(scan(Bound::Included(c), Bound::Included(a), 9), "");
    assert_eq!(scan(Bound::Excluded(b), Bound::Excluded(b), 9), "");
    assert_eq!(scan(Bound::Unbounded, Bound::Unbounded, 2), "ab");
}

#[test]
fn changes_that_belong_nowhere_or_come_unsorted_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    let unknown = checkpoint(&stores, 1, &[(RATES_LATER, "a", Some(""))]);
    assert!(matches!(unknown, Err(CheckpointError::Table { table: RATES_LATER })));
    let unsorted = checkpoint(&stores, 1, &[(RATES, "b", Some("")), (RATES, "a", Some(""))]);
    assert!(matches!(unsorted, Err(CheckpointError::Unsorted { table: RATES, .. })));
    assert_eq!(read(&stores, RATES), []);
    assert_eq!(stores.applied_of(DomainId(3)), Lsn::NONE);
    let strange = checkpoint(&stores, 1, &[(TableId::record(9, 1), "a", Some(""))]);
    assert!(matches!(strange, Err(CheckpointError::Table { .. })));
    assert!(stores.snapshot().unwrap().get(RATES_LATER, b"a", &mut |_| {}).is_err());
}

/// The second domain's changes are unsorted, so its transaction fails after the first domain's was
/// committed: what a crash between the two leaves behind.
#[test]
fn a_crash_between_two_domains_leaves_two_positions() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    checkpoint(&stores, 4, &[(RATES, "a", Some("1"))]).unwrap();
    let rows: Rows<'_> =
        &[(RATES, "a", Some("2")), (ORDERS, "y", Some("")), (ORDERS, "x", Some(""))];
    checkpoint(&stores, 8, rows).unwrap_err();
    drop(stores);
    let stores = open(directory.path());
    assert_eq!(stores.applied(), at(4));
    assert_eq!(stores.applied_of(DomainId(3)), Lsn(8));
    assert_eq!(stores.applied_of(DomainId(7)), Lsn(4));
    assert_eq!(read(&stores, RATES), pairs(&[("a", "2")]));
    assert_eq!(read(&stores, ORDERS), []);
    checkpoint(&stores, 8, &[(ORDERS, "x", Some("")), (ORDERS, "y", Some(""))]).unwrap();
    assert_eq!(stores.applied(), at(8));
}

#[test]
fn a_store_without_changes_is_left_alone_and_counts_as_far_as_the_last_one() {
    let directory = tempfile::tempdir().unwrap();
    let content = |name: &str| fs::read(directory.path().join(name)).unwrap();
    let stores = open(directory.path());
    checkpoint(&stores, 4, &[(RATES, "a", Some("1")), (ORDERS, "x", Some("1"))]).unwrap();
    let (rates, orders) = (content("rates.redb"), content("orders.redb"));
    checkpoint(&stores, 6, &[(ORDERS, "x", Some("2"))]).unwrap();
    assert!(content("rates.redb") == rates, "nothing of it changed");
    assert!(content("orders.redb") != orders);
    assert_eq!(stores.applied(), at(6));
    assert_eq!(stores.snapshot().unwrap().applied(), at(6));

    // The last domain's own transaction fails: what it does not hold, nobody is said to hold.
    let rows: Rows<'_> = &[(ORDERS, "y", Some("")), (ORDERS, "x", Some(""))];
    checkpoint(&stores, 8, rows).unwrap_err();
    drop(stores);
    let stores = open(directory.path());
    assert_eq!(stores.applied(), at(6));
    assert_eq!((stores.applied_of(DomainId(3)), stores.applied_of(DomainId(7))), (Lsn(6), Lsn(6)));

    // Also without any change a position is noted.
    checkpoint(&stores, 9, &[]).unwrap();
    drop(stores);
    let stores = open(directory.path());
    assert_eq!((stores.applied_of(DomainId(3)), stores.applied_of(DomainId(7))), (Lsn(9), Lsn(9)));
    assert_eq!(read(&stores, RATES), pairs(&[("a", "1")]));
    assert_eq!(read(&stores, ORDERS), pairs(&[("x", "2")]));
}

#[test]
fn a_domain_that_comes_last_begins_where_the_others_are() {
    let directory = tempfile::tempdir().unwrap();
    let rates = DomainStore { id: 3, name: "rates", tables: &[1] };
    let audit = DomainStore { id: 5, name: "audit", tables: &[1] };
    let stores = Stores::open(directory.path(), &[rates, audit], CACHE_BYTES).unwrap();
    checkpoint(&stores, 2, &[(RATES, "a", Some("1"))]).unwrap();
    checkpoint(&stores, 6, &[(TableId::record(5, 1), "a", Some("1"))]).unwrap();
    drop(stores);
    let orders = domains()[0];
    let stores = Stores::open(directory.path(), &[rates, audit, orders], CACHE_BYTES).unwrap();
    assert_eq!(stores.applied(), at(6));
    drop(stores);
    let stores = Stores::open(directory.path(), &[rates, audit, orders], CACHE_BYTES).unwrap();
    assert_eq!(stores.applied(), at(6));
}

#[test]
fn a_new_domain_begins_where_the_others_are_and_a_lost_store_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let stores = Stores::open(directory.path(), &domains()[..1], CACHE_BYTES).unwrap();
    checkpoint(&stores, 6, &[(ORDERS, "x", Some(""))]).unwrap();
    drop(stores);
    let stores = open(directory.path());
    assert_eq!(stores.applied_of(DomainId(3)), Lsn(6));
    assert_eq!(stores.applied(), at(6));
    drop(stores);
    fs::remove_file(directory.path().join("rates.redb")).unwrap();
    let refused = Stores::open(directory.path(), &domains(), CACHE_BYTES).unwrap_err();
    assert!(matches!(&refused, OpenError::Missing { .. }), "{refused}");
    assert!(refused.to_string().contains("rates.redb is missing"), "{refused}");
}

#[test]
fn a_new_table_of_an_old_domain_is_made() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let grown = [domains()[0], DomainStore { id: 3, name: "rates", tables: &[2, 1] }];
    let stores = Stores::open(directory.path(), &grown, CACHE_BYTES).unwrap();
    checkpoint(&stores, 1, &[(RATES, "a", Some("1")), (RATES_LATER, "a", Some("2"))]).unwrap();
    assert_eq!(read(&stores, RATES_LATER), pairs(&[("a", "2")]));
}

#[test]
fn a_store_under_another_domains_name_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let swapped = [DomainStore { id: 9, name: "rates", tables: &[1] }];
    let refused = Stores::open(directory.path(), &swapped, CACHE_BYTES).unwrap_err().to_string();
    assert!(refused.contains("domain is 3, expected 9"), "{refused}");
}

/// Flips a bit in the middle of the text `needle`, wherever it stands in the file.
fn flip(path: &Path, needle: &[u8]) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    let at = content.windows(needle.len()).position(|window| window == needle).unwrap();
    let at = at + needle.len() / 2;
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[content[at] ^ 4]).unwrap();
}

#[test]
fn a_flipped_bit_in_a_value_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let stores = open(directory.path());
    let text = "a text that stands in the file exactly once";
    checkpoint(&stores, 1, &[(RATES, "good", Some("fine")), (RATES, "key", Some(text))]).unwrap();
    drop(stores);
    flip(&directory.path().join("rates.redb"), text.as_bytes());

    let mut stores = open(directory.path());
    let snapshot = stores.snapshot().unwrap();
    assert!(snapshot.get(RATES, b"good", &mut |_| {}).unwrap());
    let refused = snapshot.get(RATES, b"key", &mut |_| panic!("must not be shown")).unwrap_err();
    assert!(matches!(&refused, ReadError::Value { store: "rates", number: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("table 1, key 6b6579"), "{refused}");
    let scanned = snapshot
        .scan(RATES, Bound::Unbounded, Bound::Unbounded, &mut |_, _| ControlFlow::Continue(()));
    scanned.unwrap_err();
    drop(snapshot);

    let reports = stores.check();
    let counts: Vec<_> =
        reports.iter().map(|it| (it.name, it.damages_count, it.damages.len())).collect();
    assert_eq!(counts[1], ("orders", 0, 0));
    assert_eq!(counts[0].0, "rates");
    assert!(0 < counts[0].1, "{reports:?}");
}

#[test]
fn a_damaged_file_is_named_with_its_remedy() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    for content in [&b"this is no store"[..], b"no", b""] {
        fs::write(directory.path().join("rates.redb"), content).unwrap();
        let refused = Stores::open(directory.path(), &domains(), CACHE_BYTES).unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("rates.redb"), "{refused}");
        assert!(refused.contains("restore a backup"), "{refused}");
    }
}

#[test]
fn a_whole_check_counts_every_row() {
    let directory = tempfile::tempdir().unwrap();
    let mut stores = open(directory.path());
    checkpoint(&stores, 2, &[(RATES, "a", Some("1")), (RATES, "b", Some("2"))]).unwrap();
    let reports = stores.check();
    assert_eq!(reports.iter().map(|it| it.rows_count).sum::<u64>(), 2);
    assert!(reports.iter().all(|it| it.damages_count == 0 && it.applied == at(2)));
}
