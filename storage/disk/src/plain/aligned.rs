//! Memory for direct I/O, without unsafe code: a block more than is needed, used from the first
//! aligned byte on.

use std::cell::RefCell;
use std::rc::Rc;

/// The unit and alignment of direct I/O.
pub(crate) const BLOCK_BYTES: usize = 4096;

/// Bytes that begin at a multiple of 4 KiB, as direct I/O wants them.
#[derive(Debug)]
pub struct AlignedBytes {
    memory: Vec<u8>,
    start: usize,
    bytes: usize,
}

impl AlignedBytes {
    /// `bytes` zeroes.
    pub(crate) fn new(bytes: usize) -> Self {
        let memory = vec![0; bytes + BLOCK_BYTES];
        // A vector that is never resized stays where it is. Should the distance not be known, the
        // write falls back to the page cache.
        let start = memory.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        Self { memory, start, bytes }
    }
}

/// Memory of past writes, for the next ones: a fresh buffer of this size would come zeroed by the
/// kernel, page by page, for every group.
#[derive(Debug, Clone, Default)]
pub(super) struct Reuse(Rc<RefCell<Vec<AlignedBytes>>>);

/// One for the commit that runs, one for the segment that is being prepared.
const KEPT_MAX: usize = 2;

impl Reuse {
    /// A buffer of `bytes` with any content.
    pub(super) fn take(&self, bytes: usize) -> AlignedBytes {
        let mut kept = self.0.borrow_mut();
        match kept.iter().position(|it| bytes <= it.memory.len() - it.start) {
            Some(index) => AlignedBytes { bytes, ..kept.swap_remove(index) },
            None => AlignedBytes::new(bytes),
        }
    }

    /// Keeps the longest.
    pub(super) fn put(&self, buffer: AlignedBytes) {
        let mut kept = self.0.borrow_mut();
        kept.push(buffer);
        if KEPT_MAX < kept.len() {
            kept.sort_unstable_by_key(|it| std::cmp::Reverse(it.memory.len()));
            kept.truncate(KEPT_MAX);
        }
    }
}

impl AsRef<[u8]> for AlignedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.bytes]
    }
}

impl AsMut<[u8]> for AlignedBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_aligned_and_as_many_as_asked_for() {
        for bytes in [4096, 8192, 512 * 1024] {
            let mut it = AlignedBytes::new(bytes);
            assert_eq!(it.as_ref().len(), bytes);
            assert_eq!(it.as_ref().as_ptr().align_offset(BLOCK_BYTES), 0);
            it.as_mut().fill(7);
            assert!(it.as_ref().iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn the_longest_buffers_are_used_again() {
        let reuse = Reuse::default();
        for bytes in [8192, 4096, 512 * 1024, 8192, 16384] {
            let (one, other) = (reuse.take(bytes), reuse.take(4096));
            assert_eq!(one.as_ref().len(), bytes);
            assert_eq!(one.as_ref().as_ptr().align_offset(BLOCK_BYTES), 0);
            assert_ne!(one.as_ref().as_ptr(), other.as_ref().as_ptr());
            reuse.put(one);
            reuse.put(other);
        }
        assert_eq!(reuse.take(512 * 1024).memory.len(), 512 * 1024 + BLOCK_BYTES);
    }
}
