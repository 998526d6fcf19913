//! Replies kept for retries, in the engine's own store.
//!
//! ```text
//! key     slot of the key (2) | tenant 0 (4) | key (16)
//! value   envelope (8) | time_us (8) | fingerprint (8) | reply ...
//! ```

use contract::{DomainId, KeyBytes, Slot, StoreKey, TableId, Tenant, open, seal};

use crate::holds::RowName;

/// The engine's own domain number: its rows are not any domain's.
pub const ENGINE: DomainId = DomainId(u16::MAX);
/// The table of replies kept for retries.
pub const IDEMPOTENCY: TableId = TableId::record(ENGINE.0, 1);
/// How long a reply is kept for retries at least, in microseconds: 24 hours.
pub const IDEMPOTENCY_KEPT_US: u64 = 24 * 60 * 60 * 1_000_000;
/// The length of a kept reply's store key. Rows of the same table with shorter keys are notes that
/// checkpoints leave.
pub(crate) const KEPT_KEY_BYTES: usize = 2 + 4 + 16;

/// The row of an idempotency key.
pub(crate) fn row(key: u128) -> (Slot, RowName) {
    let bytes = key.to_be_bytes();
    let (_, low) = bytes.split_last_chunk::<8>().expect("16 bytes hold 8");
    let slot = Slot::of_id(u64::from_be_bytes(*low));
    let mut name = KeyBytes::new();
    name.push(&bytes);
    (slot, (IDEMPOTENCY, StoreKey::record(slot, Tenant::BOX, &name)))
}

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept<'a> {
    pub(crate) time_us: u64,
    pub(crate) fingerprint: u64,
    pub(crate) reply: &'a [u8],
}

impl Kept<'_> {
    pub(crate) fn seal(&self) -> Box<[u8]> {
        let mut out = Vec::with_capacity(24 + self.reply.len());
        let parts = |out: &mut Vec<u8>| {
            out.extend_from_slice(&self.time_us.to_le_bytes());
            out.extend_from_slice(&self.fingerprint.to_le_bytes());
            out.extend_from_slice(self.reply);
        };
        seal(IDEMPOTENCY.number(), 1, parts, &mut out);
        out.into_boxed_slice()
    }
}

/// Reads what was kept; `None` when the bytes are not such a row.
pub(crate) fn parse(value: &[u8]) -> Option<Kept<'_>> {
    let payload = open(value, false).ok()?.payload;
    let (time_us, rest) = payload.split_first_chunk::<8>()?;
    let (fingerprint, reply) = rest.split_first_chunk::<8>()?;
    let time_us = u64::from_le_bytes(*time_us);
    Some(Kept { time_us, fingerprint: u64::from_le_bytes(*fingerprint), reply })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let kept = Kept { time_us: 5, fingerprint: 6, reply: b"reply" };
        let sealed = kept.seal();
        assert_eq!(parse(&sealed), Some(kept));
        assert_eq!(parse(&sealed[..20]), None);
    }

    #[test]
    fn the_row_of_a_key_never_changes() {
        let (slot, (_, key)) = row(0x0102);
        assert_eq!(slot.number(), 0x0102);
        assert_eq!(key.as_slice().len(), KEPT_KEY_BYTES);
        assert_eq!(key.as_slice()[20..], [1, 2]);
    }
}
