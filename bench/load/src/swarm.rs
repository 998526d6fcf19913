//! QUIC connections of one thread, without a runtime: a turn takes what has arrived, a flush sends
//! what is due. All of them share one socket, as clients behind one address translation do; the
//! server tells them apart by their ids.

mod http3;
mod lane;
mod rpc;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quic::{Datagram, Link};
use quinn_proto::crypto::rustls::QuicClientConfig;
use quinn_proto::{
    ClientConfig, ConnectionHandle, DatagramEvent, Dir, Endpoint, EndpointConfig, Event,
    StreamEvent, StreamId, TransportConfig, VarInt,
};

use crate::error::LoadError;
use crate::link::{PATIENCE, Peer, Sounding, Speech, status_and};
use crate::tally::{Statuses, Tally};

pub(crate) use lane::{Flight, Lane, run};

/// Batches that are received before answers are looked at.
const BATCHES_MAX: usize = 4;
/// What a server may send of one stream, and of a connection, before it is read, in bytes.
const STREAM_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// `H3_NO_ERROR` (RFC 9114, section 8.1).
const NO_ERROR: u32 = 0x100;

/// Connections to one server.
#[derive(Debug)]
pub(crate) struct Swarm {
    address: SocketAddr,
    socket: Link,
    endpoint: Endpoint,
    connections: Vec<Connection>,
    /// Connections to which something happened since they last sent.
    dirty: Vec<usize>,
    datagrams: Vec<Datagram>,
    packet: Vec<u8>,
    refusal: Vec<u8>,
}

struct Connection {
    handle: ConnectionHandle,
    quic: quinn_proto::Connection,
    talk: Talk,
    connected: bool,
    /// The server takes no more streams for now.
    full: bool,
    dirty: bool,
}

/// What is spoken, and how far it is.
enum Talk {
    Http3(Box<http3::Talk>),
    Rpc(Box<rpc::Talk>),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("full", &self.full).finish_non_exhaustive()
    }
}

/// An answer that is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) connection: usize,
    pub(crate) slot: u32,
    pub(crate) ok: bool,
    pub(crate) bytes: usize,
    pub(crate) body_bytes: usize,
}

impl Swarm {
    /// Connects all of `numbers`, which name them in idempotency keys, and waits for it.
    pub(crate) fn connect(peer: &Peer<'_>, numbers: &[u32]) -> Result<Self, LoadError> {
        let failed = |source| LoadError::Connect { address: peer.address, source };
        let socket = Link::to(peer.address).map_err(failed)?;
        let config = Arc::new(EndpointConfig::default());
        let endpoint = Endpoint::new(config, None, socket.probes_mtu(), None);
        let mut swarm = Self {
            address: peer.address,
            socket,
            endpoint,
            connections: Vec::with_capacity(numbers.len()),
            dirty: Vec::new(),
            datagrams: Vec::new(),
            packet: Vec::new(),
            refusal: Vec::new(),
        };
        let config = client_config(peer).map_err(|it| peer.refused(it))?;
        let deadline = Instant::now() + PATIENCE;
        for number in numbers {
            swarm.begin(peer, &config, *number).map_err(|it| peer.refused(it))?;
            // One handshake at a time: a crowd would be asked to prove its address.
            swarm.wait_for(deadline, |it| it.connected)?;
            let index = swarm.connections.len() - 1;
            let connection = &mut swarm.connections[index];
            let rpc = matches!(connection.talk, Talk::Rpc(_));
            connection.introduce(peer).map_err(|it| peer.refused(it))?;
            swarm.touch(index);
            if rpc {
                swarm.wait_for(deadline, Connection::is_welcome)?;
            }
            swarm.connections[index].prepare(peer, *number)?;
        }
        swarm.flush();
        Ok(swarm)
    }

    fn begin(&mut self, peer: &Peer<'_>, config: &ClientConfig, number: u32) -> Result<(), String> {
        let name = peer.trust.map_or("", |it| it.name.as_str());
        let begun = self.endpoint.connect(Instant::now(), config.clone(), peer.address, name);
        let (handle, quic) = begun.map_err(|error| error.to_string())?;
        // The endpoint numbers its connections; none ends before all do.
        assert_eq!(handle.0, self.connections.len(), "handles count up");
        let talk = if let Speech::RpcQuic(answerer) = peer.speech {
            Talk::Rpc(Box::new(rpc::Talk::new(answerer)))
        } else {
            Talk::Http3(Box::new(http3::Talk::new(peer, number)))
        };
        self.connections.push(Connection {
            handle,
            quic,
            talk,
            connected: false,
            full: false,
            dirty: false,
        });
        self.touch(handle.0);
        Ok(())
    }

