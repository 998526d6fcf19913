//! Numbers that stand in logs, stores and on wires.

/// The number of slots that keys are spread over. A slot belongs to one core; the number of cores
/// may change between starts, the number of slots never does: it is part of every stored key.
pub const SLOTS: u16 = 4096;

/// The table bit that marks an index of another table.
pub const INDEX_MARK: u16 = 0x8000;

/// A domain's number, 1 to 65,535, given once in `registry` and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u16);

/// A table of records or of index rows: domain number in the high half, table number in the low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

impl TableId {
    /// The table `number` (1 to 2,047) of `domain`.
    pub const fn record(domain: u16, number: u16) -> Self {
        assert!(number > 0 && number < 2048, "a record table's number is 1 to 2,047");
        Self(((domain as u32) << 16) | number as u32)
    }

    /// The table that holds the rows of `index` (1 to 15) over this record table.
    #[must_use]
    pub const fn index(self, index: u16) -> Self {
        assert!(index > 0 && index < 16, "an index's number is 1 to 15");
        Self((self.0 & 0xFFFF_0000) | INDEX_MARK as u32 | ((self.0 & 0x7FF) << 4) | index as u32)
    }

    /// The domain that owns the table.
    pub const fn domain(self) -> DomainId {
        let [high, low, _, _] = self.0.to_be_bytes();
        DomainId(u16::from_be_bytes([high, low]))
    }

    /// The number inside the domain, with [`INDEX_MARK`] for an index.
    pub const fn number(self) -> u16 {
        let [_, _, high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Whether the table holds index rows.
    pub const fn is_index(self) -> bool {
        self.number() & INDEX_MARK != 0
    }
}

/// One of the [`SLOTS`] parts of the key space, 0 to 4,095.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

impl Slot {
    /// The slot of a key that names something from outside: the low 12 bits of its xxh3-64.
    pub fn of_bytes(key: &[u8]) -> Self {
        Self::of_id(xxhash_rust::xxh3::xxh3_64(key))
    }

    /// The slot of an id that the box minted: its low 12 bits, so that an id can be made for a
    /// chosen slot.
    pub const fn of_id(id: u64) -> Self {
        let [low, high, ..] = id.to_le_bytes();
        Self(u16::from_le_bytes([low, high]) % SLOTS)
    }

    /// The slot `number` modulo [`SLOTS`].
    pub const fn new(number: u16) -> Self {
        Self(number % SLOTS)
    }

    /// 0 to 4,095.
    pub const fn number(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_number_splits_into_its_parts() {
        let table = TableId::record(7, 3);
        assert_eq!((table.domain(), table.number(), table.is_index()), (DomainId(7), 3, false));
        let index = table.index(2);
        assert_eq!((index.domain(), index.number(), index.is_index()), (DomainId(7), 0x8032, true));
    }

    #[test]
    fn the_slot_of_known_bytes_never_changes() {
        // Golden: stored keys begin with these numbers.
        assert_eq!(Slot::of_bytes(b"MA000004").number(), 2229);
        assert_eq!(Slot::of_id(0xABCD_EF12).number(), 0xF12);
    }
}
