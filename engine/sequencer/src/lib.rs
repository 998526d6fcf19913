//! The order of frames: one place where every frame of the box gets its number.
//!
//! A frame that saw another frame's effect always follows it: the core that made the first one had
//! its number before it showed the effect to anybody. This is the one structure that cores share on
//! the write path; a read shares none of it but the durable position, one atomic.
//!
//! Invariants:
//! - numbers are given without gaps, and only to frames whose place on the disk is already paid for;
//! - the durable position never goes back;
//! - after the first failure of the log nothing more is accepted and the position stands still.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use frame::{Feed, Group, Lsn, Position, space_bytes};

/// The most bytes that may wait for the log. At the disk's speed this is a fraction of a second;
/// beyond it callers are told to come back.
pub const PENDING_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where a frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub lsn: Lsn,
    /// How often the overlays had been told to rotate before it; see [`Sequencer::rotate`].
    pub generation: u64,
}

/// Why a frame was not accepted. Nothing of it is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The disk has no room for a further segment.
    #[error("the log has no space left")]
    OutOfSpace,
    /// The log is behind; it will catch up.
    #[error("too many frames wait for the log")]
    Backlog,
    /// The log failed; the process is about to stop.
    #[error("the log failed")]
    Failed,
    /// The box is stopping.
    #[error("the box is stopping")]
    Closing,
}

/// What the sequencer calls when something changed. Called from any thread, must not block.
pub type Notify = Box<dyn Fn() + Send + Sync>;

impl Pending {
    /// The group that takes the next frame.
    fn newest(&mut self) -> &mut Group {
        self.following.as_mut().unwrap_or(&mut self.group)
    }
}

/// Gives out numbers and holds the frames that wait for the log.
pub struct Sequencer {
    pending: Mutex<Pending>,
    durable: AtomicU64,
    on_push: OnceLock<Notify>,
    on_durable: OnceLock<Notify>,
}

#[derive(Debug)]
struct Pending {
    group: Group,
    /// What follows a cut: the log takes it as a group of its own, so that a cut is always the end
    /// of a group, and the log reports the position of every group's end.
    following: Option<Group>,
    /// The last cut, and its position once it is durable.
    cut: Option<(Lsn, Option<Position>)>,
    waiting_bytes: u64,
    pushed_bytes: u64,
    credit_bytes: u64,
    generation: u64,
    position: Position,
    starved: bool,
    failed: Option<String>,
    closing: bool,
}

impl fmt::Debug for Sequencer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let durable = self.durable.load(Ordering::Relaxed);
        f.debug_struct("Sequencer").field("durable", &durable).finish_non_exhaustive()
    }
}

impl Sequencer {
    /// Goes on after `position`, which recovery found durable. Nothing can be pushed before the log
    /// grants space.
    pub fn new(position: Position) -> Self {
        let mut group = Group::default();
        group.start_at(position.lsn.next());
        Self {
            pending: Mutex::new(Pending {
                group,
                following: None,
                cut: None,
                waiting_bytes: 0,
                pushed_bytes: 0,
                credit_bytes: 0,
                generation: 0,
                position,
                starved: false,
                failed: None,
                closing: false,
            }),
            durable: AtomicU64::new(position.lsn.0),
            on_push: OnceLock::new(),
            on_durable: OnceLock::new(),
        }
    }

    /// Sets who is told that frames wait (`on_push`, only when none waited before) and that the
    /// durable position moved or the log failed (`on_durable`). Once, before the first push.
    pub fn attach(&self, on_push: Notify, on_durable: Notify) {
        let fresh = self.on_push.set(on_push).is_ok() && self.on_durable.set(on_durable).is_ok();
        assert!(fresh, "a sequencer is attached once");
    }

    /// Accepts a frame's body and gives it its number.
    pub fn push(&self, time_us: u64, body: &[u8]) -> Result<Place, PushError> {
        let (place, first) = {
            let mut pending = self.lock();
            if pending.failed.is_some() {
                return Err(PushError::Failed);
            }
            if pending.closing {
                return Err(PushError::Closing);
            }
            let first = pending.newest().is_empty();
            let cost = space_bytes(body.len(), first);
            if pending.credit_bytes < cost {
                let out_of_space = pending.starved;
                return Err(if out_of_space { PushError::OutOfSpace } else { PushError::Backlog });
            }
            if pending.waiting_bytes + cost > PENDING_BYTES_MAX {
                return Err(PushError::Backlog);
            }
            pending.credit_bytes -= cost;
            pending.waiting_bytes += cost;
            pending.pushed_bytes += cost;
            let lsn = pending.newest().push(time_us, body);
            (Place { lsn, generation: pending.generation }, first)
        };
        if first && let Some(notify) = self.on_push.get() {
            notify();
        }
        Ok(place)
    }

