//! Start and stop of the whole box.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use contract::Entry;
use disk::{DirLock, direct::ThreadOptions};
use frame::{Feed, Position};
use segments::{Control, spawn_direct_log, spawn_plain_log};
use sequencer::Sequencer;
use shard::{Base, CORES_MAX, CoreId, Limits, Rows, SlotMap, Start};

use crate::{
    checkpoint::{Checkpointer, Request, merged_rows},
    core::Core,
    mailbox::{Mail, Mailbox},
    options::{DeviceChoice, Options},
    recover::{RecoveryError, recover_offline},
    thread::CoreThread,
};

/// Opens the doors of one core, on its thread; an error ends the start.
pub type Doors = Arc<dyn Fn(Core) -> Result<(), String> + Send + Sync>;

/// How far a start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Frames of the log are being replayed.
    Replaying {
        /// Bytes read.
        bytes: u64,
        /// Bytes to read.
        bytes_total: u64,
    },
    /// The state is complete.
    Recovered {
        /// Where the log goes on.
        position: Position,
        /// Frames that were replayed.
        frames: u64,
        /// Events that were replayed.
        events: u64,
        /// How long the replay took, in milliseconds.
        took_ms: u64,
    },
    /// The log is ready to write.
    LogReady {
        /// Whether it writes through `io_uring`.
        uring: bool,
        /// Why it does not, when it was asked to.
        reason: Option<String>,
    },
    /// Every core serves.
    Serving,
}

/// Why the box does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// More or fewer cores than a box can have.
    #[error("{cores} cores: a box has 1 to {CORES_MAX}")]
    Cores {
        /// As asked.
        cores: u16,
    },
    /// The log's options contradict each other.
    #[error("log: {0}")]
    LogOptions(#[from] segments::OptionsError),
    /// The state cannot be recovered.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// `io_uring` was demanded for the log and is not to be had.
    #[error(
        "io_uring was demanded for the log: {reason}; run `quoin doctor`, or set log.device to plain"
    )]
    NoUring {
        /// Why not.
        reason: String,
    },
    /// A thread cannot be started.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The log does not start.
    #[error("the log does not start: {reason}")]
    Log {
        /// Why.
        reason: String,
    },
    /// A core does not start.
    #[error("core {core}: {reason}")]
    Core {
        /// Which.
        core: u16,
        /// Why.
        reason: String,
    },
}

/// Why a stop was not clean. Everything acknowledged is on disk all the same.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The log had failed.
    #[error("the log failed: {0}")]
    Log(String),
    /// A thread ended by a panic.
    #[error("thread {0} panicked")]
    Panicked(String),
}

/// What a core's thread says.
#[derive(Debug)]
pub(crate) enum CoreReport {
    Serving,
    Failed(String),
    Drained { cut_off: bool },
}

/// A few numbers of a running box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// The durable position.
    pub position: Position,
    /// Bytes of changes above the stores, over all cores.
    pub overlay_bytes: usize,
    /// Bytes of log that were paid for since the start.
    pub log_bytes: u64,
    /// Whether the disk has no room for a further segment.
    pub starved: bool,
}

impl Stats {
    pub(crate) fn of(sequencer: &Sequencer, mailboxes: &[Mailbox]) -> Self {
        Self {
            position: sequencer.position(),
            overlay_bytes: mailboxes.iter().map(Mailbox::overlay_bytes).sum(),
            log_bytes: sequencer.pushed_bytes(),
            starved: sequencer.is_starved(),
        }
    }
}

/// A box that runs.
pub struct Running {
    sequencer: Arc<Sequencer>,
    mailboxes: Arc<[Mailbox]>,
    reports: Receiver<(CoreId, CoreReport)>,
    cores: Vec<JoinHandle<()>>,
    log: JoinHandle<()>,
    control: Arc<Control>,
    checkpoint: JoinHandle<()>,
    checkpoints: Sender<Request>,
    stopping: Arc<AtomicBool>,
    grace: Duration,
    _lock: DirLock,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("cores", &self.cores.len()).finish_non_exhaustive()
    }
}

