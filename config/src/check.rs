//! From the raw tree to the checked one.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::checked::{
    Access, Checkpoint, Config, Cores, Device, Format, Http, Https, Level, Log, Rpc, Stop, Stores,
    Telemetry, Tls, Tokens, Trace,
};
use crate::error::{ConfigError, Place};
use crate::layer::Setting;
use crate::limits::{self, Range};
use crate::raw::{
    Raw, RawHttp, RawHttps, RawLog, RawRpc, RawTelemetry, RawTls, RawTokens, RawTrace,
};

const MIB: u64 = 1 << 20;

/// Words of a key with what each means.
type Words<T> = [(&'static str, T)];

const DEVICES: &Words<Device> =
    &[("auto", Device::Auto), ("uring", Device::Uring), ("plain", Device::Plain)];
const LEVELS: &Words<Level> = &[
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
    ("trace", Level::Trace),
];
const FORMATS: &Words<Format> = &[("text", Format::Text), ("json", Format::Json)];
const ACCESS: &Words<Access> =
    &[("off", Access::Off), ("errors", Access::Errors), ("all", Access::All)];

/// Checks values and tells, when one is refused, which layer it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker<'a> {
    pub(crate) settings: &'a [Setting],
    /// How many cores the process may use: what 0 cores means.
    pub(crate) cores_available: u16,
}

impl Checker<'_> {
    pub(crate) fn config(&self, raw: &Raw) -> Result<Config, ConfigError> {
        if raw.data.directory.is_empty() {
            return Err(ConfigError::NoDirectory { place: self.place("data.directory") });
        }
        let count = self.number(limits::CORES, raw.cores.count)?;
        let count = if count == 0 { self.cores_available } else { count };
        let checkpoint = &raw.checkpoint;
        let config = Config {
            data: PathBuf::from(&raw.data.directory),
            cores: Cores { count, pin: raw.cores.pin },
            http: self.http(&raw.http)?,
            https: self.https(&raw.https)?,
            tls: self.tls(&raw.tls)?,
            tokens: tokens(&raw.tokens),
            rpc: self.rpc(&raw.rpc)?,
            log: self.log(&raw.log)?,
            checkpoint: Checkpoint {
                log_bytes: self.mib(limits::CHECKPOINT_LOG, checkpoint.log_mib)?,
                overlay_bytes: self.mib(limits::CHECKPOINT_OVERLAY, checkpoint.overlay_mib)?,
                interval: self.seconds(limits::CHECKPOINT_INTERVAL, checkpoint.interval_s)?,
            },
            stores: Stores {
                cache_bytes: usize::try_from(self.mib(limits::STORES_CACHE, raw.stores.cache_mib)?)
                    .expect("1 TiB fits into the address space of every supported machine"),
            },
            stop: Stop { grace: self.seconds(limits::STOP_GRACE, raw.stop.grace_s)? },
            trace: self.trace(&raw.trace)?,
            telemetry: self.telemetry(&raw.telemetry)?,
        };
        self.apart(&config)?;
        Ok(config)
    }

    /// Refuses two doors on one port: the kernel would let them share it.
    fn apart(&self, config: &Config) -> Result<(), ConfigError> {
        let doors = [
            ("http.listen", Some(config.http.listen)),
            ("https.listen", config.https.listen),
            ("rpc.listen", Some(config.rpc.listen)),
            ("rpc.tls_listen", config.rpc.tls_listen),
        ];
        for (at, (key, address)) in doors.iter().enumerate() {
            let Some(address) = address.filter(|it| it.port() != 0) else { continue };
            let same = doors[..at].iter().find(|(_, other)| *other == Some(address));
            if let Some((taken_by, _)) = same {
                let (place, found) = (self.place(key), address.to_string());
                return Err(ConfigError::SameAddress { place, key, taken_by, found });
            }
        }
        Ok(())
    }

    fn http(&self, raw: &RawHttp) -> Result<Http, ConfigError> {
        Ok(Http {
            listen: self.loopback("http.listen", &raw.listen)?,
            body_bytes_max: self.number(limits::HTTP_BODY, raw.body_bytes_max)?,
            silence: self.seconds(limits::HTTP_SILENCE, raw.silence_s)?,
            connections_max: self.number(limits::HTTP_CONNECTIONS, raw.connections_max)?,
            origins: raw.origins.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    fn https(&self, raw: &RawHttps) -> Result<Https, ConfigError> {
        let listen = match &raw.listen[..] {
            "" => None,
            text => Some(self.address("https.listen", text)?),
        };
        Ok(Https { listen, http3: raw.http3 })
    }

    fn tls(&self, raw: &RawTls) -> Result<Tls, ConfigError> {
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let certificate = match (path(&raw.certificate), path(&raw.key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(self.half_pair("tls.certificate", "tls.key")),
            (None, Some(_)) => return Err(self.half_pair("tls.key", "tls.certificate")),
        };
        let client_authorities = path(&raw.client_authorities);
        Ok(Tls { certificate, client_authorities, allow_tls12: raw.allow_tls12 })
    }

    fn half_pair(&self, key: &'static str, missing: &'static str) -> ConfigError {
        ConfigError::HalfPair { place: self.place(key), key, missing }
    }

    fn rpc(&self, raw: &RawRpc) -> Result<Rpc, ConfigError> {
        let tls_listen = match &raw.tls_listen[..] {
            "" => None,
            text => Some(self.address("rpc.tls_listen", text)?),
        };
        Ok(Rpc {
            listen: self.loopback("rpc.listen", &raw.listen)?,
            tls_listen,
            quic: raw.quic,
            request_bytes_max: self.number(limits::RPC_REQUEST, raw.request_bytes_max)?,
            reply_bytes_max: self.number(limits::RPC_REPLY, raw.reply_bytes_max)?,
            batch_items_max: self.number(limits::RPC_BATCH, raw.batch_items_max)?,
            in_flight_max: self.number(limits::RPC_IN_FLIGHT, raw.in_flight_max)?,
            connections_max: self.number(limits::RPC_CONNECTIONS, raw.connections_max)?,
            handshake_timeout: self.millis(limits::RPC_HANDSHAKE, raw.handshake_timeout_ms)?,
        })
    }

    fn log(&self, raw: &RawLog) -> Result<Log, ConfigError> {
        Ok(Log {
            segment_bytes: self.mib(limits::LOG_SEGMENT, raw.segment_mib)?,
            device: self.word("log.device", &raw.device, DEVICES)?,
            keep_segments: self.number(limits::LOG_KEEP, raw.keep_segments)?,
            spin_us: self.number(limits::LOG_SPIN, raw.spin_us)?,
        })
    }

    fn trace(&self, raw: &RawTrace) -> Result<Trace, ConfigError> {
        Ok(Trace {
            level: self.word("trace.level", &raw.level, LEVELS)?,
            format: self.word("trace.format", &raw.format, FORMATS)?,
            access: self.word("trace.access", &raw.access, ACCESS)?,
        })
    }

    fn telemetry(&self, raw: &RawTelemetry) -> Result<Telemetry, ConfigError> {
        const ENDPOINT: &str = "telemetry.otlp_endpoint";
        let endpoint = Some(&raw.otlp_endpoint).filter(|it| !it.is_empty());
        if let Some(found) = endpoint.filter(|it| !is_endpoint(it)) {
            let (place, found) = (self.place(ENDPOINT), found.clone());
            return Err(ConfigError::NotAnEndpoint { place, key: ENDPOINT, found });
        }
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        Ok(Telemetry {
            endpoint: endpoint.cloned(),
            headers_file: path(&raw.otlp_headers_file),
            authorities: path(&raw.otlp_authorities),
            timeout: self.millis(limits::OTLP_TIMEOUT, raw.otlp_timeout_ms)?,
            sample_per_million: self.number(limits::SAMPLE, raw.sample_per_million)?,
            shapes_file: path(&raw.shapes_file),
            shapes_bytes_max: self.mib(limits::SHAPES, raw.shapes_mib)?,
        })
    }

    /// A number in its range, in a type that the range fits.
    fn number<T: TryFrom<i64>>(&self, range: Range, found: i64) -> Result<T, ConfigError> {
        let Range { key, min, max, unit } = range;
        let in_range = min <= found && found <= max;
        T::try_from(found).ok().filter(|_| in_range).ok_or_else(|| ConfigError::OutOfRange {
            place: self.place(key),
            key,
            found,
            min,
            max,
            unit,
        })
    }

    fn mib(&self, range: Range, found: i64) -> Result<u64, ConfigError> {
        Ok(self.number::<u64>(range, found)? * MIB)
    }

    fn millis(&self, range: Range, found: i64) -> Result<Duration, ConfigError> {
        self.number(range, found).map(Duration::from_millis)
    }

    fn seconds(&self, range: Range, found: i64) -> Result<Duration, ConfigError> {
        self.number(range, found).map(Duration::from_secs)
    }

    fn word<T: Copy>(
        &self,
        key: &'static str,
        found: &str,
        words: &Words<T>,
    ) -> Result<T, ConfigError> {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == found) {
            return Ok(*meaning);
        }
        let allowed: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let (place, found) = (self.place(key), found.to_owned());
        Err(ConfigError::NotOneOf { place, key, found, allowed: allowed.join(", ") })
    }

    fn address(&self, key: &'static str, found: &str) -> Result<SocketAddr, ConfigError> {
        found.parse().map_err(|_| {
            let (place, found) = (self.place(key), found.to_owned());
            ConfigError::NotAnAddress { place, key, found }
        })
    }

    fn loopback(&self, key: &'static str, found: &str) -> Result<SocketAddr, ConfigError> {
        let address = self.address(key, found)?;
        let is_loopback = match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        if !is_loopback {
            let (place, found) = (self.place(key), found.to_owned());
            return Err(ConfigError::NotLoopback { place, key, found });
        }
        Ok(address)
    }

    fn place(&self, key: &str) -> Place {
        let setting = self.settings.iter().find(|it| it.key == key);
        setting.map_or(Place::Default, |it| it.place.clone())
    }
}

/// Scheme, host, perhaps a port, perhaps a path; nothing else.
fn is_endpoint(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((ip, port)) if ip.parse::<Ipv6Addr>().is_ok() => ("ip", port),
        Some(_) => return false,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_name = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_');
    let is_port = |it: &str| it.parse::<u16>().is_ok_and(|it| it != 0);
    let is_path = |it: u8| it.is_ascii_graphic() && !b"\"#<>?\\^`{|}".contains(&it);
    !host.is_empty()
        && host.bytes().all(is_name)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && path.bytes().all(is_path)
}

fn tokens(raw: &RawTokens) -> Tokens {
    let master_key = (!raw.master_key.is_empty()).then(|| PathBuf::from(&raw.master_key));
    Tokens { issuer: raw.issuer.clone(), audience: raw.audience.clone(), master_key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_place_and_nothing_else() {
        for text in [
            "http://127.0.0.1:4318",
            "https://collector.example",
            "https://otlp_1.example:443/a/b%20c/v1/traces",
            "http://[::1]:4318/",
            "http://[fe80::1]",
        ] {
            assert!(is_endpoint(text), "{text}");
        }
        for text in [
            "127.0.0.1:4318",
            "grpc://127.0.0.1:4317",
            "HTTP://a",
            "http://",
            "http://:4318",
            "http:///v1/traces",
            "http://user:secret@a",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://[::1",
            "http://[a]:1",
            "http://[::1]4318",
            "http://a b",
            "http://a/b c",
            "http://a/b?c",
            "http://a/b#c",
            "http://a?b",
            "http://\u{e9}",
            "http://a/\u{e9}",
        ] {
            assert!(!is_endpoint(text), "{text}");
        }
    }
}
