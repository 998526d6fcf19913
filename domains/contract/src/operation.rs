//! Operations: what a caller may ask for, declared once beside the type that carries the request.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Damaged, EncodesAs, Key, KeyBytes, Record, Slot, StoreKey, Stored, TableId, Tenant,
    entry::{CommandRun, QueryRun},
};

/// The most records one command may name: it holds them all, on every core they live on.
pub const TOUCHED_MAX: usize = 16;

/// The HTTP method of an operation's route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A read whose request fits into the path and the query string.
    Get,
    /// A command, or a read with a body.
    Post,
    /// A command that sets the whole of what the path names.
    Put,
    /// A command that ends what the path names.
    Delete,
}

/// How much one call weighs for limits and for shedding load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// One record or one small computation.
    Read,
    /// One durable change.
    Write,
    /// Many records or many computations in one call.
    Bulk,
}

/// Where an operation may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// On the core that owns the records it touches; on the core it arrived at when it touches none.
    Owner,
    /// On every core; the answers are merged. For lists over an index.
    EveryCore,
}

/// Whether an operation changes state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Decides events; durable before it is answered.
    Command,
    /// Reads.
    Query,
}

/// What is declared about an operation beside its types.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The name in metrics, documents and command lines, such as `rates.quote`.
    pub name: &'static str,
    /// One line for documents.
    pub summary: &'static str,
    /// The route's method.
    pub method: Method,
    /// The route, with `{field}` for path parameters, such as `/v1/rates/quotes/{id}`.
    pub path: &'static str,
    /// The permission a caller needs.
    pub permission: &'static str,
    /// How much one call weighs.
    pub rate: RateClass,
    /// Where it may run.
    pub placement: Placement,
    /// A request that works on a box with the reference packs, as JSON.
    pub example: &'static str,
}

/// An operation that will go, and what its callers are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecation {
    /// Since when nobody new should call it, in seconds since 1970-01-01 UTC (RFC 9745).
    pub since_s: u64,
    /// From when on it may be gone, in seconds since 1970-01-01 UTC (RFC 8594).
    pub sunset_s: Option<u64>,
    /// The path to call instead.
    pub successor: Option<&'static str>,
}

/// A request: archived on the wire, JSON over HTTP with unknown fields refused.
pub trait Request: Stored + DeserializeOwned + JsonSchema + 'static {
    /// What a success answers.
    type Reply: Reply;
    /// The declaration.
    const SHAPE: Shape;
    /// Set when the operation will go.
    const DEPRECATION: Option<Deprecation> = None;

    /// Names the records that deciding or answering may read or change. What is not named cannot
    /// be seen unless it happens to live on the same core, so name all.
    fn touches(request: &Self::Archived, touched: &mut Touched) {
        let _ = (request, touched);
    }
}

/// A reply: archived on the wire, JSON over HTTP.
pub trait Reply: Stored + Serialize + JsonSchema + 'static {
    /// Appends the JSON form. Hot replies override it to write straight from the archive.
    fn write_json(reply: &Self::Archived, out: &mut Vec<u8>) {
        serde_json::to_writer(out, &Self::revive(reply)).expect("writing into memory cannot fail");
    }
}

/// The records that a request names, at most [`TOUCHED_MAX`].
#[derive(Debug, Default)]
pub struct Touched {
    rows: Vec<(Slot, TableId, KeyBytes)>,
    over: bool,
}

impl Touched {
    /// No records yet.
    pub const fn new() -> Self {
        Self { rows: Vec::new(), over: false }
    }

    /// Names one record.
    pub fn record<R: Record>(&mut self, key: &R::Key) {
        if self.rows.len() == TOUCHED_MAX {
            self.over = true;
            return;
        }
        self.rows.push((key.slot(), R::TABLE, KeyBytes::of(key)));
    }

    /// Forgets all, for reuse.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.over = false;
    }

    /// The slots, tables and store keys of what was named, in the order it was named.
    pub fn rows(&self, tenant: Tenant) -> impl Iterator<Item = (Slot, TableId, StoreKey)> + '_ {
        let row = move |(slot, table, key): &(Slot, TableId, KeyBytes)| {
            (*slot, *table, StoreKey::record(*slot, tenant, key))
        };
        self.rows.iter().map(row)
    }

    /// Whether nothing was named.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether too many records were named, or one has a key that is too long.
    pub fn is_over_limit(&self) -> bool {
        self.over || self.rows.iter().any(|(_, _, key)| key.is_overlong())
    }
}

