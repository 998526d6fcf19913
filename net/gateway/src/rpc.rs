//! One request of the binary doors before it reaches the engine: who asks, what it may, how much.
//!
//! The phases are those of [`answer`](crate::answer): authenticate - authorise - limit. A connection
//! shows its credential once, and it is looked at again for every request.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use contract::{DomainId, Operation, Tenant};
use shard::Fault;
use telemetry::{Finished, TraceContext};
use tls::ClientIdentity;
use wire::{Head, Status};

use crate::answer::length;
use crate::authenticate::{Authenticated, Shown};
use crate::caller::Caller;
use crate::demand::Principal;
use crate::gate::{DoorKind, Gate};
use crate::limit::{Allowance, Limited, limit_here, limit_times};
use crate::rejection::Rejection;

/// Who is at the other end of a binary connection.
pub struct Visitor {
    /// From where, when the door knows it.
    address: Option<SocketAddr>,
    /// It reached a door for this machine only, and needs to show nothing.
    trusted: bool,
    credential: Option<Box<str>>,
    certificate: Option<ClientIdentity>,
    /// What the credential led to when it was last looked at.
    standing: RefCell<Option<Authenticated>>,
}

impl Visitor {
    /// Somebody at a door for this machine only. An empty credential is none; what is shown counts.
    pub fn local(address: Option<SocketAddr>, credential: &str) -> Self {
        Self { trusted: true, ..Self::stranger(address, credential, None) }
    }

    /// Somebody at a door with encryption, with the name from its verified certificate if it showed
    /// one.
    pub fn stranger(
        address: Option<SocketAddr>,
        credential: &str,
        certificate: Option<ClientIdentity>,
    ) -> Self {
        let credential = (!credential.is_empty()).then(|| credential.into());
        let standing = RefCell::new(None);
        Self { address, trusted: false, credential, certificate, standing }
    }

    /// The name from its certificate.
    pub fn certificate(&self) -> Option<&ClientIdentity> {
        self.certificate.as_ref()
    }
}

