//! Between the log and the sequencer: sees what the log takes and what it reports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frame::{Feed, Group, Lsn, Position};
use sequencer::Sequencer;

/// What went by since it was drained last.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Number, time and body of each frame.
    pub(crate) taken: Vec<(Lsn, u64, Vec<u8>)>,
    pub(crate) durable: Option<Position>,
    pub(crate) starved: bool,
    pub(crate) failed: Option<String>,
}

/// A feed that passes everything on.
#[derive(Debug)]
pub(crate) struct Tap {
    sequencer: Arc<Sequencer>,
    seen: Mutex<Seen>,
    /// The broken rule that the checkers must find: frames are called durable when they are taken.
    early: bool,
}

impl Tap {
    pub(crate) fn new(sequencer: Arc<Sequencer>, early: bool) -> Self {
        Self { sequencer, seen: Mutex::new(Seen::default()), early }
    }

    pub(crate) fn drain(&self) -> Seen {
        let mut seen = self.lock();
        let starved = seen.starved;
        std::mem::replace(&mut seen, Seen { starved, ..Seen::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed for Tap {
    fn take(&self, group: &mut Group) -> bool {
        if !self.sequencer.take(group) {
            return false;
        }
        let entries = group.iter().map(|it| (it.lsn, it.time_us, it.body.to_vec()));
        self.lock().taken.extend(entries);
        if self.early {
            let before = self.sequencer.position();
            self.sequencer.durable(Position { lsn: group.last(), ..before });
        }
        true
    }

    fn durable(&self, position: Position) {
        self.lock().durable = Some(position);
        self.sequencer.durable(position);
    }

    fn grant(&self, bytes: u64) {
        self.sequencer.grant(bytes);
    }

    fn starved(&self, starved: bool) {
        self.lock().starved = starved;
        self.sequencer.starved(starved);
    }

    fn failed(&self, error: &str) {
        self.lock().failed = Some(error.to_owned());
        self.sequencer.failed(error);
    }

    fn closing(&self) -> bool {
        self.sequencer.closing()
    }
}
