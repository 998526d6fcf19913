//! Users per box: from one machine's figures to others, by a model that says how wrong it was here.

use serde::{Deserialize, Serialize};

/// Users per box for a described population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Who the users are and how often each asks, in words.
    pub population: String,
    /// Requests per second of one user in the mean.
    pub requests_per_user_per_s: f64,
    /// The busiest moment over the mean.
    pub peak_over_mean: f64,
    /// The part of the knee that is planned with; the rest is for bad days.
    pub planned_share: f64,
    /// The model in words, with its terms.
    pub model: String,
    /// Part of a core's work that every further core adds to each operation: 0 is perfect scaling.
    pub contention: f64,
    /// Where [`Self::contention`] comes from: `measured on 1 and 2 cores`, or `assumed`.
    pub contention_from: String,
    /// How wrong the model was where it could be compared.
    pub errors: Vec<ModelError>,
    /// By cores of the box.
    pub rows: Vec<SheetRow>,
    /// By disk: what a durable answer waits.
    pub disks: Vec<DiskRow>,
}

/// The model beside a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelError {
    /// Cores of the server.
    pub cores: u32,
    /// What the model says, per second.
    pub predicted_per_s: f64,
    /// What was measured, per second.
    pub measured_per_s: f64,
    /// Predicted over measured, less one, in percent.
    pub error_percent: f64,
    /// How the two compare, where that needs saying.
    pub note: String,
}

/// One size of box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetRow {
    /// Its cores.
    pub cores: u32,
    /// Whether this was measured, not modelled.
    pub measured: bool,
    /// The knee.
    pub sustained_per_s: f64,
    /// Users it carries, in full.
    pub users: u64,
    /// The same at the low end of the model's error.
    pub users_low: u64,
    /// And at the high end.
    pub users_high: u64,
    /// What gives out first: `cores`, `log thread`, `network`.
    pub limit: String,
}

/// One kind of disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskRow {
    /// Its kind.
    pub disk: String,
    /// One write with its sync.
    pub sync_ns: u64,
    /// 99 of 100 durable answers at the knee come within this, by the model.
    pub durable_p99_ns: u64,
    /// Whether that meets the objective.
    pub meets_objective: bool,
}
