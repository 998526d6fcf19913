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

/// The memory of the last write, for the next one: a fresh buffer of this size would come zeroed by
/// the kernel, page by page, for every group.
#[derive(Debug, Clone, Default)]
pub(super) struct Reuse(Rc<RefCell<Option<AlignedBytes>>>);

impl Reuse {
    /// A buffer of `bytes` with any content.
    pub(super) fn take(&self, bytes: usize) -> AlignedBytes {
        match self.0.take() {
            Some(it) if bytes <= it.memory.len() - it.start => AlignedBytes { bytes, ..it },
            _ => AlignedBytes::new(bytes),
        }
    }

    /// Keeps the longer one of `buffer` and what is kept.
    pub(super) fn put(&self, buffer: AlignedBytes) {
        let kept = self.0.take().filter(|kept| buffer.memory.len() <= kept.memory.len());
        self.0.replace(Some(kept.unwrap_or(buffer)));
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
    fn the_longest_buffer_is_used_again() {
        let reuse = Reuse::default();
        for bytes in [8192, 4096, 512 * 1024, 8192] {
            let buffer = reuse.take(bytes);
            assert_eq!(buffer.as_ref().len(), bytes);
            assert_eq!(buffer.as_ref().as_ptr().align_offset(BLOCK_BYTES), 0);
            reuse.put(buffer);
        }
        assert_eq!(reuse.take(4096).memory.len(), 512 * 1024 + BLOCK_BYTES);
    }
}
