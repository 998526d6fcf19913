//! A recording, made ready to be driven.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;

use telemetry::{Shape, ShapeReader, ShapesError};

use crate::args::Over;
use crate::mix::{Kind, Mix, Named, Pick, sized};
use crate::workload::Workload;

/// Most requests of a recording, and the longest replay of one: lists of them are held in memory, and
/// times are counted in nanoseconds.
const REQUESTS_MAX: u64 = 10_000_000;
const HOURS_MAX: u64 = 24 * 7;
const LENGTH_NS_MAX: u64 = HOURS_MAX * 3_600 * 1_000_000_000;

/// Why a recording cannot be driven.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordingError {
    #[error(transparent)]
    Shapes(#[from] ShapesError),
    #[error("it has no request of an operation")]
    Empty,
    #[error(
        "it has more than {REQUESTS_MAX} requests: drive a part of it, such as what \
         `head -n {REQUESTS_MAX}` gives"
    )]
    Many,
    #[error(
        "it would take more than {HOURS_MAX} hours, up to the request {start_us} us from its beginning: \
         give a higher --speed"
    )]
    Long { start_us: u64 },
    #[error("give the address of a door")]
    NoDoor,
}

/// What goes through each door.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) doors: Vec<Through>,
    /// From the first start to the last, at the speed of the replay.
    pub(super) length_ns: u64,
    pub(super) requests: u64,
    pub(super) left_out: u64,
    pub(super) other_size: u64,
    /// Doors of the recording that are not open.
    pub(super) other_door: Vec<String>,
}

/// What goes through one door.
#[derive(Debug)]
pub(super) struct Through {
    pub(super) over: Over,
    /// The requests in their order.
    pub(super) mix: Mix,
    /// When each is due, from the first of all doors on.
    pub(super) starts_ns: Arc<[u64]>,
}

/// Doors as recordings name them, and what is spoken there.
const DOORS: [(&str, Over); 4] =
    [("http", Over::Http), ("https", Over::Https), ("http3", Over::Http3), ("rpc", Over::Rpc)];
/// Days of a worker and workers of a roster that examples are made with.
const SHIFTS: [u32; 6] = [1, 2, 3, 4, 5, 7];
const WORKERS: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];
/// The only operation whose examples have workers.
const ROSTER: &str = "rates.quote-roster";

/// The requests of one door while they are gathered.
#[derive(Debug)]
struct Gathered {
    over: Over,
    operations: Vec<Named>,
    kinds: Vec<Kind>,
    /// The kind of each operation and size class, in JSON or not, and whether it is of that class.
    known: BTreeMap<(&'static str, bool, u32), (u32, bool)>,
    requests: Vec<Request>,
}

/// A request, as small as it can be: there may be millions.
#[derive(Debug, Clone, Copy)]
struct Request {
    start_us: u64,
    kind: u32,
}

impl Recording {
    /// Reads a file of shapes. `open` says which doors there are; what came through others goes through
    /// the first that is open. The error says what to give instead.
    pub(super) fn read(
        text: impl BufRead,
        speed: f64,
        open: impl Fn(Over) -> bool,
    ) -> Result<Self, RecordingError> {
        let mut shapes = ShapeReader::new(text)?;
        let fallback = DOORS.map(|(_, over)| over).into_iter().find(|it| open(*it));
        let fallback = fallback.ok_or(RecordingError::NoDoor)?;
        let mut recording = Self {
            doors: Vec::new(),
            length_ns: 0,
            requests: 0,
            left_out: 0,
            other_size: 0,
            other_door: Vec::new(),
        };
        let mut doors: Vec<Gathered> = Vec::new();
        while let Some(shape) = shapes.next_shape()? {
            if recording.requests + recording.left_out == REQUESTS_MAX {
                return Err(RecordingError::Many);
            }
            let spoken = DOORS.into_iter().find(|(name, _)| *name == shape.door);
            let Some((name, spoken)) = spoken else {
                recording.left_out += 1;
                continue;
            };
            let over = if open(spoken) { spoken } else { fallback };
            let door = doors.iter().position(|it| it.over == over).unwrap_or_else(|| {
                doors.push(Gathered::through(over));
                doors.len() - 1
            });
            let Some(fits) = doors[door].add(&shape, spoken) else {
                recording.left_out += 1;
                continue;
            };
            recording.requests += 1;
            recording.other_size += u64::from(!fits);
            if over != spoken && !recording.other_door.iter().any(|it| it == name) {
                recording.other_door.push(name.to_owned());
            }
        }
        let starts = || doors.iter().flat_map(|it| &it.requests).map(|it| it.start_us);
        let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
            return Err(RecordingError::Empty);
        };
        recording.length_ns = scaled_ns(last - first, speed);
        if LENGTH_NS_MAX < recording.length_ns {
            return Err(RecordingError::Long { start_us: last });
        }
        doors.retain(|it| !it.requests.is_empty());
        doors.sort_by_key(|it| it.over.name());
        recording.doors = doors.into_iter().map(|it| it.ready(first, speed)).collect();
        Ok(recording)
    }
}

