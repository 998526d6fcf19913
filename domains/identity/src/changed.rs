//! The reply of most commands.

use contract::Reply;
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

/// Whether a command changed anything.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// False when everything was so already.
    pub changed: bool,
}
impl Reply for Changed {}
