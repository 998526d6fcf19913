//! What waits for a completion.

use std::cell::RefCell;
use std::rc::Rc;

use gateway::{Rejection, Visit};
use wire::{Limits, Problem, ReplyBatchMark, ReplyItems, Status};

/// The requests of one connection that wait for a completion, by ticket number.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    places: Vec<Option<Waiting>>,
    free: Vec<u32>,
}

/// What a completion is for.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// A request of its own, and what is to be done when it is answered.
    Request(u64, Option<Box<Visit>>),
    /// One item of a batch.
    Item(Rc<RefCell<Batch>>, u16),
}

impl Tickets {
    /// The number that the next [`Tickets::take`] uses.
    pub(crate) fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| {
            u32::try_from(self.places.len()).expect("bounded by the limits of a connection")
        })
    }

    pub(crate) fn take(&mut self, waiting: Waiting) {
        match self.free.pop() {
            Some(number) => self.places[number as usize] = Some(waiting),
            None => self.places.push(Some(waiting)),
        }
    }

    /// Frees a number. A completion comes once for each.
    pub(crate) fn leave(&mut self, number: u32) -> Waiting {
        let waiting = self.places[number as usize].take();
        self.free.push(number);
        waiting.expect("a completion comes once for each ticket")
    }

    pub(crate) fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

/// A batch of which some item waits.
#[derive(Debug)]
pub(crate) struct Batch {
    request_id: u64,
    position: u64,
    /// One per item, in order; those that wait are empty.
    parts: Vec<Option<(Status, Vec<u8>)>>,
    waiting: usize,
    /// What is to be done when it is answered.
    visit: Option<Box<Visit>>,
}

impl Batch {
    /// A batch whose first items are done.
    pub(crate) fn new(request_id: u64, position: u64, done: ReplyItems<'_>) -> Self {
        let parts = done.map(|item| Some((item.status, item.payload.to_vec()))).collect();
        Self { request_id, position, parts, waiting: 0, visit: None }
    }

    /// No item is to come that is not here or waited for.
    pub(crate) fn keep(&mut self, visit: Option<Box<Visit>>) {
        self.visit = visit;
    }

    /// The next item waits.
    pub(crate) fn wait(&mut self) {
        self.parts.push(None);
        self.waiting += 1;
    }

    /// The next item is done.
    pub(crate) fn push(&mut self, position: u64, outcome: Result<Vec<u8>, Rejection>) {
        self.position = self.position.max(position);
        self.parts.push(Some(part(outcome)));
    }

    /// An item that waited is done.
    pub(crate) fn complete(
        &mut self,
        item: u16,
        position: u64,
        outcome: Result<Vec<u8>, Rejection>,
    ) {
        self.position = self.position.max(position);
        let place = &mut self.parts[usize::from(item)];
        assert!(place.is_none(), "an item completes once");
        *place = Some(part(outcome));
        self.waiting -= 1;
    }

    /// Appends the reply once no item waits any more, of `items` in all; true when it did.
    pub(crate) fn finish(&mut self, limits: &Limits, out: &mut Vec<u8>) -> bool {
        if self.waiting != 0 {
            return false;
        }
        let before = out.len();
        let mut mark = ReplyBatchMark::begin(out, self.request_id, limits);
        for (status, payload) in self.parts.drain(..).flatten() {
            let item = mark.begin_item(out);
            out.extend_from_slice(&payload);
            mark.finish_item(out, item, status);
        }
        mark.finish(out, self.position);
        if let Some(visit) = self.visit.take() {
            visit.answered(Status::Ok, self.position, out.len() - before);
        }
        true
    }
}

fn part(outcome: Result<Vec<u8>, Rejection>) -> (Status, Vec<u8>) {
    match outcome {
        Ok(reply) => (Status::Ok, reply),
        Err(rejection) => {
            let mut bytes = Vec::new();
            let problem: Problem<'_> = rejection.problem();
            problem.encode(&mut bytes);
            (rejection.status, bytes)
        }
    }
}
