//! Opening all stores of a box.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::DomainId;
use frame::{Lsn, Position};
use redb::{Database, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::error::{OpenError, boxed};
use crate::file::{create_database, open_database};
use crate::meta::{self, Meta};

/// The least cache that a store gets.
const CACHE_BYTES_MIN: usize = 256 * 1024;

/// A domain's store, as its declaration asks for it.
#[derive(Debug, Clone, Copy)]
pub struct DomainStore<'a> {
    /// The domain's id.
    pub id: u16,
    /// The domain's name, which names the file.
    pub name: &'static str,
    /// Numbers of its tables, record tables and indexes.
    pub tables: &'a [u16],
}

/// The stores of all domains.
#[derive(Debug)]
pub struct Stores {
    /// By domain id, ascending.
    pub(crate) stores: Vec<Store>,
    /// The applied positions, in the order of `stores`. Held for as long as a checkpoint or a
    /// snapshot is being taken.
    positions: Mutex<Vec<Position>>,
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) domain: u16,
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    /// Table numbers, ascending, and their names.
    pub(crate) tables: Vec<(u16, String)>,
    pub(crate) database: Database,
}

pub(crate) type Definition<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

impl Stores {
    /// Opens the stores in `directory`, which is made if it does not exist. `cache_bytes` is shared
    /// by all of them.
    ///
    /// The store of a domain that the box did not have before begins at the lowest position of the
    /// others: no frame up to there can concern it.
    pub fn open(
        directory: &Path,
        domains: &[DomainStore<'_>],
        cache_bytes: usize,
    ) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(failed)?;
        let mut domains = domains.to_vec();
        domains.sort_unstable_by_key(|it| it.id);
        assert!(domains.is_sorted_by(|a, b| a.id < b.id), "a domain has one store");
        let cache = (cache_bytes / domains.len().max(1)).max(CACHE_BYTES_MIN);

        let path = |domain: &DomainStore<'_>| directory.join(format!("{}.redb", domain.name));
        let (old, new): (Vec<_>, Vec<_>) =
            domains.iter().partition(|domain| is_complete(&path(domain)));
        let mut opened = Vec::new();
        for domain in &old {
            opened.push(Store::open(domain, path(domain), cache)?);
        }
        share_position(&mut opened);
        let known: BTreeSet<u16> =
            opened.iter().flat_map(|(_, meta)| meta.domains.iter().copied()).collect();
        if let Some(lost) = new.iter().find(|domain| known.contains(&domain.id)) {
            return Err(OpenError::Missing { path: path(lost) });
        }
        let all: BTreeSet<u16> =
            known.iter().copied().chain(domains.iter().map(|it| it.id)).collect();
        let all: Vec<u16> = all.into_iter().collect();
        let start = lowest(opened.iter().map(|(_, meta)| meta.position));
        for domain in &new {
            let meta = Meta { domain: domain.id, domains: all.clone(), position: start };
            opened.push((Store::create(domain, path(domain), cache, &meta)?, meta));
        }
        opened.sort_unstable_by_key(|(store, _)| store.domain);
        sync_directory(directory).map_err(failed)?;
        for (store, meta) in &mut opened {
            if meta.domains != all {
                meta.domains.clone_from(&all);
                store.write_meta(meta)?;
            }
        }
        let positions = opened.iter().map(|(_, meta)| meta.position).collect();
        let stores = opened.into_iter().map(|(store, _)| store).collect();
        Ok(Self { stores, positions: Mutex::new(positions) })
    }

    /// The position up to which every domain holds the log: replay begins after it.
    pub fn applied(&self) -> Position {
        lowest(self.positions().iter().copied())
    }

    /// The last frame that `domain` holds; [`Lsn::NONE`] for a domain without a store. Replay skips
    /// events up to it.
    pub fn applied_of(&self, domain: DomainId) -> Lsn {
        let found = self.stores.binary_search_by_key(&domain.0, |store| store.domain);
        found.map_or(Lsn::NONE, |index| self.positions()[index].lsn)
    }

