//! The bounded sink a decision puts its events into.

use crate::{Denial, Domain, RefusalClass};

/// The most events one command may decide.
pub const EVENTS_MAX: usize = 256;

/// What a command decided, in order. Reused between commands; never longer than [`EVENTS_MAX`].
#[derive(Debug)]
pub struct Events<D: Domain> {
    events: Vec<D::Event>,
}

impl<D: Domain> Events<D> {
    pub(crate) const fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// Adds what happened. Refused when the command decided more than [`EVENTS_MAX`] events.
    pub fn push(&mut self, event: impl Into<D::Event>) -> Result<(), Denial> {
        if self.events.len() == EVENTS_MAX {
            return Err(Denial {
                code: 0,
                name: "TooManyEvents",
                class: RefusalClass::Invalid,
                field: "".into(),
                detail: "one command may decide at most 256 events".into(),
            });
        }
        self.events.push(event.into());
        Ok(())
    }

    pub(crate) fn as_slice(&self) -> &[D::Event] {
        &self.events
    }
}
