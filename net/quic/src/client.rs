//! A client for one connection, driven by the thread that calls it: for tests and load.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use quinn_proto::{
    ConnectError, ConnectionError, Dir, ReadError, StreamEvent, StreamId, TransportConfig, VarInt,
    WriteError,
};

use crate::caller::Calling;
use crate::dialed::Dialed;
use crate::h3::code::Code;
use crate::h3::frame::{self, Item, Reader};
use crate::h3::{qpack, request, settings, varint};

const ALPN: &[u8] = b"h3";
/// What we take from a server, in all: it is ours.
const SECTION_BYTES_MAX: usize = 64 * 1024;
const CONTROL: u64 = 0x00;
const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Why a connection cannot be used, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket fails.
    #[error("cannot use a UDP socket: {0}")]
    Io(#[from] io::Error),
    /// The TLS configuration lacks what QUIC needs.
    #[error("the TLS configuration lacks TLS 1.3 with TLS_AES_128_GCM_SHA256, which QUIC needs")]
    Suite,
    /// The address or the name is none.
    #[error("cannot connect: {0}")]
    Connect(#[from] ConnectError),
    /// There was no handshake in time.
    #[error("the server did not answer in time")]
    Silence,
    /// The connection has ended.
    #[error("the connection has ended: {0}")]
    Lost(#[from] ConnectionError),
    /// The server takes no more requests at once.
    #[error("the server takes no more requests before others are answered")]
    Streams,
}

/// What came of a request.
#[derive(Debug)]
pub struct Answer {
    /// The number that [`Client::send`] gave.
    pub request: u64,
    /// The response, or the error code with which the server gave the request up.
    pub outcome: Result<Response<Bytes>, u64>,
}

/// A connection to a server. Dropping it tells the server.
pub struct Client {
    line: Dialed,
    sending: BTreeMap<StreamId, BytesMut>,
    receiving: BTreeMap<StreamId, Receiving>,
    control: Option<Receiving>,
    goaway: Option<u64>,
    answers: Vec<Answer>,
}

#[derive(Default)]
struct Receiving {
    reader: Reader,
    kind: u64,
    frame: BytesMut,
    head: Option<Response<()>>,
    body: BytesMut,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let under_way = self.receiving.len();
        formatter.debug_struct("Client").field("under_way", &under_way).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to `address`, which shows a certificate for `server_name`, within `wait`.
    pub fn connect(
        address: SocketAddr,
        server_name: &str,
        tls: &rustls::ClientConfig,
        wait: Duration,
    ) -> Result<Self, ClientError> {
        let mut transport = TransportConfig::default();
        transport
            .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
            .max_concurrent_bidi_streams(VarInt::from_u32(0));
        let calling = Calling { address, server_name, protocol: ALPN, core: None, wait };
        let mut client = Self {
            line: Dialed::connect(&calling, tls, transport)?,
            sending: BTreeMap::new(),
            receiving: BTreeMap::new(),
            control: None,
            goaway: None,
            answers: Vec::new(),
        };
        client.introduce();
        Ok(client)
    }

    /// Sends a request; its answer will carry the number that is returned.
    pub fn send(&mut self, request: &Request<Bytes>) -> Result<u64, ClientError> {
        self.line.check()?;
        let id = self.line.quic.streams().open(Dir::Bi).ok_or(ClientError::Streams)?;
        let mut bytes = BytesMut::with_capacity(256 + request.body().len());
        request::encode(request, &mut bytes);
        self.receiving.insert(id, Receiving::default());
        self.write(id, bytes);
        Ok(id.index())
    }

    /// Sends what is due and takes the answers that are complete, waiting up to `wait` for the first.
    pub fn receive(&mut self, wait: Duration) -> Result<Vec<Answer>, ClientError> {
        let deadline = Instant::now() + wait;
        loop {
            self.turn()?;
            let answers = std::mem::take(&mut self.answers);
            if !answers.is_empty() || deadline <= Instant::now() {
                return Ok(answers);
            }
            self.line.check()?;
            self.line.wait(deadline, None)?;
        }
    }

    /// Goes on from another port, as a client does whose address translation was forgotten.
    pub fn change_port(&mut self) -> Result<(), ClientError> {
        self.line.change_port()
    }

    /// The number of the first request that the server will not take, once it has said so.
    pub fn goaway(&self) -> Option<u64> {
        self.goaway.map(|it| it / 4)
    }

    /// Opens the control stream with our settings.
    fn introduce(&mut self) {
        let Some(control) = self.line.quic.streams().open(Dir::Uni) else { return };
        let mut bytes = BytesMut::new();
        varint::write(CONTROL, &mut bytes);
        settings::write(SECTION_BYTES_MAX, &mut bytes);
        self.write(control, bytes);
    }

    fn write(&mut self, id: StreamId, mut bytes: BytesMut) {
        let mut stream = self.line.quic.send_stream(id);
        while !bytes.is_empty() {
            match stream.write(&bytes) {
                Ok(count) => drop(bytes.split_to(count)),
                Err(WriteError::Blocked) => {
                    self.sending.insert(id, bytes);
                    return;
                }
                Err(WriteError::Stopped(_) | WriteError::ClosedStream) => return,
            }
        }
        if id.dir() == Dir::Bi {
            drop(stream.finish());
        }
    }

    fn turn(&mut self) -> Result<(), ClientError> {
        self.line.receive();
        while let Some(event) = self.line.event() {
            self.event(&event);
        }
        self.line.send()
    }

    fn event(&mut self, event: &StreamEvent) {
        match *event {
            StreamEvent::Readable { id } => self.read(id),
            StreamEvent::Opened { dir: Dir::Uni } => {
                while let Some(id) = self.line.quic.streams().accept(Dir::Uni) {
                    self.read(id);
                }
            }
            StreamEvent::Writable { id } => {
                if let Some(bytes) = self.sending.remove(&id) {
                    self.write(id, bytes);
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, id: StreamId) {
        let mut state = if id.dir() == Dir::Bi {
            match self.receiving.remove(&id) {
                Some(state) => state,
                None => return,
            }
        } else {
            self.control.take().unwrap_or_default()
        };
        let mut stream = self.line.quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return };
        let outcome = loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => {
                    let mut bytes = chunk.bytes;
                    // A server has a control stream and nothing else, so far.
                    if id.dir() == Dir::Uni && chunk.offset == 0 {
                        bytes = bytes.slice(1..);
                    }
                    state.push(bytes, &mut self.goaway);
                }
                Ok(None) => break Some(Ok(())),
                Err(ReadError::Reset(code)) => break Some(Err(code.into_inner())),
                Err(ReadError::Blocked) => break None,
            }
        };
        let _ = chunks.finalize();
        match outcome {
            None if id.dir() == Dir::Bi => {
                self.receiving.insert(id, state);
            }
            None => self.control = Some(state),
            Some(outcome) if id.dir() == Dir::Bi => {
                let outcome = outcome.and_then(|()| state.finish());
                self.answers.push(Answer { request: id.index(), outcome });
            }
            Some(_) => {}
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.line.close(VarInt::from_u32(Code::NoError.number()));
    }
}

impl Receiving {
    fn push(&mut self, mut bytes: Bytes, goaway: &mut Option<u64>) {
        while let Some(item) = self.reader.next(&mut bytes) {
            match item {
                Item::Begin { kind, .. } => self.kind = kind,
                Item::Payload { bytes, .. } if self.kind == frame::DATA => {
                    self.body.extend_from_slice(&bytes);
                }
                Item::Payload { bytes, last } => {
                    self.frame.extend_from_slice(&bytes);
                    if last {
                        let payload = self.frame.split().freeze();
                        match self.kind {
                            frame::HEADERS if self.head.is_none() => self.head = head(payload),
                            frame::GOAWAY => *goaway = varint::read(&payload).map(|(id, _)| id),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn finish(self) -> Result<Response<Bytes>, u64> {
        let head = self.head.ok_or_else(|| u64::from(Code::RequestIncomplete.number()))?;
        Ok(head.map(|()| self.body.freeze()))
    }
}

/// The head of a final response; `None` for an interim one, and for what cannot be read.
fn head(section: Bytes) -> Option<Response<()>> {
    let mut lines = qpack::Lines::new(section).ok()?;
    let mut response = Response::builder();
    while let Some((name, value)) = lines.next().ok()? {
        response = match name.bytes() {
            b":status" => response.status(&value[..]),
            name => response.header(name, &value[..]),
        };
    }
    response.body(()).ok().filter(|it| !it.status().is_informational())
}
