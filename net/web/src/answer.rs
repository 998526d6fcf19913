//! One HTTP request from its head to its response.

use std::convert::Infallible;

use bytes::Bytes;
use contract::{Kind, Method};
use gateway::{Demand, Found, Place, Principal, Rejection, Route};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use shard::Ticket;
use wire::Status;

use crate::demands::{Demands, is_json};
use crate::door::Desk;
use crate::stream::Activity;

const LOG_POSITION: HeaderName = HeaderName::from_static("x-log-position");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Archives and answers of most requests fit without growing.
const BUFFER_BYTES: usize = 1024;

/// What goes back.
struct Answered {
    position: u64,
    body: Bytes,
}

/// What went wrong, and where.
struct Refused {
    rejection: Box<Rejection>,
    place: Place,
    allow: Option<HeaderValue>,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self { rejection: Box::new(rejection), place: Place::Door, allow: None }
    }
}

/// Answers one request; whatever happens, there is a response.
pub(crate) async fn answer(
    desk: &Desk,
    activity: &Activity,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answered = respond(desk, activity, request).await;
    activity.busy.set(false);
    activity.touch();
    Ok(match answered {
        Ok(Answered { position, body }) => response(StatusCode::OK, JSON, position, body),
        Err(refused) => refused.response(desk.core.durable().0),
    })
}

async fn respond(
    desk: &Desk,
    activity: &Activity,
    request: Request<Incoming>,
) -> Result<Answered, Refused> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if let Some(body) = own_page(desk, &head)? {
        return Ok(Answered { position: desk.core.durable().0, body });
    }
    let (route, values) = match method(&head.method).map(|it| desk.routes.find(it, path)) {
        Some(Found::Route(route, values)) => (route, values),
        Some(Found::OtherMethods(methods)) => return Err(wrong_method(&head, &methods)),
        Some(Found::Nothing) => return Err(nothing(path).into()),
        None => return Err(other_method(desk, &head)),
    };
    let demands = Demands::of(&head.headers)?;
    let body = collect(body, &head, desk.options.body_bytes_max).await?;
    // From here on it is the box that takes its time.
    activity.busy.set(true);
    let json = route.request_json(&values, head.uri.query(), &body)?;
    let mut payload = Vec::with_capacity(BUFFER_BYTES);
    (route.operation.from_json)(&json, &mut payload).map_err(Rejection::from)?;
    run(desk, route, &demands, &payload).await
}

async fn run(
    desk: &Desk,
    route: &Route,
    demands: &Demands,
    payload: &[u8],
) -> Result<Answered, Refused> {
    let is_command = route.operation.kind() == Kind::Command;
    let demand = Demand {
        operation: route.operation.number(route.entry.id),
        principal: Principal::loopback(0),
        idempotency_key: demands.idempotency_key.as_deref().filter(|_| is_command),
        item: None,
        deadline_ms: demands.deadline_ms,
        at_least: demands.at_least,
        correlation: demands.correlation,
        payload,
    };
    // The core gives the call a ticket of its own.
    let call = demand.call(&desk.core, Ticket(0));
    let mut reply = Vec::with_capacity(BUFFER_BYTES);
    let position = desk.core.ask(call, &mut reply).await.map_err(|fault| Refused {
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
    Ok(Answered { position: position.0, body: Bytes::from(body) })
}

/// The pages that are no operation.
fn own_page(desk: &Desk, head: &Parts) -> Result<Option<Bytes>, Refused> {
    let page = match head.uri.path() {
        "/openapi.json" => desk.description(),
        "/health/ready" if desk.core.is_stopping() => {
            return Err(Rejection::new(Status::ShuttingDown, "the box is stopping").into());
        }
        "/health/live" | "/health/ready" => Bytes::from_static(br#"{"status":"ok"}"#),
        _ => return Ok(None),
    };
    if head.method != hyper::Method::GET {
        return Err(wrong_method(head, &[Method::Get]));
    }
    Ok(Some(page))
}

async fn collect(body: Incoming, head: &Parts, bytes_max: usize) -> Result<Bytes, Rejection> {
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
    let mut body = body;
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

fn method(method: &hyper::Method) -> Option<Method> {
    match *method {
        hyper::Method::GET => Some(Method::Get),
        hyper::Method::POST => Some(Method::Post),
        hyper::Method::PUT => Some(Method::Put),
        hyper::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

fn nothing(path: &str) -> Rejection {
    let detail = format!("nothing is at {path:?}; /openapi.json says what there is");
    Rejection::new(Status::UnknownOperation, detail)
}

/// A method that no operation has: the path decides between 404 and 405.
fn other_method(desk: &Desk, head: &Parts) -> Refused {
    let path = head.uri.path();
    let all = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let has = |method: &Method| matches!(desk.routes.find(*method, path), Found::Route(..));
    let methods: Vec<_> = all.into_iter().filter(has).collect();
    if methods.is_empty() { nothing(path).into() } else { wrong_method(head, &methods) }
}

fn wrong_method(head: &Parts, methods: &[Method]) -> Refused {
    let name = |it: &Method| match it {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let allow = methods.iter().map(name).collect::<Vec<_>>().join(", ");
    let detail = format!("{} is not to be had here, only {allow}", head.method);
    Refused {
        rejection: Box::new(Rejection::new(Status::UnknownOperation, detail).as_http(405)),
        place: Place::Door,
        allow: HeaderValue::from_str(&allow).ok(),
    }
}

impl Refused {
    fn response(&self, position: u64) -> Response<Full<Bytes>> {
        let status = StatusCode::from_u16(self.rejection.http);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = Vec::with_capacity(BUFFER_BYTES);
        self.rejection.write_json(self.place, &mut body);
        let mut response = response(status, PROBLEM_JSON, position, Bytes::from(body));
        if self.rejection.retry_after_ms != 0 {
            let seconds = self.rejection.retry_after_ms.div_ceil(1000);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = &self.allow {
            response.headers_mut().insert(ALLOW, allow.clone());
        }
        response
    }
}

fn response(
    status: StatusCode,
    media: HeaderValue,
    position: u64,
    body: Bytes,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media);
    response.headers_mut().insert(LOG_POSITION, position.into());
    response
}
