//! Where a box that runs is, for what loads it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use load::PlanTarget;

/// The doors of a box that runs. None of them: a box of its own is started.
#[derive(Debug, Args)]
pub(super) struct Running {
    /// The binary RPC door is at this address
    #[arg(long, value_name = "ADDRESS")]
    pub(super) rpc: Option<SocketAddr>,
    /// The plain HTTP door is at this address; the box's own counters are read there, too
    #[arg(long, value_name = "ADDRESS")]
    pub(super) http: Option<SocketAddr>,
    /// The HTTP door with encryption is at this address, TCP and UDP, and RPC over QUIC
    #[arg(long, value_name = "ADDRESS")]
    pub(super) https: Option<SocketAddr>,
    /// The API key that every HTTP request and every encrypted RPC connection shows
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// PEM file of the authority that vouches for the encrypted doors
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// The name in the certificate of the encrypted doors
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    server_name: String,
    /// The server's process: its CPU time and memory are counted
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
}

impl Running {
    pub(super) fn is_named(&self) -> bool {
        [self.rpc, self.http, self.https].iter().any(Option::is_some)
    }

    pub(super) fn target(&self) -> PlanTarget {
        PlanTarget {
            rpc: self.rpc,
            http: self.http,
            https: self.https,
            authority: self.authority.clone(),
            server_name: self.server_name.clone(),
            api_key: self.api_key.clone(),
            pid: self.server_pid,
            ..PlanTarget::default()
        }
    }
}
