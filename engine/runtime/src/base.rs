//! The stores as a shard reads them.

use std::ops::{Bound, ControlFlow};

use contract::{RowVisitor, TableId};
use shard::Base;
use stores::Snapshot;

/// A snapshot of all stores.
#[derive(Debug, Clone)]
pub(crate) struct StoreBase(pub(crate) Snapshot);

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
        self.0
            .scan(table, Bound::Included(from), end, &mut visit)
            .map_err(|error| error.to_string())
    }
}