/// Starts the box: recovers the state, starts the log, the cores and their doors. Returns when every
/// core serves.
pub fn start(
    options: &Options,
    entries: &'static [Entry],
    doors: &Doors,
    progress: &mut dyn FnMut(Progress),
) -> Result<Running, StartError> {
    if options.cores == 0 || options.cores > CORES_MAX {
        return Err(StartError::Cores { cores: options.cores });
    }
    let log_options = options.segment_options();
    log_options.check()?;
    let map = SlotMap::new(options.cores);
    let began = Instant::now();
    let recovery = recover_offline(
        &options.data,
        entries,
        map,
        &log_options,
        options.store_cache_bytes,
        &mut |it| progress(Progress::Replaying { bytes: it.bytes, bytes_total: it.bytes_total }),
    )?;
    progress(Progress::Recovered {
        position: recovery.position,
        frames: recovery.frames,
        events: recovery.events,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    let mailboxes: Arc<[Mailbox]> = map.ids().map(|_| Mailbox::default()).collect();
    let control = Arc::new(Control::new(Duration::from_micros(options.log.spin_us.into())));
    let sequencer = Arc::new(Sequencer::new(recovery.position));
    {
        let (control, mailboxes) = (Arc::clone(&control), Arc::clone(&mailboxes));
        sequencer.attach(
            Box::new(move || control.ring()),
            Box::new(move || mailboxes.iter().for_each(Mailbox::durable_moved)),
        );
    }
    let directory = options.data.join("log");
    let (log, ready) = start_log(options, &directory, recovery.resume, &sequencer, &control)?;
    wait_for_log(&sequencer)?;
    progress(ready);

    let (frozen, frozen_rows) = mpsc::channel();
    let (report, reports) = mpsc::channel();
    let (stores, lock) = (recovery.stores, recovery.lock);
    let recovered = CoreState {
        base: recovery.base,
        rows: recovery.rows,
        floor_us: recovery.floor_us,
        frozen,
        report,
    };
    let cores = spawn_cores(options, entries, doors, &sequencer, &mailboxes, recovered)?;
    let stopping = Arc::new(AtomicBool::new(false));
    let checkpointer = Checkpointer {
        options: options.checkpoint,
        stores,
        sequencer: Arc::clone(&sequencer),
        control: Arc::clone(&control),
        mailboxes: Arc::clone(&mailboxes),
        frozen: frozen_rows,
        stopping: Arc::clone(&stopping),
    };
    let (checkpoint, checkpoints) = checkpointer.spawn()?;
    let running = Running {
        sequencer,
        mailboxes,
        reports,
        cores,
        log,
        control,
        checkpoint,
        checkpoints,
        stopping,
        grace: options.grace,
        _lock: lock,
    };
    match running.wait_serving() {
        Ok(()) => {
            progress(Progress::Serving);
            Ok(running)
        }
        Err(error) => {
            // Everything that started is stopped again; the first error is the one to tell.
            let _ = running.stop();
            Err(error)
        }
    }
}

impl Running {
    /// The durable position.
    pub fn position(&self) -> Position {
        self.sequencer.position()
    }

    /// A few numbers.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.sequencer, &self.mailboxes)
    }

    /// Why the box must stop: the log failed, or a thread ended by a panic. Nothing is acknowledged
    /// from then on; the process must end.
    pub fn failure(&self) -> Option<String> {
        let panicked = |thread: &&JoinHandle<()>| thread.is_finished();
        let ended = self.cores.iter().chain([&self.log, &self.checkpoint]).find(panicked);
        self.sequencer.failure().or_else(|| {
            let name = ended?.thread().name().unwrap_or("unnamed").to_owned();
            Some(format!("thread {name} ended by itself"))
        })
    }

    /// Writes a checkpoint now and waits for it.
    pub fn checkpoint(&self) {
        let (done, is_done) = mpsc::channel();
        if self.checkpoints.send(done).is_ok() {
            // An error means that the thread ended: there is nothing to wait for.
            let _ = is_done.recv();
        }
    }

    /// Stops the box: doors close, connections finish, a last checkpoint, cores, log.
    pub fn stop(self) -> Result<(), StopError> {
        for mailbox in self.mailboxes.iter() {
            mailbox.put(Mail::Drain);
        }
        let deadline = Instant::now() + self.grace + Duration::from_secs(1);
        let mut left = self.cores.iter().filter(|core| !core.is_finished()).count();
        while left > 0 {
            let wait = deadline.saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(wait) {
                Ok((core, CoreReport::Drained { cut_off })) => {
                    if cut_off {
                        tracing::warn!(
                            core = core.0,
                            "connections were cut off after the grace time"
                        );
                    }
                    left -= 1;
                }
                Ok((_, CoreReport::Failed(_))) => left -= 1,
                Ok((_, CoreReport::Serving)) => {}
                Err(_) => break,
            }
        }
        let alive = self.failure().is_none();
        if alive {
            self.checkpoint();
        }
        self.stopping.store(true, Ordering::Relaxed);
        for mailbox in self.mailboxes.iter() {
            mailbox.put(Mail::Stop);
        }
        let mut panicked = None;
        let mut join = |thread: JoinHandle<()>| {
            let name = thread.thread().name().unwrap_or("unnamed").to_owned();
            if thread.join().is_err() {
                panicked.get_or_insert(name);
            }
        };
        self.cores.into_iter().for_each(&mut join);
        drop(self.checkpoints);
        join(self.checkpoint);
        self.sequencer.close();
        self.control.ring();
        join(self.log);
        if let Some(reason) = self.sequencer.failure() {
            return Err(StopError::Log(reason));
        }
        panicked.map_or(Ok(()), |name| Err(StopError::Panicked(name)))
    }

    fn wait_serving(&self) -> Result<(), StartError> {
        for _ in &self.cores {
            match self.reports.recv() {
                Ok((_, CoreReport::Serving)) => {}
                Ok((core, CoreReport::Failed(reason))) => {
                    return Err(StartError::Core { core: core.0, reason });
                }
                Ok((core, CoreReport::Drained { .. })) => {
                    return Err(StartError::Core { core: core.0, reason: "ended".into() });
                }
                Err(_) => {
                    let reason = "the thread ended before it served".into();
                    return Err(StartError::Core { core: 0, reason });
                }
            }
        }
        Ok(())
    }
}

/// What the cores' threads share or start from.
struct CoreState {
    base: Arc<dyn Base>,
    rows: Vec<Rows>,
    floor_us: u64,
    frozen: Sender<(u64, Arc<Rows>)>,
    report: Sender<(CoreId, CoreReport)>,
}

fn spawn_cores(
    options: &Options,
    entries: &'static [Entry],
    doors: &Doors,
    sequencer: &Arc<Sequencer>,
    mailboxes: &Arc<[Mailbox]>,
    state: CoreState,
) -> Result<Vec<JoinHandle<()>>, StartError> {
    let map = SlotMap::new(options.cores);
    let tables: Vec<_> = entries.iter().flat_map(|entry| entry.replicated).copied().collect();
    let replicated: Arc<[_]> = merged_rows(&tables, &*state.base, &state.rows)
        .map_err(|reason| StartError::Core { core: 0, reason })?
        .into();
    let overlay_max = usize::try_from(options.checkpoint.overlay_bytes).unwrap_or(usize::MAX);
    let limits =
        Limits { overlay_bytes_max: overlay_max.saturating_mul(2) / usize::from(options.cores) };
    let cpus = if options.pin { available_cpus() } else { Vec::new() };
    let mut cores = Vec::new();
    for (id, rows) in map.ids().zip(state.rows) {
        let thread = CoreThread {
            start: Start {
                core: id,
                map,
                entries,
                limits,
                base: Arc::clone(&state.base),
                rows,
                floor_us: state.floor_us,
            },
            entries,
            map,
            replicated: Arc::clone(&replicated),
            sequencer: Arc::clone(sequencer),
            mailboxes: Arc::clone(mailboxes),
            frozen: state.frozen.clone(),
            doors: Arc::clone(doors),
            cpu: cpus.get(usize::from(id.0)).copied(),
            grace: options.grace,
            reports: state.report.clone(),
        };
        cores.push(thread.spawn()?);
    }
    Ok(cores)
}

/// Starts the log thread, and gives the progress to report once it is ready.
fn start_log(
    options: &Options,
    directory: &Path,
    resume: segments::Resume,
    sequencer: &Arc<Sequencer>,
    control: &Arc<Control>,
) -> Result<(JoinHandle<()>, Progress), StartError> {
    let (uring, reason) = match options.log.device {
        DeviceChoice::Plain => (false, None),
        DeviceChoice::Auto | DeviceChoice::Uring => match uring_obstacle(directory) {
            None => (true, None),
            Some(reason) if options.log.device == DeviceChoice::Uring => {
                return Err(StartError::NoUring { reason });
            }
            reason => (false, reason),
        },
    };
    let log_options = options.segment_options();
    let (feed, control) = (Arc::clone(sequencer), Arc::clone(control));
    let root = directory.to_owned();
    let thread = if uring {
        let spin_before_park = Duration::from_micros(options.log.spin_us.into());
        let thread = ThreadOptions { cpu: None, spin_before_park };
        spawn_direct_log(root, log_options, resume, feed, control, thread)?
    } else {
        spawn_plain_log(root, log_options, resume, feed, control)?
    };
    Ok((thread, Progress::LogReady { uring, reason }))
}

/// Why the log cannot write through `io_uring` in `directory`; none when it can.
fn uring_obstacle(directory: &Path) -> Option<String> {
    if let Err(error) = io_uring::IoUring::new(8) {
        return Some(format!("the kernel refuses io_uring: {error}"));
    }
    match disk::probe::measure(directory, 1) {
        Ok(probe) if probe.direct => None,
        Ok(_) => Some("the file system has no direct I/O".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// How long a log may take to prepare its first segments.
const LOG_START: Duration = Duration::from_mins(1);

fn wait_for_log(sequencer: &Sequencer) -> Result<(), StartError> {
    let until = Instant::now() + LOG_START;
    while !sequencer.has_credit() {
        if let Some(reason) = sequencer.failure() {
            return Err(StartError::Log { reason });
        }
        if sequencer.is_starved() {
            return Err(StartError::Log {
                reason: "the disk has no room for a segment; free space and start again".into(),
            });
        }
        if Instant::now() > until {
            sequencer.failed("the log did not become ready in time");
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The CPUs this process may run on, in order.
fn available_cpus() -> Vec<usize> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}
