//! Which core owns which slot.

use contract::{SLOTS, Slot};

/// The most cores one box runs.
pub const CORES_MAX: u16 = 256;

/// A core's number, 0 to the number of cores less one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoreId(pub u16);

/// Spreads the slots over the cores in ranges of equal size. A pure function of the number of cores:
/// after a start with another number nothing on disk moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotMap {
    cores: u16,
}

impl SlotMap {
    /// A map over `cores` cores, 1 to [`CORES_MAX`].
    pub fn new(cores: u16) -> Self {
        assert!(cores > 0, "a box has at least one core");
        assert!(cores <= CORES_MAX, "a box has at most 256 cores");
        Self { cores }
    }

    /// How many cores there are.
    pub const fn cores(self) -> u16 {
        self.cores
    }

    /// Every core, in order.
    pub fn ids(self) -> impl Iterator<Item = CoreId> {
        (0..self.cores).map(CoreId)
    }

    /// The core that owns `slot`.
    pub fn owner(self, slot: Slot) -> CoreId {
        let scaled = u32::from(slot.number()) * u32::from(self.cores) / u32::from(SLOTS);
        CoreId(u16::try_from(scaled).expect("below the number of cores"))
    }

    /// The first slot of `core`, and one past its last.
    pub fn range(self, core: CoreId) -> (u16, u16) {
        let start = |core: u32| (core * u32::from(SLOTS)).div_ceil(u32::from(self.cores));
        let edge = |at: u32| u16::try_from(at).expect("at most the number of slots");
        (edge(start(u32::from(core.0))), edge(start(u32::from(core.0) + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_one_owner_whatever_the_number_of_cores() {
        for cores in [1, 2, 3, 5, 7, 16, 255, 256] {
            let map = SlotMap::new(cores);
            let mut next = 0;
            for core in map.ids() {
                let (from, to) = map.range(core);
                assert_eq!(from, next);
                assert!(from < to);
                for slot in from..to {
                    assert_eq!(map.owner(Slot::new(slot)), core);
                }
                next = to;
            }
            assert_eq!(next, SLOTS);
        }
    }
}