    /// Blocks until something holds of the newest connection, or the patience is over.
    fn wait_for(
        &mut self,
        deadline: Instant,
        holds: impl Fn(&Connection) -> bool,
    ) -> Result<(), LoadError> {
        let address = self.address;
        let refused = |reason| LoadError::Handshake { address, reason };
        let (mut statuses, mut done) = (Tally::new().outside, Vec::new());
        while !self.connections.last().is_some_and(&holds) {
            if deadline <= Instant::now() {
                let reason = "it does not answer over QUIC; is HTTP/3 open there?".to_owned();
                return Err(refused(reason));
            }
            self.wait(&mut statuses, &mut done).map_err(refused)?;
        }
        Ok(())
    }

    /// Sends what is due, and blocks until something comes, for a moment at most.
    fn wait(&mut self, statuses: &mut Statuses, done: &mut Vec<Done>) -> Result<(), String> {
        self.flush();
        // One that fails fails to receive, too.
        drop(self.socket.wait(Duration::from_millis(1), None));
        self.receive(statuses, done)?;
        self.tick(statuses, done)
    }

    /// Asks once on the only connection.
    pub(crate) fn sound(mut self, peer: &Peer<'_>) -> Result<Sounding, LoadError> {
        let broken = |reason| LoadError::Broken { address: peer.address, reason };
        let id = self.open(0).ok_or_else(|| broken("it takes no request".to_owned()))?;
        let (request, _) = self.send(0, id, 0);
        let deadline = Instant::now() + PATIENCE;
        let (mut statuses, mut all) = (Tally::new().outside, Vec::new());
        while all.is_empty() {
            if deadline <= Instant::now() {
                return Err(broken("no answer to the first request".to_owned()));
            }
            self.wait(&mut statuses, &mut all).map_err(broken)?;
        }
        self.close(0);
        self.flush();
        let done = all[0];
        if !done.ok {
            let answer = match peer.speech {
                Speech::RpcQuic(_) => String::from_utf8_lossy(&self.refusal).into_owned(),
                _ => status_and(&statuses, &self.refusal),
            };
            return Err(LoadError::Refused { address: peer.address, answer });
        }
        Ok(Sounding { request, reply: done.bytes, body: done.body_bytes })
    }

    pub(crate) fn count(&self) -> usize {
        self.connections.len()
    }