    pub(crate) fn positions(&self) -> MutexGuard<'_, Vec<Position>> {
        // Positions are written one by one, each after its commit: they are right even after a
        // panic in between.
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A checkpoint commits the last domain at its end, and leaves out others whose domain has no changes:
/// up to the last domain's position, every domain has all there is.
fn share_position(opened: &mut [(Store, Meta)]) {
    let Some(shared) = opened.last().map(|(_, meta)| meta.position) else { return };
    for (_, meta) in opened {
        if meta.position.lsn < shared.lsn {
            meta.position = shared;
        }
    }
}

fn lowest(positions: impl Iterator<Item = Position>) -> Position {
    positions.min_by_key(|it| it.lsn).unwrap_or_default()
}

/// A store is made under another name and renamed when it is complete; so what has its name is one.
fn is_complete(path: &Path) -> bool {
    path.exists()
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

impl Store {
    fn open(
        domain: &DomainStore<'_>,
        path: PathBuf,
        cache: usize,
    ) -> Result<(Self, Meta), OpenError> {
        let database = open_database(&path, cache).map_err(|error| damaged(&path, error))?;
        let store = Self::new(domain, path, database);
        store.make_tables()?;
        let meta = store.read_meta()?;
        if meta.domain != domain.id {
            return Err(OpenError::Meta {
                path: store.path,
                field: "domain",
                found: meta.domain.to_string(),
                expected: domain.id.to_string(),
            });
        }
        Ok((store, meta))
    }

    fn create(
        domain: &DomainStore<'_>,
        path: PathBuf,
        cache: usize,
        meta: &Meta,
    ) -> Result<Self, OpenError> {
        let unfinished = path.with_extension("new");
        let failed = |source| OpenError::Directory { path: unfinished.clone(), source };
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let database = create_database(&unfinished, cache);
        let database = database.map_err(|error| damaged(&unfinished, error))?;
        let mut store = Self::new(domain, unfinished.clone(), database);
        store.make_tables()?;
        store.write_meta(meta)?;
        fs::rename(&unfinished, &path).map_err(failed)?;
        store.path = path;
        Ok(store)
    }

    fn new(domain: &DomainStore<'_>, path: PathBuf, database: Database) -> Self {
        let mut tables: Vec<_> = domain.tables.iter().map(|it| (*it, format!("t{it}"))).collect();
        tables.sort_unstable();
        tables.dedup();
        Self { domain: domain.id, name: domain.name, path, tables, database }
    }

    /// A transaction as every one here is: durable when it is committed, whatever the moment of a
    /// crash.
    pub(crate) fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(redb::Durability::Immediate)?;
        transaction.set_two_phase_commit(true);
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// Makes the tables that a later version of the domain added.
    fn make_tables(&self) -> Result<(), OpenError> {
        let made = || -> Result<(), redb::Error> {
            let read = self.database.begin_read()?;
            let names: BTreeSet<String> =
                read.list_tables()?.map(|it| redb::TableHandle::name(&it).to_owned()).collect();
            if self.tables.iter().all(|(_, name)| names.contains(name)) {
                return Ok(());
            }
            drop(read);
            let transaction = self.begin()?;
            for (_, name) in &self.tables {
                transaction.open_table(Definition::new(name))?;
            }
            Ok(transaction.commit()?)
        };
        made().map_err(|error| damaged(&self.path, error))
    }

    fn read_meta(&self) -> Result<Meta, OpenError> {
        let read = self.database.begin_read().map_err(|error| damaged(&self.path, error))?;
        let table = read.open_table(meta::TABLE).map_err(|error| damaged(&self.path, error))?;
        Meta::read(&table, &self.path)
    }

    fn write_meta(&self, meta: &Meta) -> Result<(), OpenError> {
        let written = || -> Result<(), redb::Error> {
            let transaction = self.begin()?;
            meta.write(&transaction)?;
            Ok(transaction.commit()?)
        };
        written().map_err(|error| damaged(&self.path, error))
    }
}

fn damaged(path: &Path, error: impl Into<redb::Error>) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), source: boxed(error) }
}
