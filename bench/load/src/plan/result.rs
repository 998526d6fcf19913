//! What a plan found, as it is written down and read back: the one form that the terminal, the JSON
//! file and the page are made of. Times are nanoseconds or seconds as the names say, rates are per
//! second, shares are parts of one, memory and traffic are bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sheet::Sheet;
use crate::machine::Machine;

/// The number of this form. A reader refuses a file with another one.
pub const FORMAT: u32 = 1;

/// What a plan found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanResult {
    /// [`FORMAT`] when it was written.
    pub format: u32,
    /// The version of the program that measured.
    pub version: String,
    /// When the plan began, in seconds since 1970.
    pub began_unix_s: u64,
    /// How long all of it took.
    pub took_s: f64,
    /// Whether everything that was asked for was measured.
    pub complete: bool,
    /// What is missing and why, when it is not complete.
    pub missing: Vec<String>,
    /// Where it was measured.
    pub machine: Machine,
    /// The load average of the last minute before the plan began: what else ran there.
    pub load_average: f64,
    /// What was offered.
    pub scenario: ScenarioSummary,
    /// What had to be met.
    pub objectives: Objectives,
    /// The server that was measured.
    pub target: Target,
    /// Every rate that was offered to the server, in the order of the search.
    pub steps: Vec<Step>,
    /// The answer, when there is one.
    pub knee: Option<Knee>,
    /// What an operation costs at the knee.
    pub cost: Option<Cost>,
    /// How memory and files grow with the records kept.
    pub growth: Option<Growth>,
    /// Users per box, for this machine and others.
    pub sheet: Option<Sheet>,
    /// What makes figures doubtful.
    pub warnings: Vec<String>,
}

/// The scenario in short; the file has the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSummary {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub about: String,
    /// Where it was read: a file, or `built in`.
    pub source: String,
    /// By operation: its share of the requests.
    pub operations: BTreeMap<String, f64>,
    /// By door: its share of the requests.
    pub doors: BTreeMap<String, f64>,
    /// Connections of all doors.
    pub connections: u32,
    /// Tenants that asked.
    pub tenants: u32,
    /// How keys were drawn.
    pub keys: String,
    /// How requests arrived: `even`, `poisson` or `bursts`.
    pub arrivals: String,
    /// The share of requests that wait for the log's device.
    pub durable_share: f64,
    /// The seed of everything that was drawn: the same seed offers the same requests at the same
    /// times.
    pub seed: u64,
}

/// What had to be met for a rate to be sustained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// 99 of 100 requests are answered within this, reckoned from their intended start.
    pub p99_ns: u64,
    /// 999 of 1,000, where that is asked for.
    pub p999_ns: Option<u64>,
    /// At most this share of the requests has no ordinary answer.
    pub error_share_max: f64,
    /// Whether refusals by a limit (429) are what the scenario wants, and no errors.
    pub limited_is_fine: bool,
}

/// The server that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// By door: where it listens.
    pub doors: BTreeMap<String, String>,
    /// Whether the plan started it for itself.
    pub own_box: bool,
    /// Its cores, where known.
    pub cores: Option<u32>,
    /// Its process, where known: without it there is no CPU time and no memory.
    pub pid: Option<u32>,
    /// The cores of the generator.
    pub client_cores: Vec<usize>,
}

/// Why a rate was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The first look, in growing steps.
    Ramp,
    /// Between a rate that was sustained and one that was not.
    Bisect,
    /// A rate again: one bad moment of the machine is no knee.
    Confirm,
    /// On the box with another number of cores, for the model.
    Scale,
}

/// One rate that was offered. All figures are of its measured window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Why it was offered.
    pub purpose: Purpose,
    /// The server's cores, where known.
    pub server_cores: Option<u32>,
    /// What the timetable asked for.
    pub offered_per_s: f64,
    /// Ordinary answers, by arrival.
    pub achieved_per_s: f64,
    /// Whether all objectives were met.
    pub sustained: bool,
    /// Which were not: `p99 31.2 ms over 25 ms`.
    pub failed: Vec<String>,
    /// Length of the window.
    pub window_s: f64,
    /// Of ordinary answers by intended start, and of requests without an answer with the time that
    /// they waited.
    pub latency: LatencySummary,
    /// The same latencies, counted: every count is of what is at most `to_ns` and above the bucket
    /// before.
    pub histogram: Vec<Bucket>,
    /// By operation.
    pub operations: BTreeMap<String, OperationFigures>,
    /// By door.
    pub doors: BTreeMap<String, DoorFigures>,
    /// Answers by status, each with its door: `http 200`, `rpc Ok`.
    pub statuses: BTreeMap<String, u64>,
    /// Requests without an ordinary answer, shed and limited ones among them.
    pub errors: u64,
    /// Of those: refusals that say to come again (503, busy).
    pub shed: u64,
    /// Refusals by a limit (429, rate limited).
    pub limited: u64,
    /// Never answered or never sent.
    pub unanswered: u64,
    /// CPU time of the server per answer, in microseconds.
    pub server_cpu_us: Option<f64>,
    /// The same of its threads by what they do: `core`, `log`, `checkpoint`, `other`; and of all of
    /// it by where it ran: `user`, `kernel`.
    pub server_cpu_us_by: BTreeMap<String, f64>,
    /// CPU time of the generator per answer, in microseconds.
    pub generator_cpu_us: f64,
    /// How much of the window the server's busiest thread ran, in percent.
    pub server_busy_percent: Option<f64>,
    /// The same of the generator's busiest core.
    pub generator_busy_percent: f64,
    /// How busy each of the machine's cores was, whoever ran there, in percent.
    pub core_busy_percent: Vec<f64>,
    /// Requests handed to a socket later than intended: 99 of 100 were less late.
    pub late_p99_ns: u64,
    /// Due and not sent at the end of the window.
    pub backlog_end: u64,
    /// Sent by the generator.
    pub sent_bytes: u64,
    /// Received by it.
    pub received_bytes: u64,
    /// What the log grew by, where the server told.
    pub log_bytes: Option<u64>,
    /// Written to disk by the server, log and checkpoints, where known.
    pub disk_written_bytes: Option<u64>,
    /// Checkpoints that ended in the window, where it shows.
    pub checkpoints: Option<u64>,
    /// The server's memory at the end.
    pub resident_bytes: Option<u64>,
    /// Second by second.
    pub seconds: Vec<Second>,
}

