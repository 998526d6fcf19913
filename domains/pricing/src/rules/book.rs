//! Every price list of one owner, compiled for the choice of a price.
//!
//! A price applies when its list is in the currency asked, is valid on the date, and everything that
//! the list is restricted to (customer, group, channel, country) is what the quote states. Of those
//! that apply, the first in this order is taken:
//!
//! 1. the higher `priority`;
//! 2. a list with a `valid_from` or `valid_until` before one without;
//! 3. a list for the customer before any other; then one for the group; then for the channel; then for
//!    the country (a list with more of them goes before one with only some of the same);
//! 4. the later `valid_from`;
//! 5. the earlier `valid_until`;
//! 6. the code, in the order of its bytes.
//!
//! None of it depends on the quote or on the order of publishing, so each product keeps its prices in
//! that order and a choice is a walk to the first that applies.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use values::{Currency, Date};

use super::list::{Price, PriceList};
use super::tax::TaxTable;

/// What decides which price applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// What the quote is in.
    pub currency: Currency,
    /// The day that prices are asked for.
    pub date: Date,
    /// Who buys.
    pub customer: Option<&'a str>,
    /// The group that the customer belongs to.
    pub group: Option<&'a str>,
    /// Through which channel.
    pub channel: Option<&'a str>,
    /// In which country.
    pub country: Option<&'a str>,
}

/// A price and its list.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The list.
    pub list: &'a PriceList,
    /// The price.
    pub price: &'a Price,
}

/// What was published, and when that was known. Moments are microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition<T> {
    /// The list or table.
    pub what: T,
    /// From this moment on.
    pub from_us: u64,
    /// Until just before this moment, when another took its place; absent while it is in force.
    pub until_us: Option<u64>,
}

impl<T> Edition<T> {
    /// Whether `known_us` knew it.
    #[must_use]
    pub fn is_known_at(&self, known_us: u64) -> bool {
        self.from_us <= known_us && self.until_us.is_none_or(|it| known_us < it)
    }
}

/// One price in the order of choice.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) list: Arc<Edition<PriceList>>,
    price: usize,
}

/// The prices of each product, in the order of choice.
#[derive(Debug, Default)]
pub(super) struct Products(BTreeMap<String, Vec<Candidate>>);

impl Products {
    /// Every price of `product`.
    #[inline]
    pub(super) fn of(&self, product: &str) -> &[Candidate] {
        self.0.get(product).map_or(&[][..], Vec::as_slice)
    }

    /// Takes the prices of a list in.
    pub(super) fn insert(&mut self, list: &Arc<Edition<PriceList>>) {
        for (at, price) in list.what.prices.iter().enumerate() {
            let candidates = self.0.entry(price.product.clone()).or_default();
            let place = candidates.partition_point(|it| rank(&it.list.what) < rank(&list.what));
            candidates.insert(place, Candidate { list: Arc::clone(list), price: at });
        }
    }

    /// Forgets the prices of that very list.
    pub(super) fn remove(&mut self, list: &Arc<Edition<PriceList>>) {
        for price in &list.what.prices {
            let Some(candidates) = self.0.get_mut(&price.product) else { continue };
            candidates.retain(|it| !Arc::ptr_eq(&it.list, list));
            if candidates.is_empty() {
                self.0.remove(&price.product);
            }
        }
    }

    /// Sets the prices of one product, given in any order.
    pub(super) fn set(&mut self, product: &str, mut candidates: Vec<Candidate>) {
        candidates.sort_by(|a, b| rank(&a.list.what).cmp(&rank(&b.list.what)));
        self.0.insert(product.to_owned(), candidates);
    }

    pub(super) fn has(&self, product: &str) -> bool {
        self.0.contains_key(product)
    }
}

/// Price lists and tax tables of one owner.
#[derive(Debug, Default)]
pub struct Book {
    lists: BTreeMap<String, BTreeMap<Option<Date>, Arc<Edition<PriceList>>>>,
    pub(super) products: Products,
    pub(super) taxes: BTreeMap<String, Arc<Edition<TaxTable>>>,
}

