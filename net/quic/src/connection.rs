//! One connection: streams of the transport to requests, answers to streams.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response};
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{Dir, Event, ReadError, StreamEvent, StreamId, VarInt, WriteError};
use rustls::pki_types::CertificateDer;

use crate::h3::code::{Code, Fault};
use crate::h3::inbound::Inbound;
use crate::h3::peer::{Peer as Remote, Unidirectional, Verdict};
use crate::h3::{frame, response, settings, varint};
use crate::pipe::{Pipe, Stream};
use crate::shop::{Peer, Shop, Ticket};

/// The type of the one stream that we open (RFC 9114, section 6.2.1).
const CONTROL: u64 = 0x00;

/// What a connection agreed to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talk {
    Http3,
    /// Plain streams of another protocol.
    Streams,
}

#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently")]
pub(crate) struct Connection {
    pub(crate) quic: quinn_proto::Connection,
    pub(crate) serial: u64,
    place: usize,
    /// Whether the driver has it on its list.
    pub(crate) dirty: bool,
    /// The earliest entry among the driver's timers.
    pub(crate) armed: Option<Instant>,
    /// Counted by the driver among the unfinished handshakes.
    pub(crate) handshaking: bool,
    pub(crate) established: bool,
    pub(crate) lost: bool,
    /// As what it is counted among the open ones.
    pub(crate) counted: Option<Talk>,
    /// `None` until the client's first message has been read.
    talk: Option<Talk>,
    /// Streams of the other protocol.
    pipes: BTreeMap<StreamId, Rc<Pipe>>,
    server_name: Option<Rc<str>>,
    certificates: Option<Rc<[CertificateDer<'static>]>>,
    remote: Remote,
    unidirectional: BTreeMap<StreamId, Unidirectional>,
    inbound: BTreeMap<StreamId, Inbound>,
    /// Requests whose answers the service has not given yet.
    running: Vec<StreamId>,
    outgoing: BTreeMap<StreamId, [Bytes; 2]>,
    /// Answers that were written to their end and not yet acknowledged in full.
    unacknowledged: usize,
    control: Option<StreamId>,
    /// Bytes for the control stream.
    announcements: BytesMut,
    /// Requests that were seen, and the first that is no longer taken.
    seen: u64,
    refused_from: Option<u64>,
}

impl Connection {
    pub(crate) fn new(quic: quinn_proto::Connection, place: usize, serial: u64) -> Self {
        Self {
            quic,
            serial,
            place,
            dirty: false,
            armed: None,
            handshaking: true,
            established: false,
            lost: false,
            counted: None,
            talk: None,
            pipes: BTreeMap::new(),
            server_name: None,
            certificates: None,
            remote: Remote::default(),
            unidirectional: BTreeMap::new(),
            inbound: BTreeMap::new(),
            running: Vec::new(),
            outgoing: BTreeMap::new(),
            unacknowledged: 0,
            control: None,
            announcements: BytesMut::new(),
            seen: 0,
            refused_from: None,
        }
    }

    /// Does what the transport's events ask for.
    pub(crate) fn work(&mut self, now: Instant, shop: &mut Shop) {
        while let Some(event) = self.quic.poll() {
            match event {
                Event::Connected => self.connected(),
                Event::ConnectionLost { reason } => {
                    tracing::debug!(%reason, from = %self.quic.remote_address(), "quic: lost");
                    self.lost = true;
                    self.release(shop);
                }
                Event::Stream(event) => self.stream(&event, now, shop),
                Event::HandshakeDataReady => self.named(shop),
                Event::DatagramReceived | Event::DatagramsUnblocked => {}
            }
        }
        if self.control.is_none() && !self.lost && self.talk == Some(Talk::Http3) {
            self.open_control(shop.limits.section_bytes_max);
        }
    }

    /// Gives the answer to a request that the service has worked on.
    pub(crate) fn answered(
        &mut self,
        ticket: Ticket,
        response: Response<Bytes>,
        now: Instant,
        shop: &mut Shop,
    ) {
        if let Some(at) = self.running.iter().position(|it| *it == ticket.stream) {
            self.running.swap_remove(at);
            self.answer(ticket.stream, ticket.bodiless, response, now, shop);
        }
    }

    /// Takes no more requests and tells the client (RFC 9114, section 5.2).
    pub(crate) fn drain(&mut self) {
        if self.refused_from.is_none() {
            self.refused_from = Some(self.seen);
            if self.talk == Some(Talk::Streams) {
                // Each stream's task knows, and says so on its stream.
                return;
            }
            // Stream identifiers of requests are the multiples of four.
            frame::integer(frame::GOAWAY, self.seen * 4, &mut self.announcements);
            self.announce();
        }
    }

