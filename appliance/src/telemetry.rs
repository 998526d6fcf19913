//! What the box tells a collector of spans, from its settings.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::telemetry::{Access, Export, Options, Pace, Resource, Shapes, Telemetry, Terms};
use anyhow::{Context, Result, bail};
use config::Config;

use crate::boot::VERSION;

/// How long a stopping box waits for its last spans to go out.
pub(crate) const FLUSH: Duration = Duration::from_secs(3);

/// Longest file of headers.
const HEADERS_BYTES_MAX: u64 = 64 * 1024;
/// Where systems keep the authorities that they trust: Debian and Alpine, Red Hat, SUSE.
pub(crate) const SYSTEM_AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Starts what the settings ask for. `http` is the door that tells this box from others of the
/// machine.
pub(crate) fn start(config: &Config, http: SocketAddr) -> Result<Telemetry> {
    let settings = &config.telemetry;
    let export = match &settings.endpoint {
        None => None,
        Some(endpoint) => Some(Export {
            collector: Terms {
                endpoint: endpoint.clone(),
                headers: match &settings.headers_file {
                    None => Vec::new(),
                    Some(file) => headers(file).context("telemetry.otlp_headers_file")?,
                },
                authorities: match &settings.authorities {
                    None => SYSTEM_AUTHORITIES.map(PathBuf::from).to_vec(),
                    Some(file) => vec![file.clone()],
                },
                timeout: settings.timeout,
            },
            resource: resource(http),
            sample_per_million: settings.sample_per_million,
            pace: Pace::default(),
        }),
    };
    let access = match config.trace.access {
        config::Access::Off => Access::Off,
        config::Access::Errors => Access::Errors,
        config::Access::All => Access::All,
    };
    let shapes = settings.shapes_file.clone();
    let shapes = shapes.map(|file| Shapes { file, bytes_max: settings.shapes_bytes_max });
    let options = Options { cores: config.cores.count, access, export, shapes };
    Telemetry::start(&options).context("telemetry")
}

fn resource(http: SocketAddr) -> Resource {
    let host = tls::host_name();
    let name = host.as_deref().unwrap_or("localhost");
    let instance = format!("{name}:{}", http.port());
    Resource { version: VERSION.to_owned(), instance, host }
}

fn headers(file: &Path) -> Result<Vec<(String, String)>> {
    let text = || -> std::io::Result<String> {
        if HEADERS_BYTES_MAX < fs::metadata(file)?.len() {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        fs::read_to_string(file)
    };
    let text = text().with_context(|| format!("reading {}", file.display()))?;
    parse_headers(&text).with_context(|| file.display().to_string())
}

/// One `name: value` a line; empty lines and those that begin with `#` say nothing. A line that is
/// wrong is named by its number: what stands there may be a secret.
fn parse_headers(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            bail!("line {number} is not \"name: value\"");
        };
        found.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lines_and_mistakes_are_told_without_their_text() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let text =
            "# for the collector\n\nauthorization: Basic dXNlcjpwYXNz==\r\n x-scope : a:b \n";
        let expected = [pair("authorization", "Basic dXNlcjpwYXNz=="), pair("x-scope", "a:b")];
        assert_eq!(parse_headers(text).unwrap(), expected);
        let refused = parse_headers("a: b\nsecret\n").unwrap_err().to_string();
        assert_eq!(refused, "line 2 is not \"name: value\"");
        let missing = headers(Path::new("/nonexistent/headers")).unwrap_err().to_string();
        assert_eq!(missing, "reading /nonexistent/headers");
    }
}
