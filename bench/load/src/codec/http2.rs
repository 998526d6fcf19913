//! HTTP/2 (RFC 9113): just enough of it to load a server, no more. Requests are prebuilt frames, as
//! a client with a header table sends them; replies are read frame by frame, in place.

mod hpack;

use std::collections::VecDeque;

use super::{Answer, Head, KEY_DIGITS, Keys, Open, TENANT_BLANK, is_success};
use crate::mix::{self, Draw, Mix, Pick, write_digits};
use crate::tally::Statuses;
use hpack::{Form, Table};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD_BYTES: usize = 9;
/// The longest frame that anybody may send who was not told otherwise (section 6.5.2).
const PAYLOAD_BYTES_MAX: usize = 16 * 1024;
/// With its head.
pub(crate) const FRAME_BYTES_MAX: usize = HEAD_BYTES + PAYLOAD_BYTES_MAX;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

const ENABLE_PUSH: u16 = 2;
const STREAMS_MAX: u16 = 3;
const STREAM_WINDOW: u16 = 4;

/// A window before anybody says otherwise, in bytes (section 6.9.2).
const WINDOW_BYTES: u32 = 65_535;
/// The largest window, in bytes: the server is never held back by it.
const WINDOW_BYTES_MAX: u32 = 0x7fff_ffff;
/// So much is taken from the connection's window before it is opened again, in bytes.
const UNACKNOWLEDGED_BYTES_MAX: u32 = 1 << 30;
/// What is kept of the first refusal, in bytes.
const REFUSAL_BYTES_MAX: usize = 4096;

/// Counts for a reply that was never given: the server reset the stream.
const RESET: u16 = 0;

/// One connection's frames.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    /// The first request, until it is sent.
    first: Option<(Template, Pick)>,
    /// All that may be asked.
    templates: Vec<Template>,
    draw: Draw,
    keys: Option<Keys>,
    open: Open<Stream>,
    table: Table,
    /// How much of request bodies the server takes before it says that it takes more.
    window_bytes: i64,
    /// Streams whose bodies do not fit into the window.
    held: VecDeque<(u64, Pick)>,
    unacknowledged_bytes: u32,
    /// How many streams the server takes, once its settings are here.
    streams_max: Option<u32>,
    refusal: Vec<u8>,
}

/// A stream that waits for the end of its reply.
#[derive(Debug, Clone, Copy)]
struct Stream {
    slot: u32,
    status: u16,
    bytes: usize,
    body_bytes: usize,
}

/// A request's frames. The places of the stream's number and the key are filled in.
#[derive(Debug, Clone)]
struct Template {
    headers: Vec<u8>,
    key_at: usize,
    tenant_at: Option<usize>,
    /// The body, in as many frames as it needs.
    data: Vec<u8>,
    data_at: Vec<usize>,
    /// Where the digits of the key that was drawn stand in the first frame.
    digits_at: Option<usize>,
    body_bytes: u32,
}

impl Template {
    fn new(head: &Head<'_>, form: Form) -> Self {
        let body = &head.workload.json;
        let mut block = Vec::new();
        let hpack::Places { key_at, tenant_at } = hpack::write(head, form, &mut block);
        let ends = if body.is_empty() { END_STREAM } else { 0 };
        let mut headers = Vec::new();
        write_frame(&mut headers, HEADERS, END_HEADERS | ends, 0, &block);
        let (mut data, mut data_at) = (Vec::new(), Vec::new());
        let mut parts = body.chunks(PAYLOAD_BYTES_MAX).peekable();
        while let Some(part) = parts.next() {
            data_at.push(data.len() + 5);
            let ends = if parts.peek().is_none() { END_STREAM } else { 0 };
            write_frame(&mut data, DATA, ends, 0, part);
        }
        let body_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        // Digits across two frames would be too late in a body to matter: they stay as they are.
        let within = |at: &usize| at + mix::KEY_DIGITS <= PAYLOAD_BYTES_MAX;
        let digits_at = mix::key_at(body).filter(within).map(|at| HEAD_BYTES + at);
        let (key_at, tenant_at) = (HEAD_BYTES + key_at, tenant_at.map(|at| HEAD_BYTES + at));
        Self { headers, key_at, tenant_at, data, data_at, digits_at, body_bytes }
    }

    fn append_headers(
        &mut self,
        stream: u64,
        pick: Pick,
        keys: Option<&mut Keys>,
        out: &mut Vec<u8>,
    ) {
        if let Some(at) = self.tenant_at {
            write_digits(pick.tenant, &mut self.headers[at..][..TENANT_BLANK.len()]);
        }
        if let Some(keys) = keys {
            keys.write_next(&mut self.headers[self.key_at..][..KEY_DIGITS]);
        }
        self.headers[5..9].copy_from_slice(&id(stream));
        out.extend_from_slice(&self.headers);
    }