    /// Whether the server may take another request of this connection.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        !self.connections[index].full
    }

    /// Opens a stream for a request; `None` when the server takes none for now. [`Self::send`] must
    /// follow.
    pub(crate) fn open(&mut self, index: usize) -> Option<StreamId> {
        let connection = &mut self.connections[index];
        let id = match &connection.talk {
            Talk::Http3(_) => connection.quic.streams().open(Dir::Bi),
            Talk::Rpc(talk) => talk.id(),
        };
        connection.full = id.is_none();
        id
    }

    /// Hands the next request to a connection, and gives its length in bytes and the number of its
    /// operation in the mix. It leaves with the next flush.
    pub(crate) fn send(&mut self, index: usize, id: StreamId, slot: u32) -> (usize, u16) {
        let Connection { quic, talk, .. } = &mut self.connections[index];
        let sent = match talk {
            Talk::Http3(talk) => talk.send(quic, id, slot),
            Talk::Rpc(talk) => talk.send(quic, slot),
        };
        self.touch(index);
        sent
    }

    /// Connections to which something happened since the last flush.
    pub(crate) fn touched(&self) -> &[usize] {
        &self.dirty
    }

    /// Tells the server that the connection is over.
    pub(crate) fn close(&mut self, index: usize) {
        let code = VarInt::from_u32(NO_ERROR);
        self.connections[index].quic.close(Instant::now(), code, bytes::Bytes::new());
        self.touch(index);
    }

    fn touch(&mut self, index: usize) {
        if !std::mem::replace(&mut self.connections[index].dirty, true) {
            self.dirty.push(index);
        }
    }

    /// Takes what has arrived, and adds the answers that are complete to `done` and their statuses to
    /// `statuses`.
    pub(crate) fn receive(
        &mut self,
        statuses: &mut Statuses,
        done: &mut Vec<Done>,
    ) -> Result<(), String> {
        let now = Instant::now();
        let mut datagrams = std::mem::take(&mut self.datagrams);
        for _ in 0..BATCHES_MAX {
            // An error is the other side's system reporting: silence tells the same later.
            if !self.socket.receive(&mut datagrams).unwrap_or(false) {
                break;
            }
        }
        for datagram in datagrams.drain(..) {
            let Datagram { remote, local_ip, ecn, bytes } = datagram;
            self.packet.clear();
            let event = self.endpoint.handle(now, remote, local_ip, ecn, bytes, &mut self.packet);
            if let Some(DatagramEvent::ConnectionEvent(ConnectionHandle(index), event)) = event {
                self.connections[index].quic.handle_event(event);
                self.touch(index);
            }
        }
        self.datagrams = datagrams;
        for place in 0..self.dirty.len() {
            self.take_events(self.dirty[place], statuses, done)?;
        }
        Ok(())
    }

    /// Rings the timers that are due. They are loss, acknowledgement and pacing timers: a few of them
    /// a millisecond late are a few packets a millisecond late.
    pub(crate) fn tick(
        &mut self,
        statuses: &mut Statuses,
        done: &mut Vec<Done>,
    ) -> Result<(), String> {
        let now = Instant::now();
        for index in 0..self.connections.len() {
            let connection = &mut self.connections[index];
            if connection.quic.poll_timeout().is_some_and(|due| due <= now) {
                connection.quic.handle_timeout(now);
                self.touch(index);
                self.take_events(index, statuses, done)?;
            }
        }
        Ok(())
    }

    /// Sends what is due.
    pub(crate) fn flush(&mut self) {
        let now = Instant::now();
        let segments_max = self.socket.segments_max();
        while let Some(index) = self.dirty.pop() {
            let Self { endpoint, connections, packet, socket, .. } = self;
            let connection = &mut connections[index];
            connection.dirty = false;
            connection.exchange(endpoint);
            loop {
                packet.clear();
                let transmit = connection.quic.poll_transmit(now, segments_max, packet);
                let Some(transmit) = transmit else { break };
                while !socket.send(&transmit, packet) && socket.wait_for_room().is_ok() {}
            }
            // Sending may have retired connection ids.
            connection.exchange(endpoint);
        }
    }

    fn take_events(
        &mut self,
        index: usize,
        statuses: &mut Statuses,
        done: &mut Vec<Done>,
    ) -> Result<(), String> {
        let Self { endpoint, connections, refusal, .. } = self;
        let connection = &mut connections[index];
        connection.exchange(endpoint);
        let mut book = Book { connection: index, statuses, done, refusal };
        while let Some(event) = connection.quic.poll() {
            let Connection { quic, talk, .. } = connection;
            match event {
                Event::Connected => connection.connected = true,
                Event::ConnectionLost { reason } => return Err(reason.to_string()),
                Event::Stream(StreamEvent::Available { dir: Dir::Bi }) => connection.full = false,
                Event::Stream(StreamEvent::Opened { dir: Dir::Uni }) => {
                    while let Some(id) = quic.streams().accept(Dir::Uni) {
                        skip(quic, id);
                    }
                }
                Event::Stream(StreamEvent::Readable { id }) if id.dir() == Dir::Uni => {
                    skip(quic, id);
                }
                Event::Stream(StreamEvent::Readable { id }) => match talk {
                    Talk::Http3(talk) => talk.read(quic, id, &mut book)?,
                    Talk::Rpc(talk) => talk.read(quic, &mut book)?,
                },
                Event::Stream(StreamEvent::Writable { id }) => match talk {
                    Talk::Http3(talk) => talk.write_rest(quic, id),
                    Talk::Rpc(talk) => talk.write_rest(quic),
                },
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where answers of one connection are written down.
struct Book<'a> {
    connection: usize,
    statuses: &'a mut Statuses,
    done: &'a mut Vec<Done>,
    /// What the first refusal said.
    refusal: &'a mut Vec<u8>,
}

impl Connection {
    /// Says what a client says first.
    fn introduce(&mut self, peer: &Peer<'_>) -> Result<(), String> {
        match &mut self.talk {
            Talk::Http3(_) => http3::introduce(&mut self.quic),
            Talk::Rpc(talk) => talk.introduce(&mut self.quic, &peer.hello()),
        }
    }

    /// Whether the server has let an RPC connection in.
    fn is_welcome(&self) -> bool {
        matches!(&self.talk, Talk::Rpc(talk) if talk.is_welcome())
    }

    /// Makes the requests of an RPC connection, as the server wants them.
    fn prepare(&mut self, peer: &Peer<'_>, number: u32) -> Result<(), LoadError> {
        match &mut self.talk {
            Talk::Http3(_) => Ok(()),
            Talk::Rpc(talk) => talk.prepare(peer, number),
        }
    }

    /// Carries events between the connection and the endpoint.
    fn exchange(&mut self, endpoint: &mut Endpoint) {
        while let Some(event) = self.quic.poll_endpoint_events() {
            if let Some(event) = endpoint.handle_event(self.handle, event) {
                self.quic.handle_event(event);
            }
        }
    }
}

/// What the server says on streams of its own is settings and tables: nothing that is needed.
fn skip(quic: &mut quinn_proto::Connection, id: StreamId) {
    let mut stream = quic.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return };
    while let Ok(Some(_)) = chunks.next(usize::MAX) {}
    // Credit is sent with the next packet.
    let _ = chunks.finalize();
}

fn client_config(peer: &Peer<'_>) -> Result<ClientConfig, String> {
    let trust = peer.trust.ok_or("QUIC is always encrypted")?;
    let crypto = QuicClientConfig::try_from((*trust.config).clone());
    let crypto = crypto.map_err(|error| error.to_string())?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    let mut transport = TransportConfig::default();
    transport
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None);
    config.transport_config(Arc::new(transport));
    Ok(config)
}
