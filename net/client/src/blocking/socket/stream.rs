//! A stream of a QUIC connection of its own. The thread that reads drives the connection; others leave
//! what they write and ring a bell.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quic::{Arrival, Caller, Calling};
use rustix::event::{EventfdFlags, eventfd};

use crate::blocking::locked;
use crate::error::ConnectError;
use crate::secured::Secured;

/// Whoever writes waits while more than this waits to be taken by the connection.
const OUTGOING_BYTES_MAX: usize = 1024 * 1024;

/// How often the connection is looked at for room.
const ROOM_LOOK: Duration = Duration::from_millis(5);

/// A QUIC connection with one stream.
#[derive(Debug)]
pub(in crate::blocking) struct Stream {
    line: Mutex<Line>,
    outgoing: Mutex<Outgoing>,
    /// There is room again, or an end.
    taken: Condvar,
    bell: OwnedFd,
}

/// What the reading thread has.
#[derive(Debug)]
struct Line {
    caller: Caller,
    stream: u64,
    received: VecDeque<Bytes>,
    /// The server has said all, or gave up.
    end: Option<Result<(), ErrorKind>>,
    patience: Duration,
}

#[derive(Debug)]
struct Outgoing {
    bytes: Vec<u8>,
    patience: Duration,
    hung_up: bool,
}

impl Stream {
    pub(super) fn connect(
        address: SocketAddr,
        core: Option<u16>,
        secured: &Secured,
        until: Instant,
    ) -> Result<Self, ConnectError> {
        let wait = until.saturating_duration_since(Instant::now());
        let name = secured.name(address.ip());
        let calling = Calling { address, server_name: &name, protocol: wire::ALPN, core, wait };
        let mut caller = Caller::connect(&calling, &secured.config).map_err(ConnectError::Quic)?;
        let stream = caller.open().map_err(ConnectError::Quic)?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| ConnectError::Io(error.into()))?;
        let patience = wait;
        let received = VecDeque::new();
        Ok(Self {
            line: Mutex::new(Line { caller, stream, received, end: None, patience }),
            outgoing: Mutex::new(Outgoing { bytes: Vec::new(), patience, hung_up: false }),
            taken: Condvar::new(),
            bell,
        })
    }

    pub(super) fn set_read_patience(&self, patience: Duration) {
        locked(&self.line).patience = patience;
    }

    pub(super) fn set_write_patience(&self, patience: Duration) {
        locked(&self.outgoing).patience = patience;
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut line = locked(&self.line);
        let line = &mut *line;
        let deadline = Instant::now() + line.patience;
        loop {
            if let Some(bytes) = line.received.front_mut() {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes.split_to(count));
                if bytes.is_empty() {
                    line.received.pop_front();
                }
                // What others left is sent all the same.
                if self.collect(line) {
                    line.take(Duration::ZERO, None)?;
                }
                return Ok(count);
            }
            match line.end {
                Some(Ok(())) => return Ok(0),
                Some(Err(kind)) => return Err(kind.into()),
                None => {}
            }
            self.collect(line);
            if locked(&self.outgoing).hung_up {
                return Ok(0);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::WouldBlock.into());
            }
            // Room in the connection rings no bell.
            let waits = !locked(&self.outgoing).bytes.is_empty();
            let left = if waits { left.min(ROOM_LOOK) } else { left };
            line.take(left, Some(&self.bell))?;
        }
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let outgoing = locked(&self.outgoing);
        let patience = outgoing.patience;
        let is_full = |it: &mut Outgoing| OUTGOING_BYTES_MAX < it.bytes.len() && !it.hung_up;
        let (mut outgoing, waited) = self
            .taken
            .wait_timeout_while(outgoing, patience, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        if outgoing.hung_up {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if waited.timed_out() {
            return Err(ErrorKind::TimedOut.into());
        }
        outgoing.bytes.extend_from_slice(bytes);
        drop(outgoing);
        self.ring();
        Ok(())
    }

    pub(super) fn hang_up(&self) {
        locked(&self.outgoing).hung_up = true;
        self.taken.notify_all();
        self.ring();
    }

    /// Gives the connection what others left, as far as it has room; whether there was any.
    fn collect(&self, line: &mut Line) -> bool {
        // It was rung for what is looked at now.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        if OUTGOING_BYTES_MAX < line.caller.unsent_bytes() {
            return false;
        }
        let bytes = std::mem::take(&mut locked(&self.outgoing).bytes);
        if bytes.is_empty() {
            return false;
        }
        line.caller.write(line.stream, &bytes);
        self.taken.notify_all();
        true
    }

    fn ring(&self) {
        // A bell that is full has been rung.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }
}

impl Line {
    /// Lets the connection work, and keeps what came.
    fn take(&mut self, wait: Duration, bell: Option<&OwnedFd>) -> io::Result<()> {
        let arrivals =
            self.caller.receive(wait, bell.map(AsFd::as_fd)).map_err(io::Error::other)?;
        for arrival in arrivals {
            match arrival {
                Arrival::Bytes(_, bytes) if !bytes.is_empty() => self.received.push_back(bytes),
                Arrival::Bytes(..) => {}
                Arrival::End(_) => self.end = Some(Ok(())),
                Arrival::Reset(..) => self.end = Some(Err(ErrorKind::ConnectionReset)),
            }
        }
        Ok(())
    }
}
