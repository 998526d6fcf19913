//! The box under comparison.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the box listens, what its doors want, and where peers may be set up.
#[derive(Debug, Clone)]
pub struct Site {
    /// Binary RPC without encryption.
    pub rpc: SocketAddr,
    /// HTTP without encryption.
    pub http: SocketAddr,
    /// HTTP over TLS.
    pub https: SocketAddr,
    /// PEM file of the authority that vouches for it.
    pub authority: PathBuf,
    /// An administrator's.
    pub api_key: String,
    /// Its process, for its CPU time.
    pub pid: u32,
    /// On the device of its log.
    pub log_directory: PathBuf,
    /// An empty directory on the same device, which other users may enter.
    pub room: PathBuf,
}
