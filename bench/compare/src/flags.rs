//! The flags of a comparison.

use std::path::PathBuf;

use crate::row::RowName;

/// The flags of a comparison.
#[derive(Debug, Clone, clap::Args)]
pub struct CompareArgs {
    /// Only these rows [default: all]
    #[arg(long, value_enum, value_name = "ROW", value_delimiter = ',')]
    pub only: Vec<RowName>,
    /// How many connections, to either side, one request in flight on each
    #[arg(long, short = 'c', value_name = "N", default_value_t = 64)]
    pub connections: u32,
    /// Length of the measured window of each round
    #[arg(long, short = 's', value_name = "SECONDS", default_value_t = 5.0)]
    pub seconds: f64,
    /// Load before each window opens
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub warmup: f64,
    /// How many rounds of each side, in turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: u32,
    /// The core that peers without a log are kept on: the one that the box is pinned to. Peers with a log
    /// may use all, as the thread of the box's log may
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    pub server_core: usize,
    /// Install what is missing with apt-get first. The packages stay, and may start services of their own
    #[arg(long)]
    pub install: bool,
    /// Where the Python environment of the quote service is, or is to be made and left [default: made for
    /// this run]
    #[arg(long, value_name = "DIR")]
    pub venv: Option<PathBuf>,
    /// Print the rows of a Markdown table
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Print JSON, with all figures of every row
    #[arg(long)]
    pub json: bool,
}
