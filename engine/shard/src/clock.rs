//! The latest time that was given out, kept beside every checkpoint.
//!
//! Times and ids of a new start go on after all earlier ones, also when the machine's clock went
//! back. Frames carry their time; this row stands for those that a checkpoint has made unnecessary.
//!
//! ```text
//! key     slot 0 (2) | tenant 0 (4) | "clock" (5) | core (2), in the table of kept replies
//! value   a kept reply of that time, empty
//! ```

use std::sync::Arc;

use contract::{Change, KeyBytes, Slot, StoreKey, Tenant};

use crate::{
    idempotency::{IDEMPOTENCY, Kept, parse},
    map::{CORES_MAX, CoreId},
    overlay::Rows,
    tables::Base,
};

fn key(core: CoreId) -> StoreKey {
    let mut name = KeyBytes::new();
    name.push(b"clock");
    name.push(&core.0.to_be_bytes());
    StoreKey::record(Slot::new(0), Tenant::BOX, &name)
}

/// The row of a core that has given out times up to `time_us`.
pub(crate) fn change(core: CoreId, time_us: u64) -> Change {
    let value = Some(Kept { time_us, fingerprint: 0, reply: &[] }.seal());
    Change { slot: Slot::new(0), table: IDEMPOTENCY, key: key(core), value }
}

/// The time that every core had reached when it handed its changes over: none of them answers
/// anything at an earlier one any more, nor does any later start. `None` when one does not say.
pub(crate) fn earliest_us(parts: &[Arc<Rows>]) -> Option<u64> {
    let (first, end) = (key(CoreId(0)), key(CoreId(u16::MAX)));
    let mut earliest: Option<u64> = None;
    for part in parts {
        let mut rows = part.range(IDEMPOTENCY, first.as_slice(), end.as_slice());
        let own = rows.find(|(key, _)| key.len() == first.as_slice().len());
        let time_us = parse(own?.1.value.as_deref()?)?.time_us;
        earliest = Some(earliest.map_or(time_us, |other| other.min(time_us)));
    }
    earliest
}

/// The latest time of any core before the last checkpoint, in microseconds; 0 when there was none.
/// Cores of every earlier number are asked for.
pub(crate) fn floor_us(base: &dyn Base) -> Result<u64, String> {
    let mut floor_us = 0;
    for core in (0..CORES_MAX).map(CoreId) {
        let mut damaged = false;
        base.get(IDEMPOTENCY, key(core).as_slice(), &mut |value| match parse(value) {
            Some(kept) => floor_us = kept.time_us.max(floor_us),
            None => damaged = true,
        })?;
        if damaged {
            return Err(format!("the clock row of core {} is too short", core.0));
        }
    }
    Ok(floor_us)
}
