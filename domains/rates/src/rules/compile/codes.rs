//! Finding a classification by its code: by a hash of it, then one comparison. Codes of one award share
//! long beginnings, which comparing one after the other would read again and again.

use crate::rules::award::Classification;

/// Hashes of codes with positions, sorted by hash. Codes with the same hash are all tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codes(Vec<(u64, u16)>);

/// An odd number with bits set all over: 2^64 over the golden ratio.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

fn hash(code: &str) -> u64 {
    let mut state = u64::try_from(code.len()).expect("a length fits");
    let mut chunks = code.as_bytes().chunks_exact(8);
    let mut take = |word: u64| {
        state = (state ^ word).wrapping_mul(MIX);
        state ^= state >> 32;
    };
    for chunk in &mut chunks {
        take(u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    }
    let rest = chunks.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    take(rest);
    state
}

impl Codes {
    pub(super) fn new(classifications: &[Classification]) -> Self {
        let code = |(at, it): (usize, &Classification)| {
            (hash(&it.code), u16::try_from(at).expect("checked against the limit"))
        };
        let mut codes: Vec<(u64, u16)> = classifications.iter().enumerate().map(code).collect();
        codes.sort_unstable();
        Self(codes)
    }

    /// The position of `code` in `classifications`, from which these were made.
    #[inline]
    pub(super) fn find(&self, classifications: &[Classification], code: &str) -> Option<u16> {
        let wanted = hash(code);
        let from = self.0.partition_point(|it| it.0 < wanted);
        let same = self.0[from..].iter().take_while(|it| it.0 == wanted);
        same.map(|it| it.1).find(|it| classifications[usize::from(*it)].code == code)
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u64, u16)>()
    }
}
