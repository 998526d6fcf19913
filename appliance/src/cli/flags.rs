//! Flags that several commands share: the last layer of the configuration.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use config::{Flag, Loaded, Sources};

/// What lies over the configuration file and the environment.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Configuration (see `quoin config --explain`)")]
pub(crate) struct Layers {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A configuration file, in place of quoin.toml in the data directory
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of the HTTP/1.1 JSON door; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) http: Option<String>,
    /// Address of the doors with encryption, HTTPS and HTTP/3; port 0 takes a free one, "" opens none
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) https: Option<String>,
    /// Address of the binary RPC door; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) rpc: Option<String>,
    /// Data-plane cores; 0 takes all that the process may use
    #[arg(long, value_name = "N")]
    pub(crate) cores: Option<String>,
    /// Whether each core's thread stays on one CPU
    #[arg(long, value_name = "BOOL")]
    pub(crate) pin: Option<String>,
    /// How the log writes: auto, uring or plain
    #[arg(long, value_name = "WORD")]
    pub(crate) log_device: Option<String>,
    /// The least severe message on standard error: error, warn, info, debug or trace
    #[arg(long, value_name = "WORD")]
    pub(crate) trace_level: Option<String>,
    /// How messages are written: text or json
    #[arg(long, value_name = "WORD")]
    pub(crate) trace_format: Option<String>,
}

impl Layers {
    /// Reads and checks all layers.
    pub(crate) fn load(&self) -> Result<Loaded> {
        Ok(config::load(&self.sources()?)?)
    }

    fn sources(&self) -> Result<Sources> {
        let data = match &self.data {
            Some(data) => {
                let text = data.to_str().context("--data: the directory's name is not UTF-8")?;
                Some(text.to_owned())
            }
            None => None,
        };
        let flags = [
            ("data.directory", "--data", &data),
            ("http.listen", "--http", &self.http),
            ("https.listen", "--https", &self.https),
            ("rpc.listen", "--rpc", &self.rpc),
            ("cores.count", "--cores", &self.cores),
            ("cores.pin", "--pin", &self.pin),
            ("log.device", "--log-device", &self.log_device),
            ("trace.level", "--trace-level", &self.trace_level),
            ("trace.format", "--trace-format", &self.trace_format),
        ];
        let flag = |(key, name, text): (&'static str, &'static str, &Option<String>)| {
            text.clone().map(|text| Flag { key, name, text })
        };
        // A variable that is not UTF-8 is none of ours.
        let environment = env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        Ok(Sources {
            file: self.config.clone(),
            environment: environment.collect(),
            flags: flags.into_iter().filter_map(flag).collect(),
        })
    }
}
