//! What a plan offers, as a file says it: a mix of operations, through which doors, by whom and when.
//!
//! A file is TOML. Every key is known or refused, every number has a range, and what is wrong is said
//! with the file, the key and the remedy. The ready ones lie in `config/scenarios`.

mod check;

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::args::Over;

/// The ready scenarios by name.
pub const READY: [(&str, &str); 5] = [
    ("rates-day", include_str!("../../../config/scenarios/rates-day.toml")),
    ("payroll-night", include_str!("../../../config/scenarios/payroll-night.toml")),
    ("quote-burst", include_str!("../../../config/scenarios/quote-burst.toml")),
    ("limiter-abuse", include_str!("../../../config/scenarios/limiter-abuse.toml")),
    ("mixed", include_str!("../../../config/scenarios/mixed.toml")),
];

/// What a plan offers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: 1 to 64 characters of `a` to `z`, `0` to `9` and `-`.
    pub name: String,
    /// What it stands for, in a line.
    pub about: String,
    /// Of everything that is drawn.
    pub seed: u64,
    /// On whose behalf requests are made, by numbers from 1; 1 is the caller's own alone. At most
    /// 100,000.
    #[serde(default = "one")]
    pub tenants: u32,
    /// The share of the requests that are commands, and so wait for the log's device, in percent. The
    /// weights of the operations then say how each kind is shared out. Absent: the weights alone.
    pub durable_percent: Option<f64>,
    /// What has to be met.
    pub objectives: Wanted,
    /// Who the users are.
    pub population: Population,
    /// When requests come.
    pub arrivals: Arrival,
    /// How load rises from one rate to the next, and how long it is measured.
    #[serde(default)]
    pub ramp: Ramp,
    /// Which requests are asked for more often than others.
    pub keys: Keys,
    /// Through what they come; 1 to 7.
    pub doors: Vec<Door>,
    /// What they ask; 1 to 32.
    pub operations: Vec<Operation>,
    /// Limits that a box of the plan's own is given, in every tenant; at most 16.
    #[serde(default)]
    pub policies: Vec<Policy>,
}

const fn one() -> u32 {
    1
}

/// What has to be met for a rate to count.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// 99 of 100 requests are answered within so many milliseconds of their intended start; 0.01 to
    /// 60,000.
    pub p99_ms: f64,
    /// 999 of 1,000.
    pub p999_ms: Option<f64>,
    /// At most so many percent have no ordinary answer; 0 to 50.
    pub error_percent: f64,
    /// Refusals by a limit (429) are answers, and no errors.
    #[serde(default)]
    pub limited_is_fine: bool,
}

/// Who the users are, for the sheet.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// In words, in the plural.
    pub who: String,
    /// Seconds between two requests of one user in the mean: think time and the answer's; 0.001 to
    /// 1,000,000.
    pub think_s: f64,
    /// How much more comes in the busiest minutes than in the mean; 1 to 100.
    pub peak_over_mean: f64,
    /// The part of the knee that is planned with, in percent; 1 to 100.
    pub planned_percent: f64,
}

/// How requests are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// At equal distances.
    Even,
    /// Independently, as those of many users who think for random times do.
    Poisson,
    /// Independently, and in bursts.
    Bursts,
}

/// When requests come.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// How they are spread.
    pub process: Process,
    /// Of bursts: one begins every so many seconds; 0.01 to 60.
    pub burst_every_s: Option<f64>,
    /// Of bursts: for so long, less than `burst_every_s`.
    pub burst_for_s: Option<f64>,
    /// Of bursts: so many times the mean rate; above 1, and not more than fits into the mean.
    pub burst_factor: Option<f64>,
}