impl Gathered {
    fn through(over: Over) -> Self {
        let (operations, kinds, requests) = (Vec::new(), Vec::new(), Vec::new());
        Self { over, operations, kinds, known: BTreeMap::new(), requests }
    }

    /// Adds a request, and says whether its example is of its size class; `None` when there is no such
    /// operation. `recorded` is what was spoken when its sizes were taken.
    fn add(&mut self, shape: &Shape<'_>, recorded: Over) -> Option<bool> {
        let (_, operation) = registry::operation(shape.operation)?;
        let (name, class) = (operation.shape.name, class(shape.request_bytes));
        let key = (name, recorded.is_http(), class);
        let (kind, fits) = if let Some(known) = self.known.get(&key) {
            *known
        } else {
            let workload = example(name, recorded, shape.request_bytes)?;
            let fits = class.abs_diff(self::class(length(&workload, recorded))) <= 1;
            let operation = self.operation(name, &workload);
            let kind = u32::try_from(self.kinds.len()).expect("a few for each operation");
            self.kinds.push(Kind { workload, operation });
            self.known.insert(key, (kind, fits));
            (kind, fits)
        };
        self.requests.push(Request { start_us: shape.start_us, kind });
        Some(fits)
    }

    /// The number of the operation among those of the door.
    fn operation(&mut self, name: &str, workload: &Workload) -> u16 {
        let found = self.operations.iter().position(|it| it.name == name);
        let index = found.unwrap_or_else(|| {
            let durable = workload.durable;
            self.operations.push(Named { name: name.to_owned(), share: 0.0, durable });
            self.operations.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// In the order of the starts: lines are in that of the answers.
    fn ready(mut self, first_us: u64, speed: f64) -> Through {
        self.requests.sort_by_key(|it| it.start_us);
        let starts = self.requests.iter().map(|it| scaled_ns(it.start_us - first_us, speed));
        let starts_ns: Arc<[u64]> = starts.collect();
        let pick = |(key, request): (u32, &Request)| {
            let kind = usize::try_from(request.kind).expect("it was an index");
            Pick { kind, operation: self.kinds[kind].operation, key, tenant: 0 }
        };
        let picks = (0..).zip(&self.requests).map(pick).collect();
        Through { over: self.over, mix: Mix::listed(self.operations, self.kinds, picks), starts_ns }
    }
}

/// Sizes of one class differ by a factor of less than two.
fn class(bytes: u32) -> u32 {
    u32::BITS - bytes.leading_zeros()
}

/// As the shape of a request through that door counts.
fn length(workload: &Workload, over: Over) -> u32 {
    let bytes = if over.is_http() { workload.json.len() } else { workload.payload.len() };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The example of an operation whose length is nearest; `None` when there is no such operation.
fn example(operation: &str, over: Over, bytes: u32) -> Option<Workload> {
    let workers: &[u32] = if operation == ROSTER { &WORKERS } else { &[1] };
    let sizes = workers.iter().flat_map(|workers| SHIFTS.map(|shifts| (shifts, *workers)));
    let examples = sizes.filter_map(|(shifts, workers)| sized(operation, shifts, workers));
    examples.min_by_key(|it| length(it, over).abs_diff(bytes))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "what is too long for the mantissa is longer than any replay, and a cast of floats saturates"
)]
fn scaled_ns(us: u64, speed: f64) -> u64 {
    (us as f64 * 1e3 / speed).round() as u64
}

#[cfg(test)]
#[path = "recording/tests.rs"]
mod tests;
