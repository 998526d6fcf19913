//! One HTTP request from its head to its response, the same on every HTTP door.
//!
//! The phases, in order: route - take on (load) - admit (early data) - authenticate - authorise -
//! limit - receive - decode - execute - encode - mark. Each may end the request with a rejection, which becomes an `application/problem+json` document (RFC 9457).

use std::time::Duration;

use bytes::Bytes;
use contract::{Kind, Method, Tenant};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::Body;
use shard::Ticket;
use telemetry::{Finished, TraceContext};
use wire::Status;
use xxhash_rust::xxh3::xxh3_64;

use crate::authenticate::{Authenticated, Shown};
use crate::caller::Caller;
use crate::condition::Condition;
use crate::demand::{Demand, Principal};
use crate::demands::Demands;
use crate::gate::{DoorKind, Gate, Peer};
use crate::head::{Fields, Head, TRACEPARENT, name};
use crate::limit::limit;
use crate::pages;
use crate::receive::receive;
use crate::rejection::{Place, Rejection};
use crate::response::{
    Answered, BUFFER_BYTES, Refused, encode, mark, mark_deprecation, mark_limits,
};
use crate::routes::{Found, Route};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// No page of the box's own lies below this.
const OPERATIONS_PREFIX: &str = "/v1/";

/// What is known of a request by its end, whatever became of it.
#[derive(Default)]
struct Seen<'g> {
    /// Its operation.
    route: Option<&'g Route>,
    /// The fields that tell of limits.
    limits: Option<(Vec<u8>, Vec<u8>)>,
    /// On whose behalf.
    tenant: Option<Tenant>,
    /// Its place in its trace.
    trace: Option<TraceContext>,
    /// How long its body was, once that was here.
    request_bytes: usize,
}

/// Answers one request; whatever happens, there is a response. The body is empty for `HEAD`.
pub async fn answer<B>(gate: &Gate, peer: &Peer<'_>, request: Request<B>) -> Response<Bytes>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let began_us = gate.core.now_us();
    let (parts, body) = request.into_parts();
    let head = Head::of(&parts);
    let trace = gate.recorder.begin(head.traceparents());
    let mut seen = Seen { trace, ..Seen::default() };
    let answered = respond(gate, peer, began_us, &head, body, &mut seen).await;
    let position = match &answered {
        Ok(answered) => answered.position,
        Err(_) => gate.core.durable().0,
    };
    let mut response = match answered {
        Ok(answered) => encode(&head, answered),
        Err(refused) => refused.response(position, head.path),
    };
    mark(gate, peer, &head, response.headers_mut());
    if let Some(fields) = seen.limits.take() {
        mark_limits(fields, response.headers_mut());
    }
    if let Some(trace) = &seen.trace {
        let value = HeaderValue::from_bytes(&trace.header_value()).expect("digits and dashes");
        response.headers_mut().insert(TRACEPARENT, value);
    }
    if let Some(deprecation) = seen.route.and_then(|it| it.operation.deprecation) {
        mark_deprecation(&deprecation, response.headers_mut());
    }
    if *head.method == http::Method::HEAD {
        let length = response.body().len();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        *response.body_mut() = Bytes::new();
    }
    let reply_bytes = response.body().len();
    let (operation, status) = (seen.route.map(|it| it.index), response.status().as_u16());
    let took = Duration::from_micros(gate.core.now_us().saturating_sub(began_us));
    gate.metrics().answered(peer.door, operation, status, took);
    if gate.recorder.is_on() {
        let finished = seen.finished(&head, peer, status, took, position, reply_bytes);
        gate.recorder.finish(&finished, head.tracestates());
    }
    response
}

impl Seen<'_> {
    /// For traces and the access log.
    fn finished(
        &self,
        head: &Head<'_>,
        peer: &Peer<'_>,
        status: u16,
        took: Duration,
        position: u64,
        reply_bytes: usize,
    ) -> Finished {
        let method = match *head.method {
            http::Method::GET => "GET",
            http::Method::HEAD => "HEAD",
            http::Method::POST => "POST",
            http::Method::PUT => "PUT",
            http::Method::DELETE => "DELETE",
            http::Method::OPTIONS => "OPTIONS",
            _ => "_OTHER",
        };
        Finished {
            trace: self.trace,
            operation: match self.route {
                Some(route) => route.operation.shape.name,
                None => pages::name(head.path).unwrap_or("none"),
            },
            method,
            door: peer.door.name(),
            tenant: self.tenant.map(|it| it.0),
            status,
            took,
            position,
            request_bytes: length(self.request_bytes),
            reply_bytes: length(reply_bytes),
            peer: peer.address,
        }
    }
}

/// As a record has it.
pub(crate) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

