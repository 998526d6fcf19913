//! What a core keeps ready between requests, within bounds.

use std::collections::BTreeMap;

/// The most entries of one kind that a core keeps.
const KEPT_MAX: usize = 4096;
/// The most bytes of one kind that a core keeps.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// What was worked out for a credential, by what names it. Only work is saved: whatever is not here
/// is worked out again.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    rows: BTreeMap<K, V>,
    bytes: usize,
}

/// How much memory an entry takes, about; the same as long as it is kept.
pub(super) trait Weight {
    fn bytes(&self) -> usize;
}

impl<K: Ord, V: Weight + Clone> Kept<K, V> {
    pub(super) const fn new() -> Self {
        Self { rows: BTreeMap::new(), bytes: 0 }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.rows.get(key).cloned()
    }

    /// Keeps `value`; when there is no room, forgets all: they are made again as they are shown.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.remove(&key);
        let bytes = value.bytes();
        if self.rows.len() == KEPT_MAX || KEPT_BYTES_MAX < self.bytes + bytes {
            self.rows.clear();
            self.bytes = 0;
        }
        if bytes <= KEPT_BYTES_MAX {
            self.bytes += bytes;
            self.rows.insert(key, value);
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(former) = self.rows.remove(key) {
            self.bytes -= former.bytes();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    #[test]
    fn neither_entries_nor_bytes_pass_their_bound() {
        for (weight, fit) in
            [(1, KEPT_MAX), (KEPT_BYTES_MAX / 3, 3), (KEPT_BYTES_MAX, 1), (KEPT_BYTES_MAX + 1, 0)]
        {
            let mut kept = Kept::new();
            for it in 0..fit {
                kept.put(it, weight);
            }
            assert_eq!((kept.len(), kept.bytes), (fit, fit * weight));
            // Again is no more.
            if 0 < fit {
                kept.put(0, weight);
                assert_eq!(kept.len(), fit);
            }
            // One more starts anew.
            kept.put(fit, weight);
            assert_eq!(kept.get(&fit), (weight <= KEPT_BYTES_MAX).then_some(weight));
            assert!(kept.len() <= 1 && kept.bytes <= KEPT_BYTES_MAX, "{weight}");
            kept.remove(&fit);
            assert_eq!((kept.len(), kept.bytes), (0, 0));
        }
    }
}
