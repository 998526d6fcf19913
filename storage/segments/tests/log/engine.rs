//! A small stand-in for the engine: a sequencer with credit, and a simulated box around a log.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use disk::sim::SimDisk;
use frame::{Event, Feed, Group, Lsn, Meta, Position, encode_body, space_bytes};
use segments::{Control, Log, LogError, LogOptions, RecoverError, Recovered, recover, run};

/// Small enough that every test fills several segments.
pub(crate) const OPTIONS: LogOptions = LogOptions {
    segment_bytes: 6 * 4096,
    body_bytes_max: 8192 - 64,
    spares_count: 1,
    recycled_max: 3,
    retry_ms: 1000,
};

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) pending: Group,
    pub(crate) credit: u64,
    pub(crate) pushed: Lsn,
    pub(crate) durable: Position,
    pub(crate) starved: bool,
    pub(crate) starved_count: u32,
    pub(crate) failure: Option<String>,
    pub(crate) closing: bool,
}

/// The engine's side of the log.
#[derive(Debug, Default)]
pub(crate) struct Sequencer {
    seen: Mutex<Seen>,
}

impl Sequencer {
    pub(crate) fn after(position: Position) -> Self {
        let mut pending = Group::default();
        pending.start_at(position.lsn.next());
        let pushed = position.lsn;
        Self { seen: Mutex::new(Seen { pending, pushed, durable: position, ..Seen::default() }) }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Pushes the frame that belongs to the next number, if there is credit for it.
    pub(crate) fn push(&self, payload_bytes: usize) -> bool {
        let mut seen = self.seen();
        let body = body(seen.pushed.next(), payload_bytes);
        let cost = space_bytes(body.len(), seen.pending.is_empty());
        if seen.credit < cost {
            return false;
        }
        seen.credit -= cost;
        seen.pushed = seen.pending.push(7, &body);
        true
    }
}

impl Feed for Sequencer {
    fn take(&self, group: &mut Group) -> bool {
        let mut seen = self.seen();
        assert!(seen.failure.is_none(), "a failed log takes nothing more");
        if seen.pending.is_empty() {
            return false;
        }
        let next = seen.pushed.next();
        std::mem::swap(&mut seen.pending, group);
        seen.pending.clear();
        seen.pending.start_at(next);
        true
    }

    fn durable(&self, position: Position) {
        let mut seen = self.seen();
        assert!(seen.failure.is_none(), "a failed log acknowledges nothing more");
        assert!(seen.durable.lsn < position.lsn && position.lsn <= seen.pushed);
        seen.durable = position;
    }

    fn grant(&self, bytes: u64) {
        self.seen().credit += bytes;
    }

    fn starved(&self, starved: bool) {
        let mut seen = self.seen();
        seen.starved = starved;
        seen.starved_count += u32::from(starved);
    }

    fn failed(&self, error: &str) {
        self.seen().failure = Some(error.to_owned());
    }

    fn closing(&self) -> bool {
        self.seen().closing
    }
}

/// A body that says which frame it is.
pub(crate) fn body(lsn: Lsn, payload_bytes: usize) -> Vec<u8> {
    let mut payload = lsn.0.to_le_bytes().to_vec();
    payload.resize(payload_bytes.max(8), 0xd5);
    let event = Event { domain: 1, code: 2, version: 1, key: b"key", payload: &payload };
    let mut out = Vec::new();
    encode_body(&mut out, &Meta { tenant: 9, ..Meta::default() }, [event]).unwrap();
    out
}

/// The log, its feed and its thread's future, polled by hand.
pub(crate) struct Machine<'a> {
    pub(crate) feed: &'a Sequencer,
    pub(crate) control: &'a Control,
    log: Pin<Box<dyn Future<Output = Result<(), LogError>> + 'a>>,
    ended: Option<Result<(), LogError>>,
}

impl<'a> Machine<'a> {
    pub(crate) fn start(
        log: &'a mut Log<SimDisk>,
        feed: &'a Sequencer,
        control: &'a Control,
    ) -> Self {
        let mut it = Self { feed, control, log: Box::pin(run(log, feed, control)), ended: None };
        it.poll();
        it
    }

    pub(crate) fn poll(&mut self) {
        if self.ended.is_none()
            && let Poll::Ready(ended) =
                self.log.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            self.ended = Some(ended);
        }
    }

    /// Completes one disk operation; false when the log only waits for the engine.
    pub(crate) fn step(&mut self, disk: &SimDisk) -> bool {
        self.poll();
        let stepped = disk.step();
        self.poll();
        stepped
    }

    pub(crate) fn settle(&mut self, disk: &SimDisk) {
        while self.step(disk) {}
    }

    pub(crate) fn push(&mut self, payload_bytes: usize) -> bool {
        let pushed = self.feed.push(payload_bytes);
        self.control.ring();
        self.poll();
        pushed
    }

    /// Pushes one frame and waits until it is durable.
    pub(crate) fn commit(&mut self, disk: &SimDisk, payload_bytes: usize) -> bool {
        let pushed = self.push(payload_bytes);
        self.settle(disk);
        pushed
    }

    pub(crate) fn ended(&self) -> Option<&Result<(), LogError>> {
        self.ended.as_ref()
    }
}

/// Recovers the log on `disk` and returns the numbers of the frames after `applied`, checked
/// against their bodies.
pub(crate) fn recovered(
    disk: &SimDisk,
    applied: Position,
) -> Result<(Recovered, Vec<u64>), RecoverError> {
    let mut lsns = Vec::new();
    let mut on_frame = |frame: &frame::Frame<'_>| {
        let event = frame.events().next().unwrap();
        assert_eq!(event.payload[..8], frame.lsn().0.to_le_bytes());
        assert_eq!((frame.meta().tenant, frame.time_us()), (9, 7));
        lsns.push(frame.lsn().0);
    };
    let recovered = disk.run(recover(disk, &OPTIONS, applied, &mut on_frame, &mut |_| {}))?;
    Ok((recovered, lsns))
}

/// Commits frames of these payload sizes, one group each, on whatever the disk holds.
pub(crate) fn write(disk: &SimDisk, sizes: &[usize]) -> Position {
    let (recovered, _) = recovered(disk, Position::NONE).unwrap();
    let feed = Sequencer::after(recovered.position);
    let control = Control::default();
    let mut log = Log::resume(disk.clone(), OPTIONS, recovered.resume).unwrap();
    let mut it = Machine::start(&mut log, &feed, &control);
    it.settle(disk);
    for &size in sizes {
        assert!(it.commit(disk, size));
    }
    feed.seen().closing = true;
    control.ring();
    it.settle(disk);
    assert!(matches!(it.ended(), Some(Ok(()))));
    let position = feed.seen().durable;
    assert_eq!(position.lsn, feed.seen().pushed);
    position
}
