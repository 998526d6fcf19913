//! What happens to statutory tables.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::rules::statutory::StatutoryTable;

/// A statutory table took the place of the one with its code.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct StatutoryPublished {
    /// The table.
    pub table: StatutoryTable,
}

impl StatutoryPublished {
    pub(crate) fn key(&self) -> String {
        self.table.code.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.table);
    }
}
