//! The range of every number, in one place.

/// The values that a key may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) key: &'static str,
    pub(crate) min: i64,
    pub(crate) max: i64,
    /// What it counts, for the message.
    pub(crate) unit: &'static str,
}

const fn range(key: &'static str, min: i64, max: i64, unit: &'static str) -> Range {
    Range { key, min, max, unit }
}

pub(crate) const CORES: Range = range("cores.count", 0, 256, "cores");
pub(crate) const HTTP_BODY: Range = range("http.body_bytes_max", 1024, 16 << 20, "bytes");
pub(crate) const HTTP_SILENCE: Range = range("http.silence_s", 5, 3600, "seconds");
pub(crate) const HTTP_CONNECTIONS: Range = range("http.connections_max", 1, 65_536, "connections");
pub(crate) const RPC_REQUEST: Range = range("rpc.request_bytes_max", 4096, 64 << 20, "bytes");
pub(crate) const RPC_REPLY: Range = range("rpc.reply_bytes_max", 4096, 64 << 20, "bytes");
pub(crate) const RPC_BATCH: Range = range("rpc.batch_items_max", 1, 1024, "requests");
pub(crate) const RPC_IN_FLIGHT: Range = range("rpc.in_flight_max", 1, 65_535, "requests");
pub(crate) const RPC_CONNECTIONS: Range = range("rpc.connections_max", 1, 65_536, "connections");
pub(crate) const RPC_HANDSHAKE: Range =
    range("rpc.handshake_timeout_ms", 100, 600_000, "milliseconds");
pub(crate) const LOG_SEGMENT: Range = range("log.segment_mib", 16, 4096, "MiB");
pub(crate) const LOG_KEEP: Range = range("log.keep_segments", 1, 1024, "segments");
pub(crate) const LOG_SPIN: Range = range("log.spin_us", 0, 1_000_000, "microseconds");
pub(crate) const CHECKPOINT_LOG: Range = range("checkpoint.log_mib", 16, 1 << 20, "MiB");
pub(crate) const CHECKPOINT_OVERLAY: Range = range("checkpoint.overlay_mib", 8, 1 << 20, "MiB");
pub(crate) const CHECKPOINT_INTERVAL: Range = range("checkpoint.interval_s", 1, 86_400, "seconds");
pub(crate) const STORES_CACHE: Range = range("stores.cache_mib", 1, 1 << 20, "MiB");
pub(crate) const STOP_GRACE: Range = range("stop.grace_s", 0, 3600, "seconds");
pub(crate) const OTLP_TIMEOUT: Range =
    range("telemetry.otlp_timeout_ms", 100, 60_000, "milliseconds");
pub(crate) const SAMPLE: Range =
    range("telemetry.sample_per_million", 0, 1_000_000, "requests of a million");
pub(crate) const SHAPES: Range = range("telemetry.shapes_mib", 1, 4096, "MiB");

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Range] = &[
        CORES,
        HTTP_BODY,
        HTTP_SILENCE,
        HTTP_CONNECTIONS,
        RPC_REQUEST,
        RPC_REPLY,
        RPC_BATCH,
        RPC_IN_FLIGHT,
        RPC_CONNECTIONS,
        RPC_HANDSHAKE,
        LOG_SEGMENT,
        LOG_KEEP,
        LOG_SPIN,
        CHECKPOINT_LOG,
        CHECKPOINT_OVERLAY,
        CHECKPOINT_INTERVAL,
        STORES_CACHE,
        STOP_GRACE,
        OTLP_TIMEOUT,
        SAMPLE,
        SHAPES,
    ];

    /// The comment lines above every key of the defaults, joined.
    fn documented() -> Vec<(String, String, String)> {
        let (mut section, mut comment, mut keys) = (String::new(), String::new(), Vec::new());
        for line in crate::DEFAULTS.lines() {
            if let Some(text) = line.strip_prefix('#') {
                comment.push_str(text);
            } else if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
                comment.clear();
            } else if let Some((key, value)) = line.split_once(" = ") {
                keys.push((
                    format!("{section}.{key}"),
                    std::mem::take(&mut comment),
                    value.to_owned(),
                ));
            }
        }
        keys
    }

    #[test]
    fn every_key_documents_its_default_and_every_number_its_range() {
        let keys = documented();
        assert_eq!(keys.len(), crate::layer::defaults().len());
        for (key, comment, value) in &keys {
            assert!(comment.contains(&format!("Default: {value}.")), "{key}: {comment}");
            let number: Result<i64, _> = value.parse();
            let range = ALL.iter().find(|range| range.key == key);
            assert_eq!(number.is_ok(), range.is_some(), "{key} has a range if it is a number");
            if let (Ok(number), Some(Range { min, max, .. })) = (number, range) {
                assert!(comment.contains(&format!("Range: {min} to {max}.")), "{key}: {comment}");
                assert!(*min <= number && number <= *max, "{key}");
            }
        }
        for range in ALL {
            assert!(keys.iter().any(|(key, ..)| key == range.key), "{} does not exist", range.key);
        }
    }
}
