//! The protocol of `PostgreSQL` (version 3.0): one prepared statement, executed over and over, each time
//! in a transaction of its own.

use std::collections::VecDeque;

use super::{Answer, KEY_BLANK, KEY_DIGITS, Keys, REFUSED};
use crate::tally::Statuses;

/// Largest message taken, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Type and length, in bytes.
const HEAD_BYTES: usize = 5;
/// Version 3.0, as the first message has it.
const VERSION: u32 = 3 << 16;
/// What the statement is called.
const NAME: &[u8] = b"q\0";
/// Parameters that there is something for: a number and the payload.
const PARAMETERS_MAX: u16 = 2;
/// Longest text of an error that is kept, in bytes.
const REASON_BYTES_MAX: usize = 1024;

/// Who asks what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    user: String,
    database: String,
    sql: String,
    payload: Vec<u8>,
}

impl Statement {
    /// `sql` may have `$1`, a number that no other request has, as 32 hexadecimal digits (as text or as
    /// `uuid`), and `$2`, the payload.
    pub(crate) fn new(
        user: &str,
        database: &str,
        sql: &str,
        payload: Vec<u8>,
    ) -> Result<Self, String> {
        for (name, text) in [("user", user), ("database", database), ("statement", sql)] {
            if text.is_empty() || text.contains('\0') {
                return Err(format!("the {name} is empty or has a zero byte"));
            }
        }
        let (user, database, sql) = (user.to_owned(), database.to_owned(), sql.to_owned());
        Ok(Self { user, database, sql, payload })
    }
}

/// A connection that is not ready yet: lets us in, and prepares the statement.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    statement: &'a Statement,
    /// We are in, and the statement is being prepared.
    preparing: bool,
    /// How many parameters it has, once that was said.
    parameters: Option<u16>,
}

impl<'a> Opening<'a> {
    /// Appends what is said first to `out`.
    pub(crate) fn new(statement: &'a Statement, out: &mut Vec<u8>) -> Self {
        let from = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&VERSION.to_be_bytes());
        for word in ["user", &statement.user, "database", &statement.database] {
            out.extend_from_slice(word.as_bytes());
            out.push(0);
        }
        out.push(0);
        set_length(out, from);
        Self { statement, preparing: false, parameters: None }
    }

    /// Takes complete messages off the front of `bytes`, and says how many bytes they were and, when
    /// the connection is ready, how many parameters the statement has. Appends to `out` what follows.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(usize, Option<u16>), String> {
        let mut taken = 0;
        while let Some(message) = Message::parse(&bytes[taken..])? {
            taken += message.bytes;
            match (message.kind, self.preparing) {
                (b'R', false) => admitted(message.body)?,
                (b'S' | b'N' | b'A', _) | (b'K' | b'v', false) | (b'1' | b'n' | b'T', true) => {}
                (b't', true) => {
                    let count = message.body.first_chunk().ok_or("it cut its own message short")?;
                    let count = u16::from_be_bytes(*count);
                    if PARAMETERS_MAX < count {
                        return Err(format!(
                            "the statement has {count} parameters; $1 (a number) and $2 (the \
                             payload) there are"
                        ));
                    }
                    self.parameters = Some(count);
                }
                (b'E', _) => return Err(reason(message.body)),
                (b'Z', false) => {
                    self.preparing = true;
                    self.prepare(out);
                }
                (b'Z', true) => {
                    let count = self.parameters.ok_or("it did not describe the statement")?;
                    return Ok((taken, Some(count)));
                }
                (kind, _) => return Err(unexpected(kind)),
            }
        }
        Ok((taken, None))
    }

    fn prepare(&self, out: &mut Vec<u8>) {
        write(out, b'P', &[NAME, self.statement.sql.as_bytes(), b"\0", &[0; 2]]);
        write(out, b'D', &[b"S", NAME]);
        write(out, b'S', &[]);
    }
}

/// Only a server that asks for nothing is let in: figures are not worth a password.
fn admitted(body: &[u8]) -> Result<(), String> {
    match body.first_chunk().map(|it| u32::from_be_bytes(*it)) {
        Some(0) => Ok(()),
        Some(method) => Err(format!(
            "it wants a proof of identity (method {method}); let this user in from this address with \
             `trust` in its pg_hba.conf"
        )),
        None => Err("it cut its own message short".to_owned()),
    }
}

/// One connection's executions. Answers come in their order.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    /// Bind, Execute and Sync.
    template: Vec<u8>,
    /// Where the digits of the request's number stand, if it has a parameter for it.
    number_at: Option<usize>,
    keys: Keys,
    order: VecDeque<u32>,
    /// What came of the answer that is not complete: bytes, whether the statement was executed, and
    /// the error.
    bytes: usize,
    body_bytes: usize,
    executed: bool,
    failed: bool,
    /// The first error.
    refusal: String,
}

