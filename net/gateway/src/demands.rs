//! What a request asks for in its head: deadline, position, idempotency.

use std::borrow::Cow;

use contract::Kind;
use http::header::HeaderValue;
use wire::{KEY_BYTES_MAX, Status};

use crate::caller::Caller;
use crate::condition::Condition;
use crate::demand::{Demand, Principal};
use crate::head::{Fields, name};
use crate::rejection::Rejection;
use crate::routes::Route;

/// What a request asks for beside its operation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Demands {
    pub(crate) idempotency_key: Option<Vec<u8>>,
    pub(crate) at_least: u64,
    pub(crate) deadline_ms: u32,
}

impl Demands {
    pub(crate) fn of(fields: &Fields<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            idempotency_key: fields.idempotency_key.map(key).transpose()?,
            at_least: number(fields.at_least, name::AT_LEAST)?,
            deadline_ms: number(fields.deadline, name::DEADLINE)?,
        })
    }

    /// All of it together, for the engine.
    pub(crate) fn demand<'a>(
        &'a self,
        route: &Route,
        caller: &Caller,
        correlation: u128,
        condition: Option<&'a Condition>,
        payload: &'a [u8],
    ) -> Demand<'a> {
        let is_command = route.operation.kind() == Kind::Command;
        Demand {
            operation: route.operation.number(route.entry.id),
            principal: Principal { tenant: caller.tenant, actor: caller.actor },
            // A query changes nothing however often it comes.
            idempotency_key: self.idempotency_key.as_deref().filter(|_| is_command),
            item: None,
            deadline_ms: self.deadline_ms,
            at_least: self.at_least,
            correlation,
            precondition: condition.map(Condition::precondition),
            payload,
        }
    }
}

fn number<T: std::str::FromStr + Default>(
    value: Option<&HeaderValue>,
    name: &'static str,
) -> Result<T, Rejection> {
    let Some(value) = value else { return Ok(T::default()) };
    let number = value.to_str().ok().and_then(|it| it.trim().parse().ok());
    number.ok_or_else(|| refused(name, "is not a number in range"))
}

/// A quoted string (RFC 8941, 3.3.3); the same bytes without quotes are taken too.
fn key(value: &HeaderValue) -> Result<Vec<u8>, Rejection> {
    const NAME: &str = name::IDEMPOTENCY_KEY;
    let text = value.as_bytes().trim_ascii();
    let key = match text.strip_prefix(b"\"") {
        None => Cow::Borrowed(text),
        Some(rest) => Cow::Owned(unquoted(rest).ok_or_else(|| refused(NAME, "is badly quoted"))?),
    };
    if key.is_empty() || KEY_BYTES_MAX < key.len() {
        return Err(refused(NAME, "must have 1 to 64 bytes"));
    }
    if !key.iter().all(|it| (0x20..0x7f).contains(it)) {
        return Err(refused(NAME, "must be printable ascii"));
    }
    Ok(key.into_owned())
}

/// The text up to the closing quote, which must be the last byte.
fn unquoted(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len());
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return rest.is_empty().then_some(text),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                matches!(escaped, b'"' | b'\\').then(|| text.push(*escaped))?;
            }
            byte => text.push(*byte),
        }
    }
}

fn refused(name: &'static str, what: &str) -> Rejection {
    Rejection::new(Status::Malformed, format!("header {name} {what}")).at(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Head;

    fn demands(name: &'static str, value: &str) -> Result<Demands, String> {
        let request = http::Request::get("/").header(name, value);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Demands::of(&Head::of(&parts).fields).map_err(|it| it.detail.into_owned())
    }

    #[test]
    fn keys_are_quoted_strings() {
        let long = "k".repeat(64);
        for (value, expected) in [
            (r#""abc""#, Ok("abc")),
            ("abc", Ok("abc")),
            (r#""a\"b\\c""#, Ok(r#"a"b\c"#)),
            (&format!("\"{long}\""), Ok(&long[..])),
            (&format!("\"{long}k\""), Err("header Idempotency-Key must have 1 to 64 bytes")),
            (r#""""#, Err("header Idempotency-Key must have 1 to 64 bytes")),
            (r#""abc"#, Err("header Idempotency-Key is badly quoted")),
            (r#""a"b""#, Err("header Idempotency-Key is badly quoted")),
            (r#""a\b""#, Err("header Idempotency-Key is badly quoted")),
        ] {
            let found = demands("idempotency-key", value).map(|it| it.idempotency_key.unwrap());
            let expected = expected.map(|it| it.as_bytes().to_vec()).map_err(str::to_owned);
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn numbers_are_read_or_refused() {
        assert_eq!(demands("x-log-position-at-least", "42").unwrap().at_least, 42);
        assert_eq!(demands("x-request-deadline", "250").unwrap().deadline_ms, 250);
        for value in ["", "-1", "1.5", "4294967296", "soon"] {
            assert_eq!(
                demands("x-request-deadline", value).unwrap_err(),
                "header X-Request-Deadline is not a number in range"
            );
        }
    }
}
