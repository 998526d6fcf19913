//! A table of bounded size from (subject, policy) to a count or a time.
//!
//! Open addressing with linear probing in one allocation that is made once and whose pages the
//! system hands out as they are first written. A slot is 32 bytes:
//!
//! ```text
//! 0              8               16                     24      28      32
//! | subject low  | subject high  | microseconds or      | tag   | ticks |
//! |              |               | requests under way   |       |       |
//! ```
//!
//! A tag of zero is a vacant slot. At most two thirds of the slots are used, so a probe looks at two
//! to five of them on average and always ends. Removal shifts the followers back: no tombstones, and
//! a table that was once full is as fast as a new one. All entries of a subject start at the same
//! place, so the second policy of a subject costs no second cache miss.
//!
//! The place is a keyed hash of the subject. Who does not know the seed cannot aim subjects at one
//! place, even when the caller's digest is not a secret one.

use crate::rate::Moment;

/// How many (subject, policy) pairs one table holds at most.
pub const SUBJECTS_MAX: usize = 1 << 28;

/// Set in the tag of an entry that counts requests under way. Time alone never ends such an entry.
const CONCURRENT: u64 = 1 << 31;

type Slot = [u64; 4];
const LOW: usize = 0;
const HIGH: usize = 1;
const VALUE: usize = 2;
const TAG: usize = 3;
const VACANT: Slot = [0; 4];
const SLOT_BYTES: usize = size_of::<Slot>();
const _: () = assert!(SLOT_BYTES == 32);

/// Whose entry, under which policy, and whether it is a time or a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
    tag: u64,
}

impl Key {
    #[inline]
    pub(crate) fn rate(subject: u128, policy: u16) -> Self {
        let low = u64::try_from(subject & u128::from(u64::MAX)).expect("the mask left 64 bits");
        let high = u64::try_from(subject >> 64).expect("the shift left 64 bits");
        Self { low, high, tag: u64::from(policy) + 1 }
    }

    #[inline]
    pub(crate) fn concurrent(subject: u128, policy: u16) -> Self {
        let key = Self::rate(subject, policy);
        Self { tag: key.tag | CONCURRENT, ..key }
    }
}

#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    capacity: usize,
    used: usize,
    seed: [u64; 2],
    /// Where the next sweep goes on.
    cursor: usize,
}

impl Table {
    /// For `capacity` entries, 1 to [`SUBJECTS_MAX`].
    pub(crate) fn new(capacity: usize, seed: [u64; 2]) -> Self {
        let capacity = capacity.clamp(1, SUBJECTS_MAX);
        let slots = vec![VACANT; capacity + capacity / 2 + 1];
        Self { slots, capacity, used: 0, seed, cursor: 0 }
    }

    /// Where the entry is, or the vacant slot where it would go.
    #[inline]
    pub(crate) fn find(&self, key: &Key) -> Result<usize, usize> {
        let mut place = self.home(key.low, key.high);
        loop {
            let slot = &self.slots[place];
            let tag = tag(slot);
            if tag == key.tag && slot[LOW] == key.low && slot[HIGH] == key.high {
                return Ok(place);
            }
            if tag == 0 {
                return Err(place);
            }
            place = self.after(place);
        }
    }

    /// The time or count at a place that `find` returned, nothing having been changed since.
    #[inline]
    pub(crate) fn value(&self, place: usize) -> Moment {
        let slot = &self.slots[place];
        Moment { us: slot[VALUE], ticks: slot[TAG] >> 32 }
    }

    /// Writes an entry at the place that `find` returned for its key, nothing having been changed
    /// since. The caller has made sure that there is room.
    #[inline]
    pub(crate) fn put(&mut self, place: Result<usize, usize>, key: &Key, value: Moment) {
        let (Ok(at) | Err(at)) = place;
        if place.is_err() {
            debug_assert!(self.used < self.capacity);
            self.used += 1;
        }
        self.slots[at] = [key.low, key.high, value.us, (value.ticks << 32) | key.tag];
    }

    pub(crate) fn remove(&mut self, place: usize) {
        let mut vacated = place;
        let mut next = self.after(place);
        while tag(&self.slots[next]) != 0 {
            let home = self.home(self.slots[next][LOW], self.slots[next][HIGH]);
            // The entry may move back unless the vacated slot is before its home.
            if self.distance(home, next) >= self.distance(vacated, next) {
                self.slots[vacated] = self.slots[next];
                vacated = next;
            }
            next = self.after(next);
        }
        self.slots[vacated] = VACANT;
        self.used -= 1;
    }

