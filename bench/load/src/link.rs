//! Connections to one side, greeted and ready to be loaded.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use wire::{Greeting, Hello, Limits};

use crate::codec::rpc::{self, Answerer, explain};
use crate::codec::{Codec, Head, Keys, http1, http2, postgres, resp};
use crate::error::LoadError;
use crate::mix::Mix;
use crate::run::run_number;
use crate::swarm::Swarm;
use crate::tally::{Statuses, Tally};
use crate::trust::{Trust, Wire};
use crate::workload::Workload;

/// How long a connection, a greeting or the very first reply may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Whom requests go to, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Rpc(Answerer),
    RpcQuic(Answerer),
    Http1,
    Http2,
    Http3,
    /// What [`Peer::store`] speaks.
    Store,
}

/// A store that is not ours, and what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    Redis(resp::Command),
    Postgres(postgres::Statement),
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) speech: Speech,
    /// The name and port by which requests know the server, where the address and the certificate do
    /// not say it.
    pub(crate) host: Option<&'a str>,
    /// `None` without encryption.
    pub(crate) trust: Option<&'a Trust>,
    pub(crate) api_key: Option<&'a str>,
    pub(crate) workload: &'a Workload,
    /// Requests are drawn from it instead, where there is one.
    pub(crate) mix: Option<&'a Mix>,
    /// Only of a store.
    pub(crate) store: Option<&'a Store>,
    /// Items of one frame.
    pub(crate) items: u16,
    /// Requests in flight on one connection.
    pub(crate) depth: u32,
    /// Names this run in idempotency keys; `None` sends none.
    pub(crate) run: Option<u64>,
}

/// A connection that is ready to be loaded.
#[derive(Debug)]
pub(crate) struct Wired {
    pub(crate) wire: Wire,
    pub(crate) codec: Codec,
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

/// The number of a connection that no round makes, for keys that no round uses.
const SOUNDING: u32 = u32::MAX >> 8;

impl Peer<'_> {
    pub(crate) fn is_http(&self) -> bool {
        matches!(self.speech, Speech::Http1 | Speech::Http2 | Speech::Http3)
    }

    pub(crate) fn is_quic(&self) -> bool {
        matches!(self.speech, Speech::Http3 | Speech::RpcQuic(_))
    }

    /// The name by which requests know the server.
    pub(crate) fn authority(&self) -> String {
        match (self.host, self.trust) {
            (Some(host), _) => host.to_owned(),
            (None, None) => self.address.to_string(),
            (None, Some(trust)) => format!("{}:{}", trust.name, self.address.port()),
        }
    }

    /// What every HTTP request says.
    pub(crate) fn head<'h>(&'h self, authority: &'h str) -> Head<'h> {
        Head {
            workload: self.workload,
            authority,
            secure: self.trust.is_some(),
            api_key: self.api_key,
            keyed: self.run.is_some(),
        }
    }

    pub(crate) fn keys(&self, connection: u32) -> Option<Keys> {
        self.run.map(|run| Keys::new(run, connection))
    }

    /// Connects over TCP and, where there is a greeting, is let in.
    pub(crate) fn connect(&self, connection: u32) -> Result<Wired, LoadError> {
        let failed = |source| LoadError::Connect { address: self.address, source };
        let socket = TcpStream::connect_timeout(&self.address, PATIENCE).map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let mut wire = Wire::new(socket, self.trust).map_err(|it| self.refused(it))?;
        let keys = self.keys(connection);
        let authority = self.authority();
        let head = self.head(&authority);
        let codec = match self.speech {
            Speech::Http3 | Speech::RpcQuic(_) => unreachable!("it goes over datagrams"),
            Speech::Store => {
                let store = self.store.expect("a store says what it is asked");
                // Rounds of one run connect anew, and none may say what another has said.
                let keys = Keys::new(run_number(), connection);
                let opened = open(&mut wire, store, connection, keys);
                opened.map_err(|it| self.refused(it))?
            }
            Speech::Http1 => Codec::Http1(match self.mix {
                None => http1::Codec::new(&head, keys),
                Some(mix) => http1::Codec::mixed(&head, mix, connection),
            }),
            Speech::Http2 => {
                let mut hello = Vec::new();
                let mut codec = match self.mix {
                    None => http2::Codec::new(&head, keys, &mut hello),
                    Some(mix) => http2::Codec::mixed(&head, mix, connection, &mut hello),
                };
                let begun = begin_http2(&mut wire, &mut codec, hello);
                let streams_max = begun.map_err(|it| self.refused(it))?;
                self.demand_depth(streams_max)?;
                Codec::Http2(Box::new(codec))
            }
            Speech::Rpc(answerer) => {
                let limits = match answerer {
                    Answerer::Echo => Limits::DEFAULT,
                    Answerer::Server => {
                        greet(&mut wire, self.hello()).map_err(|it| self.refused(it))?
                    }
                };
                self.demand_depth(limits.in_flight_max.into())?;
                Codec::Rpc(match self.mix {
                    None => rpc::Codec::new(self.workload, self.items, keys, answerer, limits)?,
                    Some(mix) => rpc::Codec::mixed(mix, connection, limits)?,
                })
            }
        };
        Ok(Wired { wire, codec })
    }

    pub(crate) fn refused(&self, reason: String) -> LoadError {
        LoadError::Handshake { address: self.address, reason }
    }

    pub(crate) fn demand_depth(&self, most: u32) -> Result<(), LoadError> {
        if self.depth <= most {
            return Ok(());
        }
        let reason = format!("the server takes {most} requests in flight at most");
        Err(LoadError::Invalid { flag: "pipeline", reason })
    }

