//! What every core keeps compiled: all price lists and tax tables, and what they replaced.

use std::collections::BTreeMap;

use contract::{Compile, Replicated, Stored, Tenant};

use crate::history::{Former, Place, Was};
use crate::records::{ListEdition, Tally, TaxesEdition};
use crate::rules::book::{Book, Edition};
use crate::rules::past::Past;
use crate::rules::quote::Books;

/// Published price lists and tax tables by tenant. What the box itself publishes, every tenant sees;
/// a tenant's own list goes before the box's for each product that it has a price of.
#[derive(Debug, Default)]
pub struct Reference {
    shelves: BTreeMap<u32, Shelf>,
}

/// What one tenant has.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) book: Book,
    pub(crate) past: Past,
    /// The newest moment at which anything became known.
    pub(crate) newest_us: u64,
    /// Editions replaced before this moment may have been dropped.
    pub(crate) whole_from_us: u64,
}

impl Compile for Reference {
    fn compile(&mut self, change: &Replicated<'_>) {
        let own = self.shelves.entry(change.tenant.0).or_default();
        // Records of these tables are never removed: a list ends, a table is replaced, and a former
        // edition makes room for another.
        if let Some(edition) = change.of::<ListEdition>() {
            let ListEdition { list, known } = ListEdition::revive(edition);
            own.newest_us = own.newest_us.max(known.from_us);
            own.book.insert_known(list, known.from_us);
        } else if let Some(edition) = change.of::<TaxesEdition>() {
            let TaxesEdition { table, known } = TaxesEdition::revive(edition);
            own.newest_us = own.newest_us.max(known.from_us);
            own.book.insert_tax_known(table, known.from_us);
        } else if let Some(former) = change.of::<Former>() {
            let Former { replaced, until_us, was } = Former::revive(former);
            let (Place(place), until_us) = (Place::of(replaced), Some(until_us));
            match was {
                Was::List(ListEdition { list: what, known }) => {
                    own.past.keep_list(place, Edition { what, from_us: known.from_us, until_us });
                }
                Was::Taxes(TaxesEdition { table: what, known }) => {
                    own.past.keep_taxes(place, Edition { what, from_us: known.from_us, until_us });
                }
            }
        } else if let Some(tally) = change.of::<Tally>() {
            own.whole_from_us = tally.whole_from_us.to_native();
        }
    }
}

impl Reference {
    /// The shelves that this tenant sees: its own, then the box's.
    #[inline]
    pub(crate) fn shelves(&self, tenant: Tenant) -> [Option<&Shelf>; 2] {
        let own = (tenant != Tenant::BOX).then(|| self.shelves.get(&tenant.0)).flatten();
        [own, self.shelves.get(&Tenant::BOX.0)]
    }

    /// What a quote of this tenant may price from.
    #[inline]
    #[must_use]
    pub fn books(&self, tenant: Tenant) -> Books<'_> {
        Books { books: self.shelves(tenant).map(|it| it.map(|it| &it.book)) }
    }
}