    /// Looks at the next `slots_count` slots of the round and forgets who has rested at `now_us`.
    /// Returns how many were forgotten.
    pub(crate) fn sweep(&mut self, now_us: u64, slots_count: usize) -> usize {
        let used = self.used;
        for _ in 0..slots_count.min(self.slots.len()) {
            // What moves into the place of a forgotten entry is looked at next.
            if is_rested(&self.slots[self.cursor], now_us) {
                self.remove(self.cursor);
            } else {
                self.cursor = self.after(self.cursor);
            }
        }
        used - self.used
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity - self.used
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn bytes(&self) -> usize {
        self.slots.capacity() * SLOT_BYTES
    }

    /// A folded 64 x 64 multiplication of the seeded halves, then scaled to the number of slots.
    #[inline]
    fn home(&self, low: u64, high: u64) -> usize {
        let (product, carry) = (low ^ self.seed[0]).carrying_mul(high ^ self.seed[1], 0);
        let mixed = (product ^ carry ^ self.seed[0]).wrapping_mul(MIX);
        let (_, place) = (mixed ^ (mixed >> 32)).carrying_mul(self.slots.len() as u64, 0);
        usize::try_from(place).expect("a place is below the number of slots")
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        let next = place + 1;
        if next == self.slots.len() { 0 } else { next }
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        if from <= to { to - from } else { to + self.slots.len() - from }
    }
}

/// Odd and without pattern: the golden ratio's fraction, as in Fibonacci hashing.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn tag(slot: &Slot) -> u64 {
    slot[TAG] & 0xFFFF_FFFF
}

fn is_rested(slot: &Slot, now_us: u64) -> bool {
    let is_time = slot[TAG] & CONCURRENT == 0 && tag(slot) != 0;
    is_time && Moment { us: slot[VALUE], ticks: slot[TAG] >> 32 } <= Moment { us: now_us, ticks: 0 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn value(us: u64) -> Moment {
        Moment { us, ticks: us % 7 }
    }

    proptest! {
        /// Against an ordered map, in a table small enough that clusters wrap around its end.
        #[test]
        fn it_is_a_map(
            capacity in 1_usize..24,
            seed: [u64; 2],
            steps in proptest::collection::vec((0_u8..5, 0_u128..12, 0_u16..3, 0_u64..40), 1..400),
        ) {
            let mut table = Table::new(capacity, seed);
            let mut model = BTreeMap::new();
            for (step, subject, policy, us) in steps {
                let concurrent = policy == 2;
                let key = if concurrent {
                    Key::concurrent(subject, policy)
                } else {
                    Key::rate(subject, policy)
                };
                let name = (subject, policy);
                let place = table.find(&key);
                prop_assert_eq!(place.ok().map(|it| table.value(it)), model.get(&name).copied());
                match step {
                    0..=2 if table.room() > 0 || place.is_ok() => {
                        table.put(place, &key, value(us));
                        model.insert(name, value(us));
                    }
                    3 => {
                        if let Ok(at) = place {
                            table.remove(at);
                        }
                        model.remove(&name);
                    }
                    4 => {
                        // Every slot once, and once more for each that is forgotten.
                        table.sweep(us, usize::MAX);
                        table.sweep(us, usize::MAX);
                        let now = Moment { us, ticks: 0 };
                        model.retain(|(_, policy), tat| *policy == 2 || now < *tat);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.used(), model.len());
                prop_assert_eq!(table.room(), capacity - model.len());
            }
            for ((subject, policy), tat) in &model {
                let key = if *policy == 2 {
                    Key::concurrent(*subject, *policy)
                } else {
                    Key::rate(*subject, *policy)
                };
                prop_assert_eq!(table.find(&key).ok().map(|it| table.value(it)), Some(*tat));
            }
        }
    }

    #[test]
    fn counting_subjects_spread_well() {
        // Digests need not be random: small numbers, high numbers and steps must not pile up.
        for shift in [0, 16, 64, 96] {
            let mut table = Table::new(1 << 14, [7, 11]);
            let mut probes = 0;
            for number in 0..1_u128 << 14 {
                let key = Key::rate(number << shift, 0);
                let place = table.find(&key);
                let home = table.home(key.low, key.high);
                probes += table.distance(home, place.unwrap_err()) + 1;
                table.put(place, &key, value(1));
            }
            // Uniform hashing gives 2 on average while filling up to two thirds (Knuth, 6.4).
            assert!(probes < (1 << 14) * 5 / 2, "shift {shift}: {probes}");
        }
    }
}
