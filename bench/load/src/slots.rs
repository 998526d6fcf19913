//! The requests of one connection that wait for their reply.

/// A fixed number of places; a taken one remembers when its request was meant to start.
#[derive(Debug)]
pub(crate) struct Slots {
    started: Vec<u64>,
    /// Of each, the number of its operation in the mix.
    operations: Vec<u16>,
    free: Vec<u32>,
}

const FREE: u64 = u64::MAX;

impl Slots {
    pub(crate) fn new(count: u32) -> Self {
        let places = usize::try_from(count).expect("a u32 fits a usize on every supported machine");
        let operations = vec![0; places];
        Self { started: vec![FREE; places], operations, free: (0..count).rev().collect() }
    }

    pub(crate) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.free.len() == self.started.len()
    }

    /// Takes a free place.
    pub(crate) fn take(&mut self, started: u64) -> u32 {
        let slot = self.free.pop().expect("the caller saw a free place");
        self.started[index(slot)] = started;
        slot
    }

    /// Says what the request in a place asks.
    pub(crate) fn mark(&mut self, slot: u32, operation: u16) {
        self.operations[index(slot)] = operation;
    }

    /// Frees a place and says when its request was meant to start and what it asked; `None` when it was
    /// free.
    pub(crate) fn finish(&mut self, slot: u32) -> Option<(u64, u16)> {
        let place = self.started.get_mut(index(slot)).filter(|place| **place != FREE)?;
        self.free.push(slot);
        Some((std::mem::replace(place, FREE), self.operations[index(slot)]))
    }

    /// The starts of all requests without a reply, and what they asked.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (u64, u16)> {
        let both = self.started.iter().copied().zip(self.operations.iter().copied());
        both.filter(|(started, _)| *started != FREE)
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_after_one_reply_and_only_one() {
        let mut slots = Slots::new(2);
        let (first, second) = (slots.take(10), slots.take(20));
        assert!(!slots.has_free() && first != second);
        slots.mark(first, 7);
        assert_eq!(slots.waiting().map(|(started, _)| started).sum::<u64>(), 30);
        assert_eq!(slots.finish(first), Some((10, 7)));
        assert_eq!(slots.finish(first), None);
        assert_eq!(slots.finish(2), None);
        assert_eq!(slots.take(30), first);
        slots.mark(first, 2);
        assert_eq!((slots.finish(first), slots.finish(second)), (Some((30, 2)), Some((20, 0))));
        assert!(slots.is_idle());
    }
}
