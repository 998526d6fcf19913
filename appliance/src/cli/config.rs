//! `quoin config`.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::flags::Layers;

/// Print the configuration in force
///
/// Layers, the later winning: built-in defaults, the file (--config, else quoin.toml in the data directory), variables
/// QUOIN_<SECTION>__<KEY>, flags. Unknown keys and variables are refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin config                                 the values in force, as a configuration file\n  \
    quoin config --explain --data DIR            where each value comes from\n  \
    quoin config --defaults > quoin.toml         every key with its documentation\n  \
    QUOIN_LOG__SEGMENT_MIB=128 quoin config --explain")]
pub(crate) struct ConfigFlags {
    /// Print every value with the layer that it comes from
    #[arg(long)]
    explain: bool,
    /// Print values and origins as one JSON array
    #[arg(long)]
    json: bool,
    /// Print the documented defaults
    #[arg(long, conflicts_with_all = ["explain", "json"])]
    defaults: bool,
    #[command(flatten)]
    layers: Layers,
}

impl ConfigFlags {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut out = io::stdout().lock();
        if self.defaults {
            out.write_all(config::DEFAULTS.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        let loaded = self.layers.load()?;
        if self.json {
            writeln!(out, "{}", config::explain_json(&loaded))?;
        } else if self.explain {
            write!(out, "{}", config::explain_text(&loaded))?;
        } else {
            let mut last = "";
            for setting in &loaded.settings {
                let (section, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
                if section != last {
                    let gap = if last.is_empty() { "" } else { "\n" };
                    writeln!(out, "{gap}[{section}]")?;
                    last = section;
                }
                writeln!(out, "{key} = {}", setting.value)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
