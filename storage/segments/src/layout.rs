//! Sizes and names of segment files.

use frame::{BLOCK_BYTES, BODY_BYTES_MAX, HEADER_BYTES};

use crate::header::SEGMENT_HEADER_BYTES;

/// How the log uses its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogOptions {
    /// Length of every segment file; a multiple of 4 KiB that holds the longest frame.
    pub segment_bytes: u64,
    /// The longest body that the engine pushes, at most [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
    /// Segments prepared ahead of the one that is written to, at least 1.
    pub spares_count: usize,
    /// Released segments kept for reuse; the others are removed. At least `spares_count`.
    pub recycled_max: usize,
    /// How long to wait before asking for space again when the disk is full.
    pub retry_ms: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            body_bytes_max: BODY_BYTES_MAX,
            spares_count: 2,
            recycled_max: 16,
            retry_ms: 1000,
        }
    }
}

/// Why options cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Not whole blocks.
    #[error("segment_bytes {segment_bytes} is not a multiple of {BLOCK_BYTES}")]
    Blocks {
        /// As given.
        segment_bytes: u64,
    },
    /// The longest frame does not fit.
    #[error("segment_bytes {segment_bytes} is too small for bodies of {body_bytes_max} bytes")]
    TooSmall {
        /// As given.
        segment_bytes: u64,
        /// As given.
        body_bytes_max: usize,
    },
    /// The limit is above the format's.
    #[error("body_bytes_max {body_bytes_max} is over the format's limit of {BODY_BYTES_MAX}")]
    BodyLimit {
        /// As given.
        body_bytes_max: usize,
    },
    /// No spare segment.
    #[error("spares_count must be at least 1 and at most recycled_max")]
    Spares,
}

impl LogOptions {
    /// Checks that the sizes go together.
    pub fn check(&self) -> Result<(), OptionsError> {
        let Self { segment_bytes, body_bytes_max, .. } = *self;
        if !segment_bytes.is_multiple_of(BLOCK_BYTES as u64) {
            return Err(OptionsError::Blocks { segment_bytes });
        }
        if BODY_BYTES_MAX < body_bytes_max {
            return Err(OptionsError::BodyLimit { body_bytes_max });
        }
        if segment_bytes < SEGMENT_HEADER_BYTES + self.frame_bytes_max() {
            return Err(OptionsError::TooSmall { segment_bytes, body_bytes_max });
        }
        if self.spares_count == 0 || self.recycled_max < self.spares_count {
            return Err(OptionsError::Spares);
        }
        Ok(())
    }

    /// Bytes of a segment that frames can use.
    pub(crate) fn usable_bytes(&self) -> u64 {
        self.segment_bytes - SEGMENT_HEADER_BYTES
    }

    /// The longest frame.
    pub(crate) fn frame_bytes_max(&self) -> u64 {
        (HEADER_BYTES + self.body_bytes_max) as u64
    }

    /// Credit that can be given whatever the sizes of the frames will be: `rest_bytes` are left in
    /// the active segment (0 without one), `spares` further segments are ready.
    ///
    /// Frames go into segments one after the other, so each segment but the last may end with a
    /// hole smaller than the longest frame. The padding of a group is paid for by its frames
    /// ([`frame::space_bytes`]), except behind the part of a group that fills a segment up, where
    /// it lies in that hole.
    pub(crate) fn guaranteed_bytes(&self, rest_bytes: u64, spares: usize) -> u64 {
        let spares = spares as u64;
        if spares == 0 {
            return rest_bytes;
        }
        let frame = self.frame_bytes_max();
        let usable = self.usable_bytes();
        rest_bytes.saturating_sub(frame) + (spares - 1) * usable.saturating_sub(frame) + usable
    }
}

/// The next multiple of the block size.
pub(crate) fn block_up(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK_BYTES as u64)
}

/// What a file in the log's directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Holds frames.
    Segment,
    /// Claimed and written all over, free to become a segment.
    Spare,
    /// Was being prepared when the box stopped.
    Unfinished,
}

impl FileKind {
    fn extension(self) -> &'static str {
        match self {
            Self::Segment => "seg",
            Self::Spare => "spare",
            Self::Unfinished => "new",
        }
    }

    /// The file's name: its id in 16 hexadecimal digits and its kind.
    pub(crate) fn name(self, id: u64) -> String {
        format!("{id:016x}.{}", self.extension())
    }

    /// Reads a name back; `None` for files that are not the log's.
    pub(crate) fn parse(name: &str) -> Option<(Self, u64)> {
        let (digits, extension) = name.split_once('.')?;
        let id = u64::from_str_radix(digits, 16).ok()?;
        let kind = [Self::Segment, Self::Spare, Self::Unfinished]
            .into_iter()
            .find(|kind| kind.extension() == extension)?;
        (kind.name(id) == name).then_some((kind, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_are_left_alone() {
        assert_eq!(FileKind::Segment.name(0x1f), "000000000000001f.seg");
        for kind in [FileKind::Segment, FileKind::Spare, FileKind::Unfinished] {
            assert_eq!(FileKind::parse(&kind.name(u64::MAX)), Some((kind, u64::MAX)));
        }
        for other in ["1.seg", "000000000000001F.seg", "000000000000001f.bak", "notes", ""] {
            assert_eq!(FileKind::parse(other), None, "{other}");
        }
    }

    #[test]
    fn options_that_cannot_hold_a_frame_are_refused() {
        let options = LogOptions::default();
        assert_eq!(options.check(), Ok(()));
        assert!(LogOptions { segment_bytes: 4097, ..options }.check().is_err());
        assert!(LogOptions { segment_bytes: 8192, ..options }.check().is_err());
        assert!(LogOptions { spares_count: 0, ..options }.check().is_err());
        let tight = LogOptions { segment_bytes: 8192, body_bytes_max: 4096 - 64, ..options };
        assert_eq!(tight.check(), Ok(()));
        assert!(LogOptions { body_bytes_max: 4096 - 63, ..tight }.check().is_err());
    }

    /// Places groups of arbitrary frames exactly as the log does, paying from what was guaranteed:
    /// nothing that was paid for may be left without a place.
    #[test]
    fn what_is_guaranteed_can_be_placed() {
        let options = LogOptions {
            segment_bytes: 5 * 4096,
            body_bytes_max: 6000,
            spares_count: 3,
            ..LogOptions::default()
        };
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..2000 {
            let (mut rest, mut spares) = (4096 * random(5), 3usize);
            let mut credit = options.guaranteed_bytes(rest, spares);
            loop {
                let mut group = Vec::new();
                for index in 0..=random(4) {
                    let body = usize::try_from(random(6001)).unwrap();
                    let cost = frame::space_bytes(body, index == 0);
                    if credit < cost {
                        break;
                    }
                    credit -= cost;
                    group.push((HEADER_BYTES + body) as u64);
                }
                if group.is_empty() {
                    break;
                }
                let mut part = 0;
                for frame in group {
                    if rest < part + frame {
                        spares = spares.checked_sub(1).expect("a paid frame has a place");
                        rest = options.usable_bytes();
                        part = 0;
                    }
                    part += frame;
                }
                rest -= block_up(part);
            }
        }
    }
}
