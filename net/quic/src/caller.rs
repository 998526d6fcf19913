//! A client's connection of plain streams, driven by the thread that calls it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn_proto::{
    Dir, IdleTimeout, ReadError, StreamEvent, StreamId, TransportConfig, VarInt, WriteError,
};

use crate::client::ClientError;
use crate::dialed::Dialed;

const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// A server is told so often that we are still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// And is believed to be gone after so much silence, in milliseconds.
const SILENCE_MS: u32 = 60_000;
const DONE: VarInt = VarInt::from_u32(0);

/// Where a [`Caller`] calls, and what it wants to speak.
#[derive(Debug, Clone, Copy)]
pub struct Calling<'a> {
    /// Where the server listens.
    pub address: SocketAddr,
    /// For whom the server shows a certificate.
    pub server_name: &'a str,
    /// The name of the protocol in the TLS handshake (RFC 7301).
    pub protocol: &'a [u8],
    /// Which core of the server is to serve the connection, when it is one of ours; else chance
    /// decides.
    pub core: Option<u16>,
    /// How long the handshake may take.
    pub wait: Duration,
}

/// What came on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes, in their order.
    Bytes(u64, Bytes),
    /// The server has said all.
    End(u64),
    /// The server gave the stream up, with this code.
    Reset(u64, u64),
}

/// A connection to a server. Dropping it tells the server.
pub struct Caller {
    line: Dialed,
    /// What the transport has not taken yet, and whether the stream ends behind it.
    sending: BTreeMap<StreamId, (Vec<u8>, bool)>,
    arrivals: Vec<Arrival>,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let remote = self.line.quic.remote_address();
        formatter.debug_struct("Caller").field("remote", &remote).finish_non_exhaustive()
    }
}

impl Caller {
    /// Connects. `tls` says whom to trust and what to show.
    pub fn connect(calling: &Calling<'_>, tls: &rustls::ClientConfig) -> Result<Self, ClientError> {
        let mut transport = TransportConfig::default();
        transport
            .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
            .max_concurrent_bidi_streams(VarInt::from_u32(0))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .keep_alive_interval(Some(KEEPALIVE))
            .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(SILENCE_MS))));
        let line = Dialed::connect(calling, tls, transport)?;
        Ok(Self { line, sending: BTreeMap::new(), arrivals: Vec::new() })
    }

    /// Opens a stream, and returns its number.
    pub fn open(&mut self) -> Result<u64, ClientError> {
        self.line.check()?;
        let id = self.line.quic.streams().open(Dir::Bi).ok_or(ClientError::Streams)?;
        Ok(id.index())
    }

    /// Has `bytes` sent on a stream, behind what is still waiting there; the next
    /// [`Caller::receive`] sends them.
    pub fn write(&mut self, stream: u64, bytes: &[u8]) {
        self.sending.entry(id_of(stream)).or_default().0.extend_from_slice(bytes);
    }

    /// Ends a stream behind what was written.
    pub fn finish(&mut self, stream: u64) {
        self.sending.entry(id_of(stream)).or_default().1 = true;
    }

    /// Bytes that the transport has not taken yet.
    pub fn unsent_bytes(&self) -> usize {
        self.sending.values().map(|(bytes, _)| bytes.len()).sum()
    }

    /// Sends what is due and takes what has come, waiting up to `wait` for the first of it, or until
    /// `bell` can be read.
    pub fn receive(
        &mut self,
        wait: Duration,
        bell: Option<BorrowedFd<'_>>,
    ) -> Result<Vec<Arrival>, ClientError> {
        let deadline = Instant::now() + wait;
        loop {
            self.turn()?;
            let arrivals = std::mem::take(&mut self.arrivals);
            if !arrivals.is_empty() || deadline <= Instant::now() {
                return Ok(arrivals);
            }
            self.line.check()?;
            if self.line.wait(deadline, bell)? {
                return Ok(arrivals);
            }
        }
    }

    fn turn(&mut self) -> Result<(), ClientError> {
        self.line.receive();
        while let Some(event) = self.line.event() {
            if let StreamEvent::Readable { id } = event {
                self.read(id);
            }
        }
        self.push();
        self.line.send()
    }

    /// Gives the transport as much as it takes.
    fn push(&mut self) {
        let quic = &mut self.line.quic;
        self.sending.retain(|id, (bytes, ends)| {
            let mut stream = quic.send_stream(*id);
            let mut done = 0;
            while done < bytes.len() {
                match stream.write(&bytes[done..]) {
                    Ok(count) => done += count,
                    Err(WriteError::Blocked) => {
                        bytes.drain(..done);
                        return true;
                    }
                    // Nobody takes it any more; what is to be read still comes.
                    Err(WriteError::Stopped(_) | WriteError::ClosedStream) => return false,
                }
            }
            if *ends {
                drop(stream.finish());
            }
            false
        });
    }

    fn read(&mut self, id: StreamId) {
        let mut stream = self.line.quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return };
        let number = id.index();
        loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => self.arrivals.push(Arrival::Bytes(number, chunk.bytes)),
                Ok(None) => {
                    self.arrivals.push(Arrival::End(number));
                    break;
                }
                Err(ReadError::Reset(code)) => {
                    self.arrivals.push(Arrival::Reset(number, code.into_inner()));
                    break;
                }
                Err(ReadError::Blocked) => break,
            }
        }
        let _ = chunks.finalize();
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.line.close(DONE);
    }
}

fn id_of(stream: u64) -> StreamId {
    StreamId::new(quinn_proto::Side::Client, Dir::Bi, stream)
}
