//! How a client reaches the box, how patient it is, and how much it keeps.

use std::fmt;
use std::path::PathBuf;

/// How a client reaches the box, how patient it is, and how much it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What carries the protocol.
    pub transport: Transport,
    /// An API key or an access token, for doors that want one.
    pub credential: Option<Credential>,
    /// Shown in the server's log; cut to 64 bytes.
    pub name: String,
    /// Longest wait for one connection to be made and greeted, in milliseconds.
    pub connect_ms: u64,
    /// Longest wait of one call for its reply, in milliseconds.
    pub call_ms: u64,
    /// With requests in flight, a connection from which nothing arrives for this long is given up,
    /// in milliseconds. Noticed after one up to two such spans.
    pub quiet_ms: u64,
    /// Shortest pause between two attempts to connect, in milliseconds.
    pub backoff_ms_min: u64,
    /// Longest pause between two attempts to connect, in milliseconds.
    pub backoff_ms_max: u64,
    /// How long calls wait for a connection that cannot be made, in milliseconds.
    pub reconnect_ms: u64,
    /// Most calls of one connection without a reply; the server's own limit applies as well.
    pub in_flight_max: u16,
    /// Most bytes of payload that one connection keeps in order to send them (again), in bytes.
    pub kept_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            transport: Transport::Plain,
            credential: None,
            name: "client".to_owned(),
            connect_ms: 5_000,
            call_ms: 30_000,
            quiet_ms: 30_000,
            backoff_ms_min: 20,
            backoff_ms_max: 2_000,
            reconnect_ms: 10_000,
            in_flight_max: wire::IN_FLIGHT_MAX,
            kept_bytes_max: 64 * 1024 * 1024,
        }
    }
}

/// What carries the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Transport {
    /// TCP, to a box on the same machine.
    #[default]
    Plain,
    /// TLS 1.3 over TCP.
    Tls(Trust),
    /// A stream of a QUIC connection. The port is that of HTTPS.
    Quic(Trust),
}

/// Whom a client trusts, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// PEM files of the authorities that may vouch for the box; nothing else is trusted.
    pub authorities: Vec<PathBuf>,
    /// The name that the box's certificate has to be for; without one, the address.
    pub server_name: Option<String>,
    /// The client's own certificate, for boxes that ask for one.
    pub own: Option<tls::Pair>,
}

/// An API key or an access token. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    /// Takes its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credential(..)")
    }
}

impl Options {
    /// What is shown in the Hello; empty for nothing.
    pub(crate) fn shown(&self) -> &str {
        self.credential.as_ref().map_or("", Credential::text)
    }
}
