//! One HTTP request from its head to its response, the same on every HTTP door.
//!
//! The phases, in order: route - admit (early data) - authenticate - authorise - limit - receive -
//! decode - execute - encode - mark. Each is a function here; each may end the request with a
//! rejection, which becomes an `application/problem+json` document (RFC 9457).

use std::time::Instant;

use bytes::Bytes;
use contract::{Kind, Method, Tenant};
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName,
    HeaderValue, IF_NONE_MATCH, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use shard::Ticket;
use wire::Status;
use xxhash_rust::xxh3::xxh3_64;

use crate::authenticate::{Authenticated, Shown, challenge};
use crate::caller::Caller;
use crate::demand::{Demand, Principal};
use crate::demands::{Demands, is_json};
use crate::gate::{DoorKind, Gate, Peer};
use crate::limit::limit;
use crate::pages;
use crate::rejection::{Place, Rejection};
use crate::routes::{Found, Route};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const TENANT: HeaderName = HeaderName::from_static("x-tenant");
const LOG_POSITION: HeaderName = HeaderName::from_static("x-log-position");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// No page of the box's own lies below this.
const OPERATIONS_PREFIX: &str = "/v1/";
/// Archives and answers of most requests fit without growing.
const BUFFER_BYTES: usize = 1024;

/// What goes back when nothing went wrong.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) position: u64,
    pub(crate) media: HeaderValue,
    pub(crate) body: Bytes,
    /// Methods, for the answer to `OPTIONS`.
    pub(crate) allow: Option<HeaderValue>,
    /// A later request may ask whether this is still so.
    pub(crate) tagged: bool,
}

/// What is known of a request by its end, whatever became of it.
#[derive(Default)]
struct Seen {
    /// The place of its operation among all.
    operation: Option<usize>,
    /// The fields that tell of limits.
    limits: Option<(Vec<u8>, Vec<u8>)>,
}

/// What went wrong, and where.
pub(crate) struct Refused {
    rejection: Box<Rejection>,
    place: Place,
    allow: Option<HeaderValue>,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self { rejection: Box::new(rejection), place: Place::Door, allow: None }
    }
}

/// Answers one request; whatever happens, there is a response. The body is empty for `HEAD`.
pub async fn answer<B>(gate: &Gate, peer: &Peer<'_>, request: Request<B>) -> Response<Bytes>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let began = Instant::now();
    let (head, body) = request.into_parts();
    let mut seen = Seen::default();
    let answered = respond(gate, peer, &head, body, &mut seen).await;
    let mut response = match answered {
        Ok(answered) => encode(&head, answered),
        Err(refused) => refused.response(gate.core.durable().0),
    };
    mark(gate, peer, &head, response.headers_mut());
    if let Some((policies, limit)) = seen.limits {
        for (name, value) in [(RATELIMIT_POLICY, policies), (RATELIMIT, limit)] {
            let value = HeaderValue::try_from(value).expect("names of policies are printable");
            response.headers_mut().insert(name, value);
        }
    }
    if head.method == http::Method::HEAD {
        let length = response.body().len();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        *response.body_mut() = Bytes::new();
    }
    gate.metrics().answered(peer.door, seen.operation, response.status().as_u16(), began.elapsed());
    response
}

async fn respond<B>(
    gate: &Gate,
    peer: &Peer<'_>,
    head: &Parts,
    body: B,
    seen: &mut Seen,
) -> Result<Answered, Refused>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let path = head.uri.path();
    if !path.starts_with(OPERATIONS_PREFIX) {
        if path == pages::METRICS_PATH {
            // How much is asked and by which door is nobody's business who may not ask.
            authenticate(gate, peer, &head.headers).await?;
        }
        if let Some(page) = pages::find(gate, head)? {
            return Ok(page);
        }
    }
    if head.method == http::Method::OPTIONS {
        return options(gate, path);
    }
    if path == pages::JWKS_PATH && [http::Method::GET, http::Method::HEAD].contains(&head.method) {
        return Ok(pages::jwks(gate, gate.authenticator.jwks().await?));
    }
    let (route, values) = route(gate, head)?;
    seen.operation = Some(route.index);
    admit(peer, route)?;
    let (caller, authenticated) = authenticate(gate, peer, &head.headers).await?;
    if let Some(authenticated) = authenticated {
        authenticated.authorise(route.operation)?;
    }
    let allowance = limit(&gate.core, &gate.limits, &caller, route).await;
    // What it holds is given back when the request ends, however it ends.
    let allowance = allowance.map_err(|it| {
        seen.limits = it.fields;
        it.rejection
    })?;
    seen.limits.clone_from(&allowance.fields);
    let demands = Demands::of(&head.headers)?;
    let body = receive(body, head, gate.front.terms.body_bytes_max).await?;
    // From here on it is the box that takes its time.
    peer.received.set(true);
    let json = route.request_json(&values, head.uri.query(), &body)?;
    let mut payload = Vec::with_capacity(BUFFER_BYTES);
    (route.operation.from_json)(&json, &mut payload).map_err(Rejection::from)?;
    execute(gate, route, &caller, &demands, &payload).await
}

