//! The collector: one HTTP request with a batch, and what its answer means.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use serde::Deserialize;
use ureq::http::{HeaderName, HeaderValue};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

/// Where a collector takes spans, below its address (OTLP/HTTP).
const TRACES_PATH: &str = "/v1/traces";
/// Longest answer that is looked at.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// How long a connection is kept that nothing is sent on.
const IDLE: Duration = Duration::from_secs(30);
/// What the request says of itself.
const OWN_HEADERS: [&str; 4] = ["content-length", "content-type", "host", "transfer-encoding"];

/// How the collector is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its address, `http` or `https`, such as `http://127.0.0.1:4318`; `/v1/traces` is added unless it
    /// ends so.
    pub endpoint: String,
    /// Sent with every request: for its authentication.
    pub headers: Vec<(String, String)>,
    /// PEM files of the authorities that may vouch for it, for `https`; the first that exists is read.
    pub authorities: Vec<PathBuf>,
    /// How long one request may take.
    pub timeout: Duration,
}

/// Why a collector cannot be sent to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectorError {
    /// No HTTP header.
    #[error("{name:?} is not a header that can be sent, or its value is not")]
    Header {
        /// Its name. The value may be a secret.
        name: String,
    },
    /// None of the files exists.
    #[error(
        "none of {looked:?} exists: name a PEM file of the authorities that vouch for the collector"
    )]
    NoAuthorities {
        /// Where they were looked for.
        looked: Vec<PathBuf>,
    },
    /// The file cannot be used.
    #[error("{}: {detail}", file.display())]
    Authorities {
        /// The file.
        file: PathBuf,
        /// Why.
        detail: String,
    },
}

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Taken, but for so many spans.
    Taken {
        /// Of the spans in the request.
        rejected: u64,
    },
    /// To be tried again, at the earliest after so long.
    Later {
        /// What the collector asks for.
        after: Option<Duration>,
        /// For the log.
        why: String,
    },
    /// Never taken.
    Refused(String),
}

#[derive(Debug)]
pub(crate) struct Collector {
    agent: Agent,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
}

impl Collector {
    pub(crate) fn new(terms: &Terms, version: &str) -> Result<Self, CollectorError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The headers are for this collector and nobody it may point to.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The box has settings of its own; the environment of whoever started it is not asked.
            .proxy(None)
            .user_agent(format!("quoin/{version}"))
            .max_idle_age(IDLE)
            .tls_config(tls(terms)?)
            .build();
        let base = terms.endpoint.trim_end_matches('/');
        let url = if base.ends_with(TRACES_PATH) {
            base.to_owned()
        } else {
            format!("{base}{TRACES_PATH}")
        };
        let headers = terms.headers.iter().map(header).collect::<Result<_, _>>()?;
        Ok(Self { agent: config.into(), url, headers, timeout: terms.timeout })
    }

    /// Where it sends to.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends one batch; takes `time_left` at most, should that be less than usual.
    pub(crate) fn post(&self, body: &[u8], time_left: Option<Duration>) -> Answer {
        let timeout = time_left.map_or(self.timeout, |it| it.min(self.timeout));
        let mut request = self.agent.post(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request =
            request.content_type("application/json").config().timeout_global(Some(timeout)).build();
        match request.send(body) {
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                let after = answer.headers().get("retry-after").map(HeaderValue::as_bytes);
                let after = after.and_then(|it| retry_after(it, SystemTime::now()));
                let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
                judge(status, after, &text.unwrap_or_default())
            }
            Err(error @ (Error::BadUri(_) | Error::Http(_))) => Answer::Refused(error.to_string()),
            Err(error) => Answer::Later { after: None, why: error.to_string() },
        }
    }
}

/// OTLP/HTTP, "Response": which statuses are worth another try, and that a success may be partial.
fn judge(status: u16, after: Option<Duration>, text: &[u8]) -> Answer {
    match status {
        200..=299 => Answer::Taken { rejected: rejected(text) },
        429 | 502 | 503 | 504 => {
            Answer::Later { after, why: format!("the collector answered {status}") }
        }
        _ => Answer::Refused(format!("the collector answered {status}")),
    }
}

fn rejected(text: &[u8]) -> u64 {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Response {
        partial_success: Partial,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Partial {
        rejected_spans: Count,
    }
    /// As text by the rules of the mapping; collectors write a number too.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u64),
        Text(String),
    }
    impl Default for Count {
        fn default() -> Self {
            Self::Number(0)
        }
    }
    // An answer that is no JSON was a success all the same.
    let response: Response = serde_json::from_slice(text).unwrap_or_default();
    match response.partial_success.rejected_spans {
        Count::Number(count) => count,
        Count::Text(text) => text.parse().unwrap_or(0),
    }
}

