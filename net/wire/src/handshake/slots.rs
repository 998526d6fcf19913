//! Which core owns which slot.

use super::{HandshakeError, HandshakeErrorKind, need};
use crate::fields::Fields;
use crate::slot::{SLOT_COUNT, Slot};

/// Consecutive slots of one core, up to the next run's first slot or the last slot of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRun {
    /// The first slot of the run.
    pub first: Slot,
    /// The core that owns it.
    pub core: u16,
}

/// Which core owns which slot. On the wire: `u16 first slot, u16 core` per run, rising from slot 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMap {
    cores: Vec<u16>,
}

impl SlotMap {
    /// Slots dealt out by a function. Every core it names must be one of the box's.
    pub fn from_fn(core_of: impl FnMut(Slot) -> u16) -> Self {
        Self { cores: (0..SLOT_COUNT).filter_map(Slot::new).map(core_of).collect() }
    }

    /// The core that owns `slot`.
    pub fn core_of(&self, slot: Slot) -> u16 {
        self.cores[usize::from(slot.number())]
    }

    /// The map as the shortest list of runs.
    pub fn runs(&self) -> Vec<SlotRun> {
        let mut runs: Vec<SlotRun> = Vec::new();
        for first in (0..SLOT_COUNT).filter_map(Slot::new) {
            let core = self.core_of(first);
            if runs.last().is_none_or(|run| run.core != core) {
                runs.push(SlotRun { first, core });
            }
        }
        runs
    }

    /// Reads `run_count` runs; `cores` bounds the cores they may name.
    pub(super) fn parse(
        fields: &mut Fields<'_>,
        run_count: u16,
        cores: u16,
    ) -> Result<Self, HandshakeError> {
        let mut owners = Vec::with_capacity(usize::from(SLOT_COUNT));
        let mut owner = None;
        for _ in 0..run_count {
            let offset = fields.offset();
            let first = usize::from(need(fields.u16(), offset)?);
            let core = need(fields.u16(), offset)?;
            // `owners` reaches up to the start of the current run, which is one slot long at least.
            let rises = match owner {
                None => first == 0,
                Some(_) => owners.len() < first && first < usize::from(SLOT_COUNT),
            };
            if !rises {
                return Err(HandshakeErrorKind::SlotRuns.at(offset));
            }
            if cores <= core {
                return Err(HandshakeErrorKind::Core { core, cores }.at(offset + 2));
            }
            if let Some(owner) = owner {
                owners.resize(first, owner);
            }
            owner = Some(core);
        }
        let Some(owner) = owner else {
            return Err(HandshakeErrorKind::SlotRuns.at(fields.offset()));
        };
        owners.resize(usize::from(SLOT_COUNT), owner);
        Ok(Self { cores: owners })
    }
}