    fn append_data(&mut self, stream: u64, pick: Pick, out: &mut Vec<u8>) {
        if let Some(at) = self.digits_at {
            write_digits(pick.key, &mut self.data[at..][..mix::KEY_DIGITS]);
        }
        for at in &self.data_at {
            self.data[*at..*at + 4].copy_from_slice(&id(stream));
        }
        out.extend_from_slice(&self.data);
    }
}

/// The identifier of the client's stream with this number: they are odd (section 5.1.1).
fn id(stream: u64) -> [u8; 4] {
    u32::try_from(2 * stream + 1).expect("a connection is given up long before").to_be_bytes()
}

fn write_frame(out: &mut Vec<u8>, kind: u8, flags: u8, id: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("frames are short").to_be_bytes();
    out.extend_from_slice(&[length[1], length[2], length[3], kind, flags]);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(payload);
}

impl Codec {
    /// A connection that has not begun; what the client says first is appended to `out`.
    pub(crate) fn new(head: &Head<'_>, keys: Option<Keys>, out: &mut Vec<u8>) -> Self {
        let first = (Template::new(head, Form::Teach), Pick::default());
        let templates = vec![Template::new(head, Form::Refer)];
        Self::begin(first, templates, Draw::default(), keys, out)
    }

    /// A connection whose requests are drawn from a mix, without idempotency keys.
    pub(crate) fn mixed(head: &Head<'_>, mix: &Mix, connection: u32, out: &mut Vec<u8>) -> Self {
        let tenanted = mix.spread.has_tenants();
        let template = |kind: &mix::Kind, teach| {
            let head = Head { workload: &kind.workload, keyed: false, ..*head };
            Template::new(&head, Form::Mixed { teach, tenanted })
        };
        let mut draw = Draw::new(&mix.spread, connection);
        let pick = draw.next();
        let first = (template(&mix.kinds[pick.kind], true), pick);
        let templates = mix.kinds.iter().map(|it| template(it, false)).collect();
        Self::begin(first, templates, draw, None, out)
    }

    fn begin(
        first: (Template, Pick),
        templates: Vec<Template>,
        draw: Draw,
        keys: Option<Keys>,
        out: &mut Vec<u8>,
    ) -> Self {
        out.extend_from_slice(PREFACE);
        let mut settings = Vec::new();
        for (number, value) in [(ENABLE_PUSH, 0), (STREAM_WINDOW, WINDOW_BYTES_MAX)] {
            settings.extend_from_slice(&number.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        }
        write_frame(out, SETTINGS, 0, 0, &settings);
        let more = WINDOW_BYTES_MAX - WINDOW_BYTES;
        write_frame(out, WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
        Self {
            first: Some(first),
            templates,
            draw,
            keys,
            open: Open::new(),
            table: Table::default(),
            window_bytes: i64::from(WINDOW_BYTES),
            held: VecDeque::new(),
            unacknowledged_bytes: 0,
            streams_max: None,
            refusal: Vec::new(),
        }
    }

    /// How many streams the server takes at once; `None` before it said so.
    pub(crate) fn streams_max(&self) -> Option<u32> {
        self.streams_max
    }

    /// The body of the first answer that was no ordinary one.
    pub(crate) fn refusal(&self) -> &[u8] {
        &self.refusal
    }

    /// Gives the number of the operation in the mix.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, slot: u32) -> u16 {
        let stream = self.open.push(Stream { slot, status: RESET, bytes: 0, body_bytes: 0 });
        let pick = if let Some((mut template, pick)) = self.first.take() {
            template.append_headers(stream, pick, self.keys.as_mut(), out);
            pick
        } else {
            let pick = self.draw.next();
            self.templates[pick.kind].append_headers(stream, pick, self.keys.as_mut(), out);
            pick
        };
        if 0 < self.templates[pick.kind].body_bytes {
            self.held.push_back((stream, pick));
            self.send_bodies(out);
        }
        pick.operation
    }

    /// Sends as many bodies as the server takes.
    fn send_bodies(&mut self, out: &mut Vec<u8>) {
        while let Some((stream, pick)) = self.held.front().copied() {
            let template = &mut self.templates[pick.kind];
            let body_bytes = i64::from(template.body_bytes);
            if self.window_bytes < body_bytes {
                return;
            }
            self.held.pop_front();
            self.window_bytes -= body_bytes;
            template.append_data(stream, pick, out);
        }
    }

    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        statuses: &mut Statuses,
    ) -> Result<(usize, Option<Answer>), String> {
        let mut taken = 0;
        while let Some(frame) = Frame::parse(&bytes[taken..])? {
            taken += frame.bytes;
            if let Some(stream) = self.take(&frame, out)? {
                let Stream { slot, status, bytes, body_bytes } = stream;
                statuses.add(status);
                let ok = is_success(status);
                return Ok((taken, Some(Answer { bytes, body_bytes, slot, ok })));
            }
        }
        Ok((taken, None))
    }

