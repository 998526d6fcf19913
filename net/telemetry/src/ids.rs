//! Ids that nobody can guess and no two requests share.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// One core's source of ids: a counter under a keyed hash, whose key came from the operating system
/// when the thread first asked for one.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    key: RandomState,
    drawn: Cell<u64>,
}

impl Ids {
    /// A span's id, never 0.
    pub(crate) fn span(&self) -> u64 {
        loop {
            let drawn = self.drawn.replace(self.drawn.get().wrapping_add(1));
            let id = self.key.hash_one(drawn);
            if id != 0 {
                return id;
            }
        }
    }

    /// A trace's id, never 0.
    pub(crate) fn trace(&self) -> u128 {
        u128::from(self.span()) << 64 | u128::from(self.span())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_differ_and_spread() {
        let (one, other) = (Ids::default(), Ids::default());
        let drawn: Vec<_> = (0..5000).flat_map(|_| [one.span(), other.span()]).collect();
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), drawn.len());
        for bit in 0..64 {
            let set = drawn.iter().filter(|it| *it >> bit & 1 == 1).count();
            assert!((4500..5500).contains(&set), "bit {bit} is set in {set} of 10000");
        }
        assert_ne!(one.trace() >> 64, one.trace() & u128::from(u64::MAX));
    }
}
