//! Appends frames to a byte vector.
//!
//! A reply is written in place: [`ReplyMark::begin`] reserves the header, the caller appends the
//! payload straight into the send buffer, [`ReplyMark::finish`] fills the header in. No payload is
//! copied, whatever its size.

use crate::batch::{REPLY_ITEM_BYTES, REQUEST_ITEM_BYTES, ReplyItems};
use crate::header::{FLAG_AT_LEAST, FLAG_BATCH, FLAG_IDEMPOTENT, HEADER_BYTES, Head};
use crate::limits::{KEY_BYTES_MAX, Limits};
use crate::problem::Problem;
use crate::status::Status;

/// Why a request cannot be put into a frame. Nothing was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The frame would be larger than the server accepts.
    #[error("request of {frame_bytes} bytes is over the server's limit of {bytes_max}")]
    TooLarge {
        /// The frame's length.
        frame_bytes: usize,
        /// The server's limit.
        bytes_max: u32,
    },
    /// A batch of nothing, or of more than the server accepts.
    #[error("batch of {items} items, the server accepts 1 up to {items_max}")]
    BatchItems {
        /// How many items.
        items: usize,
        /// The server's limit.
        items_max: u16,
    },
    /// An idempotency key of no bytes or of more than 64.
    #[error("idempotency key of {key_bytes} bytes, 1 up to 64 are accepted")]
    KeyLength {
        /// The key's length.
        key_bytes: usize,
    },
    /// Request id 0, which names the connection.
    #[error("request id 0 is reserved")]
    RequestIdZero,
}

/// Appends a request with one payload.
pub fn encode_request(
    out: &mut Vec<u8>,
    head: &Head<'_>,
    payload: &[u8],
    limits: &Limits,
) -> Result<(), EncodeError> {
    append_request(out, head, 0, payload.len(), limits)?;
    out.extend_from_slice(payload);
    Ok(())
}

/// Appends a request with several payloads for the same operation.
pub fn encode_batch_request(
    out: &mut Vec<u8>,
    head: &Head<'_>,
    payloads: &[&[u8]],
    limits: &Limits,
) -> Result<(), EncodeError> {
    let items = payloads.len();
    let items_max = limits.batch_items_max;
    let count = u16::try_from(items).unwrap_or(u16::MAX);
    if count == 0 || items_max < count {
        return Err(EncodeError::BatchItems { items, items_max });
    }
    let body_bytes = payloads.iter().map(|payload| REQUEST_ITEM_BYTES + payload.len()).sum();
    append_request(out, head, count, body_bytes, limits)?;
    for payload in payloads {
        let payload_bytes = u32::try_from(payload.len()).expect("smaller than its frame");
        out.extend_from_slice(&payload_bytes.to_le_bytes());
        out.extend_from_slice(payload);
    }
    Ok(())
}

/// Appends the header and the extension of a request whose body has `body_bytes` bytes.
fn append_request(
    out: &mut Vec<u8>,
    head: &Head<'_>,
    count: u16,
    body_bytes: usize,
    limits: &Limits,
) -> Result<(), EncodeError> {
    if head.request_id == 0 {
        return Err(EncodeError::RequestIdZero);
    }
    let mut flags = if count == 0 { 0 } else { FLAG_BATCH };
    let mut frame_bytes = HEADER_BYTES + body_bytes;
    if let Some(key) = head.idempotency_key {
        if key.is_empty() || KEY_BYTES_MAX < key.len() {
            return Err(EncodeError::KeyLength { key_bytes: key.len() });
        }
        flags |= FLAG_IDEMPOTENT;
        frame_bytes += 1 + key.len();
    }
    if head.at_least.is_some() {
        flags |= FLAG_AT_LEAST;
        frame_bytes += 8;
    }
    let bytes_max = limits.request_bytes_max;
    let Some(length) = u32::try_from(frame_bytes).ok().filter(|length| *length <= bytes_max) else {
        return Err(EncodeError::TooLarge { frame_bytes, bytes_max });
    };
    out.reserve(frame_bytes);
    let mut header = [0; HEADER_BYTES];
    header[0..4].copy_from_slice(&length.to_le_bytes());
    header[4..8].copy_from_slice(&head.operation.to_le_bytes());
    header[8..16].copy_from_slice(&head.request_id.to_le_bytes());
    header[16..18].copy_from_slice(&flags.to_le_bytes());
    header[18..20].copy_from_slice(&count.to_le_bytes());
    header[20..24].copy_from_slice(&head.deadline_ms.to_le_bytes());
    header[24..28].copy_from_slice(&head.tenant.to_le_bytes());
    out.extend_from_slice(&header);
    if let Some(key) = head.idempotency_key {
        out.push(u8::try_from(key.len()).expect("checked above"));
        out.extend_from_slice(key);
    }
    if let Some(position) = head.at_least {
        out.extend_from_slice(&position.to_le_bytes());
    }
    Ok(())
}

/// A reply whose header is reserved and whose payload is being appended.
#[derive(Debug)]
#[must_use = "a reply that is neither finished nor abandoned leaves half a frame behind"]
pub struct ReplyMark {
    start: usize,
    request_id: u64,
    reply_bytes_max: u32,
}

