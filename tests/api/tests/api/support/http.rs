//! HTTP/1.1 by hand: what is sent is exactly what a test wrote down.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// One connection to the HTTP door.
pub(crate) struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, input: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends as much as the box takes: it may close as soon as it has seen enough.
    pub(crate) fn send_some(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        }
    }

    /// Says that nothing more comes.
    pub(crate) fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next answer; `None` when the box closes first.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = find(&self.input, b"\r\n\r\n") {
                break at;
            }
            if !self.more() {
                assert!(self.input.is_empty(), "half an answer");
                return None;
            }
        };
        let head = String::from_utf8(self.input[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap();
        let status = first.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers: Vec<_> = lines.map(header).collect();
        self.input.drain(..end + 4);
        let mut answer = Answer { status, headers, body: Vec::new() };
        let bytes: usize = answer.header("content-length").map_or(0, |it| it.parse().unwrap());
        while self.input.len() < bytes {
            assert!(self.more(), "the body ends early");
        }
        answer.body = self.input.drain(..bytes).collect();
        Some(answer)
    }

    /// Whether the box closes and says nothing before.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.input.is_empty() && !self.more()
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            // Closed with bytes of ours unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error}"),
        };
        self.input.extend_from_slice(&buffer[..count]);
        count != 0
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| &*it.1)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn position(&self) -> u64 {
        self.header("x-log-position").expect("every answer has it").parse().unwrap()
    }

    /// Asserts a problem (RFC 9457) with these members; the empty `field` or `code` stands for none.
    pub(crate) fn assert_problem(&self, what: &str, status: u16, field: &str, code: &str) -> Value {
        let problem = self.json();
        let said = (self.status, &problem);
        assert_eq!(self.status, status, "{what}: {said:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{what}");
        assert_eq!(problem["status"], status, "{what}: {said:?}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|it| !it.is_empty()), "{what}: {said:?}");
        }
        let member = |name: &str| problem[name].as_str().unwrap_or("").to_owned();
        assert_eq!((&*member("field"), &*member("code")), (field, code), "{what}: {said:?}");
        self.position();
        problem
    }
}

/// A request with a length that is right.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let length = body.len().to_string();
    let length = (!body.is_empty()).then_some(("content-length", &*length));
    let lines = headers.iter().copied().chain(length);
    let lines: String = lines.flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    let out = format!("{method} {path} HTTP/1.1\r\nhost: quoin\r\n{lines}");
    (out + "\r\n" + body).into_bytes()
}

/// The answer to these bytes, on a connection of their own.
pub(crate) fn ask(address: &str, bytes: &[u8]) -> Answer {
    let mut wire = Wire::connect(address);
    wire.send(bytes);
    wire.answer().expect("the box answers")
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    ask(address, &request("GET", path, &[], ""))
}

pub(crate) fn post(address: &str, path: &str, body: &str) -> Answer {
    post_with(address, path, &[], body)
}

pub(crate) fn post_with(address: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let json = [("content-type", "application/json")];
    ask(address, &request("POST", path, &[&json, headers].concat(), body))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|it| it == part)
}
