//! The streams of one connection that wait for their end, by number.

use std::collections::VecDeque;

/// Streams are numbered upwards without gaps and end in any order.
#[derive(Debug, Clone)]
pub(crate) struct Open<T> {
    first: u64,
    places: VecDeque<Option<T>>,
}

impl<T> Open<T> {
    /// Nothing is open; the next stream is number 0.
    pub(crate) fn new() -> Self {
        Self { first: 0, places: VecDeque::new() }
    }

    /// Opens the next stream.
    pub(crate) fn push(&mut self, stream: T) -> u64 {
        self.places.push_back(Some(stream));
        self.first + u64::try_from(self.places.len() - 1).unwrap_or(u64::MAX)
    }

    /// A stream that has not ended.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.places.get_mut(index)?.as_mut()
    }

    /// Ends a stream.
    pub(crate) fn end(&mut self, number: u64) -> Option<T> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let ended = self.places.get_mut(index)?.take();
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_end_in_any_order_and_once() {
        let mut open = Open::new();
        assert_eq!((0..4).map(|it| open.push(it * 10)).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(open.end(2), Some(20));
        assert_eq!((open.end(2), open.get_mut(2)), (None, None));
        assert_eq!(open.end(0), Some(0));
        assert_eq!((open.end(0), open.get_mut(1).copied()), (None, Some(10)));
        assert_eq!(open.end(1), Some(10));
        assert_eq!((open.push(40), open.get_mut(3).copied(), open.end(9)), (4, Some(30), None));
        assert_eq!(open.places.len(), 2);
    }
}
