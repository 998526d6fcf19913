//! What was published before: the editions that were replaced, and the book that a moment knew.
//!
//! The prices that a moment knew are chosen by the same walk as today's: for the products that a quote
//! asks for, a small book is put together of those editions in force and those replaced that were known
//! then. No list has two editions known at one moment, so such a book is never larger than a book that
//! was in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use values::Date;

use super::book::{Book, Edition, Products};
use super::list::PriceList;
use super::tax::TaxTable;

/// The editions that were replaced, each in a place: a new one goes where the oldest was.
#[derive(Debug, Default)]
pub struct Past {
    lists: BTreeMap<u32, Arc<Edition<PriceList>>>,
    products: Products,
    taxes: BTreeMap<u32, Arc<Edition<TaxTable>>>,
}

impl Past {
    /// Takes a version of a list in that was replaced.
    pub fn keep_list(&mut self, place: u32, list: Edition<PriceList>) {
        self.clear(place);
        let list = Arc::new(list);
        self.products.insert(&list);
        self.lists.insert(place, list);
    }

    /// Takes a tax table in that was replaced.
    pub fn keep_taxes(&mut self, place: u32, table: Edition<TaxTable>) {
        self.clear(place);
        self.taxes.insert(place, Arc::new(table));
    }

    fn clear(&mut self, place: u32) {
        self.taxes.remove(&place);
        if let Some(list) = self.lists.remove(&place) {
            self.products.remove(&list);
        }
    }
}

impl Book {
    /// What `known_us` knew of these products, and every tax table that it knew. The book has their
    /// prices to choose from, but lists no versions of lists.
    #[must_use]
    pub fn as_known<'p>(
        &self,
        past: &Past,
        known_us: u64,
        products: impl Iterator<Item = &'p str>,
    ) -> Self {
        let mut then = Self::default();
        for product in products {
            if !then.products.has(product) {
                let all = [&self.products, &past.products].map(|it| it.of(product));
                let known = all.into_iter().flatten().filter(|it| it.list.is_known_at(known_us));
                then.products.set(product, known.cloned().collect());
            }
        }
        let taxes = self.taxes.values().chain(past.taxes.values());
        for table in taxes.filter(|it| it.is_known_at(known_us)) {
            then.taxes.insert(table.what.code.clone(), Arc::clone(table));
        }
        then
    }

    /// The versions of lists that `known_us` knew, by code and first day.
    #[must_use]
    pub fn lists_known<'b>(&'b self, past: &'b Past, known_us: u64) -> Vec<&'b Edition<PriceList>> {
        let past = past.lists.values().map(Arc::as_ref);
        let known = self.lists().chain(past).filter(|it| it.is_known_at(known_us));
        let mut lists: Vec<_> = known.collect();
        lists.sort_by(|a, b| {
            let key = |it: &'b Edition<PriceList>| (it.what.code.as_str(), it.what.valid_from);
            key(a).cmp(&key(b))
        });
        lists
    }

    /// The version of a list as `known_us` knew it.
    #[must_use]
    pub fn list_known<'b>(
        &'b self,
        past: &'b Past,
        known_us: u64,
        code: &str,
        valid_from: Option<Date>,
    ) -> Option<&'b PriceList> {
        let same = |it: &&Arc<Edition<PriceList>>| {
            it.what.code == code && it.what.valid_from == valid_from && it.is_known_at(known_us)
        };
        let current = self.list(code, valid_from).filter(|it| it.is_known_at(known_us));
        let found = current.or_else(|| past.lists.values().find(same).map(Arc::as_ref));
        found.map(|it| &it.what)
    }

    /// The tax tables that `known_us` knew, by code.
    #[must_use]
    pub fn taxes_known<'b>(&'b self, past: &'b Past, known_us: u64) -> Vec<&'b TaxTable> {
        let past = past.taxes.values().map(Arc::as_ref);
        let known = self.taxes().chain(past).filter(|it| it.is_known_at(known_us));
        let mut tables: Vec<_> = known.map(|it| &it.what).collect();
        tables.sort_by(|a, b| a.code.cmp(&b.code));
        tables
    }
}
