//! The RPC door, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use wire::{
    Greeting, Head, Hello, Limits, Problem, Refusal, ReplyBody, Status, Welcome, decode_reply,
    encode_request,
};

/// One connection to the RPC door.
pub(crate) struct Raw {
    stream: TcpStream,
    input: Vec<u8>,
}

/// One reply, as far as tests look at it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) request_id: u64,
    pub(crate) status: Status,
    /// Of a problem: for a garbled stream the offset in it.
    pub(crate) reference: u64,
    pub(crate) detail: String,
}

impl Raw {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, input: Vec::new() }
    }

    /// A connection that was let in.
    pub(crate) fn greeted(address: &str) -> (Self, Welcome) {
        let mut raw = Self::connect(address);
        raw.send(&hello());
        let welcome = raw.welcome();
        (raw, welcome)
    }

    pub(crate) fn welcome(&mut self) -> Welcome {
        match self.greeting() {
            Greeting::Welcome(welcome) => *welcome,
            Greeting::Refusal(refusal) => panic!("{refusal:?}"),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn refusal(&mut self) -> Refusal {
        match self.greeting() {
            Greeting::Refusal(refusal) => refusal,
            Greeting::Welcome(welcome) => panic!("{welcome:?}"),
        }
    }

    fn greeting(&mut self) -> Greeting {
        loop {
            if let Some((greeting, taken)) = Greeting::decode(&self.input).unwrap() {
                self.input.drain(..taken);
                return greeting;
            }
            assert!(self.more(), "closed without a greeting");
        }
    }

    /// The next reply.
    pub(crate) fn reply(&mut self) -> Said {
        loop {
            if let Some((reply, taken)) = decode_reply(&self.input, &Limits::DEFAULT).unwrap() {
                let mut said = Said {
                    request_id: reply.request_id,
                    status: reply.status,
                    reference: 0,
                    detail: String::new(),
                };
                if let ReplyBody::One(payload) = reply.body
                    && reply.status != Status::Ok
                {
                    let problem = Problem::decode(payload).unwrap();
                    (said.reference, said.detail) = (problem.reference, problem.detail.to_owned());
                }
                self.input.drain(..taken);
                return said;
            }
            assert!(self.more(), "closed without a reply");
        }
    }

    /// Says that nothing more comes.
    pub(crate) fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    pub(crate) fn is_closed(&mut self) -> bool {
        self.input.is_empty() && !self.more()
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error}"),
        };
        self.input.extend_from_slice(&buffer[..count]);
        count != 0
    }
}

pub(crate) fn hello() -> Vec<u8> {
    let mut out = Vec::new();
    Hello::new("raw").encode(&mut out);
    out
}

pub(crate) fn request(id: u64, operation: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_request(&mut out, &Head::new(operation, id), payload, &Limits::DEFAULT).unwrap();
    out
}
