//! Why a configuration cannot be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The embedded defaults.
    Default,
    /// A line of a file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line of the key.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "{name}"),
            Self::Flag(name) => write!(f, "{name}"),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("reading the configuration {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: {detail}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the reader says.
        detail: String,
    },
    /// A key that does not exist.
    #[error("{place}: unknown key `{key}`, did you mean `{nearest}`?")]
    UnknownKey {
        /// Where it stands.
        place: Place,
        /// The key as found.
        key: String,
        /// The known key that looks most like it.
        nearest: String,
    },
    /// A variable that looks like ours and is not.
    #[error("unknown environment variable {name}, did you mean {nearest}?")]
    UnknownVariable {
        /// The variable as found.
        name: String,
        /// The known variable that looks most like it.
        nearest: String,
    },
    /// A value of the wrong type.
    #[error("{place}: `{key}` must be {expected}, not {found}")]
    WrongType {
        /// Where it stands.
        place: Place,
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A number outside its range.
    #[error("{place}: `{key}` must be {min} to {max} {unit}, not {found}")]
    OutOfRange {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The value as found.
        found: i64,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
        /// What it counts.
        unit: &'static str,
    },
    /// A word that is not one of a few.
    #[error("{place}: `{key}` must be one of {allowed}, not \"{found}\"")]
    NotOneOf {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The value as found.
        found: String,
        /// The words.
        allowed: String,
    },
    /// Text that is not an address.
    #[error(
        "{place}: `{key}` must be an IP address and a port such as 127.0.0.1:8080, not \"{found}\""
    )]
    NotAnAddress {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The value as found.
        found: String,
    },
    /// An address that others could reach.
    #[error(
        "{place}: `{key}` is {found}, which other machines could reach: this door has neither TLS nor \
         authentication and serves loopback addresses only (127.0.0.1 or [::1]); `https.listen` serves others"
    )]
    NotLoopback {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The value as found.
        found: String,
    },
    /// Text that is no address of a collector.
    #[error(
        "{place}: `{key}` must be the address of a collector such as http://127.0.0.1:4318 or \
         https://collector.example/otlp, without user, query and fragment, not \"{found}\""
    )]
    NotAnEndpoint {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The value as found.
        found: String,
    },
    /// A certificate without its key, or the other way round.
    #[error(
        "{place}: `{key}` is set but `{missing}` is not: a certificate and its key go together"
    )]
    HalfPair {
        /// Where it stands.
        place: Place,
        /// The key that is set.
        key: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// Two doors on one port.
    #[error("{place}: `{key}` is {found}, which `{taken_by}` has taken: choose another port")]
    SameAddress {
        /// Where it stands.
        place: Place,
        /// The key.
        key: &'static str,
        /// The key that names the same address.
        taken_by: &'static str,
        /// The address.
        found: String,
    },
    /// An empty directory name.
    #[error("{place}: `data.directory` must not be empty")]
    NoDirectory {
        /// Where it stands.
        place: Place,
    },
    /// A data directory that names another one.
    #[error(
        "{place}: `data.directory` cannot be set in the file of a data directory: remove the line, or name the file \
         with --config"
    )]
    DirectoryInside {
        /// Where it stands.
        place: Place,
    },
}
