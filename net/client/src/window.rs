//! Which requests wait for their reply.

/// A ticket per request in flight, found by request id without a search.
///
/// A request id is `generation << 16 | seat + 1`: the seat finds the ticket, the generation tells a
/// late or repeated reply from the seat's present request, and the id is never 0.
#[derive(Debug)]
pub(crate) struct Window<T> {
    seats: Vec<Seat<T>>,
    free: Vec<u16>,
    seats_max: u16,
}

#[derive(Debug)]
struct Seat<T> {
    generation: u64,
    ticket: Option<T>,
}

impl<T> Window<T> {
    pub(crate) fn new(seats_max: u16) -> Self {
        // A seat and one must fit 16 bits.
        Self { seats: Vec::new(), free: Vec::new(), seats_max: seats_max.clamp(1, u16::MAX - 1) }
    }

    /// The id that the next [`Window::take`] will use; `None` when every seat is taken.
    pub(crate) fn next_id(&self) -> Option<u64> {
        let (seat, generation) = match self.free.last() {
            Some(seat) => (usize::from(*seat), self.seats[usize::from(*seat)].generation),
            None if self.seats.len() < usize::from(self.seats_max) => (self.seats.len(), 0),
            None => return None,
        };
        let seat = u64::try_from(seat).expect("fits 16 bits");
        Some(generation << 16 | (seat + 1))
    }

    /// Takes the seat that [`Window::next_id`] named.
    pub(crate) fn take(&mut self, ticket: T) {
        if let Some(seat) = self.free.pop() {
            let seat = &mut self.seats[usize::from(seat)];
            assert!(seat.ticket.is_none(), "a free seat is empty");
            seat.ticket = Some(ticket);
        } else {
            assert!(self.seats.len() < usize::from(self.seats_max), "a seat was free");
            self.seats.push(Seat { generation: 0, ticket: Some(ticket) });
        }
    }

    /// Frees the seat of `request_id` and returns its ticket; `None` when it is not in flight.
    pub(crate) fn leave(&mut self, request_id: u64) -> Option<T> {
        let [low, high, ..] = request_id.to_le_bytes();
        let number = u16::from_le_bytes([low, high]).checked_sub(1)?;
        let seat = self.seats.get_mut(usize::from(number))?;
        if seat.generation != request_id >> 16 {
            return None;
        }
        let ticket = seat.ticket.take()?;
        seat.generation = (seat.generation + 1) & (u64::MAX >> 16);
        self.free.push(number);
        Some(ticket)
    }

    pub(crate) fn count(&self) -> usize {
        self.seats.len() - self.free.len()
    }

    pub(crate) fn count_max(&self) -> usize {
        usize::from(self.seats_max)
    }

    /// Empties every seat, in no particular order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.free.clear();
        std::mem::take(&mut self.seats).into_iter().filter_map(|seat| seat.ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_once_and_never_comes_back() {
        let mut window = Window::new(2);
        let first = window.next_id().unwrap();
        window.take('a');
        let second = window.next_id().unwrap();
        window.take('b');
        assert_eq!((window.next_id(), window.count()), (None, 2));
        assert_eq!(window.leave(first), Some('a'));
        assert_eq!(window.leave(first), None);
        let third = window.next_id().unwrap();
        assert_ne!(third, first);
        window.take('c');
        assert_eq!(window.leave(first), None);
        assert_eq!(window.leave(third), Some('c'));
        assert_eq!(window.leave(second), Some('b'));
        assert_eq!(window.count(), 0);
    }

    #[test]
    fn ids_nobody_gave_out_are_unknown() {
        let mut window = Window::new(u16::MAX);
        window.take(());
        for request_id in [0, 2, 1 << 16 | 1, u64::MAX, u64::MAX << 16] {
            assert_eq!(window.leave(request_id), None, "{request_id:#x}");
        }
        assert_eq!(window.drain().count(), 1);
    }
}
