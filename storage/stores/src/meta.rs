//! What a store says about itself.
//!
//! ```text
//! key         value, little endian
//! "format"    version u32
//! "domain"    id u16
//! "domains"   ids u16 of all domains of the box, ascending
//! "position"  epoch u32, lsn u64, chain u64
//! ```

use std::path::Path;

use frame::{Lsn, Position};
use redb::{ReadableTable, TableDefinition, WriteTransaction};

use crate::error::{OpenError, boxed};

pub(crate) const TABLE: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// The version of the store's format that this code writes and reads.
const FORMAT: u32 = 1;

/// The meta table's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) domain: u16,
    /// All domains of the box, ascending.
    pub(crate) domains: Vec<u16>,
    pub(crate) position: Position,
}

impl Meta {
    pub(crate) fn write(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let mut table = transaction.open_table(TABLE)?;
        let domains: Vec<u8> = self.domains.iter().flat_map(|id| id.to_le_bytes()).collect();
        table.insert("format", FORMAT.to_le_bytes().as_slice())?;
        table.insert("domain", self.domain.to_le_bytes().as_slice())?;
        table.insert("domains", domains.as_slice())?;
        table.insert("position", encode(self.position).as_slice())?;
        Ok(())
    }

    pub(crate) fn read(
        table: &impl ReadableTable<&'static str, &'static [u8]>,
        path: &Path,
    ) -> Result<Self, OpenError> {
        let format = u32::from_le_bytes(field(table, path, "format")?);
        if format != FORMAT {
            return Err(OpenError::Meta {
                path: path.to_owned(),
                field: "format",
                found: format!("version {format}"),
                expected: format!("version {FORMAT}"),
            });
        }
        let domain = u16::from_le_bytes(field(table, path, "domain")?);
        let position = decode(field(table, path, "position")?);
        let domains = bytes(table, path, "domains")?;
        let domains = domains.as_chunks().0.iter().map(|id| u16::from_le_bytes(*id)).collect();
        Ok(Self { domain, domains, position })
    }
}

/// Notes the applied position in the transaction that applies it.
pub(crate) fn write_position(
    transaction: &WriteTransaction,
    position: Position,
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(TABLE)?;
    table.insert("position", encode(position).as_slice())?;
    Ok(())
}

fn encode(position: Position) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[0..4].copy_from_slice(&position.epoch.to_le_bytes());
    bytes[4..12].copy_from_slice(&position.lsn.0.to_le_bytes());
    bytes[12..20].copy_from_slice(&position.chain.to_le_bytes());
    bytes
}

fn decode(bytes: [u8; 20]) -> Position {
    let [e0, e1, e2, e3, rest @ ..] = bytes;
    let [l0, l1, l2, l3, l4, l5, l6, l7, chain @ ..] = rest;
    Position {
        epoch: u32::from_le_bytes([e0, e1, e2, e3]),
        lsn: Lsn(u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7])),
        chain: u64::from_le_bytes(chain),
    }
}

fn bytes(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    path: &Path,
    key: &'static str,
) -> Result<Vec<u8>, OpenError> {
    match table.get(key) {
        Ok(Some(value)) => Ok(value.value().to_vec()),
        Ok(None) => Err(malformed(path, key, "missing")),
        Err(error) => Err(OpenError::Damaged { path: path.to_owned(), source: boxed(error) }),
    }
}

fn field<const N: usize>(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    path: &Path,
    key: &'static str,
) -> Result<[u8; N], OpenError> {
    let value = bytes(table, path, key)?;
    let length = value.len();
    value.try_into().map_err(|_| malformed(path, key, &format!("{length} bytes long")))
}

fn malformed(path: &Path, field: &'static str, found: &str) -> OpenError {
    OpenError::Meta {
        path: path.to_owned(),
        field,
        found: found.to_owned(),
        expected: "as this program writes it; restore from the standby or a backup".to_owned(),
    }
}
