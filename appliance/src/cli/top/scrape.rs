//! Reading `/metrics`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long the box may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// One series and its value.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// What a box said at one moment.
#[derive(Debug, Default)]
pub(super) struct Reading(Vec<Sample>);

/// Asks the box at `address`.
pub(super) fn scrape(address: SocketAddr) -> Result<Reading> {
    let text = fetch(address).with_context(|| {
        format!("reading http://{address}/metrics: is `quoin serve` running there?")
    })?;
    Ok(Reading::parse(&text))
}

fn fetch(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    if head.split(' ').nth(1) != Some("200") {
        bail!("answered {}", head.lines().next().unwrap_or_default());
    }
    Ok(body.to_owned())
}

impl Reading {
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().filter(|it| !it.starts_with('#')).filter_map(sample).collect())
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |it| it.name == name)
    }

    /// The sum over all series of this name that have these labels.
    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |it: &Sample| labels.iter().all(|(key, value)| it.label(key) == Some(*value));
        self.of(name).filter(|it| has(it)).map(|it| it.value).sum()
    }

    /// The values that a label takes, in the order they are told.
    pub(super) fn values(&self, name: &str, label: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for value in self.of(name).filter_map(|it| it.label(label)) {
            if !found.iter().any(|it| it == value) {
                found.push(value.to_owned());
            }
        }
        found
    }

    /// Upper ends in seconds and how many took at most so long.
    pub(super) fn buckets(&self, operation: &str) -> Vec<(f64, f64)> {
        let all = self.of("quoin_request_seconds_bucket");
        let of = all.filter(|it| it.label("operation") == Some(operation));
        of.filter_map(|it| Some((bound(it.label("le")?)?, it.value))).collect()
    }
}

impl Sample {
    fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|it| it.0 == name).map(|it| &*it.1)
    }
}

fn bound(text: &str) -> Option<f64> {
    if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() }
}

/// `name{key="value",...} number`; the box's label values hold no quotes.
fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (series, ""),
    };
    let labels = labels.split(',').filter(|it| !it.is_empty());
    let labels = labels
        .map(|it| {
            let (key, value) = it.split_once('=')?;
            Some((key.to_owned(), value.trim_matches('"').to_owned()))
        })
        .collect::<Option<_>>()?;
    Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_and_summed() {
        let reading = Reading::parse(
            "# TYPE a counter\na_total{operation=\"x\",outcome=\"ok\"} 3\na_total{operation=\"x\",outcome=\"failed\"} 2\n\
             a_total{operation=\"y\",outcome=\"ok\"} 1\nb 7\nquoin_request_seconds_bucket{operation=\"x\",le=\"+Inf\"} 5\n# EOF\n",
        );
        for (name, labels, expected) in [
            ("a_total", &[][..], 6.0),
            ("a_total", &[("operation", "x")], 5.0),
            ("a_total", &[("operation", "x"), ("outcome", "ok")], 3.0),
            ("b", &[], 7.0),
            ("c", &[], 0.0),
        ] {
            assert!((reading.sum(name, labels) - expected).abs() < 1e-9, "{name} {labels:?}");
        }
        assert_eq!(reading.values("a_total", "operation"), ["x", "y"]);
        assert_eq!(reading.buckets("x"), [(f64::INFINITY, 5.0)]);
        assert_eq!(sample("garbage"), None);
        assert_eq!(sample("a{b} 1"), None);
    }
}