impl Book {
    /// Takes a version of a list in that was always known, in place of one with its code and first
    /// day.
    pub fn insert(&mut self, list: PriceList) {
        self.insert_known(list, 0);
    }

    /// Takes a version of a list in that is known from a moment on, in microseconds since 1970-01-01
    /// UTC, in place of one with its code and first day.
    pub fn insert_known(&mut self, list: PriceList, from_us: u64) {
        self.remove(&list.code, list.valid_from);
        let list = Arc::new(Edition { what: list, from_us, until_us: None });
        self.products.insert(&list);
        let versions = self.lists.entry(list.what.code.clone()).or_default();
        versions.insert(list.what.valid_from, list);
    }

    /// Forgets a version of a list.
    pub fn remove(&mut self, code: &str, valid_from: Option<Date>) {
        let Some(versions) = self.lists.get_mut(code) else { return };
        let Some(list) = versions.remove(&valid_from) else { return };
        if versions.is_empty() {
            self.lists.remove(code);
        }
        self.products.remove(&list);
    }

    /// Takes a tax table in that was always known, in place of one with its code.
    pub fn insert_tax(&mut self, table: TaxTable) {
        self.insert_tax_known(table, 0);
    }

    /// Takes a tax table in that is known from a moment on, in microseconds since 1970-01-01 UTC, in
    /// place of one with its code.
    pub fn insert_tax_known(&mut self, table: TaxTable, from_us: u64) {
        let table = Arc::new(Edition { what: table, from_us, until_us: None });
        self.taxes.insert(table.what.code.clone(), table);
    }

    /// The versions of all lists, by code and first day.
    pub fn lists(&self) -> impl Iterator<Item = &Edition<PriceList>> {
        self.lists.values().flat_map(BTreeMap::values).map(Arc::as_ref)
    }

    /// One version of a list.
    #[must_use]
    pub fn list(&self, code: &str, valid_from: Option<Date>) -> Option<&Edition<PriceList>> {
        self.lists.get(code)?.get(&valid_from).map(Arc::as_ref)
    }

    /// The tax tables, by code.
    pub fn taxes(&self) -> impl Iterator<Item = &Edition<TaxTable>> {
        self.taxes.values().map(Arc::as_ref)
    }

    /// The tax table with this code.
    #[inline]
    #[must_use]
    pub fn tax(&self, code: &str) -> Option<&TaxTable> {
        self.taxes.get(code).map(|it| &it.what)
    }

    /// Every price of `product`, in the order of choice.
    pub fn prices(&self, product: &str) -> impl Iterator<Item = Found<'_>> {
        self.products.of(product).iter().map(|it| {
            let list = &it.list.what;
            Found { list, price: &list.prices[it.price] }
        })
    }

    /// The price that applies.
    #[inline]
    #[must_use]
    pub fn find(&self, product: &str, circumstances: &Circumstances<'_>) -> Option<Found<'_>> {
        self.prices(product).find(|it| it.list.applies(circumstances))
    }
}

impl PriceList {
    /// Whether a quote in these circumstances sees it.
    #[inline]
    #[must_use]
    pub fn applies(&self, asked: &Circumstances<'_>) -> bool {
        self.currency == asked.currency && self.is_valid_on(asked.date) && self.admits(asked)
    }

    /// Whether everything it is restricted to is what the quote states.
    #[inline]
    #[must_use]
    pub fn admits(&self, asked: &Circumstances<'_>) -> bool {
        let admits = |own: &Option<String>, stated: Option<&str>| {
            own.as_deref().is_none_or(|it| Some(it) == stated)
        };
        admits(&self.customer, asked.customer)
            && admits(&self.group, asked.group)
            && admits(&self.channel, asked.channel)
            && admits(&self.country, asked.country)
    }
}

/// Sorts before what it goes before.
fn rank(list: &PriceList) -> impl Ord + use<'_> {
    let restricted = [&list.customer, &list.group, &list.channel, &list.country];
    (
        Reverse(list.priority),
        Reverse(list.valid_from.is_some() || list.valid_until.is_some()),
        Reverse(restricted.map(Option::is_some)),
        Reverse(list.valid_from),
        (list.valid_until.is_none(), list.valid_until),
        list.code.as_str(),
    )
}
