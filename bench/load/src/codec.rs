//! Writes prebuilt requests and reads replies, without allocating per request.

mod fields;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod http3;
mod open;
pub(crate) mod postgres;
pub(crate) mod resp;
pub(crate) mod rpc;

use crate::tally::Statuses;
use crate::workload::Workload;

pub(crate) use open::Open;

/// One connection's side of a protocol over a stream of bytes.
#[derive(Debug, Clone)]
pub(crate) enum Codec {
    Rpc(rpc::Codec),
    Http1(http1::Codec),
    Http2(Box<http2::Codec>),
    Resp(resp::Codec),
    Postgres(postgres::Codec),
}

/// Counted for an answer of a store that is an error: the stores have no numbers for theirs.
pub(crate) const REFUSED: u16 = 599;

/// A complete reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How long it was.
    pub(crate) bytes: usize,
    /// How long it was without its head.
    pub(crate) body_bytes: usize,
    /// Which request it answers.
    pub(crate) slot: u32,
    /// Whether it, and every item of it, is the ordinary answer.
    pub(crate) ok: bool,
}

impl Codec {
    /// Appends the next request, and gives the number of its operation in the mix.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>, slot: u32) -> u16 {
        match self {
            Self::Rpc(codec) => codec.append(out, slot),
            Self::Http1(codec) => codec.append(out, slot),
            Self::Http2(codec) => codec.append(out, slot),
            Self::Resp(codec) => {
                codec.append(out, slot);
                0
            }
            Self::Postgres(codec) => {
                codec.append(out, slot);
                0
            }
        }
    }

    /// Reads up to the end of the first reply in `bytes`, and says how many bytes that took: none
    /// when it is not complete. Appends to `out` what the protocol wants said, and adds each status
    /// to `statuses`.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        statuses: &mut Statuses,
    ) -> Result<(usize, Option<Answer>), String> {
        let answer = match self {
            Self::Rpc(codec) => codec.next(bytes, statuses)?,
            Self::Http1(codec) => codec.next(bytes, statuses)?,
            Self::Resp(codec) => codec.next(bytes, statuses)?,
            Self::Http2(codec) => return codec.next(bytes, out, statuses),
            Self::Postgres(codec) => return codec.next(bytes, statuses),
        };
        Ok((answer.map_or(0, |it| it.bytes), answer))
    }

    /// The most bytes that must be held together to be understood.
    pub(crate) fn reply_bytes_max(&self) -> usize {
        match self {
            Self::Rpc(codec) => codec.reply_bytes_max(),
            Self::Http1(_) => http1::REPLY_BYTES_MAX,
            Self::Http2(_) => http2::FRAME_BYTES_MAX,
            Self::Resp(_) => resp::REPLY_BYTES_MAX,
            Self::Postgres(_) => postgres::MESSAGE_BYTES_MAX,
        }
    }
}

/// What an HTTP request says, whatever the version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) workload: &'a Workload,
    /// Host and port.
    pub(crate) authority: &'a str,
    /// Whether there is TLS in between.
    pub(crate) secure: bool,
    pub(crate) api_key: Option<&'a str>,
    /// Whether every request has an idempotency key.
    pub(crate) keyed: bool,
}

/// Whether an HTTP status is that of an ordinary answer.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Idempotency keys that no other connection and no other run uses.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    run: u64,
    next: u64,
}

/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = 32;
/// Where a tenant will stand, in decimal digits.
const TENANT_BLANK: &[u8] = b"000000";
/// Where a key will stand.
const KEY_BLANK: &[u8] = &[b'0'; KEY_DIGITS];

impl Keys {
    /// Keys of connection `connection` in the run called `run`.
    pub(crate) fn new(run: u64, connection: u32) -> Self {
        Self { run, next: u64::from(connection) << 40 }
    }

    /// The next key: 16 bytes.
    pub(crate) fn next(&mut self) -> u128 {
        self.next += 1;
        u128::from(self.run) << 64 | u128::from(self.next)
    }

    /// Writes the next key over `digits` as an `Idempotency-Key` has it.
    fn write_next(&mut self, digits: &mut [u8]) {
        let key = self.next();
        for (shift, digit) in (0..128).step_by(4).rev().zip(digits) {
            let nibble = usize::try_from(key >> shift & 15).expect("four bits");
            *digit = b"0123456789abcdef"[nibble];
        }
    }
}