impl Codec {
    /// `parameters` is what [`Opening::next`] gave.
    pub(crate) fn new(statement: &Statement, parameters: u16, keys: Keys) -> Self {
        let mut template = Vec::new();
        let mut body: Vec<u8> = [&b"\0"[..], NAME, &[0; 2], &parameters.to_be_bytes()].concat();
        let mut number_at = None;
        let values = [KEY_BLANK, &statement.payload];
        for (index, value) in values.into_iter().take(usize::from(parameters)).enumerate() {
            let length = u32::try_from(value.len()).expect("a payload is bounded by its flag");
            body.extend_from_slice(&length.to_be_bytes());
            if index == 0 {
                number_at = Some(HEAD_BYTES + body.len());
            }
            body.extend_from_slice(value);
        }
        body.extend_from_slice(&[0; 2]);
        write(&mut template, b'B', &[&body]);
        // No name, and all rows.
        write(&mut template, b'E', &[&[0; 5]]);
        write(&mut template, b'S', &[]);
        Self {
            template,
            number_at,
            keys,
            order: VecDeque::new(),
            bytes: 0,
            body_bytes: 0,
            executed: false,
            failed: false,
            refusal: String::new(),
        }
    }

    pub(super) fn append(&mut self, out: &mut Vec<u8>, slot: u32) {
        if let Some(at) = self.number_at {
            self.keys.write_next(&mut self.template[at..][..KEY_DIGITS]);
        }
        out.extend_from_slice(&self.template);
        self.order.push_back(slot);
    }

    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        statuses: &mut Statuses,
    ) -> Result<(usize, Option<Answer>), String> {
        let mut taken = 0;
        while let Some(message) = Message::parse(&bytes[taken..])? {
            taken += message.bytes;
            self.bytes += message.bytes;
            match message.kind {
                // What a server may say at any time, and the steps on the way.
                b'S' | b'N' | b'A' | b'2' => {}
                b'D' => self.body_bytes += message.body.len(),
                b'C' => self.executed = true,
                b'E' => {
                    self.failed = true;
                    if self.refusal.is_empty() {
                        self.refusal = reason(message.body);
                    }
                }
                b'Z' => {
                    let slot = self.order.pop_front().ok_or("an answer that nobody asked for")?;
                    let ok = self.executed && !self.failed;
                    statuses.add(if ok { 0 } else { REFUSED });
                    let answer =
                        Answer { bytes: self.bytes, body_bytes: self.body_bytes, slot, ok };
                    (self.bytes, self.body_bytes) = (0, 0);
                    (self.executed, self.failed) = (false, false);
                    return Ok((taken, Some(answer)));
                }
                kind => return Err(unexpected(kind)),
            }
        }
        Ok((taken, None))
    }

    /// What the first error said.
    pub(crate) fn refusal(&self) -> &str {
        &self.refusal
    }
}

/// A complete message at the front of the received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Message<'a> {
    kind: u8,
    body: &'a [u8],
    /// With its head.
    bytes: usize,
}

impl<'a> Message<'a> {
    /// `Ok(None)` when the message is not complete yet.
    fn parse(bytes: &'a [u8]) -> Result<Option<Self>, String> {
        let Some(([kind, length @ ..], rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        // The length counts itself.
        let body_bytes = length.checked_sub(4).and_then(|it| usize::try_from(it).ok());
        let body_bytes = body_bytes
            .filter(|it| *it <= MESSAGE_BYTES_MAX - HEAD_BYTES)
            .ok_or_else(|| format!("a message of length {length}: it does not speak PostgreSQL"))?;
        Ok(rest.get(..body_bytes).map(|body| Self {
            kind: *kind,
            body,
            bytes: HEAD_BYTES + body_bytes,
        }))
    }
}

fn unexpected(kind: u8) -> String {
    format!("an unexpected message of type {:?}", char::from(kind))
}

/// Code and text of an error.
fn reason(body: &[u8]) -> String {
    let field = |wanted: u8| {
        let found = body.split(|it| *it == 0).find(|it| it.first() == Some(&wanted))?;
        Some(String::from_utf8_lossy(&found[1..found.len().min(REASON_BYTES_MAX)]).into_owned())
    };
    let text = field(b'M').unwrap_or_else(|| "an error without a text".to_owned());
    field(b'C').map_or_else(|| text.clone(), |code| format!("{code} {text}"))
}

fn write(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    out.push(kind);
    let from = out.len();
    out.extend_from_slice(&[0; 4]);
    for part in parts {
        out.extend_from_slice(part);
    }
    set_length(out, from);
}

/// Writes the length of everything from `from` on to where it begins.
fn set_length(out: &mut [u8], from: usize) {
    let length = u32::try_from(out.len() - from).expect("a message of ours is short");
    out[from..from + 4].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
#[path = "postgres/tests.rs"]
mod tests;
