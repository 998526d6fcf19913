//! A client's connection, driven by the thread that calls it, whatever is spoken over it.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::crypto::rustls::QuicClientConfig;
use quinn_proto::{
    ClientConfig, Connection, ConnectionError, ConnectionHandle, ConnectionId, DatagramEvent,
    Endpoint, EndpointConfig, Event, StreamEvent, TransportConfig, VarInt,
};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::caller::Calling;
use crate::client::ClientError;
use crate::link::{Datagram, Link};

/// Bytes of a connection id that we invent.
const ID_BYTES: usize = 8;

/// A connection and its socket. A turn takes what has come, looks at the events, and sends what is
/// due.
pub(crate) struct Dialed {
    /// The connection, to read and write its streams.
    pub(crate) quic: Connection,
    socket: Link,
    endpoint: Endpoint,
    handle: ConnectionHandle,
    connected: bool,
    lost: Option<ConnectionError>,
    datagrams: Vec<Datagram>,
    packet: Vec<u8>,
}

impl Dialed {
    /// Goes through the handshake.
    pub(crate) fn connect(
        calling: &Calling<'_>,
        tls: &rustls::ClientConfig,
        transport: TransportConfig,
    ) -> Result<Self, ClientError> {
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![calling.protocol.to_vec()];
        let crypto = QuicClientConfig::try_from(tls).map_err(|_| ClientError::Suite)?;
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport));
        if let Some(core) = calling.core {
            config.initial_dst_cid_provider(Arc::new(move || id_for(core)));
        }
        let socket = Link::to(calling.address)?;
        // Never used: a client that forgot its connections resets none.
        let reset_key = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let endpoint_config = Arc::new(EndpointConfig::new(Arc::new(reset_key)));
        let mut endpoint = Endpoint::new(endpoint_config, None, socket.probes_mtu(), None);
        let Calling { address, server_name, .. } = *calling;
        let (handle, quic) = endpoint.connect(Instant::now(), config, address, server_name)?;
        let mut dialed = Self {
            quic,
            socket,
            endpoint,
            handle,
            connected: false,
            lost: None,
            datagrams: Vec::new(),
            packet: Vec::new(),
        };
        let deadline = Instant::now() + calling.wait;
        loop {
            dialed.receive();
            // Events of streams come after this one: they are left to the first turn.
            while !dialed.connected && dialed.event().is_some() {}
            dialed.send()?;
            if dialed.connected {
                return Ok(dialed);
            }
            dialed.check()?;
            if deadline <= Instant::now() {
                return Err(ClientError::Silence);
            }
            dialed.wait(deadline, None)?;
        }
    }

    /// Whether the connection can still be used.
    pub(crate) fn check(&self) -> Result<(), ClientError> {
        self.lost.as_ref().map_or(Ok(()), |lost| Err(ClientError::Lost(lost.clone())))
    }

    /// Takes what has arrived, and rings the timers that are due.
    pub(crate) fn receive(&mut self) {
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
    }

    /// The next thing that happened to a stream. None are looked for behind the end of the handshake,
    /// so that its wait takes none of the first turn's.
    pub(crate) fn event(&mut self) -> Option<StreamEvent> {
        loop {
            match self.quic.poll()? {
                Event::Stream(event) => return Some(event),
                Event::Connected => {
                    self.connected = true;
                    return None;
                }
                Event::ConnectionLost { reason } => self.lost = Some(reason),
                _ => {}
            }
        }
    }

    /// Sends what is due.
    pub(crate) fn send(&mut self) -> Result<(), ClientError> {
        let now = Instant::now();
        let segments_max = self.socket.segments_max();
        loop {
            self.packet.clear();
            let transmit = self.quic.poll_transmit(now, segments_max, &mut self.packet);
            let Some(transmit) = transmit else { break };
            while !self.socket.send(&transmit, &self.packet) {
                self.socket.wait_for_room()?;
            }
        }
        self.exchange();
        Ok(())
    }

    /// Waits for a datagram, a timer, the deadline, or the bell; whether the bell rang.
    pub(crate) fn wait(
        &mut self,
        deadline: Instant,
        bell: Option<BorrowedFd<'_>>,
    ) -> Result<bool, ClientError> {
        let due = self.quic.poll_timeout().map_or(deadline, |it| it.min(deadline));
        Ok(self.socket.wait(due.saturating_duration_since(Instant::now()), bell)?)
    }

    /// Goes on from another port.
    pub(crate) fn change_port(&mut self) -> Result<(), ClientError> {
        self.socket = Link::to(self.quic.remote_address())?;
        Ok(())
    }

    /// Tells the server that the connection is over. One that does not hear of it finds out by itself.
    pub(crate) fn close(&mut self, code: VarInt) {
        self.quic.close(Instant::now(), code, Bytes::new());
        drop(self.send());
    }

    fn exchange(&mut self) {
        while let Some(event) = self.quic.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(self.handle, event) {
                self.quic.handle_event(event);
            }
        }
    }
}

/// A first connection id that leads to the core: see `steering`.
fn id_for(core: u16) -> ConnectionId {
    let mut id = [0; ID_BYTES];
    // Only the first byte means anything; a failure leaves zeroes, which are as good to route by.
    let _ = SystemRandom::new().fill(&mut id);
    id[0] = u8::try_from(core % 256).expect("less than 256");
    ConnectionId::new(&id)
}