/// Seconds or a date (RFC 9110, 10.2.3).
fn retry_after(value: &[u8], now: SystemTime) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn header((name, value): &(String, String)) -> Result<(HeaderName, HeaderValue), CollectorError> {
    let wrong = || CollectorError::Header { name: name.clone() };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
    if OWN_HEADERS.contains(&name.as_str()) {
        return Err(wrong());
    }
    value.set_sensitive(true);
    Ok((name, value))
}

fn tls(terms: &Terms) -> Result<TlsConfig, CollectorError> {
    let certificates = if terms.endpoint.starts_with("https:") {
        authorities(&terms.authorities)?
    } else {
        vec![]
    };
    // `ring`, as everywhere in the box.
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .build())
}

fn authorities(files: &[PathBuf]) -> Result<Vec<Certificate<'static>>, CollectorError> {
    let Some(file) = files.iter().find(|it| it.exists()) else {
        return Err(CollectorError::NoAuthorities { looked: files.to_vec() });
    };
    let wrong = |detail: String| CollectorError::Authorities { file: file.clone(), detail };
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(it) = item.map_err(|error| wrong(error.to_string()))? {
            found.push(it);
        }
    }
    if found.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn answers_are_judged_by_the_protocol() {
        let later = |seconds: Option<u64>, status: u16| Answer::Later {
            after: seconds.map(Duration::from_secs),
            why: format!("the collector answered {status}"),
        };
        let refused = |status| Answer::Refused(format!("the collector answered {status}"));
        let after = Some(Duration::from_secs(3));
        for (status, after, text, expected) in [
            (200, None, "{}", Answer::Taken { rejected: 0 }),
            (202, None, "", Answer::Taken { rejected: 0 }),
            (200, None, "not JSON", Answer::Taken { rejected: 0 }),
            (200, None, r#"{"partialSuccess":{}}"#, Answer::Taken { rejected: 0 }),
            (
                200,
                None,
                r#"{"partialSuccess":{"rejectedSpans":"5","errorMessage":"x"}}"#,
                Answer::Taken { rejected: 5 },
            ),
            (200, None, r#"{"partialSuccess":{"rejectedSpans":6}}"#, Answer::Taken { rejected: 6 }),
            (429, after, "", later(Some(3), 429)),
            (502, None, "", later(None, 502)),
            (503, after, "", later(Some(3), 503)),
            (504, None, "", later(None, 504)),
            (301, None, "", refused(301)),
            (400, after, "", refused(400)),
            (401, None, "", refused(401)),
            (500, None, "", refused(500)),
        ] {
            assert_eq!(judge(status, after, text.as_bytes()), expected, "{status} {text}");
        }
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 90);
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(value.as_bytes(), now), expected, "{value}");
        }
    }

    fn terms(endpoint: &str) -> Terms {
        Terms {
            endpoint: endpoint.to_owned(),
            headers: Vec::new(),
            authorities: Vec::new(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn the_path_is_added_unless_it_is_there() {
        for (endpoint, expected) in [
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
            ("http://c:4318/", "http://c:4318/v1/traces"),
            ("http://c/otlp", "http://c/otlp/v1/traces"),
            ("http://c/otlp/v1/traces", "http://c/otlp/v1/traces"),
        ] {
            assert_eq!(Collector::new(&terms(endpoint), "1").unwrap().url(), expected);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_telling_secrets() {
        for (name, value) in [("a b", "x"), ("x-key", "secret\n"), ("Content-Type", "text/plain")] {
            let headers = vec![(name.to_owned(), value.to_owned())];
            let terms = Terms { headers, ..terms("http://c") };
            let refused = Collector::new(&terms, "1").unwrap_err().to_string();
            assert!(refused.contains(name) && !refused.contains(value), "{refused}");
        }
        let refused = Collector::new(&terms("https://c"), "1").unwrap_err();
        assert!(matches!(refused, CollectorError::NoAuthorities { .. }), "{refused}");
        let authorities = vec![PathBuf::from("/nonexistent"), PathBuf::from(file!())];
        let manifest = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))];
        for files in [authorities, manifest] {
            let terms = Terms { authorities: files, ..terms("https://c") };
            assert!(Collector::new(&terms, "1").is_err());
        }
    }
}
