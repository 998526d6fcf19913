//! What the connections of one core share: the services, their limits, and what their tasks leave.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Waker;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use quinn_proto::StreamId;
use rustls::pki_types::CertificateDer;

use crate::date::Date;
use crate::h3::inbound::Limits;
use crate::pipe::{Pipe, Stream};

/// Who sent a request, and how.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The client's address when the request was complete; it may change between requests.
    pub address: SocketAddr,
    /// The request came before the handshake was complete, so that whoever has recorded it could
    /// send it again (RFC 8470): answer 425 unless doing it twice is harmless.
    pub early_data: bool,
    /// The name that the client asked for (SNI).
    pub server_name: Option<Rc<str>>,
    /// The client's certificates, its own first, if the TLS configuration asks for them. They were
    /// verified by it.
    pub certificates: Option<Rc<[CertificateDer<'static>]>>,
}

/// Serves a stream of a protocol that is not HTTP/3.
pub(crate) type StreamService = Box<dyn Fn(Stream) -> Pin<Box<dyn Future<Output = ()>>>>;

pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Bytes>>>>;
pub(crate) type Service = Box<dyn Fn(Request<Bytes>, Peer) -> Answering>;

pub(crate) struct Shop {
    pub(crate) service: Service,
    /// The other protocol's name, and who serves its streams.
    pub(crate) streams: Option<(&'static [u8], StreamService)>,
    pub(crate) refuse: fn(StatusCode) -> Response<Bytes>,
    pub(crate) limits: Limits,
    /// Requests of one connection that may be under way.
    pub(crate) streams_max: usize,
    /// Bytes of requests that have not arrived in full, over all connections.
    pub(crate) held_bytes: usize,
    pub(crate) held_bytes_max: usize,
    pub(crate) outbox: Rc<Outbox>,
    pub(crate) date: Date,
    pub(crate) requests: u64,
}

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    /// The connection's place, and its number, as places are used again.
    pub(crate) place: usize,
    pub(crate) serial: u64,
    pub(crate) stream: StreamId,
    /// The request was a HEAD.
    pub(crate) bodiless: bool,
}

/// Answers of services that had to wait, and streams that their tasks wrote to, for the driver to send.
#[derive(Default)]
pub(crate) struct Outbox {
    answers: RefCell<Vec<(Ticket, Response<Bytes>)>>,
    /// Streams with which something is to be done.
    pipes: RefCell<Vec<Rc<Pipe>>>,
    waker: Cell<Option<Waker>>,
}

impl Outbox {
    pub(crate) fn put(&self, ticket: Ticket, response: Response<Bytes>) {
        self.answers.borrow_mut().push((ticket, response));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn touch(&self, pipe: Rc<Pipe>) {
        self.pipes.borrow_mut().push(pipe);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Takes the streams with which something is to be done.
    pub(crate) fn take_pipes(&self) -> Vec<Rc<Pipe>> {
        self.pipes.take()
    }

    /// Takes what is there, and has `waker` woken when there is more.
    pub(crate) fn take(&self, waker: &Waker) -> Vec<(Ticket, Response<Bytes>)> {
        let kept = self.waker.take().unwrap_or_else(|| waker.clone());
        self.waker.set(Some(kept));
        self.answers.take()
    }
}