/// How load rises, and how long it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// The first rate, per second; a tenth of a closed loop's when it is left out.
    pub first_per_s: Option<f64>,
    /// What a sustained rate is multiplied with for the next, until one is not; 1.1 to 10.
    pub factor: f64,
    /// Seconds in which a step rises from nothing to its rate; 0 to 60.
    pub rise_s: f64,
    /// Seconds at the full rate before the window opens; 0 to 60.
    pub settle_s: f64,
    /// Seconds of the window; 0.5 to 600.
    pub window_s: f64,
    /// Seconds of the window that confirms the knee; at least `window_s`.
    pub confirm_s: f64,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            first_per_s: None,
            factor: 1.6,
            rise_s: 0.5,
            settle_s: 0.5,
            window_s: 2.0,
            confirm_s: 6.0,
        }
    }
}

/// How popularity is distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Every key alike.
    Uniform,
    /// The key at rank k with a weight of 1 / k^exponent.
    Zipf,
}

/// Which requests are asked for more often than others.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// How popularity is distributed over keys, and over tenants.
    pub distribution: Distribution,
    /// How many keys there are; 1 to 10,000,000. A key says whose quote it is: the classification,
    /// the employment and the caller's reference follow from it.
    pub count: u32,
    /// Of `zipf`: 0.1 to 5.
    pub exponent: Option<f64>,
}

/// One door.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// What is spoken there.
    pub speak: Over,
    /// Its share beside the others'; above 0.
    pub weight: f64,
    /// How many connections; 1 to 10,000.
    pub connections: u32,
    /// Requests that may wait for their answer on each; what is due beyond waits in the generator,
    /// and its waiting counts. 1 to 1,024.
    pub waiting: u32,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Its name, such as `rates.quote`.
    pub name: String,
    /// Its share beside the others'; above 0.
    pub weight: f64,
    /// Sizes of its payload, for `rates.quote`, `rates.quote-roster` and `rates.accept-quote`; 1 to
    /// 16. One shift when absent.
    #[serde(default)]
    pub sizes: Vec<Size>,
    /// The request itself in JSON, for any operation; without it, and without sizes, the example of the
    /// operation's declaration.
    pub json: Option<String>,
}

/// One size of payload.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Shifts of a worker; 1 to 7, one a day.
    pub shifts: u32,
    /// Workers of a roster; 1 to 1,000.
    #[serde(default = "one")]
    pub workers: u32,
    /// Its share beside the others'; above 0.
    pub weight: f64,
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// As `limits.set-policy` wants it.
    pub json: String,
}

/// What is wrong with a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No ready scenario has this name, and no file.
    #[error("`{name}` is no ready scenario ({}) and no file: {reason}", ready())]
    Unknown {
        /// What was asked for.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// No TOML, or a key or value of the wrong kind.
    #[error("{source_name}: {reason}")]
    Text {
        /// Which file.
        source_name: String,
        /// Where, and what is wrong.
        reason: String,
    },
    /// A value that makes no sense.
    #[error("{source_name}: {key}: {reason}")]
    Value {
        /// Which file.
        source_name: String,
        /// Which key, with its place in lists: `operations[1].weight`.
        key: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
}

fn ready() -> String {
    READY.map(|(name, _)| name).join(", ")
}

impl Scenario {
    /// The ready scenario of that name, or the one in that file, and where it was found.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn find(name: &str) -> Result<(Self, String), ScenarioError> {
        if let Some((_, text)) = READY.iter().find(|(ready, _)| *ready == name) {
            return Ok((Self::parse(text, name)?, "built in".to_owned()));
        }
        let text = fs::read_to_string(Path::new(name)).map_err(|error| ScenarioError::Unknown {
            name: name.to_owned(),
            reason: error.to_string(),
        })?;
        Ok((Self::parse(&text, name)?, name.to_owned()))
    }

    /// Reads and checks a file's text; `source_name` is said in errors.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn parse(text: &str, source_name: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Text {
            source_name: source_name.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        scenario.check().map_err(|(key, reason)| ScenarioError::Value {
            source_name: source_name.to_owned(),
            key,
            reason,
        })?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests;