/// Latencies in short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the names are the definitions")]
pub struct LatencySummary {
    pub count: u64,
    pub mean_ns: u64,
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

/// One bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The highest latency of it.
    pub to_ns: u64,
    /// How many there were.
    pub count: u64,
}

/// One operation in a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationFigures {
    /// Ordinary answers.
    pub ok_per_s: f64,
    /// All other answers.
    pub other_per_s: f64,
    /// Of the ordinary ones.
    pub p50_ns: u64,
    /// Of the ordinary ones.
    pub p99_ns: u64,
}

/// One door in a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorFigures {
    /// What the timetable asked of it.
    pub offered_per_s: f64,
    /// Ordinary answers.
    pub ok_per_s: f64,
    /// Of ordinary answers and of what was never answered.
    pub p50_ns: u64,
    /// The same.
    pub p99_ns: u64,
    /// The same.
    pub p999_ns: u64,
    /// Sent through it.
    pub sent_bytes: u64,
    /// Received through it.
    pub received_bytes: u64,
}

/// One second of a step's window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// From the start of the window.
    pub second: u32,
    /// Ordinary answers by intended start.
    pub ok: u64,
    /// All other answers, and none at all, by intended start.
    pub other: u64,
    /// Of ordinary answers by intended start.
    pub p50_ns: u64,
    /// The same.
    pub p99_ns: u64,
    /// The same.
    pub max_ns: u64,
}

/// The highest rate that was sustained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// What was offered and met all objectives, the second best of the passes, confirmed.
    pub sustained_per_s: f64,
    /// The lowest rate that did not; none when none failed.
    pub not_sustained_per_s: Option<f64>,
    /// What each pass of the search found, in ascending order: how far they are apart says how steady the
    /// machine was.
    pub passes_per_s: Vec<f64>,
    /// At the sustained rate, in the longest window of it: an index into the steps.
    pub step: usize,
    /// What gave out first, in words.
    pub limit: String,
    /// Whether it is the server's. Otherwise the server can do at least this much.
    pub of_server: bool,
}

/// What an operation costs at the knee, by the scenario's mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Microseconds of CPU, all threads of the server.
    pub cpu_us: Option<f64>,
    /// By thread and by mode, as in [`Step::server_cpu_us_by`].
    pub cpu_us_by: BTreeMap<String, f64>,
    /// Sent by a client.
    pub request_bytes: f64,
    /// Received by a client.
    pub reply_bytes: f64,
    /// Log for one operation of the mix.
    pub log_bytes: Option<f64>,
    /// Log for one durable operation.
    pub log_bytes_durable: Option<f64>,
    /// CPU time of the checkpoint thread for a million durable operations, in seconds.
    pub checkpoint_s_per_million: Option<f64>,
    /// Written to disk for each byte of log, the log itself and the checkpoints.
    pub write_amplification: Option<f64>,
}

/// How memory and files grow, measured over a run of durable operations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// Over how many records.
    pub records: u64,
    /// The server's memory before, in bytes.
    pub resident_before_bytes: u64,
    /// The same afterwards.
    pub resident_after_bytes: u64,
    /// Memory for a million more records, in bytes; none below ten thousand records.
    pub resident_bytes_per_million: Option<u64>,
    /// Log for a million records, in bytes.
    pub log_bytes_per_million: Option<u64>,
}

impl PlanResult {
    /// The same as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a result is plain data")
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, or that another version wrote it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let format: Format = serde_json::from_str(text)
            .map_err(|error| format!("not the result of a plan: {error}"))?;
        if format.format != FORMAT {
            return Err(format!(
                "the result has format {}, this program reads {FORMAT}: measure again, or use the \
                 program that wrote it",
                format.format
            ));
        }
        serde_json::from_str(text).map_err(|error| format!("the result cannot be read: {error}"))
    }
}

/// What every format has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}