/// Where a query puts its answer: the caller's buffer, written in place.
#[derive(Debug)]
pub struct ReplySink<'a, R> {
    out: &'a mut Vec<u8>,
    start: usize,
    reply: std::marker::PhantomData<fn() -> R>,
}

impl<'a, R: Reply> ReplySink<'a, R> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, reply: std::marker::PhantomData }
    }

    /// Puts the answer, from the reply type itself or from a borrowed twin that archives alike.
    /// A second call replaces the first.
    pub fn put(&mut self, reply: &impl EncodesAs<R>) {
        self.out.truncate(self.start);
        reply.encode_as(self.out);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.out.len() == self.start
    }
}

/// Why a JSON request was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail} at line {line} column {column}")]
pub struct JsonError {
    /// The path from the request's root, such as `shifts[3].end`; empty for the request itself.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in bytes.
    pub column: usize,
}

/// An operation as doors and the engine see it, without its types.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The number inside the domain; with the domain in the high half it is the RPC operation.
    pub code: u16,
    /// The declaration.
    pub shape: Shape,
    /// Set when it will go.
    pub deprecation: Option<Deprecation>,
    /// What runs it.
    pub run: Run,
    /// Names the records that the archived request touches.
    pub touches: fn(payload: &[u8], touched: &mut Touched) -> Result<(), Damaged>,
    /// Turns a JSON request into its archive, appended to `out`.
    pub from_json: fn(json: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError>,
    /// Turns an archived reply into JSON, appended to `out`.
    pub to_json: fn(reply: &[u8], out: &mut Vec<u8>) -> Result<(), Damaged>,
    /// The JSON schema of the request.
    pub request_schema: fn() -> schemars::Schema,
    /// The JSON schema of the reply.
    pub reply_schema: fn() -> schemars::Schema,
}

/// The function behind an operation.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// Decides.
    Command(CommandRun),
    /// Answers, and merges the answers of several cores when the placement asks for it.
    Query(QueryRun),
}

impl Operation {
    /// Whether it changes state.
    pub const fn kind(&self) -> Kind {
        match self.run {
            Run::Command(_) => Kind::Command,
            Run::Query(_) => Kind::Query,
        }
    }

    /// The number on the RPC wire.
    pub const fn number(&self, domain: crate::DomainId) -> u32 {
        ((domain.0 as u32) << 16) | self.code as u32
    }
}

pub(crate) const fn operation<T: Request>(code: u16, run: Run) -> Operation {
    Operation {
        code,
        shape: T::SHAPE,
        deprecation: T::DEPRECATION,
        run,
        touches: touches::<T>,
        from_json: from_json::<T>,
        to_json: to_json::<T::Reply>,
        request_schema: || schemars::schema_for!(T),
        reply_schema: || schemars::schema_for!(T::Reply),
    }
}

fn touches<T: Request>(payload: &[u8], touched: &mut Touched) -> Result<(), Damaged> {
    T::touches(T::access(payload)?, touched);
    Ok(())
}

fn from_json<T: Request>(json: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
    match serde_json::from_slice::<T>(json) {
        Ok(request) => {
            request.encode(out);
            Ok(())
        }
        Err(error) => Err(explain::<T>(json, &error)),
    }
}

/// Reads a refused request a second time, now tracking the path: the fast path need not.
fn explain<T: Request>(json: &[u8], error: &serde_json::Error) -> JsonError {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let tracked = serde_path_to_error::deserialize::<_, T>(&mut reader);
    let mut field = tracked.err().map_or_else(String::new, |error| error.path().to_string());
    if field == "." {
        field.clear();
    }
    let text = error.to_string();
    let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
    // The path leads to the object; which of its fields is missing or there twice is in the text.
    let named = ["missing field `", "duplicate field `"];
    let inner = named.iter().find_map(|start| detail.strip_prefix(start)?.split('`').next());
    if let Some(inner) = inner
        && !field.ends_with(inner)
    {
        let dot = if field.is_empty() { "" } else { "." };
        field = format!("{field}{dot}{inner}");
    }
    JsonError { field, detail, line: error.line(), column: error.column() }
}

fn to_json<R: Reply>(reply: &[u8], out: &mut Vec<u8>) -> Result<(), Damaged> {
    R::write_json(R::access(reply)?, out);
    Ok(())
}
