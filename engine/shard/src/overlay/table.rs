//! The changed rows of one table, in order.
//!
//! Keys of new records mostly come in order: their ids carry the time. Such rows stand one behind the
//! other in chunks, which takes neither a walk down a tree nor a new node; the others are in a tree
//! beside them.

use std::{cmp::Ordering, collections::BTreeMap, iter::Peekable, ops::Bound};

use super::{Row, RowKey};

/// Rows in one chunk: enough that their memory is asked for rarely, and little enough that a table
/// with few rows has none to waste.
const CHUNK_ROWS: usize = 256;

/// Every key is in one of the two, and those of the tree are before the last one of the chunks.
#[derive(Debug, Default)]
pub(crate) struct ChangedTable {
    /// Ascending over all chunks; none is empty.
    chunks: Vec<Vec<(RowKey, Row)>>,
    tree: BTreeMap<RowKey, Row>,
}

impl ChangedTable {
    pub(crate) fn len(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1) * CHUNK_ROWS + last + self.tree.len()
    }

    /// Puts a row in and returns the one that it replaces.
    pub(crate) fn insert(&mut self, key: RowKey, row: Row) -> Option<Row> {
        match self.last().map_or(Ordering::Greater, |last| key.cmp(last)) {
            Ordering::Greater => {
                self.append(key, row);
                None
            }
            _ => match self.find(&key) {
                Some((chunk, index)) => {
                    Some(std::mem::replace(&mut self.chunks[chunk][index].1, row))
                }
                None => self.tree.insert(key, row),
            },
        }
    }

    pub(crate) fn get(&self, key: &RowKey) -> Option<&Row> {
        if self.last()? < key {
            return None;
        }
        match self.find(key) {
            Some((chunk, index)) => Some(&self.chunks[chunk][index].1),
            None => self.tree.get(key),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&RowKey, &Row)> {
        merge(self.chunks.iter().flatten().map(|(key, row)| (key, row)), self.tree.iter())
    }

    /// The rows from `from` on, before `end` if there is one.
    pub(crate) fn range(
        &self,
        from: RowKey,
        end: Option<RowKey>,
    ) -> impl Iterator<Item = (&RowKey, &Row)> {
        let chunk = self.chunk_of(&from);
        let first = self.chunks.get(chunk).map_or(0, |rows| rows.partition_point(|it| it.0 < from));
        let rows = self.chunks.get(chunk..).unwrap_or_default().iter().flatten().skip(first);
        let bound = end.clone();
        let rows = rows
            .map(|(key, row)| (key, row))
            .take_while(move |(key, _)| bound.as_ref().is_none_or(|end| *key < end));
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        merge(rows, self.tree.range((Bound::Included(from), end)))
    }

    fn last(&self) -> Option<&RowKey> {
        self.chunks.last()?.last().map(|(key, _)| key)
    }

    fn append(&mut self, key: RowKey, row: Row) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_ROWS => chunk.push((key, row)),
            None => self.chunks.push(vec![(key, row)]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK_ROWS);
                chunk.push((key, row));
                self.chunks.push(chunk);
            }
        }
    }

    /// The one chunk that may have the key or what follows it; past the last when none does.
    fn chunk_of(&self, key: &RowKey) -> usize {
        self.chunks.partition_point(|chunk| chunk.last().is_some_and(|(last, _)| last < key))
    }

    fn find(&self, key: &RowKey) -> Option<(usize, usize)> {
        let chunk = self.chunk_of(key);
        let index = self.chunks.get(chunk)?.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        Some((chunk, index))
    }
}

/// Both in order. No key is in both.
fn merge<'a>(
    one: impl Iterator<Item = (&'a RowKey, &'a Row)>,
    other: impl Iterator<Item = (&'a RowKey, &'a Row)>,
) -> impl Iterator<Item = (&'a RowKey, &'a Row)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let key = |it: Option<&(&'a RowKey, &'a Row)>| it.map(|(key, _)| *key);
    std::iter::from_fn(move || match (key(one.peek()), key(other.peek())) {
        (Some(left), Some(right)) if right < left => other.next(),
        (None, Some(_)) => other.next(),
        _ => Peekable::next(&mut one),
    })
}

#[cfg(test)]
mod tests {
    use frame::Lsn;

    use super::*;

    fn key(number: u64) -> RowKey {
        RowKey::new(&number.to_be_bytes())
    }

    fn row(lsn: u64) -> Row {
        Row { lsn: Lsn(lsn), value: None }
    }

    /// Whatever order the keys come in, it is a plain tree to whoever asks.
    #[test]
    fn a_table_is_a_tree_whatever_the_order_of_its_keys() {
        let many = 3 * CHUNK_ROWS as u64;
        let ascending: Vec<u64> = (0..many).collect();
        let descending: Vec<u64> = (0..many).rev().collect();
        let scattered: Vec<u64> = (0..many).map(|it| (it * 7919) % (many + 1)).collect();
        let again: Vec<u64> = (0..many).chain((0..many).step_by(3)).collect();
        let interleaved: Vec<u64> = (0..many).flat_map(|it| [2 * it, 2 * (it / 2) + 1]).collect();
        for keys in [vec![], vec![5], ascending, descending, scattered, again, interleaved] {
            let (mut table, mut plain) = (ChangedTable::default(), BTreeMap::new());
            for (lsn, number) in (1..).zip(&keys) {
                let replaced = table.insert(key(*number), row(lsn)).map(|row| row.lsn);
                assert_eq!(replaced, plain.insert(*number, Lsn(lsn)));
            }
            assert_eq!(table.len(), plain.len());
            let expected: Vec<_> = plain.iter().map(|(it, lsn)| (key(*it), *lsn)).collect();
            let rows: Vec<_> = table.iter().map(|(it, row)| (it.clone(), row.lsn)).collect();
            assert_eq!(rows, expected);
            for number in 0..2 * many + 2 {
                let found = table.get(&key(number)).map(|row| row.lsn);
                assert_eq!(found, plain.get(&number).copied());
            }
            let edges = [0, 1, 2, 255, 256, 257, 511, 512, many - 1, many, 2 * many + 1];
            for (from, end) in edges.iter().flat_map(|from| edges.map(|end| (*from, end))) {
                let lsns = |range: &mut dyn Iterator<Item = (&RowKey, &Row)>| {
                    range.map(|(_, row)| row.lsn).collect::<Vec<_>>()
                };
                let open = lsns(&mut table.range(key(from), None));
                assert_eq!(open, plain.range(from..).map(|it| *it.1).collect::<Vec<_>>());
                if from < end {
                    let closed = lsns(&mut table.range(key(from), Some(key(end))));
                    assert_eq!(closed, plain.range(from..end).map(|it| *it.1).collect::<Vec<_>>());
                }
            }
        }
    }
}
