//! A client's connection of plain streams, driven by the thread that calls it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn_proto::crypto::rustls::QuicClientConfig;
use quinn_proto::{
    ClientConfig, Connection, ConnectionError, ConnectionHandle, ConnectionId, DatagramEvent, Dir,
    Endpoint, EndpointConfig, Event, IdleTimeout, ReadError, StreamEvent, StreamId,
    TransportConfig, VarInt, WriteError,
};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::client::{ClientError, socket_for};
use crate::link::{Datagram, Link};

const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// A server is told so often that we are still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// And is believed to be gone after so much silence, in milliseconds.
const SILENCE_MS: u32 = 60_000;
/// Bytes of a connection id that we invent.
const ID_BYTES: usize = 8;
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
    socket: Link,
    endpoint: Endpoint,
    handle: ConnectionHandle,
    quic: Connection,
    connected: bool,
    lost: Option<ConnectionError>,
    /// What the transport has not taken yet, and whether the stream ends behind it.
    sending: BTreeMap<StreamId, (Vec<u8>, bool)>,
    arrivals: Vec<Arrival>,
    datagrams: Vec<Datagram>,
    packet: Vec<u8>,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let remote = self.quic.remote_address();
        formatter.debug_struct("Caller").field("remote", &remote).finish_non_exhaustive()
    }
}

impl Caller {
    /// Connects. `tls` says whom to trust and what to show.
    pub fn connect(calling: &Calling<'_>, tls: &rustls::ClientConfig) -> Result<Self, ClientError> {
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![calling.protocol.to_vec()];
        let crypto = QuicClientConfig::try_from(tls).map_err(|_| ClientError::Suite)?;
        let mut config = ClientConfig::new(Arc::new(crypto));
        let mut transport = TransportConfig::default();
        transport
            .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
            .max_concurrent_bidi_streams(VarInt::from_u32(0))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .keep_alive_interval(Some(KEEPALIVE))
            .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(SILENCE_MS))));
        config.transport_config(Arc::new(transport));
        if let Some(core) = calling.core {
            config.initial_dst_cid_provider(Arc::new(move || id_for(core)));
        }
        let socket = Link::new(socket_for(calling.address)?)?;
        // Never used: a client that forgot its connections resets none.
        let reset_key = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let endpoint_config = Arc::new(EndpointConfig::new(Arc::new(reset_key)));
        let mut endpoint = Endpoint::new(endpoint_config, None, socket.probes_mtu(), None);
        let Calling { address, server_name, .. } = *calling;
        let (handle, quic) = endpoint.connect(Instant::now(), config, address, server_name)?;
        let mut caller = Self {
            socket,
            endpoint,
            handle,
            quic,
            connected: false,
            lost: None,
            sending: BTreeMap::new(),
            arrivals: Vec::new(),
            datagrams: Vec::new(),
            packet: Vec::new(),
        };
        let deadline = Instant::now() + calling.wait;
        caller.turn()?;
        while !caller.connected {
            caller.check()?;
            if deadline <= Instant::now() {
                return Err(ClientError::Silence);
            }
            caller.wait(deadline, None)?;
            caller.turn()?;
        }
        Ok(caller)
    }

    /// Opens a stream, and returns its number.
    pub fn open(&mut self) -> Result<u64, ClientError> {
        self.check()?;
        let id = self.quic.streams().open(Dir::Bi).ok_or(ClientError::Streams)?;
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
            self.check()?;
            if self.wait(deadline, bell)? {
                return Ok(arrivals);
            }
        }
    }

    fn check(&self) -> Result<(), ClientError> {
        self.lost.as_ref().map_or(Ok(()), |lost| Err(ClientError::Lost(lost.clone())))
    }

    /// Waits for a datagram, a timer, the deadline, or the bell; whether the bell rang.
    fn wait(
        &mut self,
        deadline: Instant,
        bell: Option<BorrowedFd<'_>>,
    ) -> Result<bool, ClientError> {
        let due = self.quic.poll_timeout().map_or(deadline, |it| it.min(deadline));
        let left = due.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap_or_default();
        let mut fds = vec![PollFd::new(self.socket.io(), PollFlags::IN)];
        fds.extend(bell.map(|it| PollFd::from_borrowed_fd(it, PollFlags::IN)));
        match poll(&mut fds, Some(&left)) {
            Ok(_) => Ok(fds.get(1).is_some_and(|it| it.revents().contains(PollFlags::IN))),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(ClientError::Io(error.into())),
        }
    }

    fn turn(&mut self) -> Result<(), ClientError> {
        let now = Instant::now();
        let mut datagrams = std::mem::take(&mut self.datagrams);
        // A refusal by the other side's system shows as an error, and in the end as silence.
        while self.socket.receive(&mut datagrams).unwrap_or(false) {}
        for datagram in datagrams.drain(..) {
            let Datagram { remote, local_ip, ecn, bytes } = datagram;
            self.packet.clear();
            let event = self.endpoint.handle(now, remote, local_ip, ecn, bytes, &mut self.packet);
            if let Some(DatagramEvent::ConnectionEvent(_, event)) = event {
                self.quic.handle_event(event);
            }
        }
        self.datagrams = datagrams;
        if self.quic.poll_timeout().is_some_and(|due| due <= now) {
            self.quic.handle_timeout(now);
        }
        self.exchange();
        while let Some(event) = self.quic.poll() {
            match event {
                Event::Connected => self.connected = true,
                Event::ConnectionLost { reason } => self.lost = Some(reason),
                Event::Stream(StreamEvent::Readable { id }) => self.read(id),
                _ => {}
            }
        }
        self.push();
        let segments_max = self.socket.segments_max();
        loop {
            self.packet.clear();
            let transmit = self.quic.poll_transmit(now, segments_max, &mut self.packet);
            let Some(transmit) = transmit else { break };
            while !self.socket.send(&transmit, &self.packet) {
                let mut fds = [PollFd::new(self.socket.io(), PollFlags::OUT)];
                poll(&mut fds, None).map_err(|error| ClientError::Io(error.into()))?;
            }
        }
        self.exchange();
        Ok(())
    }

    /// Gives the transport as much as it takes.
    fn push(&mut self) {
        let quic = &mut self.quic;
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

    fn exchange(&mut self) {
        while let Some(event) = self.quic.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(self.handle, event) {
                self.quic.handle_event(event);
            }
        }
    }

    fn read(&mut self, id: StreamId) {
        let mut stream = self.quic.recv_stream(id);
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
        self.quic.close(Instant::now(), DONE, Bytes::new());
        // A server that does not hear of it finds out by itself.
        drop(self.turn());
    }
}

fn id_of(stream: u64) -> StreamId {
    StreamId::new(quinn_proto::Side::Client, Dir::Bi, stream)
}

/// A first connection id that leads to the core: see `steering`.
fn id_for(core: u16) -> ConnectionId {
    let mut id = [0; ID_BYTES];
    // Only the first byte means anything; a failure leaves zeroes, which are as good to route by.
    let _ = SystemRandom::new().fill(&mut id);
    id[0] = u8::try_from(core % 256).expect("less than 256");
    ConnectionId::new(&id)
}