/// Finds the operation. `HEAD` is `GET` without the body (RFC 9110, 9.3.2).
fn route<'g, 'h>(gate: &'g Gate, head: &'h Parts) -> Result<(&'g Route, Vec<&'h str>), Refused> {
    let path = head.uri.path();
    let method = match head.method {
        http::Method::GET | http::Method::HEAD => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::PUT => Method::Put,
        http::Method::DELETE => Method::Delete,
        _ => return Err(other_method(gate, head)),
    };
    match gate.routes.find(method, path) {
        Found::Route(route, values) => Ok((route, values)),
        Found::OtherMethods(methods) => Err(wrong_method(head, &methods)),
        Found::Nothing => Err(nothing(path).into()),
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
    headers: &HeaderMap,
) -> Result<(Caller, Option<Authenticated>), Refused> {
    let address = peer.address.map(|it| it.ip());
    let value = |name: HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    let tenant = tenant(headers)?;
    let Some(shown) = Shown::of(value(AUTHORIZATION), value(API_KEY))? else {
        if !matches!(peer.door, DoorKind::Plain) {
            return Err(Shown::missing().into());
        }
        let Principal { tenant, actor } = Principal::loopback(tenant.unwrap_or(Tenant::BOX).0);
        return Ok((Caller { tenant, actor, credential: None, address }, None));
    };
    let mut found = gate.authenticator.authenticate(shown).await?;
    if let Some(tenant) = tenant {
        found = found.on_behalf_of(tenant)?;
    }
    let Authenticated { tenant, actor, credential, .. } = found;
    Ok((Caller { tenant, actor, credential: Some(credential), address }, Some(found)))
}

/// On whose behalf, when it is not the caller's own tenant.
fn tenant(headers: &HeaderMap) -> Result<Option<Tenant>, Refused> {
    let Some(value) = headers.get(TENANT) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|it| it.trim().parse().ok());
    let wrong = || Rejection::new(Status::Malformed, "header X-Tenant is not a number in range");
    Ok(Some(Tenant(number.ok_or_else(|| wrong().at("X-Tenant"))?)))
}

async fn execute(
    gate: &Gate,
    route: &Route,
    caller: &Caller,
    demands: &Demands,
    payload: &[u8],
) -> Result<Answered, Refused> {
    let is_command = route.operation.kind() == Kind::Command;
    let demand = Demand {
        operation: route.operation.number(route.entry.id),
        principal: Principal { tenant: caller.tenant, actor: caller.actor },
        idempotency_key: demands.idempotency_key.as_deref().filter(|_| is_command),
        item: None,
        deadline_ms: demands.deadline_ms,
        at_least: demands.at_least,
        correlation: demands.correlation,
        payload,
    };
    // The core gives the call a ticket of its own.
    let call = demand.call(&gate.core, Ticket(0));
    let mut reply = Vec::with_capacity(BUFFER_BYTES);
    let position = gate.core.ask(call, &mut reply).await.map_err(|fault| Refused {
        rejection: Box::new(Rejection::of(&fault)),
        place: Place::Domain(route.entry.name),
        allow: None,
    })?;
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
        allow: None,
        tagged: route.operation.shape.method == Method::Get,
    })
}

