//! How patient a client is, and how much it keeps.

/// How patient a client is, and how much it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
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