    /// Begins a new generation of changes and returns the last number of the old one: the cut of a
    /// checkpoint. Every later push carries the new generation. One checkpoint at a time: the frames
    /// up to the cut before are in the stores.
    pub fn rotate(&self) -> (Lsn, u64) {
        let mut pending = self.lock();
        assert!(pending.following.is_none(), "the cut before is durable");
        let cut = pending.group.last();
        let durable = Some(pending.position).filter(|position| position.lsn == cut);
        pending.generation += 1;
        pending.cut = Some((cut, durable));
        if !pending.group.is_empty() {
            let mut following = Group::default();
            following.start_at(cut.next());
            pending.following = Some(following);
        }
        (cut, pending.generation)
    }

    /// The position of the last cut, once it is durable.
    pub fn cut_position(&self) -> Option<Position> {
        self.lock().cut.and_then(|(_, position)| position)
    }

    /// Frames up to here survive any crash.
    pub fn durable_lsn(&self) -> Lsn {
        Lsn(self.durable.load(Ordering::Acquire))
    }

    /// The last number given out.
    pub fn last(&self) -> Lsn {
        self.lock().newest().last()
    }

    /// Bytes of log that were paid for since the start.
    pub fn pushed_bytes(&self) -> u64 {
        self.lock().pushed_bytes
    }

    /// Whether the log has granted space that is not used up: it is ready to write.
    pub fn has_credit(&self) -> bool {
        self.lock().credit_bytes > 0
    }

    /// The durable position with epoch and chain, as the log last reported it.
    pub fn position(&self) -> Position {
        self.lock().position
    }

    /// Why the log failed, if it did.
    pub fn failure(&self) -> Option<String> {
        self.lock().failed.clone()
    }

    /// Whether the log lacks space for a further segment.
    pub fn is_starved(&self) -> bool {
        self.lock().starved
    }

    /// Accepts no more frames; the log writes what waits and ends.
    pub fn close(&self) {
        self.lock().closing = true;
        if let Some(notify) = self.on_push.get() {
            notify();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // No code under this lock can panic halfway through a change.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify_durable(&self) {
        if let Some(notify) = self.on_durable.get() {
            notify();
        }
    }
}

impl Feed for Sequencer {
    fn take(&self, group: &mut Group) -> bool {
        let mut pending = self.lock();
        if pending.group.is_empty() {
            return false;
        }
        assert!(group.is_empty(), "the log takes into an empty group");
        let following = pending.following.take();
        group.start_at(pending.group.last().next());
        std::mem::swap(group, &mut pending.group);
        pending.waiting_bytes = following.as_ref().map_or(0, Group::space_bytes);
        if let Some(following) = following {
            pending.group = following;
        }
        true
    }

    fn durable(&self, position: Position) {
        {
            let mut pending = self.lock();
            assert!(pending.position.lsn <= position.lsn, "the durable position never goes back");
            assert!(position.lsn <= pending.newest().last(), "only numbered frames become durable");
            pending.position = position;
            if let Some((cut, reached @ None)) = &mut pending.cut
                && *cut <= position.lsn
            {
                assert!(*cut == position.lsn, "a cut is the end of a group");
                *reached = Some(position);
            }
        }
        self.durable.store(position.lsn.0, Ordering::Release);
        self.notify_durable();
    }

    fn grant(&self, bytes: u64) {
        let mut pending = self.lock();
        pending.credit_bytes = pending.credit_bytes.saturating_add(bytes);
    }

    fn starved(&self, starved: bool) {
        self.lock().starved = starved;
    }

    fn failed(&self, error: &str) {
        self.lock().failed.get_or_insert_with(|| error.to_owned());
        self.notify_durable();
    }

    fn closing(&self) -> bool {
        self.lock().closing
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};