/// The whole body, as JSON and within the limit.
async fn receive<B>(body: B, head: &Parts, bytes_max: usize) -> Result<Bytes, Rejection>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let too_large = || {
        let detail = format!("the body is over the limit of {bytes_max} bytes");
        Rejection::new(Status::TooLarge, detail)
    };
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if !is_json(&head.headers) {
        let detail = "declare the body as content-type: application/json";
        return Err(Rejection::new(Status::Malformed, detail).as_http(415).at("Content-Type"));
    }
    if u64::try_from(bytes_max).is_ok_and(|it| it < body.size_hint().lower()) {
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    // Nearly every body comes in one part, which is taken as it is.
    let mut only = Bytes::new();
    let mut parts = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Rejection::new(Status::Malformed, format!("the body did not arrive: {error}"))
        })?;
        // Trailers say nothing that is asked for.
        let Ok(part) = frame.into_data() else { continue };
        if bytes_max - only.len() - parts.len() < part.len() {
            return Err(too_large());
        }
        if only.is_empty() && parts.is_empty() {
            only = part;
        } else {
            parts.extend_from_slice(&std::mem::take(&mut only));
            parts.extend_from_slice(&part);
        }
    }
    Ok(if parts.is_empty() { only } else { Bytes::from(parts) })
}

fn encode(head: &Parts, answered: Answered) -> Response<Bytes> {
    let Answered { status, position, media, body, allow, tagged } = answered;
    let tag = tagged.then(|| tag(&body));
    let same = tag.as_ref().is_some_and(|tag| matches(&head.headers, tag));
    let (status, body) =
        if same { (StatusCode::NOT_MODIFIED, Bytes::new()) } else { (status, body) };
    let mut response = response(status, media, position, body);
    let headers = response.headers_mut();
    if same || status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_TYPE);
    }
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
        // A shared cache must not answer one caller with what another may see.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if let Some(allow) = allow {
        headers.insert(ALLOW, allow);
    }
    response
}

/// A strong validator: equal bytes, equal tag.
fn tag(body: &[u8]) -> HeaderValue {
    let text = format!("\"{:016x}\"", xxh3_64(body));
    HeaderValue::from_str(&text).expect("quotes and digits")
}

/// `If-None-Match` (RFC 9110, 13.1.2): weak comparison.
fn matches(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let listed = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|it| it.to_str().ok());
    let mut tags = listed.flat_map(|it| it.split(',')).map(str::trim);
    tags.any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it).as_bytes() == tag.as_bytes())
}

/// What every answer carries.
fn mark(gate: &Gate, peer: &Peer<'_>, head: &Parts, headers: &mut HeaderMap) {
    let origins = &gate.front.terms.origins;
    origins.mark(&head.headers, headers);
    if head.method == http::Method::OPTIONS
        && let Some(methods) = headers.get(ALLOW).cloned()
    {
        origins.preflight(&head.headers, &methods, headers);
    }
    if matches!(peer.door, DoorKind::Https | DoorKind::Http3) {
        const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");
        headers.insert(NOSNIFF, HeaderValue::from_static("nosniff"));
    }
}

/// `OPTIONS`: what may be done with a path (RFC 9110, 9.3.7).
fn options(gate: &Gate, path: &str) -> Result<Answered, Refused> {
    let methods = methods(gate, path);
    if methods.is_empty() && path != "*" {
        return Err(nothing(path).into());
    }
    Ok(Answered {
        status: StatusCode::NO_CONTENT,
        position: gate.core.durable().0,
        media: JSON,
        body: Bytes::new(),
        allow: HeaderValue::from_str(&allowed(&methods)).ok(),
        tagged: false,
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
fn other_method(gate: &Gate, head: &Parts) -> Refused {
    let path = head.uri.path();
    let methods = methods(gate, path);
    if methods.is_empty() { nothing(path).into() } else { wrong_method(head, &methods) }
}

pub(crate) fn wrong_method(head: &Parts, methods: &[Method]) -> Refused {
    let allow = allowed(methods);
    let detail = format!("{} is not to be had here, only {allow}", head.method);
    Refused {
        rejection: Box::new(Rejection::new(Status::UnknownOperation, detail).as_http(405)),
        place: Place::Door,
        allow: HeaderValue::from_str(&allow).ok(),
    }
}

impl Refused {
    fn response(&self, position: u64) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.rejection.http);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = Vec::with_capacity(BUFFER_BYTES);
        self.rejection.write_json(self.place, &mut body);
        let mut response = response(status, PROBLEM_JSON, position, Bytes::from(body));
        let headers = response.headers_mut();
        if self.rejection.retry_after_ms != 0 {
            let seconds = self.rejection.retry_after_ms.div_ceil(1000);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::try_from(challenge(&self.rejection));
            headers.insert(WWW_AUTHENTICATE, challenge.expect("reasons are our own words"));
        }
        response
    }
}

fn response(status: StatusCode, media: HeaderValue, position: u64, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media);
    response.headers_mut().insert(LOG_POSITION, position.into());
    response
}
