//! A caller: one connection to one door, one request at a time.

use std::net::SocketAddr;

use bytes::Bytes;
use client::{
    CallError, Client, ConnectError, Credential, Options, SessionError, Status, Transport,
};
use http::Request;
use process::http2::{self, END_HEADERS, END_STREAM};
use process::{Link, PATIENCE};
use tls::Protocol;

use crate::support::TestBox;

/// The doors of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// HTTP/1.1 without encryption, on loopback.
    Plain,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 over TLS.
    Http2,
    /// HTTP/3.
    Http3,
    /// Binary RPC without encryption, on loopback.
    Rpc,
    /// Binary RPC over TLS.
    RpcTls,
    /// Binary RPC over a QUIC stream.
    RpcQuic,
}

impl Door {
    pub(crate) const ALL: [Self; 7] = [
        Self::Plain,
        Self::Https,
        Self::Http2,
        Self::Http3,
        Self::Rpc,
        Self::RpcTls,
        Self::RpcQuic,
    ];
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// Shown as a bearer.
    pub(crate) key: Option<String>,
    /// JSON, or nothing.
    pub(crate) body: String,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// One connection to one door.
pub(crate) enum Caller {
    Http1(Link),
    Http2 {
        link: Link,
        /// Of the next request.
        stream: u32,
    },
    Http3(Box<quic::Client>),
    Rpc(Box<Rpc>),
}

/// A connection of binary RPC stands for one key: another key needs another connection.
pub(crate) struct Rpc {
    address: String,
    options: Options,
    open: Option<(String, Client)>,
}

impl Caller {
    pub(crate) fn connect(quoin: &TestBox, door: Door) -> Self {
        let address = format!("127.0.0.1:{}", quoin.server.https_port());
        match door {
            Door::Plain => Self::Http1(Link::plain(quoin.server.http())),
            Door::Https => Self::Http1(Link::tls(&address, &quoin.trust(&[Protocol::Http1]))),
            Door::Http2 => {
                let mut link = Link::tls(&address, &quoin.trust(&[Protocol::Http2]));
                link.send(&http2::hello());
                Self::Http2 { link, stream: 1 }
            }
            Door::Http3 => {
                let address: SocketAddr = address.parse().unwrap();
                let config = quoin.trust(&[]);
                let client = quic::Client::connect(address, "localhost", &config, PATIENCE);
                Self::Http3(Box::new(client.unwrap()))
            }
            Door::Rpc => Self::rpc(quoin.server.rpc(), Transport::Plain),
            Door::RpcTls => Self::rpc(quoin.rpc_tls(), Transport::Tls(quoin.authorities())),
            Door::RpcQuic => Self::rpc(address, Transport::Quic(quoin.authorities())),
        }
    }

    fn rpc(address: String, transport: Transport) -> Self {
        let options = Options { transport, ..Options::default() };
        Self::Rpc(Box::new(Rpc { address, options, open: None }))
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        match self {
            Self::Http1(link) => http1(link, ask),
            Self::Http2 { link, stream } => {
                *stream += 2;
                http2(link, *stream - 2, ask)
            }
            Self::Http3(client) => http3(client, ask),
            Self::Rpc(rpc) => rpc.ask(ask),
        }
    }
}

fn http1(link: &mut Link, ask: &Ask) -> Answer {
    let Ask { method, path, key, body } = ask;
    let key = key.as_ref().map(|it| format!("authorization: Bearer {it}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{}\r\n{body}",
        body.len(),
        key.unwrap_or_default()
    );
    link.send(head.as_bytes());
    let (head, body) = link.answer();
    let status = head.strip_prefix("http/1.1 ").unwrap()[..3].parse().unwrap();
    Answer { status, body }
}

fn http2(link: &mut Link, stream: u32, ask: &Ask) -> Answer {
    let bearer = ask.key.as_ref().map(|it| format!("Bearer {it}"));
    let mut fields = vec![
        (":method", ask.method),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", &*ask.path),
        ("content-type", "application/json"),
    ];
    fields.extend(bearer.as_deref().map(|it| ("authorization", it)));
    let end = if ask.body.is_empty() { END_STREAM } else { 0 };
    link.send(&http2::headers(END_HEADERS | end, stream, &fields));
    if !ask.body.is_empty() {
        link.send(&http2::frame(http2::DATA, END_STREAM, stream, ask.body.as_bytes()));
    }
    let (status, body) = http2::answer(link, stream).expect("an answer");
    Answer { status, body }
}

fn http3(client: &mut quic::Client, ask: &Ask) -> Answer {
    let mut request = Request::builder()
        .method(ask.method)
        .uri(format!("https://localhost{}", ask.path))
        .header("content-type", "application/json");
    if let Some(key) = &ask.key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let request = request.body(Bytes::from(ask.body.clone())).unwrap();
    let number = client.send(&request).unwrap();
    let mut answers = client.receive(PATIENCE).unwrap();
    let answer = answers.pop().expect("an answer");
    assert_eq!((answer.request, answers.len()), (number, 0));
    let response = answer.outcome.unwrap();
    Answer { status: response.status().as_u16(), body: response.into_body().to_vec() }
}

impl Rpc {
    /// Only quotes have to be asked for this way.
    fn ask(&mut self, ask: &Ask) -> Answer {
        let key = ask.key.clone().unwrap_or_default();
        if self.open.as_ref().is_none_or(|it| it.0 != key) {
            let credential = ask.key.as_ref().map(Credential::new);
            let options = Options { credential, ..self.options.clone() };
            match Client::connect(&*self.address, options) {
                Ok(client) => self.open = Some((key, client)),
                Err(ConnectError::Session(SessionError::Refused { status, .. })) => {
                    return Answer { status: status.http(), body: Vec::new() };
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        let (number, operation) = registry::operation("rates.quote").unwrap();
        assert_eq!(ask.path, operation.shape.path);
        let mut payload = Vec::new();
        (operation.from_json)(ask.body.as_bytes(), &mut payload).unwrap();
        let (_, client) = self.open.as_ref().unwrap();
        let status = match client.call(&client::Call::query(number, &payload)) {
            Ok(reply) => reply.status,
            Err(error) => refusal(&error).unwrap_or_else(|| panic!("{error:?}")),
        };
        Answer { status: status.http(), body: Vec::new() }
    }
}

/// What a box says that does not let a client in again.
fn refusal(error: &CallError) -> Option<Status> {
    let CallError::Unreachable { source, .. } = error else { return None };
    match &**source {
        ConnectError::Session(SessionError::Refused { status, .. }) => Some(*status),
        _ => None,
    }
}