    use super::*;

    fn granted(bytes: u64) -> Sequencer {
        let sequencer = Sequencer::new(Position::NONE);
        sequencer.grant(bytes);
        sequencer
    }

    #[test]
    fn numbers_have_no_gap_across_groups() {
        let sequencer = granted(1 << 20);
        let mut group = Group::default();
        assert!(!sequencer.take(&mut group));
        for expected in 1..=3 {
            assert_eq!(sequencer.push(1, b"x").unwrap().lsn, Lsn(expected));
        }
        assert!(sequencer.take(&mut group));
        assert_eq!((group.first(), group.last()), (Lsn(1), Lsn(3)));
        assert_eq!(sequencer.push(1, b"x").unwrap().lsn, Lsn(4));
        group.clear();
        assert!(sequencer.take(&mut group));
        assert_eq!((group.first(), group.last()), (Lsn(4), Lsn(4)));
    }

    #[test]
    fn a_frame_without_paid_space_is_refused_and_takes_no_number() {
        let sequencer = granted(space_bytes(1, true));
        sequencer.push(1, b"x").unwrap();
        assert_eq!(sequencer.push(1, b"x"), Err(PushError::Backlog));
        sequencer.starved(true);
        assert_eq!(sequencer.push(1, b"x"), Err(PushError::OutOfSpace));
        sequencer.grant(1000);
        assert_eq!(sequencer.push(1, b"x").unwrap().lsn, Lsn(2));
    }

    #[test]
    fn the_log_is_woken_once_for_a_group() {
        let (pushes, moves) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let sequencer = granted(1 << 20);
        let count = |counter: &Arc<AtomicUsize>| {
            let counter = Arc::clone(counter);
            Box::new(move || {
                counter.fetch_add(1, Ordering::Relaxed);
            })
        };
        sequencer.attach(count(&pushes), count(&moves));
        sequencer.push(1, b"x").unwrap();
        sequencer.push(1, b"x").unwrap();
        assert_eq!(pushes.load(Ordering::Relaxed), 1);
        sequencer.durable(Position { epoch: 1, lsn: Lsn(2), chain: 9 });
        assert_eq!(moves.load(Ordering::Relaxed), 1);
        assert_eq!(sequencer.durable_lsn(), Lsn(2));
    }

    #[test]
    fn a_rotation_cuts_between_two_pushes() {
        let sequencer = granted(1 << 20);
        assert_eq!(sequencer.push(1, b"x").unwrap().generation, 0);
        assert_eq!(sequencer.rotate(), (Lsn(1), 1));
        assert_eq!(sequencer.push(1, b"x").unwrap(), Place { lsn: Lsn(2), generation: 1 });
    }

    #[test]
    fn a_cut_is_the_end_of_a_group_and_its_position_is_kept() {
        let sequencer = granted(1 << 20);
        let mut group = Group::default();
        let at = |lsn| Position { epoch: 1, lsn: Lsn(lsn), chain: lsn * 7 };
        sequencer.push(1, b"x").unwrap();
        assert_eq!(sequencer.rotate().0, Lsn(1));
        sequencer.push(1, b"x").unwrap();
        sequencer.push(1, b"x").unwrap();
        assert_eq!(sequencer.last(), Lsn(3));
        assert!(sequencer.take(&mut group));
        assert_eq!(group.last(), Lsn(1));
        assert_eq!(sequencer.cut_position(), None);
        sequencer.durable(at(1));
        group.clear();
        assert!(sequencer.take(&mut group));
        assert_eq!((group.first(), group.last()), (Lsn(2), Lsn(3)));
        sequencer.durable(at(3));
        assert_eq!(sequencer.cut_position(), Some(at(1)));
        assert_eq!(sequencer.rotate().0, Lsn(3));
        assert_eq!(sequencer.cut_position(), Some(at(3)));
    }

    #[test]
    fn after_a_failure_or_a_close_nothing_is_accepted() {
        let sequencer = granted(1 << 20);
        sequencer.close();
        assert_eq!(sequencer.push(1, b"x"), Err(PushError::Closing));
        sequencer.failed("disk gone");
        assert_eq!(sequencer.push(1, b"x"), Err(PushError::Failed));
        assert_eq!(sequencer.failure().as_deref(), Some("disk gone"));
    }
}