async fn respond<'g, B>(
    gate: &'g Gate,
    peer: &Peer<'_>,
    began_us: u64,
    head: &Head<'_>,
    body: B,
    seen: &mut Seen<'g>,
) -> Result<Answered, Refused>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    if !head.path.starts_with(OPERATIONS_PREFIX)
        && let Some(page) = page(gate, peer, head).await?
    {
        return Ok(page);
    }
    if *head.method == http::Method::OPTIONS {
        return options(gate, head);
    }
    let (route, values) = route(gate, head)?;
    seen.route = Some(route);
    let (domain, shape) = (route.entry.id, &route.operation.shape);
    let _taken = gate.load.take(&gate.core, began_us, domain, shape)?;
    admit(peer, route)?;
    let (caller, authenticated) = match authenticate(gate, peer, &head.fields).await {
        Ok(found) => found,
        Err(refused) => return Err(guessed(gate, peer, route, seen, refused).await),
    };
    seen.tenant = Some(caller.tenant);
    if let Some(authenticated) = &authenticated {
        authenticated.may_call(route.operation)?;
    }
    let allowance = limit(&gate.core, &gate.limits, &caller, route).await;
    // What it holds is given back when the request ends, however it ends.
    let allowance = allowance.map_err(|it| {
        seen.limits = it.fields;
        it.rejection
    })?;
    seen.limits.clone_from(&allowance.fields);
    let demands = Demands::of(&head.fields)?;
    let body = receive(body, &head.fields, gate.front.terms.body_bytes_max).await?;
    seen.request_bytes = body.len();
    // From here on it is the box that takes its time.
    peer.received.set(true);
    let json = route.request_json(&values, head.query, &body)?;
    let mut payload = Vec::with_capacity(BUFFER_BYTES);
    (route.operation.from_json)(&json, &mut payload).map_err(Rejection::from)?;
    let condition = Condition::of(&gate.routes, route, head)?;
    let correlation = seen.trace.map_or(0, |it| it.trace_id());
    let demand = demands.demand(route, &caller, correlation, condition.as_ref(), &payload);
    if let Some(authenticated) = &authenticated {
        gate.authenticator.hand_out(authenticated, demand.operation, &payload)?;
    }
    execute(gate, route, &demand, authenticated.as_ref()).await
}

/// What is at a path that no operation has.
async fn page(gate: &Gate, peer: &Peer<'_>, head: &Head<'_>) -> Result<Option<Answered>, Refused> {
    match head.path {
        pages::METRICS_PATH => {
            // How much is asked and by which door is nobody's business who may not ask.
            authenticate(gate, peer, &head.fields).await?;
        }
        pages::JWKS_PATH if head.is_read() => {
            return Ok(Some(pages::jwks(gate, gate.authenticator.jwks().await?)));
        }
        _ => {}
    }
    pages::find(gate, head)
}

/// Finds the operation. `HEAD` is `GET` without the body (RFC 9110, 9.3.2).
fn route<'g, 'h>(gate: &'g Gate, head: &Head<'h>) -> Result<(&'g Route, Vec<&'h str>), Refused> {
    let method = match *head.method {
        http::Method::GET | http::Method::HEAD => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::PUT => Method::Put,
        http::Method::DELETE => Method::Delete,
        _ => return Err(other_method(gate, head)),
    };
    match gate.routes.find(method, head.path) {
        Found::Route(route, values) => Ok((route, values)),
        Found::OtherMethods(methods) => Err(wrong_method(head, &methods)),
        Found::Nothing => Err(nothing(head.path).into()),
    }
}

/// What comes before the end of the handshake may be a recording: only reads are answered (RFC 8470).
fn admit(peer: &Peer<'_>, route: &Route) -> Result<(), Refused> {
    if peer.early_data && route.operation.kind() == Kind::Command {
        let detail = "send the command again once the handshake is complete";
        return Err(Rejection::new(Status::Malformed, detail).as_http(425).into());
    }
    Ok(())
}

/// Who asks. Whoever reached the plain door is on this machine and needs to show nothing; what it
/// shows counts all the same.
async fn authenticate(
    gate: &Gate,
    peer: &Peer<'_>,
    fields: &Fields<'_>,
) -> Result<(Caller, Option<Authenticated>), Refused> {
    let address = peer.address.map(|it| it.ip());
    let tenant = fields.tenant.map(tenant).transpose()?;
    let authorization = fields.authorization.map(HeaderValue::as_bytes);
    let api_key = fields.api_key.map(HeaderValue::as_bytes);
    let certificate = || peer.client.map(Shown::Certificate);
    let Some(shown) = Shown::of(authorization, api_key)?.or_else(certificate) else {
        if !matches!(peer.door, DoorKind::Plain) {
            return Err(Shown::missing().into());
        }
        let Principal { tenant, actor } = Principal::loopback(tenant.unwrap_or(Tenant::BOX).0);
        return Ok((Caller { tenant, actor, credential: None, address, is_known: true }, None));
    };
    let mut found = gate.authenticator.authenticate(shown).await?;
    if let Some(tenant) = tenant {
        found = found.on_behalf_of(tenant)?;
    }
    let Authenticated { tenant, actor, credential, .. } = found;
    Ok((
        Caller { tenant, actor, credential: Some(credential), address, is_known: true },
        Some(found),
    ))
}

