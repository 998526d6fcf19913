//! An operator's question: is what is stored still what was written?

use std::path::PathBuf;

use contract::TableId;
use frame::Position;
use redb::{ReadableDatabase, ReadableTable};

use crate::error::Hex;
use crate::open::{Definition, Store, Stores};
use crate::snapshot::verify;

/// Damages listed per store; further ones are only counted.
pub const CHECK_DAMAGES_MAX: usize = 100;

/// One store as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// The domain's name.
    pub name: &'static str,
    /// Its file.
    pub path: PathBuf,
    /// The position up to which it holds the log.
    pub applied: Position,
    /// Rows whose checksum is right.
    pub rows_count: u64,
    /// What is wrong, one sentence each, at most [`CHECK_DAMAGES_MAX`].
    pub damages: Vec<String>,
    /// All damages, those not listed included.
    pub damages_count: u64,
}

impl StoreReport {
    fn damage(&mut self, what: String) {
        self.damages_count += 1;
        if self.damages.len() < CHECK_DAMAGES_MAX {
            self.damages.push(what);
        }
    }
}

impl Stores {
    /// Checks every page and every row of every store. For use while nothing else has the stores
    /// open; takes as long as reading all of them.
    pub fn check(&mut self) -> Vec<StoreReport> {
        let positions = self.positions().clone();
        self.stores.iter_mut().zip(positions).map(|(store, applied)| store.check(applied)).collect()
    }
}

impl Store {
    fn check(&mut self, applied: Position) -> StoreReport {
        let (name, path) = (self.name, self.path.clone());
        let mut report = StoreReport {
            name,
            path,
            applied,
            rows_count: 0,
            damages: Vec::new(),
            damages_count: 0,
        };
        match self.database.check_integrity() {
            Ok(true) => {}
            Ok(false) => {
                report.damage("pages did not match their checksums and were repaired".into());
            }
            Err(error) => {
                report.damage(format!("{error}; restore from the standby or a backup"));
                return report;
            }
        }
        if let Err(error) = self.check_rows(&mut report) {
            report.damage(format!("{error}; restore from the standby or a backup"));
        }
        report
    }

    fn check_rows(&self, report: &mut StoreReport) -> Result<(), redb::Error> {
        let read = self.database.begin_read()?;
        for (number, name) in &self.tables {
            let id = TableId(u32::from(self.domain) << 16 | u32::from(*number));
            for row in read.open_table(Definition::new(name))?.iter()? {
                let (key, value) = row?;
                match verify(id, value.value()) {
                    Ok(()) => report.rows_count += 1,
                    Err(error) => {
                        let key = Hex(key.value().to_vec());
                        report.damage(format!("table {number}, key {key}: {error}"));
                    }
                }
            }
        }
        Ok(())
    }
}
