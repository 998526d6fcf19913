//! One HTTP request to a server on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Asks, and gives the body of an answer that is a success.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    api_key: &str,
    json: &str,
) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = json.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Api-Key: {api_key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    body(&answer).with_context(|| format!("{method} {path} at {address}"))
}

fn body(answer: &str) -> Result<String> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no end")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("answered {status}: {body}");
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_has_a_body() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nx: y\r\n\r\n{}").unwrap(), "{}");
        assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n").unwrap(), "");
        for (answer, reason) in [
            ("HTTP/1.1 401 No\r\n\r\nno such key", "401: no such key"),
            ("HTTP/1.1 200 OK\r\n", "no end"),
            ("", "no end"),
            ("garbage\r\n\r\n", "answered"),
        ] {
            let error = body(answer).unwrap_err().to_string();
            assert!(error.contains(reason), "{answer:?}: {error}");
        }
    }
}
