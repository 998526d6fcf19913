//! Where in the log something is, and how much of the log a frame takes.

use std::fmt;

use crate::header::HEADER_BYTES;

/// The unit of every write to the log: groups of frames are padded to it.
pub const BLOCK_BYTES: usize = 4096;

/// Log sequence number: the number of a frame, box-wide, starting at 1, without gaps. 0 means
/// "nothing yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Before the first frame.
    pub const NONE: Self = Self(0);

    /// The number of the frame that follows this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number of the frame that precedes this one; `NONE` precedes itself.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The number `count` frames further on.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A point in the history of one log: two logs that agree on a position agree on every frame up to
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Position {
    /// Which start of the box wrote the frame. Grows by one with every start. 0 before the first.
    pub epoch: u32,
    /// The last frame of the history.
    pub lsn: Lsn,
    /// Hash over all frames up to `lsn`; 0 before the first.
    pub chain: u64,
}

impl Position {
    /// Before the first frame of an empty log.
    pub const NONE: Self = Self { epoch: 0, lsn: Lsn::NONE, chain: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{:016x}", self.epoch, self.lsn, self.chain)
    }
}

/// What a frame with a body of `body_bytes` costs of the space granted by [`crate::Feed::grant`].
///
/// The rule: every frame costs its header and its body, and the first frame of a pending group (the
/// one pushed while nothing else is pending) costs one further block, which pays for the padding
/// behind the group. The log grants only what it can place under this rule whatever the sizes of
/// the frames are, so a frame that was paid for is never refused later for lack of space.
#[must_use]
pub const fn space_bytes(body_bytes: usize, first_of_group: bool) -> u64 {
    let padding = if first_of_group { BLOCK_BYTES } else { 0 };
    (HEADER_BYTES + body_bytes + padding) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_step_by_one_and_stop_at_their_ends() {
        assert_eq!(Lsn::NONE.next(), Lsn(1));
        assert_eq!(Lsn::NONE.previous(), Lsn::NONE);
        assert_eq!(Lsn(u64::MAX).next(), Lsn(u64::MAX));
    }

    #[test]
    fn the_first_frame_of_a_group_pays_for_the_padding() {
        assert_eq!(space_bytes(100, false), 164);
        assert_eq!(space_bytes(100, true), 164 + 4096);
    }

    #[test]
    fn a_position_prints_as_epoch_lsn_chain() {
        let position = Position { epoch: 3, lsn: Lsn(17), chain: 0xabc };
        assert_eq!(position.to_string(), "3.17.0000000000000abc");
    }
}