    /// Takes one frame, and gives the stream that ended with it.
    fn take(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<Option<Stream>, String> {
        let Frame { kind, flags, id, payload, .. } = *frame;
        match kind {
            DATA => return self.take_data(frame, out),
            HEADERS => return self.take_headers(frame),
            RST_STREAM if id % 2 == 1 => return Ok(self.open.end(u64::from(id / 2))),
            SETTINGS if flags & ACK == 0 => {
                self.take_settings(payload)?;
                write_frame(out, SETTINGS, ACK, 0, &[]);
            }
            PING if flags & ACK == 0 => write_frame(out, PING, ACK, 0, payload),
            WINDOW_UPDATE if id == 0 => {
                self.window_bytes += i64::from(number(payload).ok_or("a short WINDOW_UPDATE")?);
                self.send_bodies(out);
            }
            GOAWAY => {
                let code = payload.get(4..).and_then(number).unwrap_or(0);
                let debug = String::from_utf8_lossy(payload.get(8..).unwrap_or_default());
                return Err(format!("the server ends the connection: code {code} {debug}"));
            }
            PUSH_PROMISE | CONTINUATION => return Err(format!("a frame of type {kind}")),
            _ => {}
        }
        Ok(None)
    }

    fn take_data(
        &mut self,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Stream>, String> {
        // Padding counts (section 6.9.1).
        self.unacknowledged_bytes += u32::try_from(frame.payload.len()).unwrap_or(0);
        if UNACKNOWLEDGED_BYTES_MAX <= self.unacknowledged_bytes {
            write_frame(out, WINDOW_UPDATE, 0, 0, &self.unacknowledged_bytes.to_be_bytes());
            self.unacknowledged_bytes = 0;
        }
        let content = frame.content()?;
        let number = u64::from(frame.id / 2);
        let stream = self.open.get_mut(number).ok_or("data that nobody asked for")?;
        stream.bytes += frame.bytes;
        stream.body_bytes += content.len();
        if !is_success(stream.status) && self.refusal.len() < REFUSAL_BYTES_MAX {
            self.refusal.extend_from_slice(content);
        }
        Ok(if frame.flags & END_STREAM == 0 { None } else { self.open.end(number) })
    }

    fn take_headers(&mut self, frame: &Frame<'_>) -> Result<Option<Stream>, String> {
        if frame.flags & END_HEADERS == 0 {
            return Err("a response head in several frames".to_owned());
        }
        let status = self.table.status(frame.content()?).ok_or("a response head without sense")?;
        let number = u64::from(frame.id / 2);
        let stream = self.open.get_mut(number).ok_or("a response that nobody asked for")?;
        stream.bytes += frame.bytes;
        // Interim responses come before the one that counts, trailers have no status.
        if 200 <= status {
            stream.status = status;
        }
        Ok(if frame.flags & END_STREAM == 0 { None } else { self.open.end(number) })
    }

    fn take_settings(&mut self, payload: &[u8]) -> Result<(), String> {
        self.streams_max.get_or_insert(u32::MAX);
        let bytes = self.templates.iter().map(|it| it.body_bytes).max().unwrap_or(0);
        for setting in payload.chunks_exact(6) {
            let value = number(&setting[2..]).expect("four bytes");
            match u16::from_be_bytes([setting[0], setting[1]]) {
                STREAMS_MAX => self.streams_max = Some(value),
                STREAM_WINDOW if value < bytes => {
                    return Err(format!(
                        "the server takes {value} bytes of a body before it reads it, a request \
                         has {bytes}"
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.first_chunk()?))
}

/// A complete frame.
#[derive(Debug, Clone, Copy)]
struct Frame<'a> {
    /// With its head.
    bytes: usize,
    kind: u8,
    flags: u8,
    id: u32,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at the front; `None` when it is not complete.
    fn parse(bytes: &'a [u8]) -> Result<Option<Self>, String> {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let [a, b, c, kind, flags, id @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        if PAYLOAD_BYTES_MAX < length {
            return Err(format!("a frame of {length} bytes"));
        }
        let whole = HEAD_BYTES + length;
        let Some(payload) = bytes.get(HEAD_BYTES..whole) else { return Ok(None) };
        let id = u32::from_be_bytes(id) & 0x7fff_ffff;
        Ok(Some(Self { bytes: whole, kind, flags, id, payload }))
    }

    /// The payload without padding and priority.
    fn content(&self) -> Result<&'a [u8], String> {
        let mut content = self.payload;
        let mut padding = 0;
        if self.flags & PADDED != 0 {
            let (first, rest) = content.split_first().ok_or("a frame without its padding")?;
            (padding, content) = (usize::from(*first), rest);
        }
        if self.kind == HEADERS && self.flags & PRIORITY != 0 {
            content = content.get(5..).ok_or("a frame without its priority")?;
        }
        let end = content.len().checked_sub(padding).ok_or("more padding than frame")?;
        Ok(&content[..end])
    }
}

#[cfg(test)]
#[path = "http2/tests.rs"]
mod tests;