/// What a request hears that nobody can be known by. Guesses count against the limits of the address
/// that they come from.
async fn guessed(
    gate: &Gate,
    peer: &Peer<'_>,
    route: &Route,
    seen: &mut Seen<'_>,
    refused: Refused,
) -> Refused {
    if refused.rejection.status != Status::Unauthenticated {
        return refused;
    }
    let stranger = Caller::stranger(peer.address.map(|it| it.ip()));
    match limit(&gate.core, &gate.limits, &stranger, route).await {
        Ok(_) => refused,
        Err(limited) => {
            seen.limits = limited.fields;
            limited.rejection.into()
        }
    }
}

/// On whose behalf, when it is not the caller's own tenant.
fn tenant(value: &HeaderValue) -> Result<Tenant, Rejection> {
    let number = value.to_str().ok().and_then(|it| it.trim().parse().ok());
    let wrong = || Rejection::new(Status::Malformed, "header X-Tenant is not a number in range");
    Ok(Tenant(number.ok_or_else(|| wrong().at(name::TENANT))?))
}

async fn execute(
    gate: &Gate,
    route: &Route,
    demand: &Demand<'_>,
    caller: Option<&Authenticated>,
) -> Result<Answered, Refused> {
    // The core gives the call a ticket of its own.
    let call = demand.call(&gate.core, Ticket(0));
    let mut reply = Vec::with_capacity(BUFFER_BYTES);
    let position = gate.core.ask(call, &mut reply).await.map_err(|fault| Refused {
        rejection: Box::new(Rejection::of(&fault)),
        place: Place::Domain(route.entry.name),
        allow: None,
    })?;
    gate.authenticator.finish(caller, demand.operation, &mut reply)?;
    let mut body = Vec::with_capacity(2 * reply.len());
    (route.operation.to_json)(&reply, &mut body).map_err(|_| {
        let name = route.operation.shape.name;
        tracing::error!(operation = name, "a reply of this box is no archive of its type");
        Rejection::new(Status::Internal, "the reply could not be written as JSON")
    })?;
    Ok(Answered {
        status: StatusCode::OK,
        position: position.0,
        media: JSON,
        body: Bytes::from(body),
        packed: None,
        allow: None,
        hash: (route.operation.shape.method == Method::Get).then(|| xxh3_64(&reply)),
    })
}

/// `OPTIONS`: what may be done with a path (RFC 9110, 9.3.7).
fn options(gate: &Gate, head: &Head<'_>) -> Result<Answered, Refused> {
    let methods = methods(gate, head.path);
    if methods.is_empty() && head.path != "*" {
        return Err(nothing(head.path).into());
    }
    Ok(Answered {
        status: StatusCode::NO_CONTENT,
        position: gate.core.durable().0,
        media: JSON,
        body: Bytes::new(),
        packed: None,
        allow: HeaderValue::from_str(&allowed(&methods)).ok(),
        hash: None,
    })
}

fn methods(gate: &Gate, path: &str) -> Vec<Method> {
    let all = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let has = |method: &Method| matches!(gate.routes.find(*method, path), Found::Route(..));
    all.into_iter().filter(has).collect()
}

/// The value of `Allow`.
fn allowed(methods: &[Method]) -> String {
    let name = |it: &Method| match it {
        Method::Get => "GET, HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    methods.iter().map(name).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
}

fn nothing(path: &str) -> Rejection {
    let detail = format!("nothing is at {path:?}; /openapi.json says what there is");
    Rejection::new(Status::UnknownOperation, detail)
}

/// A method that no operation has: the path decides between 404 and 405.
fn other_method(gate: &Gate, head: &Head<'_>) -> Refused {
    let methods = methods(gate, head.path);
    if methods.is_empty() { nothing(head.path).into() } else { wrong_method(head, &methods) }
}

pub(crate) fn wrong_method(head: &Head<'_>, methods: &[Method]) -> Refused {
    let allow = allowed(methods);
    let detail = format!("{} is not to be had here, only {allow}", head.method);
    Refused {
        rejection: Box::new(Rejection::new(Status::UnknownOperation, detail).as_http(405)),
        place: Place::Door,
        allow: HeaderValue::from_str(&allow).ok(),
    }
}
