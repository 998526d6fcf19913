//! The tree as it is written: right names and types, nothing else proven.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    pub(crate) data: RawData,
    pub(crate) cores: RawCores,
    pub(crate) http: RawHttp,
    pub(crate) https: RawHttps,
    pub(crate) tls: RawTls,
    pub(crate) tokens: RawTokens,
    pub(crate) rpc: RawRpc,
    pub(crate) log: RawLog,
    pub(crate) checkpoint: RawCheckpoint,
    pub(crate) stores: RawStores,
    pub(crate) stop: RawStop,
    pub(crate) trace: RawTrace,
    pub(crate) telemetry: RawTelemetry,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawData {
    pub(crate) directory: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCores {
    pub(crate) count: i64,
    pub(crate) pin: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHttp {
    pub(crate) listen: String,
    pub(crate) body_bytes_max: i64,
    pub(crate) silence_s: i64,
    pub(crate) connections_max: i64,
    pub(crate) origins: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHttps {
    pub(crate) listen: String,
    pub(crate) http3: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTls {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) client_authorities: String,
    pub(crate) allow_tls12: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTokens {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) master_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRpc {
    pub(crate) listen: String,
    pub(crate) tls_listen: String,
    pub(crate) quic: bool,
    pub(crate) request_bytes_max: i64,
    pub(crate) reply_bytes_max: i64,
    pub(crate) batch_items_max: i64,
    pub(crate) in_flight_max: i64,
    pub(crate) connections_max: i64,
    pub(crate) handshake_timeout_ms: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLog {
    pub(crate) segment_mib: i64,
    pub(crate) device: String,
    pub(crate) keep_segments: i64,
    pub(crate) spin_us: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCheckpoint {
    pub(crate) log_mib: i64,
    pub(crate) overlay_mib: i64,
    pub(crate) interval_s: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStores {
    pub(crate) cache_mib: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStop {
    pub(crate) grace_s: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTrace {
    pub(crate) level: String,
    pub(crate) format: String,
    pub(crate) access: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTelemetry {
    pub(crate) otlp_endpoint: String,
    pub(crate) otlp_headers_file: String,
    pub(crate) otlp_authorities: String,
    pub(crate) otlp_timeout_ms: i64,
    pub(crate) sample_per_million: i64,
    pub(crate) shapes_file: String,
    pub(crate) shapes_mib: i64,
}
