//! Configuration: defaults, file, environment, flags.
//!
//! Four layers are read into one list of settings, each with its origin; the list becomes a raw
//! tree, the raw tree becomes a checked [`Config`]. The rest of the program sees only the checked
//! one. `default.toml` beside this crate is the only list of keys, and documents each.
//!
//! Invariants:
//! - an unknown key is refused, with the file and line or the variable, and the nearest known key;
//! - a value out of range is refused with the range and the place that it comes from;
//! - no door listens on anything but loopback: TLS and authentication do not exist yet.

mod check;
mod checked;
mod error;
mod explain;
mod layer;
mod limits;
mod load;
mod nearest;
mod raw;
mod write;

pub use checked::{
    Access, Checkpoint, Config, Cores, Device, Format, Http, Https, Level, Log, Rpc, Stop, Stores,
    Telemetry, Tls, Tokens, Trace,
};
pub use error::{ConfigError, Place};
pub use explain::{explain_json, explain_text};
pub use layer::Setting;
pub use load::{FILE_NAME, Flag, Loaded, Sources, load};
pub use write::file_text;

/// The embedded defaults, commented: also the start of a configuration file.
pub const DEFAULTS: &str = include_str!("../default.toml");
