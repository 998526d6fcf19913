//! What a file holds: durably, and as a reader sees it before a crash.

use std::collections::BTreeSet;

use super::SECTOR_BYTES;
use super::random::Random;

#[derive(Debug, Clone)]
pub(super) struct Image {
    durable: Vec<u8>,
    current: Vec<u8>,
    /// Sectors whose current content may be lost.
    dirty: BTreeSet<usize>,
}

/// What a crash does to the sectors that were written and not synced.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unsynced {
    Kept,
    Lost,
    Mixed,
}

impl Image {
    pub(super) fn zeroed(bytes: usize) -> Self {
        Self { durable: vec![0; bytes], current: vec![0; bytes], dirty: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    pub(super) fn read(&self, offset: usize, bytes: usize) -> Vec<u8> {
        let start = offset.min(self.len());
        let end = offset.saturating_add(bytes).min(self.len());
        self.current[start..end].to_vec()
    }

    /// Writes the sectors that `takes` lets through.
    pub(super) fn write(&mut self, offset: usize, data: &[u8], mut takes: impl FnMut() -> bool) {
        assert!(offset + data.len() <= self.len(), "files never grow: space is claimed first");
        for (index, sector) in data.chunks(SECTOR_BYTES).enumerate() {
            if takes() {
                let start = offset + index * SECTOR_BYTES;
                self.current[start..start + sector.len()].copy_from_slice(sector);
                self.dirty.insert(start / SECTOR_BYTES);
            }
        }
    }

    pub(super) fn dirty(&self) -> BTreeSet<usize> {
        self.dirty.clone()
    }

    pub(super) fn sync(&mut self, sectors: &BTreeSet<usize>) {
        for &sector in sectors {
            self.settle(sector);
            self.dirty.remove(&sector);
        }
    }

    /// A failed sync: the system forgets that the sectors were dirty, and they never reach the
    /// disk.
    pub(super) fn forget(&mut self, sectors: &BTreeSet<usize>) {
        for sector in sectors {
            self.dirty.remove(sector);
        }
    }

    /// Flips one bit of durable content, as it is found at the next read.
    pub(super) fn flip(&mut self, offset: usize, bit: u32) {
        let mask = 1u8 << (bit % 8);
        self.durable[offset] ^= mask;
        self.current[offset] ^= mask;
    }

    /// Puts bytes into the durable content.
    pub(super) fn overwrite(&mut self, offset: usize, bytes: &[u8]) {
        self.durable[offset..offset + bytes.len()].copy_from_slice(bytes);
        self.current[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn crashed(mut self, fate: Unsynced, random: &mut Random) -> Self {
        for sector in std::mem::take(&mut self.dirty) {
            let kept = match fate {
                Unsynced::Kept => true,
                Unsynced::Lost => false,
                Unsynced::Mixed => random.next() & 1 == 0,
            };
            if kept {
                self.settle(sector);
            }
        }
        self.current.clone_from(&self.durable);
        self
    }

    fn settle(&mut self, sector: usize) {
        let start = sector * SECTOR_BYTES;
        let end = (start + SECTOR_BYTES).min(self.len());
        self.durable[start..end].copy_from_slice(&self.current[start..end]);
    }
}
