//! Recent changes in memory, over the stores.

mod table;

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use contract::{Change, StoreKey, TableId};
use frame::Lsn;

use table::ChangedTable;

/// The longest key kept inside its entry. Ids and award codes fit.
const INLINE_BYTES: usize = 22;

/// A row's key: in place when short, so that a walk of the tree follows no pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowKey {
    Inline(ShortKey),
    Heap(Box<[u8]>),
}

/// At most [`INLINE_BYTES`], filled up with zeroes, and then how many they are. As bytes in this
/// order it sorts like the key itself: of two keys that differ in zeroes at the end only, the
/// shorter one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortKey([u8; INLINE_BYTES + 1]);

impl ShortKey {
    /// Two words and a bit, most significant byte first: comparing them takes no call.
    fn words(&self) -> (u128, u64) {
        let (high, low) = self.0.split_first_chunk::<16>().expect("23 bytes");
        let mut rest = [0; 8];
        rest[..low.len()].copy_from_slice(low);
        (u128::from_be_bytes(*high), u64::from_be_bytes(rest))
    }
}

impl RowKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        match u8::try_from(key.len()) {
            Ok(length) if key.len() <= INLINE_BYTES => {
                let mut bytes = [0; INLINE_BYTES + 1];
                bytes[..key.len()].copy_from_slice(key);
                bytes[INLINE_BYTES] = length;
                Self::Inline(ShortKey(bytes))
            }
            _ => Self::Heap(key.into()),
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline(ShortKey(bytes)) => &bytes[..usize::from(bytes[INLINE_BYTES])],
            Self::Heap(bytes) => bytes,
        }
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Inline(one), Self::Inline(other)) => one.words().cmp(&other.words()),
            _ => self.as_slice().cmp(other.as_slice()),
        }
    }
}

/// A changed row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The frame that changed it last.
    pub(crate) lsn: Lsn,
    /// The sealed value; `None` when the row was removed.
    pub(crate) value: Option<Box<[u8]>>,
}

/// The changed rows of one generation, ordered by table and key.
#[derive(Debug, Default)]
pub struct Rows {
    tables: BTreeMap<TableId, ChangedTable>,
    bytes: usize,
}

/// What a row costs beside its key and value: its entry in the tree.
const ROW_BYTES: usize = 72;

impl Rows {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Memory held, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many rows changed.
    pub fn len(&self) -> usize {
        self.tables.values().map(ChangedTable::len).sum()
    }

    /// How many rows of one table changed.
    pub(crate) fn len_of(&self, table: TableId) -> usize {
        self.tables.get(&table).map_or(0, ChangedTable::len)
    }

    /// The changes in the order that stores write them.
    pub fn iter(&self) -> impl Iterator<Item = (TableId, &[u8], Option<&[u8]>)> {
        self.tables.iter().flat_map(|(table, rows)| {
            rows.iter().map(|(key, row)| (*table, key.as_slice(), row.value.as_deref()))
        })
    }

    /// Takes a change of the frame `lsn` in.
    pub fn install(&mut self, change: Change, lsn: Lsn) {
        let key = RowKey::new(change.key.as_slice());
        let value_bytes = change.value.as_ref().map_or(0, |value| value.len());
        let row = Row { lsn, value: change.value };
        let heap_bytes = change.key.as_slice().len().saturating_sub(INLINE_BYTES);
        match self.tables.entry(change.table).or_default().insert(key, row) {
            Some(old) => self.bytes -= old.value.map_or(0, |value| value.len()),
            None => self.bytes += ROW_BYTES + heap_bytes,
        }
        self.bytes += value_bytes;
    }

    pub(crate) fn get(&self, table: TableId, key: &[u8]) -> Option<&Row> {
        self.tables.get(&table)?.get(&RowKey::new(key))
    }

    pub(crate) fn range<'a>(
        &'a self,
        table: TableId,
        from: &[u8],
        to: &[u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a Row)> + use<'a> {
        let sane = to.is_empty() || from < to;
        let rows = self.tables.get(&table).filter(|_| sane);
        let end = (!to.is_empty()).then(|| RowKey::new(to));
        let range = rows.map(|rows| rows.range(RowKey::new(from), end));
        range.into_iter().flatten().map(|(key, row)| (key.as_slice(), row))
    }
}

/// One core's changes: those of the running generation over those that a checkpoint is writing.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    active: Rows,
    older: Older,
}

#[derive(Debug, Default)]
enum Older {
    #[default]
    None,
    /// The generation ended, but another core's part of it may still arrive.
    Closing(Rows),
    /// Complete; the checkpoint reads it too.
    Frozen(Arc<Rows>),
}

impl Overlay {
    pub(crate) fn new(active: Rows) -> Self {
        Self { active, older: Older::None }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.active.bytes() + self.older().map_or(0, Rows::bytes)
    }

    pub(crate) fn get(&self, table: TableId, key: &[u8]) -> Option<&Row> {
        self.active.get(table, key).or_else(|| self.older()?.get(table, key))
    }

    pub(crate) fn active(&self) -> &Rows {
        &self.active
    }

