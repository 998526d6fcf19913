//! Which slot a routing key belongs to.
//!
//! The server's domains use the same definition; a golden test on each side keeps them equal,
//! because a client that computes another slot still gets its answer, only one hop later.

use xxhash_rust::xxh3::xxh3_64;

/// How many slots a box has. A slot belongs to one core; the number never changes.
pub const SLOT_COUNT: u16 = 4096;

/// One of the 4,096 slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u16);

impl Slot {
    /// The slot of that number; `None` from [`SLOT_COUNT`] on.
    pub const fn new(number: u16) -> Option<Self> {
        if number < SLOT_COUNT { Some(Self(number)) } else { None }
    }

    /// The slot of a key given as bytes: the low twelve bits of its `xxh3_64`, seed 0.
    pub fn of_key(key: &[u8]) -> Self {
        Self::of_id(xxh3_64(key))
    }

    /// The slot of a typed id: its low twelve bits.
    pub const fn of_id(id: u64) -> Self {
        let [low, high, ..] = id.to_le_bytes();
        Self(u16::from_le_bytes([low, high]) % SLOT_COUNT)
    }

    /// Its number, 0 up to 4,095.
    pub const fn number(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_keys_are_golden() {
        for (key, expected) in [(&b""[..], 0x4c2), (b"MA000004", 2229), (b"order/42", 2919)] {
            assert_eq!(Slot::of_key(key).number(), expected, "{key:?}");
        }
    }

    #[test]
    fn slots_of_ids_are_the_low_twelve_bits() {
        for (id, expected) in
            [(0, 0), (4095, 4095), (4096, 0), (u64::MAX, 4095), (0x1234_5678_9abc_def0, 0xef0)]
        {
            assert_eq!(Slot::of_id(id).number(), expected, "{id:#x}");
        }
    }

    #[test]
    fn numbers_past_the_last_slot_are_refused() {
        assert_eq!(Slot::new(4095).map(Slot::number), Some(4095));
        assert_eq!(Slot::new(4096), None);
    }
}