impl ReplyMark {
    /// Reserves the header at the end of `out`.
    pub fn begin(out: &mut Vec<u8>, request_id: u64, limits: &Limits) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_BYTES]);
        Self { start, request_id, reply_bytes_max: limits.reply_bytes_max }
    }

    /// Everything appended to `out` since `begin` becomes the payload. A frame over the reply limit
    /// is replaced by a [`Status::ReplyTooLarge`] problem.
    pub fn finish(self, out: &mut Vec<u8>, status: Status, position: u64) {
        self.fill(out, status, position, 0);
    }

    /// Drops what was appended since `begin` and answers with `problem`.
    pub fn finish_problem(self, out: &mut Vec<u8>, problem: &Problem<'_>, position: u64) {
        out.truncate(self.start + HEADER_BYTES);
        problem.encode(out);
        self.fill(out, problem.status, position, 0);
    }

    /// Drops the reply: `out` is as it was before `begin`.
    pub fn abandon(self, out: &mut Vec<u8>) {
        out.truncate(self.start);
    }

    fn fill(&self, out: &mut Vec<u8>, mut status: Status, position: u64, mut count: u16) {
        assert!(self.start + HEADER_BYTES <= out.len(), "the reserved header was cut off");
        let frame_bytes = out.len() - self.start;
        let mut length = u32::try_from(frame_bytes).unwrap_or(u32::MAX);
        if self.reply_bytes_max < length {
            out.truncate(self.start + HEADER_BYTES);
            let detail = format!(
                "reply of {frame_bytes} bytes is over the limit of {}: ask for less at once",
                self.reply_bytes_max
            );
            Problem::new(Status::ReplyTooLarge, &detail).encode(out);
            (status, count) = (Status::ReplyTooLarge, 0);
            length = u32::try_from(out.len() - self.start).expect("a problem is small");
        }
        let flags = if count == 0 { 0 } else { FLAG_BATCH };
        let header = &mut out[self.start..self.start + HEADER_BYTES];
        header[0..4].copy_from_slice(&length.to_le_bytes());
        header[4..6].copy_from_slice(&status.number().to_le_bytes());
        header[6..8].copy_from_slice(&flags.to_le_bytes());
        header[8..16].copy_from_slice(&self.request_id.to_le_bytes());
        header[16..24].copy_from_slice(&position.to_le_bytes());
        header[24..26].copy_from_slice(&count.to_le_bytes());
    }
}

/// A batch reply whose items are being appended, one per item of the request and in its order.
#[derive(Debug)]
#[must_use = "a reply that is neither finished nor abandoned leaves half a frame behind"]
pub struct ReplyBatchMark {
    reply: ReplyMark,
    count: u16,
}

/// One item of a batch reply whose payload is being appended.
#[derive(Debug)]
#[must_use = "an item that is not finished leaves half an item behind"]
pub struct ItemMark {
    start: usize,
}

impl ReplyBatchMark {
    /// Reserves the header at the end of `out`.
    pub fn begin(out: &mut Vec<u8>, request_id: u64, limits: &Limits) -> Self {
        Self { reply: ReplyMark::begin(out, request_id, limits), count: 0 }
    }

    /// Reserves the front of the next item.
    pub fn begin_item(&mut self, out: &mut Vec<u8>) -> ItemMark {
        let start = out.len();
        out.extend_from_slice(&[0; REPLY_ITEM_BYTES]);
        ItemMark { start }
    }

    /// Everything appended since `begin_item` becomes the item's payload.
    pub fn finish_item(&mut self, out: &mut [u8], ItemMark { start }: ItemMark, status: Status) {
        let (_, front) = out.split_at_mut(start);
        let (front, payload) = front.split_at_mut(REPLY_ITEM_BYTES);
        // A payload of 4 GiB is over every reply limit: `finish` replaces the whole reply.
        let payload_bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        front[0..4].copy_from_slice(&payload_bytes.to_le_bytes());
        front[4..6].copy_from_slice(&status.number().to_le_bytes());
        self.count += 1;
    }

    /// Drops what was appended since `begin_item` and answers the item with `problem`.
    pub fn finish_item_problem(
        &mut self,
        out: &mut Vec<u8>,
        item: ItemMark,
        problem: &Problem<'_>,
    ) {
        out.truncate(item.start + REPLY_ITEM_BYTES);
        problem.encode(out);
        self.finish_item(out, item, problem.status);
    }

    /// Drops the item: `out` is as it was before `begin_item`.
    pub fn abandon_item(&mut self, out: &mut Vec<u8>, ItemMark { start }: ItemMark) {
        out.truncate(start);
    }

    /// The items finished so far, as they stand in `out`.
    pub fn items<'a>(&self, out: &'a [u8]) -> ReplyItems<'a> {
        ReplyItems::from_checked(&out[self.reply.start + HEADER_BYTES..], self.count)
    }

    /// Closes the reply. A frame over the reply limit is replaced by one
    /// [`Status::ReplyTooLarge`] problem for the whole batch.
    pub fn finish(self, out: &mut Vec<u8>, position: u64) {
        assert!(self.count != 0, "a batch reply has at least one item");
        self.reply.fill(out, Status::Ok, position, self.count);
    }

    /// Drops all items and answers the whole batch with `problem`.
    pub fn finish_problem(self, out: &mut Vec<u8>, problem: &Problem<'_>, position: u64) {
        self.reply.finish_problem(out, problem, position);
    }

    /// Drops the reply: `out` is as it was before `begin`.
    pub fn abandon(self, out: &mut Vec<u8>) {
        self.reply.abandon(out);
    }
}

/// Appends a reply that only carries a problem. Request id 0 speaks of the connection, which the
/// server closes after it.
pub fn encode_problem_reply(
    out: &mut Vec<u8>,
    request_id: u64,
    problem: &Problem<'_>,
    position: u64,
) {
    ReplyMark::begin(out, request_id, &Limits::DEFAULT).finish_problem(out, problem, position);
}