    /// What an RPC connection says first. The plain door wants no credential, and an older server
    /// would not take one.
    pub(crate) fn hello(&self) -> Hello<'_> {
        let hello = Hello::new("load");
        match (self.trust, self.api_key) {
            (Some(_), Some(api_key)) => hello.showing(api_key),
            _ => hello,
        }
    }

    /// Asks once, so that a workload without an ordinary answer is noticed before it is measured.
    pub(crate) fn sound(&self) -> Result<Sounding, LoadError> {
        if self.is_quic() {
            return Swarm::connect(self, &[SOUNDING])?.sound(self);
        }
        let broken = |reason| LoadError::Broken { address: self.address, reason };
        let Wired { mut wire, mut codec } = self.connect(SOUNDING)?;
        let mut request = Vec::new();
        codec.append(&mut request, 0);
        wire.send(&request).map_err(broken)?;
        let mut statuses = Tally::new().outside;
        let patience = Patience::new();
        let (last, answer) = loop {
            patience.receive(&mut wire).map_err(broken)?;
            let mut said = Vec::new();
            let next = codec.next(&wire.early, &mut said, &mut statuses).map_err(broken)?;
            wire.send(&said).map_err(broken)?;
            if let (_, Some(answer)) = next {
                break (std::mem::take(&mut wire.early), answer);
            }
            wire.early.drain(..next.0);
        };
        if !answer.ok {
            let text = match &codec {
                Codec::Http1(_) => String::from_utf8_lossy(&last).into_owned(),
                Codec::Http2(codec) => status_and(&statuses, codec.refusal()),
                Codec::Rpc(_) => explain(&last),
                Codec::Resp(_) => resp::explain(&last),
                Codec::Postgres(codec) => codec.refusal().to_owned(),
            };
            return Err(LoadError::Refused { address: self.address, answer: text });
        }
        Ok(Sounding { request: request.len(), reply: answer.bytes, body: answer.body_bytes })
    }
}

/// A limit for an exchange as a whole: each read has its own, and whoever says a little all the time would
/// never reach that.
struct Patience {
    until: Instant,
}

impl Patience {
    fn new() -> Self {
        Self { until: Instant::now() + PATIENCE }
    }

    fn receive(&self, wire: &mut Wire) -> Result<(), String> {
        if self.until < Instant::now() {
            return Err(format!("it talks for {} s without an answer", PATIENCE.as_secs()));
        }
        wire.receive()
    }
}

/// The one status that was counted, and what was said with it.
pub(crate) fn status_and(statuses: &Statuses, body: &[u8]) -> String {
    let status = statuses.iter().next().map_or(0, |(status, _)| status);
    format!("{status} {}", String::from_utf8_lossy(body))
}

fn greet(wire: &mut Wire, hello: Hello<'_>) -> Result<Limits, String> {
    let mut bytes = Vec::new();
    hello.encode(&mut bytes);
    wire.send(&bytes)?;
    let patience = Patience::new();
    loop {
        patience.receive(wire)?;
        if let Some(limits) = welcome(&mut wire.early)? {
            return Ok(limits);
        }
    }
}

/// Takes the greeting off the front of `bytes`; `None` when it is not complete.
pub(crate) fn welcome(bytes: &mut Vec<u8>) -> Result<Option<Limits>, String> {
    match Greeting::decode(bytes).map_err(|it| it.to_string())? {
        Some((Greeting::Welcome(welcome), taken)) => {
            let limits = welcome.limits;
            bytes.drain(..taken);
            Ok(Some(limits))
        }
        Some((Greeting::Refusal(refusal), _)) => Err(format!("{refusal:?}")),
        None => Ok(None),
    }
}

/// Is let in by a store, and gets the request ready there.
fn open(wire: &mut Wire, store: &Store, connection: u32, keys: Keys) -> Result<Codec, String> {
    let patience = Patience::new();
    match store {
        Store::Redis(command) => {
            let mut digest = String::new();
            if let Some(opening) = command.opening() {
                wire.send(&opening)?;
                digest = loop {
                    patience.receive(wire)?;
                    if let Some((taken, digest)) = resp::loaded(&wire.early)? {
                        wire.early.drain(..taken);
                        break digest;
                    }
                };
            }
            Ok(Codec::Resp(resp::Codec::new(command, connection, keys, &digest)))
        }
        Store::Postgres(statement) => {
            let mut said = Vec::new();
            let mut opening = postgres::Opening::new(statement, &mut said);
            loop {
                wire.send(&std::mem::take(&mut said))?;
                patience.receive(wire)?;
                let (taken, ready) = opening.next(&wire.early, &mut said)?;
                wire.early.drain(..taken);
                if let Some(parameters) = ready {
                    return Ok(Codec::Postgres(postgres::Codec::new(statement, parameters, keys)));
                }
            }
        }
    }
}

/// Waits for the server's settings: how many streams it takes.
fn begin_http2(
    wire: &mut Wire,
    codec: &mut http2::Codec,
    mut said: Vec<u8>,
) -> Result<u32, String> {
    let mut statuses = Tally::new().outside;
    let patience = Patience::new();
    loop {
        wire.send(&std::mem::take(&mut said))?;
        if let Some(streams_max) = codec.streams_max() {
            return Ok(streams_max);
        }
        patience.receive(wire)?;
        let (taken, _) = codec.next(&wire.early, &mut said, &mut statuses)?;
        wire.early.drain(..taken);
    }
}
