//! What a run is made of.

use std::fmt;

/// A rule that a run breaks on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Frames are called durable when the log takes them.
    EarlyAnswer,
    /// Recovery leaves the first frame above the stores out.
    SkippedFrame,
    /// Some messages between cores are lost.
    LostMessage,
    /// Messages between cores overtake each other.
    Overtaking,
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// How long it runs before it settles.
    pub steps: u64,
    /// The number of cores of every life; chosen by the seed when there is none.
    pub cores: Option<u64>,
    /// Print every line of the trace.
    pub verbose: bool,
    /// What is broken on purpose.
    pub broken: Option<Broken>,
}

impl Options {
    /// An ordinary run.
    pub fn new(seed: u64, steps: u64) -> Self {
        Self { seed, steps, cores: None, verbose: false, broken: None }
    }
}

/// What a run came across.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls made.
    pub calls: u64,
    /// Calls answered with a reply.
    pub answers: u64,
    /// Frames in the log at the end.
    pub frames: u64,
    /// Starts of the box.
    pub lives: u64,
    /// Checkpoints completed.
    pub checkpoints: u64,
    /// Replies removed because nobody may ask for them any more.
    pub purged: u64,
    /// Bits turned on the disk.
    pub flips: u64,
    /// Starts refused because of them.
    pub damages_refused: u64,
    /// Failed writes and syncs of the log.
    pub disk_errors: u64,
    /// Calls refused for lack of space.
    pub out_of_space: u64,
}

impl Counts {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.answers += other.answers;
        self.frames += other.frames;
        self.lives += other.lives;
        self.checkpoints += other.checkpoints;
        self.purged += other.purged;
        self.flips += other.flips;
        self.damages_refused += other.damages_refused;
        self.disk_errors += other.disk_errors;
        self.out_of_space += other.out_of_space;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls, {} answers, {} frames, {} starts, {} checkpoints, {} replies purged, {} flips \
             ({} refused), {} disk errors, {} out of space",
            self.calls,
            self.answers,
            self.frames,
            self.lives,
            self.checkpoints,
            self.purged,
            self.flips,
            self.damages_refused,
            self.disk_errors,
            self.out_of_space
        )
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Over everything that happened.
    pub trace: u64,
    /// What it came across.
    pub counts: Counts,
    /// The rule that did not hold, if one did not.
    pub violation: Option<String>,
}