/// Never prints the credential.
impl fmt::Debug for Visitor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Visitor")
            .field("address", &self.address)
            .field("trusted", &self.trusted)
            .field("shows_credential", &self.credential.is_some())
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// Lets requests of the binary doors in. One for each core and door, on the core's own thread.
#[derive(Debug)]
pub struct Reception {
    gate: Rc<Gate>,
    /// Every operation with its number and its place among all, by number.
    operations: Box<[(u32, usize, &'static Operation)]>,
}

/// A request that may go on.
#[derive(Debug)]
pub struct Pass {
    /// On whose behalf, and who.
    pub principal: Principal,
    /// What is to be done when it is answered; nothing for the requests of an open door.
    pub visit: Option<Box<Visit>>,
}

/// A request between its admission and its answer. What it holds at the same time as others is given
/// back when this is dropped.
#[derive(Debug)]
pub struct Visit {
    gate: Rc<Gate>,
    operation: usize,
    name: &'static str,
    tenant: Tenant,
    peer: Option<SocketAddr>,
    trace: Option<TraceContext>,
    began: Instant,
    request_bytes: usize,
    /// Only kept.
    _allowance: Allowance,
}

/// What became of a request at the door.
#[derive(Debug)]
pub enum Admission {
    /// It may go on.
    Now(Pass),
    /// Another core has to be asked about its limits: give it to [`Reception::charge`].
    Asking(Due),
}

/// A request whose limits another core counts.
#[derive(Debug)]
pub struct Due {
    caller: Caller,
    operation: &'static Operation,
    index: usize,
    times: u16,
    began: Instant,
    peer: Option<SocketAddr>,
}

impl Pass {
    /// A request of somebody who reached an open door; see [`Reception::is_open_to`].
    pub const fn open(tenant: u32) -> Self {
        Self { principal: Principal::loopback(tenant), visit: None }
    }
}

impl Visit {
    /// Ties together what the request causes; 0 for nothing.
    pub fn correlation(&self) -> u128 {
        self.trace.map_or(0, |it| it.trace_id())
    }

    /// The request's payload, or those of a batch together, had so many bytes.
    pub fn asked(&mut self, payload_bytes: usize) {
        self.request_bytes = payload_bytes;
    }

    /// The request was answered with so many bytes; the answer reflects the log up to `position`, 0 for
    /// a refusal.
    pub fn answered(self, status: Status, position: u64, reply_bytes: usize) {
        let (index, took) = (Some(self.operation), self.began.elapsed());
        self.gate.metrics().answered(DoorKind::Rpc, index, status.http(), took);
        let finished = Finished {
            trace: self.trace,
            operation: self.name,
            method: "",
            door: DoorKind::Rpc.name(),
            tenant: Some(self.tenant.0),
            status: status.http(),
            took,
            position,
            request_bytes: length(self.request_bytes),
            reply_bytes: length(reply_bytes),
            peer: self.peer,
        };
        self.gate.recorder.finish(&finished, []);
    }
}

impl Reception {
    /// For all binary connections of a core.
    pub fn new(gate: &Rc<Gate>) -> Self {
        let entries = gate.core().entries().iter();
        let numbers = entries.flat_map(|entry| {
            entry.operations.iter().map(move |operation| (operation.number(entry.id), operation))
        });
        let mut operations: Box<[_]> =
            numbers.enumerate().map(|(index, (number, it))| (number, index, it)).collect();
        operations.sort_unstable_by_key(|it| it.0);
        Self { gate: Rc::clone(gate), operations }
    }

    /// The core's side of all doors.
    pub fn gate(&self) -> &Rc<Gate> {
        &self.gate
    }

    /// Whether requests of this visitor need no look of their own: it is trusted, shows nothing,
    /// nobody is limited and nothing is recorded. Holds until the core's thread does something else.
    pub fn is_open_to(&self, visitor: &Visitor) -> bool {
        visitor.trusted
            && visitor.credential.is_none()
            && !self.gate.recorder.is_on()
            && self.gate.limits.are_open(&self.gate.core)
    }

    /// Makes sure who this is, before its first request.
    pub async fn identify(&self, visitor: &Visitor) -> Result<(), Rejection> {
        let shown = match (&visitor.credential, &visitor.certificate) {
            (Some(text), _) => Shown::bearer(text),
            (None, Some(name)) => Shown::Certificate(name),
            (None, None) if visitor.trusted => return Ok(()),
            (None, None) => {
                let name = Shown::missing().name;
                let detail = "show an API key or an access token in the Hello";
                return Err(Rejection { name, ..Rejection::new(Status::Unauthenticated, detail) });
            }
        };
        // Should it fail, nothing stands.
        visitor.standing.take();
        let found = self.gate.authenticator.authenticate(shown).await?;
        visitor.standing.replace(Some(found));
        Ok(())
    }

    /// Lets a request in that asks for its operation so many `times` at once.
    pub async fn admit(
        &self,
        visitor: &Visitor,
        head: &Head<'_>,
        times: u16,
    ) -> Result<Admission, Rejection> {
        let began = Instant::now();
        let at = self.operations.binary_search_by_key(&head.operation, |it| it.0);
        let found = at.ok().map(|it| (self.operations[it].1, self.operations[it].2));
        let admitted = self.look(visitor, head, found, times, began).await;
        let index = found.map(|(index, _)| index);
        admitted.inspect_err(|rejection| self.refused(rejection, index, began))
    }

    async fn look(
        &self,
        visitor: &Visitor,
        head: &Head<'_>,
        found: Option<(usize, &'static Operation)>,
        times: u16,
        began: Instant,
    ) -> Result<Admission, Rejection> {
        self.identify(visitor).await?;
        let caller = caller(visitor, head.tenant, found.map(|(_, operation)| operation))?;
        let Some((index, operation)) = found else {
            return Err(Rejection::of(&Fault::UnknownOperation));
        };
        let (domain, shape) = (domain_of(head.operation), &operation.shape);
        let Gate { core, load, limits, .. } = &*self.gate;
        // What waits for the log is bounded elsewhere.
        drop(load.take(core, core.now_us(), domain, shape)?);
        let due = Due { caller, operation, index, times, began, peer: visitor.address };
        match limit_here(core, limits, &due.caller, &operation.shape, times) {
            Some(outcome) => Ok(Admission::Now(self.pass(&due, outcome)?)),
            None => Ok(Admission::Asking(due)),
        }
    }

    /// Asks the cores that count the limits of a request.
    pub async fn charge(&self, due: Due) -> Result<Pass, Rejection> {
        let Gate { core, limits, .. } = &*self.gate;
        let outcome = limit_times(core, limits, &due.caller, &due.operation.shape, due.times).await;
        let (index, began) = (Some(due.index), due.began);
        self.pass(&due, outcome).inspect_err(|rejection| self.refused(rejection, index, began))
    }

    fn pass(&self, due: &Due, outcome: Result<Allowance, Box<Limited>>) -> Result<Pass, Rejection> {
        let allowance = outcome.map_err(|it| it.rejection)?;
        let Due { caller: Caller { tenant, actor, .. }, operation, index, began, peer, .. } = *due;
        let gate = Rc::clone(&self.gate);
        let visit = Box::new(Visit {
            operation: index,
            name: operation.shape.name,
            tenant,
            peer,
            // Frames carry no trace: each request begins one.
            trace: gate.recorder.begin([]),
            began,
            request_bytes: 0,
            gate,
            _allowance: allowance,
        });
        Ok(Pass { principal: Principal { tenant, actor }, visit: Some(visit) })
    }

    fn refused(&self, rejection: &Rejection, operation: Option<usize>, began: Instant) {
        let metrics = self.gate.metrics();
        metrics.answered(DoorKind::Rpc, operation, rejection.http, began.elapsed());
    }
}

fn domain_of(operation: u32) -> DomainId {
    DomainId(u16::try_from(operation >> 16).expect("the high half"))
}

/// Who asks, when it may. `tenant` is 0 for the caller's own.
fn caller(
    visitor: &Visitor,
    tenant: u32,
    operation: Option<&'static Operation>,
) -> Result<Caller, Rejection> {
    let address = visitor.address.map(|it| it.ip());
    let standing = visitor.standing.borrow();
    let Some(found) = &*standing else {
        let Principal { tenant, actor } = Principal::loopback(tenant);
        return Ok(Caller { tenant, actor, credential: None, address, is_known: true });
    };
    let mut found = found.clone();
    if tenant != 0 {
        found = found.on_behalf_of(Tenant(tenant))?;
    }
    if let Some(operation) = operation {
        found.authorise(operation)?;
    }
    let Authenticated { tenant, actor, credential, .. } = found;
    Ok(Caller { tenant, actor, credential: Some(credential), address, is_known: true })
}
