//! The side threads, and how they end.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::collector::{Collector, CollectorError, Terms};
use crate::counters::Counters;
use crate::delivery::Delivery;
use crate::drain::Drain;
use crate::ids::Ids;
use crate::otlp::{Resource, SPAN_BYTES_MAX};
use crate::outbox::Outbox;
use crate::queue::queue;
use crate::record::Access;
use crate::recorder::{On, Recorder};
use crate::shapes::{ShapeFile, Shapes};

/// Spans of one request: the body stays below the 4 MiB that collectors take.
const BATCH_SPANS: usize = 512;
const _: () = assert!(BATCH_SPANS * SPAN_BYTES_MAX <= 4 << 20);
/// Spans that wait for the collector: 4 MB, or 16 MB if every one has the longest state.
const WAITING_SPANS: usize = 16 * 1024;

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Data-plane cores.
    pub cores: u16,
    /// What the access log tells of.
    pub access: Access,
    /// Where spans go, if anywhere.
    pub export: Option<Export>,
    /// Where the shapes of all requests go, if anywhere.
    pub shapes: Option<Shapes>,
}

/// Where spans go, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// How the collector is reached.
    pub collector: Terms,
    /// Who sends.
    pub resource: Resource,
    /// Of a million traces that begin here, so many are recorded. Of others their beginning decided.
    pub sample_per_million: u32,
    /// When and how much.
    pub pace: Pace,
}

/// When and how much is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A batch goes out with so many spans.
    pub batch_spans: usize,
    /// A smaller one when its first span waited so long.
    pub batch_wait: Duration,
    /// So many spans wait at most; then the oldest are dropped.
    pub waiting_spans: usize,
    /// The first wait before a batch is tried again; each one after is twice as long.
    pub backoff_first: Duration,
    /// The longest.
    pub backoff_max: Duration,
    /// A batch is dropped when it would have been tried for so long.
    pub give_up: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch_spans: BATCH_SPANS,
            batch_wait: Duration::from_secs(2),
            waiting_spans: WAITING_SPANS,
            backoff_first: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
            give_up: Duration::from_mins(5),
        }
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The collector cannot be sent to.
    #[error(transparent)]
    Collector(#[from] CollectorError),
    /// The file of shapes cannot be made.
    #[error("making {} for shapes: {source}", file.display())]
    Shapes {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("starting a thread: {0}")]
    Thread(#[from] io::Error),
}

/// The side threads: one value for the box.
#[derive(Debug)]
pub struct Telemetry {
    /// By core, until it is taken.
    recorders: Mutex<Vec<Option<Recorder>>>,
    side: Option<Side>,
}

#[derive(Debug)]
struct Side {
    stopping: Arc<AtomicBool>,
    drain: Thread,
    outbox: Option<Arc<Outbox>>,
    /// Disconnected when a thread has ended.
    drained: Mutex<Receiver<()>>,
    delivered: Mutex<Receiver<()>>,
}

impl Telemetry {
    /// Starts what the options ask for: no thread when they ask for nothing.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let silent = options.export.is_none() && options.access == Access::Off;
        if silent && options.shapes.is_none() {
            return Ok(Self { recorders: Mutex::default(), side: None });
        }
        let shapes = match &options.shapes {
            Some(shapes) => shape_file(shapes)?,
            None => None,
        };
        let counters = Arc::new(Counters::new(options.cores));
        let (mut recorders, mut queues) = (Vec::new(), Vec::new());
        for core in 0..options.cores {
            let (entrance, exit) = queue();
            queues.push(exit);
            recorders.push(Some(Recorder::on(On {
                core,
                ids: Ids::default(),
                entrance: RefCell::new(entrance),
                counters: Arc::clone(&counters),
                access: options.access,
                shapes: shapes.is_some(),
                sample_per_million: options.export.as_ref().map(|it| it.sample_per_million),
            })));
        }
        let (delivery_ended, delivered) = mpsc::channel();
        let outbox = match &options.export {
            Some(export) => Some(deliver(export, &counters, delivery_ended)?),
            None => None,
        };
        let (drain_ended, drained) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let drain = Drain {
            queues,
            access: options.access,
            shapes,
            outbox: outbox.clone(),
            stopping: Arc::clone(&stopping),
        };
        let drain = thread::Builder::new().name("quoin-telemetry".to_owned()).spawn(move || {
            drain.run();
            drop::<Sender<()>>(drain_ended);
        })?;
        let side = Side {
            stopping,
            drain: drain.thread().clone(),
            outbox,
            drained: Mutex::new(drained),
            delivered: Mutex::new(delivered),
        };
        Ok(Self { recorders: Mutex::new(recorders), side: Some(side) })
    }

    /// The core's recorder. There is one: whoever asks for it again gets one that is off.
    pub fn recorder(&self, core: u16) -> Recorder {
        let mut recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        let found = recorders.get_mut(usize::from(core)).and_then(Option::take);
        found.unwrap_or_else(Recorder::off)
    }

    /// Takes what is still in the queues, and sends it, within `limit`. Call it when the cores have
    /// ended. Whether everything went where it belongs in time; what did not is counted as dropped.
    pub fn stop(&self, limit: Duration) -> bool {
        let Some(side) = &self.side else { return true };
        let deadline = Instant::now() + limit;
        side.stopping.store(true, Ordering::Release);
        side.drain.unpark();
        let drained = ended(&side.drained, deadline);
        let Some(outbox) = &side.outbox else { return drained };
        // A little earlier, so that it is over and counted when this returns.
        outbox.close(deadline.checked_sub(limit / 5).unwrap_or(deadline));
        ended(&side.delivered, deadline) && drained
    }
}

/// None when there is a recording already. A box that comes up again after a crash must not stay down for
/// the sake of one.
fn shape_file(shapes: &Shapes) -> Result<Option<ShapeFile>, StartError> {
    let file = &shapes.file;
    match ShapeFile::create(shapes) {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            tracing::warn!(
                file = %file.display(),
                "no shapes are recorded, since there is such a file already: move it away, or name \
                 another one in telemetry.shapes_file"
            );
            Ok(None)
        }
        Err(source) => Err(StartError::Shapes { file: file.clone(), source }),
    }
}

fn deliver(
    export: &Export,
    counters: &Arc<Counters>,
    ended: Sender<()>,
) -> Result<Arc<Outbox>, StartError> {
    let collector = Collector::new(&export.collector, &export.resource.version)?;
    tracing::info!(
        collector = collector.url(),
        sample_per_million = export.sample_per_million,
        "spans are sent"
    );
    let outbox = Arc::new(Outbox::new(Arc::clone(counters), export.pace.waiting_spans));
    let delivery = Delivery {
        outbox: Arc::clone(&outbox),
        collector,
        resource: export.resource.clone(),
        pace: export.pace,
        counters: Arc::clone(counters),
        complained: false,
    };
    thread::Builder::new().name("quoin-otlp".to_owned()).spawn(move || {
        delivery.run();
        drop(ended);
    })?;
    Ok(outbox)
}

/// Waits for the end of a thread, which lets go of its side of the channel.
fn ended(thread: &Mutex<Receiver<()>>, deadline: Instant) -> bool {
    let rest = deadline.saturating_duration_since(Instant::now());
    let thread = thread.lock().unwrap_or_else(PoisonError::into_inner);
    thread.recv_timeout(rest) == Err(mpsc::RecvTimeoutError::Disconnected)
}
