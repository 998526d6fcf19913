//! What every core keeps compiled: all price lists and tax tables.

use std::collections::BTreeMap;

use contract::{Compile, Replicated, Stored, Tenant};

use crate::rules::book::Book;
use crate::rules::list::PriceList;
use crate::rules::quote::Books;
use crate::rules::tax::TaxTable;

/// Published price lists and tax tables by tenant. What the box itself publishes, every tenant sees;
/// a tenant's own list goes before the box's for each product that it has a price of.
#[derive(Debug, Default)]
pub struct Reference {
    books: BTreeMap<u32, Book>,
}

impl Compile for Reference {
    fn compile(&mut self, change: &Replicated<'_>) {
        let own = self.books.entry(change.tenant.0).or_default();
        // Records of these tables are never removed: a list ends, a table is replaced.
        if let Some(list) = change.of::<PriceList>() {
            own.insert(PriceList::revive(list));
        } else if let Some(table) = change.of::<TaxTable>() {
            own.insert_tax(TaxTable::revive(table));
        }
    }
}

impl Reference {
    /// What a quote of this tenant may price from.
    #[must_use]
    pub fn books(&self, tenant: Tenant) -> Books<'_> {
        let own = (tenant != Tenant::BOX).then(|| self.books.get(&tenant.0)).flatten();
        Books { books: [own, self.books.get(&Tenant::BOX.0)] }
    }
}
