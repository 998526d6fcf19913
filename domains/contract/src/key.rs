//! Keys of records: what the domain names, and what the store sorts by.
//!
//! ```text
//! store key of a record   | slot (2, BE) | tenant (4, BE) | key (at most 48) |
//! store key of an index   | tenant (4, BE) | index value | key |   value: the record's store key
//! ```

use std::fmt;

use crate::{Slot, Tenant};

/// The longest key a domain may build, in bytes.
pub const KEY_BYTES_MAX: usize = 48;
/// The longest store key: slot, tenant and key, or tenant, index value and key.
pub const STORE_KEY_BYTES_MAX: usize = 2 + 4 + 2 * KEY_BYTES_MAX;

/// The bytes of a key, on the stack. Bytes beyond the limit make it overlong, which the engine
/// refuses before anything is stored.
#[derive(Clone, Copy)]
pub struct KeyBytes {
    bytes: [u8; KEY_BYTES_MAX],
    length: u8,
    overlong: bool,
}

impl KeyBytes {
    /// No bytes yet.
    pub const fn new() -> Self {
        Self { bytes: [0; KEY_BYTES_MAX], length: 0, overlong: false }
    }

    /// The key of `key`.
    pub fn of<K: Key + ?Sized>(key: &K) -> Self {
        let mut bytes = Self::new();
        key.write(&mut bytes);
        bytes
    }

    /// Adds raw bytes.
    pub fn push(&mut self, part: &[u8]) {
        let from = usize::from(self.length);
        let Some(room) = self.bytes.get_mut(from..from + part.len()) else {
            self.overlong = true;
            return;
        };
        room.copy_from_slice(part);
        self.length = u8::try_from(from + part.len()).expect("a key is at most 48 bytes");
    }

    /// Adds a text that further parts may follow: its bytes, then a zero byte.
    pub fn push_text(&mut self, text: &str) {
        self.push(text.as_bytes());
        self.push(&[0]);
    }

    /// The bytes so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether more than [`KEY_BYTES_MAX`] bytes were added; such a key names nothing.
    pub const fn is_overlong(&self) -> bool {
        self.overlong
    }
}

impl Default for KeyBytes {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_slice().escape_ascii())
    }
}

/// What names a record inside its table and tenant, or what an index sorts by.
pub trait Key {
    /// Appends bytes whose order is the order of the keys.
    fn write(&self, key: &mut KeyBytes);

    /// Where the record lives. Ids that the box minted carry their slot; all else is hashed.
    fn slot(&self) -> Slot {
        Slot::of_bytes(KeyBytes::of(self).as_slice())
    }
}

impl Key for u32 {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.to_be_bytes());
    }
}

impl Key for u64 {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.to_be_bytes());
    }
}

impl Key for str {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(self);
    }
}

impl Key for String {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(self);
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, key: &mut KeyBytes) {
        self.0.write(key);
        self.1.write(key);
    }
}

/// The full key of a row as the overlay and the stores sort it. On the stack, never overlong.
#[derive(Clone, Copy)]
pub struct StoreKey {
    bytes: [u8; STORE_KEY_BYTES_MAX],
    length: u8,
}

impl StoreKey {
    /// The row of a record.
    pub fn record(slot: Slot, tenant: Tenant, key: &KeyBytes) -> Self {
        let mut it = Self { bytes: [0; STORE_KEY_BYTES_MAX], length: 0 };
        it.push(&slot.number().to_be_bytes());
        it.push(&tenant.0.to_be_bytes());
        it.push(key.as_slice());
        it
    }

    /// The row of an index over the record at `key`.
    pub fn index(tenant: Tenant, value: &KeyBytes, key: &KeyBytes) -> Self {
        let mut it = Self { bytes: [0; STORE_KEY_BYTES_MAX], length: 0 };
        it.push(&tenant.0.to_be_bytes());
        it.push(value.as_slice());
        it.push(key.as_slice());
        it
    }

    /// A key read back from a store; `None` when it is longer than any key can be.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > STORE_KEY_BYTES_MAX {
            return None;
        }
        let mut it = Self { bytes: [0; STORE_KEY_BYTES_MAX], length: 0 };
        it.push(bytes);
        Some(it)
    }

    /// The slot of a record's key; `None` when the bytes are too short to carry one.
    pub fn slot_of_record(key: &[u8]) -> Option<Slot> {
        let (slot, _) = key.split_first_chunk::<2>()?;
        Some(Slot::new(u16::from_be_bytes(*slot)))
    }

    /// The tenant and the domain's own key inside a record's store key.
    pub fn split_record(key: &[u8]) -> Option<(Tenant, &[u8])> {
        let (_, rest) = key.split_first_chunk::<2>()?;
        let (tenant, key) = rest.split_first_chunk::<4>()?;
        Some((Tenant(u32::from_be_bytes(*tenant)), key))
    }

    /// The bytes as sorted.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn push(&mut self, part: &[u8]) {
        let from = usize::from(self.length);
        self.bytes[from..from + part.len()].copy_from_slice(part);
        self.length = u8::try_from(from + part.len()).expect("parts are bounded by their types");
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_slice().escape_ascii())
    }
}

impl PartialEq for StoreKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for StoreKey {}

impl PartialOrd for StoreKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StoreKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl std::borrow::Borrow<[u8]> for StoreKey {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_part_cannot_run_into_the_next() {
        let ab = KeyBytes::of(&("ab".to_owned(), "c".to_owned()));
        let a = KeyBytes::of(&("a".to_owned(), "bc".to_owned()));
        assert_ne!(ab.as_slice(), a.as_slice());
    }

    #[test]
    fn a_key_over_the_limit_is_marked_and_not_cut() {
        let mut key = KeyBytes::new();
        key.push(&[1; KEY_BYTES_MAX]);
        assert!(!key.is_overlong());
        key.push(&[2]);
        assert!(key.is_overlong());
        assert_eq!(key.as_slice(), [1; KEY_BYTES_MAX]);
    }

    #[test]
    fn a_record_key_splits_into_its_parts() {
        let key = StoreKey::record(Slot::new(9), Tenant(3), &KeyBytes::of(&77_u64));
        assert_eq!(StoreKey::slot_of_record(key.as_slice()), Some(Slot::new(9)));
        let (tenant, own) = StoreKey::split_record(key.as_slice()).unwrap();
        assert_eq!((tenant, own), (Tenant(3), &77_u64.to_be_bytes()[..]));
    }
}