    pub(crate) fn older(&self) -> Option<&Rows> {
        match &self.older {
            Older::None => None,
            Older::Closing(rows) => Some(rows),
            Older::Frozen(rows) => Some(rows),
        }
    }

    pub(crate) fn install(&mut self, change: Change, lsn: Lsn) {
        self.active.install(change, lsn);
    }

    /// Takes in a change of the generation that is closing.
    pub(crate) fn install_older(&mut self, change: Change, lsn: Lsn) {
        match &mut self.older {
            Older::Closing(rows) => rows.install(change, lsn),
            _ => unreachable!("a generation is complete when every core's marker is in"),
        }
    }

    /// Ends the running generation.
    pub(crate) fn close(&mut self) {
        assert!(matches!(self.older, Older::None), "one checkpoint at a time");
        self.older = Older::Closing(std::mem::take(&mut self.active));
    }

    /// The closed generation is complete.
    pub(crate) fn freeze(&mut self) -> Arc<Rows> {
        let Older::Closing(rows) = std::mem::take(&mut self.older) else {
            unreachable!("only a closed generation is frozen");
        };
        let rows = Arc::new(rows);
        self.older = Older::Frozen(Arc::clone(&rows));
        rows
    }

    /// The frozen generation is in the stores.
    pub(crate) fn drop_frozen(&mut self) {
        assert!(matches!(self.older, Older::Frozen(_)), "only a frozen generation is dropped");
        self.older = Older::None;
    }
}

/// A row of another core, handed over while it is held.
#[derive(Debug, Clone)]
pub(crate) struct HandedRow {
    pub(crate) table: TableId,
    pub(crate) key: StoreKey,
    pub(crate) lsn: Lsn,
    pub(crate) value: Option<Box<[u8]>>,
}

#[cfg(test)]
mod tests {
    use contract::{KeyBytes, Slot, Tenant};

    use super::*;

    fn change(id: u64, value: Option<&[u8]>) -> Change {
        let key = StoreKey::record(Slot::of_id(id), Tenant(1), &KeyBytes::of(&id));
        let slot = Slot::of_id(id);
        Change { slot, table: TableId::record(1, 1), key, value: value.map(Box::from) }
    }

    #[test]
    fn bytes_follow_what_is_held() {
        let mut rows = Rows::default();
        rows.install(change(1, Some(&[0; 100])), Lsn(1));
        assert_eq!(rows.bytes(), ROW_BYTES + 100);
        rows.install(change(1, Some(&[0; 10])), Lsn(2));
        assert_eq!(rows.bytes(), ROW_BYTES + 10);
        rows.install(change(1, None), Lsn(3));
        assert_eq!((rows.bytes(), rows.len()), (ROW_BYTES, 1));
    }

    #[test]
    fn the_running_generation_covers_the_closing_one() {
        let mut overlay = Overlay::default();
        overlay.install(change(1, Some(b"old")), Lsn(1));
        overlay.close();
        overlay.install(change(1, None), Lsn(2));
        overlay.install_older(change(2, Some(b"late")), Lsn(1));
        let table = TableId::record(1, 1);
        let value = |overlay: &Overlay, id| {
            let row = overlay.get(table, change(id, None).key.as_slice()).cloned();
            row.map(|row| (row.lsn.0, row.value))
        };
        assert_eq!(value(&overlay, 1), Some((2, None)));
        assert_eq!(value(&overlay, 2), Some((1, Some(Box::from(&b"late"[..])))));
        assert_eq!(overlay.freeze().len(), 2);
        overlay.drop_frozen();
        assert_eq!(value(&overlay, 2), None);
        assert_eq!(value(&overlay, 1), Some((2, None)));
    }

    #[test]
    fn keys_sort_like_their_bytes() {
        let mut keys: Vec<Vec<u8>> = vec![vec![], vec![0; 40], vec![255; 22], vec![255; 23]];
        for length in [1, 15, 16, 17, 21, 22, 23] {
            for fill in [0, 1, 255] {
                let key = vec![fill; length];
                keys.push([&key[..length - 1], &[7]].concat());
                keys.push([&[7], &key[1..]].concat());
                keys.push(key);
            }
        }
        for (one, other) in keys.iter().flat_map(|one| keys.iter().map(move |it| (one, it))) {
            let (left, right) = (RowKey::new(one), RowKey::new(other));
            assert_eq!(left.as_slice(), one.as_slice());
            assert_eq!(left.cmp(&right), one.cmp(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_range_gives_rows_in_order_and_an_empty_one_none() {
        let mut rows = Rows::default();
        for id in [3, 1, 2] {
            rows.install(change(id, Some(b"x")), Lsn(1));
        }
        let key = |id| change(id, None).key;
        let table = TableId::record(1, 1);
        let count = |from: u64, to: u64| {
            rows.range(table, key(from).as_slice(), key(to).as_slice()).count()
        };
        assert_eq!((count(1, 3), count(2, 2), count(3, 1)), (2, 0, 0));
        assert_eq!(rows.range(table, &[], &[]).count(), 3);
    }
}
