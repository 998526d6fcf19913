//! Bodies with consecutive log sequence numbers, on their way from the sequencer to the log.

use crate::{BLOCK_BYTES, BODY_BYTES_MAX, HEADER_BYTES, Lsn};

/// Bytes in front of each body in the buffer: time (8) and length (4).
pub const ENTRY_BYTES: usize = 12;

/// A reusable buffer of bodies. Its entries are numbered from `first` without gaps.
///
/// ```text
/// | time_us u64 | body_bytes u32 | body | time_us u64 | ...
/// ```
#[derive(Debug, Default)]
pub struct Group {
    first: Lsn,
    count: u64,
    entries: Vec<u8>,
}

/// One body of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The number of the frame that this body becomes.
    pub lsn: Lsn,
    /// Wall-clock time of the decision, microseconds since 1970-01-01T00:00Z.
    pub time_us: u64,
    /// The encoded body.
    pub body: &'a [u8],
}

impl Group {
    /// An empty group whose buffer already holds `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { first: Lsn::NONE, count: 0, entries: Vec::with_capacity(bytes) }
    }

    /// Names the frame that the next pushed body becomes. Only an empty group can be renumbered.
    pub fn start_at(&mut self, first: Lsn) {
        assert!(self.count == 0, "a group that holds frames keeps its numbers");
        self.first = first;
    }

    /// Appends a body and returns its number. The body is at most [`BODY_BYTES_MAX`] long.
    pub fn push(&mut self, time_us: u64, body: &[u8]) -> Lsn {
        let body_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        assert!(body.len() <= BODY_BYTES_MAX, "the body builder caps bodies");
        assert!(self.first != Lsn::NONE, "a group is numbered before its first push");
        self.entries.reserve(ENTRY_BYTES + body.len());
        self.entries.extend_from_slice(&time_us.to_le_bytes());
        self.entries.extend_from_slice(&body_bytes.to_le_bytes());
        self.entries.extend_from_slice(body);
        let lsn = self.first.plus(self.count);
        self.count += 1;
        lsn
    }

    /// The bodies in order.
    pub fn iter(&self) -> GroupIter<'_> {
        GroupIter { next: self.first, rest: &self.entries }
    }

    /// Forgets the bodies and keeps the buffer. The next push continues the numbering.
    pub fn clear(&mut self) {
        self.first = self.first.plus(self.count);
        self.count = 0;
        self.entries.clear();
    }

    /// The number of the first frame.
    pub fn first(&self) -> Lsn {
        self.first
    }

    /// The number of the last frame; the one before `first` when the group is empty.
    pub fn last(&self) -> Lsn {
        self.first.plus(self.count).previous()
    }

    /// How many frames it holds.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether it holds no frame.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of all frames with their headers, without padding.
    pub fn frame_bytes(&self) -> u64 {
        let frames = self.entries.len() as u64;
        frames + self.count * (HEADER_BYTES - ENTRY_BYTES) as u64
    }

    /// The credit that was paid for the frames: see [`crate::space_bytes`].
    pub fn space_bytes(&self) -> u64 {
        if self.is_empty() { 0 } else { self.frame_bytes() + BLOCK_BYTES as u64 }
    }
}

impl<'a> IntoIterator for &'a Group {
    type Item = Entry<'a>;
    type IntoIter = GroupIter<'a>;

    fn into_iter(self) -> GroupIter<'a> {
        self.iter()
    }
}

/// The bodies of a group in order.
#[derive(Debug, Clone)]
pub struct GroupIter<'a> {
    next: Lsn,
    rest: &'a [u8],
}

impl<'a> Iterator for GroupIter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (time_us, rest) = self.rest.split_first_chunk::<8>()?;
        let (body_bytes, rest) = rest.split_first_chunk::<4>()?;
        let body_bytes = usize::try_from(u32::from_le_bytes(*body_bytes)).ok()?;
        let (body, rest) = rest.split_at_checked(body_bytes)?;
        let entry = Entry { lsn: self.next, time_us: u64::from_le_bytes(*time_us), body };
        self.next = self.next.next();
        self.rest = rest;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_numbered_in_order() {
        let mut group = Group::with_capacity(64);
        group.start_at(Lsn(5));
        assert_eq!(group.push(10, b"one"), Lsn(5));
        assert_eq!(group.push(11, b""), Lsn(6));
        let entries: Vec<_> = group.iter().map(|it| (it.lsn.0, it.time_us, it.body)).collect();
        assert_eq!(entries, [(5, 10, &b"one"[..]), (6, 11, b"")]);
        assert_eq!(group.last(), Lsn(6));
        assert_eq!(group.frame_bytes(), 64 + 3 + 64);
        assert_eq!(group.space_bytes(), 64 + 3 + 64 + 4096);
    }

    #[test]
    fn clearing_keeps_the_numbering() {
        let mut group = Group::default();
        group.start_at(Lsn(1));
        group.push(1, b"a");
        group.clear();
        assert!(group.is_empty());
        assert_eq!(group.space_bytes(), 0);
        assert_eq!(group.push(2, b"b"), Lsn(2));
    }
}