    /// Whether every request that was taken is answered and the client has the answers.
    pub(crate) fn settled(&self) -> bool {
        self.inbound.is_empty()
            && self.running.is_empty()
            && self.outgoing.is_empty()
            && self.pipes.is_empty()
            && self.unacknowledged == 0
    }

    pub(crate) fn close(&mut self, now: Instant, code: Code, reason: &'static str) {
        // The codes are those of HTTP/3; another protocol knows the end and no more.
        let code =
            if self.talk == Some(Talk::Streams) { VarInt::from_u32(0) } else { number(code) };
        self.quic.close(now, code, Bytes::from_static(reason.as_bytes()));
    }

    /// Forgets requests and answers; the client is gone.
    pub(crate) fn release(&mut self, shop: &mut Shop) {
        let held: usize = self.inbound.values().map(Inbound::held_bytes).sum();
        shop.held_bytes -= held;
        self.inbound.clear();
        self.outgoing.clear();
        self.running.clear();
        for pipe in std::mem::take(&mut self.pipes).into_values() {
            pipe.lose();
        }
    }

    /// What it speaks, once that is known.
    pub(crate) fn talks(&self) -> Option<Talk> {
        self.talk
    }

    /// Does for a stream what its task has asked for.
    pub(crate) fn attend(&mut self, pipe: &Pipe) {
        if self.pipes.contains_key(&pipe.id) {
            pipe.pull(&mut self.quic);
            self.push(pipe);
        }
    }

    fn push(&mut self, pipe: &Pipe) {
        if pipe.push(&mut self.quic) {
            self.unacknowledged += 1;
        }
        if pipe.is_over() {
            self.pipes.remove(&pipe.id);
        }
    }

    fn named(&mut self, shop: &Shop) {
        let known = self.quic.crypto_session().handshake_data();
        let Some(known) = known.and_then(|it| it.downcast::<HandshakeData>().ok()) else { return };
        self.server_name = known.server_name.map(Rc::from);
        let other = shop.streams.as_ref().map(|(name, _)| *name);
        let is_other = other.is_some() && known.protocol.as_deref() == other;
        self.talk = Some(if is_other { Talk::Streams } else { Talk::Http3 });
    }

    /// Hands a new stream to the service of the other protocol.
    fn hand_over(&mut self, id: StreamId, shop: &mut Shop) {
        let Some((_, serve)) = &shop.streams else { return };
        if self.refused_from.is_some() || shop.streams_max <= self.pipes.len() {
            drop(self.quic.send_stream(id).reset(number(Code::RequestRejected)));
            drop(self.quic.recv_stream(id).stop(number(Code::RequestRejected)));
            return;
        }
        shop.requests += 1;
        let pipe = Pipe::new(self.place, self.serial, id, &shop.outbox);
        let stream = Stream::new(&pipe, self.peer());
        pipe.pull(&mut self.quic);
        self.pipes.insert(id, pipe);
        monoio::spawn(serve(stream));
    }

    fn peer(&self) -> Peer {
        Peer {
            address: self.quic.remote_address(),
            early_data: self.quic.is_handshaking(),
            server_name: self.server_name.clone(),
            certificates: self.certificates.clone(),
        }
    }

