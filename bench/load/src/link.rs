//! Connections to one side, greeted and ready to be loaded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wire::{Greeting, Hello, Limits};

use crate::codec::rpc::{self, Answerer, explain};
use crate::codec::{Codec, Keys, http};
use crate::error::LoadError;
use crate::tally::Tally;
use crate::workload::Workload;

/// How long a connection, a greeting or the very first reply may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom requests go to, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Rpc(Answerer),
    Http,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) speech: Speech,
    pub(crate) workload: &'a Workload,
    /// Items of one frame.
    pub(crate) items: u16,
    /// Requests in flight on one connection.
    pub(crate) depth: u32,
    /// Names this run in idempotency keys; `None` sends none.
    pub(crate) run: Option<u64>,
}

/// What the first reply of a side looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sounding {
    /// The whole request, in bytes.
    pub(crate) request: usize,
    /// The whole reply, in bytes.
    pub(crate) reply: usize,
    /// The reply without its head, in bytes.
    pub(crate) body: usize,
}

impl Peer<'_> {
    /// Connects and, where there is a greeting, is let in.
    pub(crate) fn connect(&self, connection: u32) -> Result<(TcpStream, Codec), LoadError> {
        let failed = |source| LoadError::Connect { address: self.address, source };
        let mut socket = TcpStream::connect_timeout(&self.address, PATIENCE).map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let keys = self.run.map(|run| Keys::new(run, connection));
        let codec = match self.speech {
            Speech::Http => Codec::Http(http::Codec::new(self.workload, self.address, keys)),
            Speech::Rpc(answerer) => {
                let limits = match answerer {
                    Answerer::Echo => Limits::DEFAULT,
                    Answerer::Server => self.greet(&mut socket)?,
                };
                if u32::from(limits.in_flight_max) < self.depth {
                    let most = limits.in_flight_max;
                    let reason = format!("the server takes {most} requests in flight at most");
                    return Err(LoadError::Invalid { flag: "pipeline", reason });
                }
                Codec::Rpc(rpc::Codec::new(self.workload, self.items, keys, answerer, limits)?)
            }
        };
        Ok((socket, codec))
    }

    fn greet(&self, socket: &mut TcpStream) -> Result<Limits, LoadError> {
        let address = self.address;
        let refused = |reason: String| LoadError::Handshake { address, reason };
        let mut hello = Vec::new();
        Hello::new("load").encode(&mut hello);
        socket.write_all(&hello).map_err(|it| refused(it.to_string()))?;
        let mut bytes = Vec::new();
        loop {
            receive(socket, &mut bytes).map_err(&refused)?;
            match Greeting::decode(&bytes).map_err(|it| refused(it.to_string()))? {
                Some((Greeting::Welcome(welcome), _)) => return Ok(welcome.limits),
                Some((Greeting::Refusal(refusal), _)) => {
                    return Err(refused(format!("{refusal:?}")));
                }
                None => {}
            }
        }
    }

    /// Asks once, so that a workload without an ordinary answer is noticed before it is measured.
    pub(crate) fn sound(&self) -> Result<Sounding, LoadError> {
        let address = self.address;
        let broken = |reason| LoadError::Broken { address, reason };
        // The key of the last possible connection: no round makes it again.
        let (mut socket, mut codec) = self.connect(u32::MAX >> 8)?;
        let mut request = Vec::new();
        codec.append(&mut request, 0);
        socket.write_all(&request).map_err(|it| broken(it.to_string()))?;
        let mut bytes = Vec::new();
        let mut statuses = Tally::new().outside;
        let answer = loop {
            receive(&mut socket, &mut bytes).map_err(broken)?;
            if let Some(answer) = codec.next(&bytes, &mut statuses).map_err(broken)? {
                break answer;
            }
        };
        let head_bytes = match self.speech {
            Speech::Http => {
                http::Response::parse(&bytes).ok().flatten().map_or(0, |it| it.head_bytes)
            }
            Speech::Rpc(_) => wire::HEADER_BYTES,
        };
        if !answer.ok {
            let answer = match self.speech {
                Speech::Http => String::from_utf8_lossy(&bytes).into_owned(),
                Speech::Rpc(_) => explain(&bytes),
            };
            return Err(LoadError::Refused { address, answer });
        }
        Ok(Sounding {
            request: request.len(),
            reply: answer.bytes,
            body: answer.bytes - head_bytes,
        })
    }
}

fn receive(socket: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut chunk = [0; 16 * 1024];
    match socket.read(&mut chunk) {
        Ok(0) => Err("it closed the connection".to_owned()),
        Ok(count) => {
            bytes.extend_from_slice(&chunk[..count]);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}
