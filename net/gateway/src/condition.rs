//! Commands that run only if a resource is as their caller has seen it: `If-Match` and `If-None-Match`
//! (RFC 9110, 13.1).
//!
//! The tag of a resource is the hash of what reading it answers. A command is sent with the query of
//! its own path, and the engine compares in the same step in which it decides.

use contract::{Kind, Method, Placement};
use shard::{Expected, Precondition};
use wire::Status;

use crate::head::Head;
use crate::rejection::Rejection;
use crate::response::hash_of;
use crate::routes::{Found, Route, Routes};

/// Tags that one request may name.
const TAGS_MAX: usize = 16;

/// What must be so for a command to run.
#[derive(Debug)]
pub(crate) struct Condition {
    query: u16,
    payload: Vec<u8>,
    expected: Wanted,
}

#[derive(Debug)]
enum Wanted {
    Something,
    Nothing,
    Replies(Vec<u64>),
}

impl Condition {
    /// What the head of a request for `route` asks for; queries ask for nothing here, their tags are
    /// compared when the answer is there.
    pub(crate) fn of(
        routes: &Routes,
        route: &Route,
        head: &Head<'_>,
    ) -> Result<Option<Self>, Rejection> {
        if route.operation.kind() == Kind::Query {
            return Ok(None);
        }
        let expected = match (head.if_match(), head.if_none_match()) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                let detail = "send If-Match or If-None-Match, not both";
                return Err(Rejection::new(Status::Malformed, detail).at("If-Match"));
            }
            (Some(tags), None) => matching(tags)?,
            (None, Some(tags)) => {
                if !tags.eq(["*"]) {
                    let detail = "with a command only `If-None-Match: *` has a meaning";
                    return Err(Rejection::new(Status::Malformed, detail).at("If-None-Match"));
                }
                Wanted::Nothing
            }
        };
        let Found::Route(reading, values) = routes.find(Method::Get, head.path) else {
            return Err(untagged());
        };
        if reading.entry.id != route.entry.id
            || reading.operation.shape.placement != Placement::Owner
        {
            return Err(untagged());
        }
        // The command has been read with the same values: what is missing is a query string.
        let json = reading.request_json(&values, None, b"").map_err(|_| untagged())?;
        let mut payload = Vec::with_capacity(json.len());
        (reading.operation.from_json)(&json, &mut payload).map_err(|_| untagged())?;
        Ok(Some(Self { query: reading.operation.code, payload, expected }))
    }

    /// For the engine.
    pub(crate) fn precondition(&self) -> Precondition<'_> {
        let expected = match &self.expected {
            Wanted::Something => Expected::Something,
            Wanted::Nothing => Expected::Nothing,
            Wanted::Replies(hashes) => Expected::Replies(hashes),
        };
        Precondition { query: self.query, payload: &self.payload, expected }
    }
}

/// `If-Match`: strong comparison, so a weak tag never matches (RFC 9110, 8.8.3.2), and neither does
/// one that was never given out.
fn matching<'t>(tags: impl Iterator<Item = &'t str>) -> Result<Wanted, Rejection> {
    let mut hashes = Vec::new();
    for (index, tag) in tags.enumerate() {
        if tag == "*" {
            return Ok(Wanted::Something);
        }
        if index == TAGS_MAX {
            let detail = format!("header If-Match has over {TAGS_MAX} tags");
            return Err(Rejection::new(Status::Malformed, detail).at("If-Match"));
        }
        hashes.extend(hash_of(tag));
    }
    Ok(Wanted::Replies(hashes))
}

/// A command whose path cannot be read has no state that anybody could have seen.
fn untagged() -> Rejection {
    Rejection::changed("nothing with an entity tag is at this path")
}