    fn connected(&mut self) {
        self.established = true;
        let chain = self.quic.crypto_session().peer_identity();
        if let Some(chain) = chain.and_then(|it| it.downcast::<Vec<CertificateDer<'static>>>().ok())
        {
            self.certificates = Some(Rc::from(*chain));
        }
    }

    fn stream(&mut self, event: &StreamEvent, now: Instant, shop: &mut Shop) {
        if self.talk == Some(Talk::Streams) {
            return self.plain_stream(event, shop);
        }
        match *event {
            StreamEvent::Opened { dir: Dir::Bi } => {
                while let Some(stream) = self.quic.streams().accept(Dir::Bi) {
                    self.request(stream, now, shop);
                }
            }
            StreamEvent::Opened { dir: Dir::Uni } => {
                while let Some(stream) = self.quic.streams().accept(Dir::Uni) {
                    self.unidirectional.insert(stream, Unidirectional::default());
                    self.read_unidirectional(stream, now);
                }
            }
            StreamEvent::Readable { id } if id.dir() == Dir::Bi => self.read(id, now, shop),
            StreamEvent::Readable { id } => self.read_unidirectional(id, now),
            StreamEvent::Writable { id } if Some(id) == self.control => self.announce(),
            StreamEvent::Writable { id } => {
                if let Some(pieces) = self.outgoing.remove(&id) {
                    self.write(id, pieces);
                }
            }
            StreamEvent::Finished { .. } => {
                self.unacknowledged = self.unacknowledged.saturating_sub(1);
            }
            StreamEvent::Stopped { id, .. } if Some(id) == self.control => {
                self.fault(
                    id,
                    Fault::Connection(Code::ClosedCriticalStream, "our control stream was stopped"),
                    now,
                    shop,
                );
            }
            StreamEvent::Stopped { id, .. } => self.stopped(id, shop),
            StreamEvent::Available { .. } => {}
        }
    }

    /// An event of a connection that does not speak HTTP/3.
    fn plain_stream(&mut self, event: &StreamEvent, shop: &mut Shop) {
        match *event {
            StreamEvent::Opened { dir: Dir::Bi } => {
                while let Some(stream) = self.quic.streams().accept(Dir::Bi) {
                    self.hand_over(stream, shop);
                }
            }
            StreamEvent::Opened { dir: Dir::Uni } => {
                while let Some(stream) = self.quic.streams().accept(Dir::Uni) {
                    drop(self.quic.recv_stream(stream).stop(number(Code::StreamCreation)));
                }
            }
            StreamEvent::Readable { id } => {
                if let Some(pipe) = self.pipes.get(&id).map(Rc::clone) {
                    pipe.pull(&mut self.quic);
                    self.push(&pipe);
                }
            }
            StreamEvent::Writable { id } => {
                if let Some(pipe) = self.pipes.get(&id).map(Rc::clone) {
                    self.push(&pipe);
                }
            }
            StreamEvent::Finished { .. } => {
                self.unacknowledged = self.unacknowledged.saturating_sub(1);
            }
            StreamEvent::Stopped { id, .. } => {
                if let Some(pipe) = self.pipes.get(&id).map(Rc::clone) {
                    pipe.stopped(&mut self.quic);
                    self.push(&pipe);
                } else {
                    // It was written to its end, and nobody will acknowledge that any more.
                    self.unacknowledged = self.unacknowledged.saturating_sub(1);
                    drop(self.quic.send_stream(id).reset(number(Code::NoError)));
                }
            }
            StreamEvent::Available { .. } => {}
        }
    }

    /// The client has no more use for an answer.
    fn stopped(&mut self, id: StreamId, shop: &mut Shop) {
        let mut written = self.outgoing.remove(&id).is_none();
        // A service under way is left to its end: what it does may already be decided.
        if self.running.contains(&id) {
            written = false;
        }
        if let Some(inbound) = self.inbound.remove(&id) {
            shop.held_bytes -= inbound.held_bytes();
            written = false;
            drop(self.quic.recv_stream(id).stop(number(Code::RequestCancelled)));
        }
        drop(self.quic.send_stream(id).reset(number(Code::RequestCancelled)));
        if written {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
        }
    }

    fn request(&mut self, id: StreamId, now: Instant, shop: &mut Shop) {
        let under_way = self.running.len() + self.inbound.len();
        let refused = self.refused_from.is_some_and(|from| from <= id.index());
        if refused || shop.streams_max <= under_way {
            return self.fault(id, Fault::Stream(Code::RequestRejected), now, shop);
        }
        self.seen = self.seen.max(id.index() + 1);
        self.pull(id, Inbound::default(), now, shop);
    }

    fn read(&mut self, id: StreamId, now: Instant, shop: &mut Shop) {
        // Others were answered before their end.
        if let Some(inbound) = self.inbound.remove(&id) {
            shop.held_bytes -= inbound.held_bytes();
            self.pull(id, inbound, now, shop);
        }
    }

    /// Reads what has arrived of a request. `inbound` is in nobody's books at this point.
    fn pull(&mut self, id: StreamId, mut inbound: Inbound, now: Instant, shop: &mut Shop) {
        let mut stream = self.quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return };
        let outcome = loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => {
                    if let Err(fault) = inbound.push(chunk.bytes, shop.limits) {
                        break Err(fault);
                    }
                }
                Ok(None) => break inbound.finish().map(Some),
                Err(ReadError::Reset(_)) => break Err(Fault::Stream(Code::RequestCancelled)),
                Err(ReadError::Blocked) => {
                    let held = shop.held_bytes + inbound.held_bytes();
                    if shop.held_bytes_max < held {
                        break Err(Fault::Answer(http::StatusCode::SERVICE_UNAVAILABLE));
                    }
                    shop.held_bytes = held;
                    self.inbound.insert(id, inbound);
                    break Ok(None);
                }
            }
        };
        // Whether credit has to be sent is found out when the connection is asked for packets.
        let _ = chunks.finalize();
        match outcome {
            Ok(Some(request)) => self.serve(id, request, now, shop),
            Ok(None) => {}
            Err(fault) => self.fault(id, fault, now, shop),
        }
    }

    fn serve(&mut self, id: StreamId, request: Request<Bytes>, now: Instant, shop: &mut Shop) {
        shop.requests += 1;
        let bodiless = *request.method() == Method::HEAD;
        let mut answering = (shop.service)(request, self.peer());
        // Most services answer at once; only the others cost a task.
        match answering.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => self.answer(id, bodiless, response, now, shop),
            Poll::Pending => {
                self.running.push(id);
                let ticket =
                    Ticket { place: self.place, serial: self.serial, stream: id, bodiless };
                let outbox = Rc::clone(&shop.outbox);
                monoio::spawn(async move {
                    let response = answering.await;
                    outbox.put(ticket, response);
                });
            }
        }
    }

    fn answer(
        &mut self,
        id: StreamId,
        bodiless: bool,
        response: Response<Bytes>,
        now: Instant,
        shop: &mut Shop,
    ) {
        let pieces = response::encode(response, bodiless, shop.date.value(now));
        self.write(id, pieces);
    }

    fn write(&mut self, id: StreamId, mut pieces: [Bytes; 2]) {
        let mut stream = self.quic.send_stream(id);
        loop {
            if pieces.iter().all(Bytes::is_empty) {
                if stream.finish().is_ok() {
                    self.unacknowledged += 1;
                }
                return;
            }
            match stream.write_chunks(&mut pieces) {
                Ok(_) => {}
                Err(WriteError::Blocked) => {
                    self.outgoing.insert(id, pieces);
                    return;
                }
                Err(WriteError::Stopped(_)) => {
                    drop(stream.reset(number(Code::RequestCancelled)));
                    return;
                }
                Err(WriteError::ClosedStream) => return,
            }
        }
    }

    fn fault(&mut self, id: StreamId, fault: Fault, now: Instant, shop: &mut Shop) {
        match fault {
            Fault::Connection(code, reason) => {
                tracing::debug!(?code, reason, from = %self.quic.remote_address(), "quic: closed");
                self.close(now, code, reason);
                self.release(shop);
            }
            Fault::Stream(code) => {
                // Either half may be over already.
                drop(self.quic.send_stream(id).reset(number(code)));
                drop(self.quic.recv_stream(id).stop(number(code)));
            }
            Fault::Answer(status) => {
                let mut response = (shop.refuse)(status);
                *response.status_mut() = status;
                self.answer(id, false, response, now, shop);
                // The rest of the request is not needed, and nothing is wrong (section 4.1.1).
                drop(self.quic.recv_stream(id).stop(number(Code::NoError)));
            }
        }
    }

    fn read_unidirectional(&mut self, id: StreamId, now: Instant) {
        let Some(state) = self.unidirectional.get_mut(&id) else { return };
        let mut stream = self.quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return };
        let outcome = loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => match state.push(&mut self.remote, chunk.bytes) {
                    Ok(Verdict::Continue) => {}
                    Ok(Verdict::Stop) => break Ok(Some(Verdict::Stop)),
                    Err(fault) => break Err(fault),
                },
                Ok(None) | Err(ReadError::Reset(_)) => break state.finish().map(|()| None),
                Err(ReadError::Blocked) => break Ok(Some(Verdict::Continue)),
            }
        };
        let _ = chunks.finalize();
        match outcome {
            Ok(Some(Verdict::Continue)) => {}
            Ok(Some(Verdict::Stop)) => {
                self.unidirectional.remove(&id);
                drop(self.quic.recv_stream(id).stop(number(Code::StreamCreation)));
            }
            Ok(None) => {
                self.unidirectional.remove(&id);
            }
            Err(Fault::Connection(code, reason)) => {
                tracing::debug!(?code, reason, from = %self.quic.remote_address(), "quic: closed");
                self.close(now, code, reason);
            }
            Err(Fault::Stream(_) | Fault::Answer(_)) => {
                unreachable!("these streams have faults of connections only")
            }
        }
    }

    fn open_control(&mut self, section_bytes_max: usize) {
        // Not before the client's transport parameters have come, which say how many it takes.
        let Some(stream) = self.quic.streams().open(Dir::Uni) else { return };
        self.control = Some(stream);
        let later = self.announcements.split();
        varint::write(CONTROL, &mut self.announcements);
        settings::write(section_bytes_max, &mut self.announcements);
        self.announcements.unsplit(later);
        self.announce();
    }

    fn announce(&mut self) {
        let Some(control) = self.control else { return };
        while !self.announcements.is_empty() {
            match self.quic.send_stream(control).write(&self.announcements) {
                Ok(count) => drop(self.announcements.split_to(count)),
                // Blocked: there will be an event. Stopped or closed: there was one.
                Err(_) => return,
            }
        }
    }
}

fn number(code: Code) -> VarInt {
    VarInt::from_u32(code.number())
}
