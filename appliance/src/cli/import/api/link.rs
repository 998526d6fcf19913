//! One request to the interface, asked until it is answered: 429 and 5xx, broken connections and cut
//! answers are asked again, as late as the server says.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use rustls::crypto::ring;
use ureq::Agent;
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The header that the interface knows its callers by.
const KEY_HEADER: &str = "Ocp-Apim-Subscription-Key";
/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The most bytes of one answer: a hundred results have some 100 KiB.
const ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How often one page is asked for.
const ATTEMPTS_MAX: u32 = 8;
/// The first wait when the server names none; each further one is twice as long.
const WAIT_FIRST: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_mins(1);
/// The longest wait that is done as the server asks; one that asks for more has a quota that is used up.
const WAIT_ASKED_MAX: Duration = Duration::from_mins(10);

/// A connection to the interface.
pub(super) struct Link {
    agent: Agent,
    base: String,
    key: Option<HeaderValue>,
    pace: Duration,
    last: Option<Instant>,
    /// Requests, and those that were asked again.
    pub(super) asked: u32,
    pub(super) again: u32,
}

/// What one attempt came to.
enum Attempt {
    Answer(Vec<u8>),
    Missing,
    Later { after: Option<Duration>, why: String },
}

impl Link {
    /// `base` is the interface's address, with or without `/api/v1/awards`.
    pub(super) fn new(
        base: &str,
        key: Option<&str>,
        authorities: &[PathBuf],
        pace: Duration,
    ) -> Result<Self> {
        let base = base.trim_end_matches('/').trim_end_matches("/awards");
        let base = base.trim_end_matches("/api/v1");
        let certificates = match base.split_once("://") {
            Some(("https", _)) => trusted(authorities)?,
            Some(("http", _)) => Vec::new(),
            _ => bail!("--api {base}: expected an address such as https://api.fwc.gov.au"),
        };
        let key = key.map(str::trim).filter(|it| !it.is_empty()).map(|it| {
            let mut value = HeaderValue::from_str(it).context("the key is no header's value")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        // `ring`, as everywhere in the box.
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The key is for this server and nobody it may point to.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .user_agent(format!("quoin/{}", crate::boot::VERSION))
            .tls_config(tls)
            .build();
        let base = format!("{base}/api/v1");
        let key = key.transpose()?;
        Ok(Self { agent: config.into(), base, key, pace, last: None, asked: 0, again: 0 })
    }

    /// The answer to `path`, below `/api/v1`; `None` when there is no such thing.
    pub(super) fn get(&mut self, path: &str) -> Result<Option<Vec<u8>>> {
        let mut wait = WAIT_FIRST;
        for attempt in 1.. {
            self.keep_pace();
            self.asked += 1;
            match self.attempt(path)? {
                Attempt::Answer(answer) => return Ok(Some(answer)),
                Attempt::Missing => return Ok(None),
                Attempt::Later { why, .. } if attempt == ATTEMPTS_MAX => {
                    bail!("{path}: {why}, {ATTEMPTS_MAX} times: repeat the import later")
                }
                Attempt::Later { after: Some(after), why } if WAIT_ASKED_MAX < after => bail!(
                    "{path}: {why} and asks for {} s of patience: repeat the import then",
                    after.as_secs()
                ),
                Attempt::Later { after, why } => {
                    let pause = after.unwrap_or(wait);
                    eprintln!("{path}: {why}: again in {} ms", pause.as_millis());
                    thread::sleep(pause);
                    wait = (wait * 2).min(WAIT_MAX);
                    self.again += 1;
                }
            }
        }
        unreachable!("the last attempt returns")
    }

    fn keep_pace(&mut self) {
        let since = self.last.map_or(self.pace, |it| it.elapsed());
        thread::sleep(self.pace.saturating_sub(since));
        self.last = Some(Instant::now());
    }

    fn attempt(&self, path: &str) -> Result<Attempt> {
        let mut request = self.agent.get(format!("{}/{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header(KEY_HEADER, key);
        }
        let mut answer = match request.call() {
            Ok(answer) => answer,
            Err(
                error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::HostNotFound),
            ) => return Err(error).with_context(|| format!("asking {}", self.base)),
            // What TLS says against the other side; it says the same when it is asked again.
            Err(ureq::Error::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                return Err(error).context("--authorities names whom to trust");
            }
            Err(error) => return Ok(Attempt::Later { after: None, why: error.to_string() }),
        };
        let status = answer.status().as_u16();
        let after = answer.headers().get("retry-after").and_then(|it| it.to_str().ok());
        let after = after.and_then(|it| retry_after(it, SystemTime::now()));
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        match (status, body) {
            (200, Ok(body)) => Ok(match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
                Ok(_) => Attempt::Answer(body),
                Err(error) => {
                    let why = format!("the answer is not whole ({error})");
                    Attempt::Later { after: None, why }
                }
            }),
            (200, Err(error)) => {
                Ok(Attempt::Later { after: None, why: format!("the answer broke off ({error})") })
            }
            (404, _) => Ok(Attempt::Missing),
            (408 | 429 | 500 | 502 | 503 | 504, _) => {
                Ok(Attempt::Later { after, why: format!("the server answered {status}") })
            }
            (401 | 403, _) => bail!(
                "{path}: the server answered {status}: name a file with your subscription key by \
                 --key-file"
            ),
            (status, body) => bail!("{path}: the server answered {status}: {}", detail(body)),
        }
    }
}

/// What the server says of an error: `errors[].detail`.
fn detail(body: Result<Vec<u8>, ureq::Error>) -> String {
    let body: serde_json::Value =
        body.ok().and_then(|it| serde_json::from_slice(&it).ok()).unwrap_or_default();
    body["errors"][0]["detail"].as_str().unwrap_or("it gives no reason").to_owned()
}

/// Seconds or a date (RFC 9110, 10.2.3).
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value.trim()).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn trusted(files: &[PathBuf]) -> Result<Vec<Certificate<'static>>> {
    let Some(file) = files.iter().find(|it| it.exists()) else {
        let looked: Vec<_> = files.iter().map(|it| it.display().to_string()).collect();
        bail!("none of {} exists: name a PEM file by --authorities", looked.join(", "));
    };
    certificates(file).with_context(|| file.display().to_string())
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let text = std::fs::read(file)?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(it) = item? {
            found.push(it);
        }
    }
    if found.is_empty() {
        bail!("it holds no certificate");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 90);
        for (value, expected) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn every_form_of_the_address_is_the_same_one() {
        for base in [
            "http://a.test",
            "http://a.test/",
            "http://a.test/api/v1",
            "http://a.test/api/v1/awards/",
        ] {
            let link = Link::new(base, None, &[], Duration::ZERO).unwrap();
            assert_eq!(link.base, "http://a.test/api/v1");
        }
        for base in ["a.test", "ftp://a.test"] {
            assert!(Link::new(base, None, &[], Duration::ZERO).is_err());
        }
        let nowhere = [PathBuf::from("/nonexistent")];
        assert!(Link::new("https://a.test", None, &nowhere, Duration::ZERO).is_err());
        assert!(Link::new("http://a.test", Some("a\nb"), &[], Duration::ZERO).is_err());
    }
}
