//! Every bound of the protocol, in one place, with its reason.

use crate::header::HEADER_BYTES;

/// Largest request frame a server accepts unless configured otherwise, in bytes.
///
/// A roster of a thousand workers with ten shifts each fits four times over.
pub const REQUEST_BYTES_MAX: u32 = 1024 * 1024;
/// Largest reply frame a server sends unless configured otherwise, in bytes.
///
/// A quote's lines outweigh its shifts by up to eight to one.
pub const REPLY_BYTES_MAX: u32 = 8 * 1024 * 1024;
/// No configuration may raise a frame limit above this, in bytes: one frame is buffered whole.
pub const FRAME_BYTES_CEILING: u32 = 64 * 1024 * 1024;
/// Most items in one batch.
pub const BATCH_ITEMS_MAX: u16 = 1024;
/// Most requests of one connection that may wait for their reply unless configured otherwise.
pub const IN_FLIGHT_MAX: u16 = 4096;
/// Longest idempotency key, in bytes: a UUID in text is 36.
pub const KEY_BYTES_MAX: usize = 64;
/// Longest client name in a Hello, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest credential in a Hello, in bytes of ASCII: an access token of an outside issuer.
pub const CREDENTIAL_BYTES_MAX: usize = 8192;
/// Longest Hello of any version, in bytes.
pub const HELLO_BYTES_MAX: usize = 14 + NAME_BYTES_MAX + 2 + CREDENTIAL_BYTES_MAX;
/// Longest Welcome or Refusal of any version, in bytes.
pub const WELCOME_BYTES_MAX: usize = 32 * 1024;
/// Most cores that a Welcome can describe.
pub const CORES_MAX: u16 = 256;
/// Longest field path in a problem, in bytes of UTF-8.
pub const FIELD_BYTES_MAX: usize = 256;
/// Longest detail text in a problem or a Refusal, in bytes of UTF-8.
pub const DETAIL_BYTES_MAX: usize = 1024;

// A key's length travels in one byte.
const _: () = assert!(KEY_BYTES_MAX <= 255);
// A Hello's length travels in two bytes.
const _: () = assert!(HELLO_BYTES_MAX <= 65_535);
// A Welcome holds 256 addresses of 20 bytes and the worst slot map: 4,096 runs of 4 bytes.
const _: () = assert!(56 + 256 * 20 + 4096 * 4 <= WELCOME_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX <= FRAME_BYTES_CEILING);
const _: () = assert!(REPLY_BYTES_MAX <= FRAME_BYTES_CEILING);

/// The bounds one server applies, told to each client in its Welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest request frame, header included, in bytes; 32 up to [`FRAME_BYTES_CEILING`].
    pub request_bytes_max: u32,
    /// Largest reply frame, header included, in bytes; [`Limits::REPLY_BYTES_MIN`] up to
    /// [`FRAME_BYTES_CEILING`].
    pub reply_bytes_max: u32,
    /// Most items in one batch; 1 up to [`BATCH_ITEMS_MAX`].
    pub batch_items_max: u16,
    /// Most requests of one connection without a reply; at least 1.
    pub in_flight_max: u16,
}

impl Limits {
    /// The bounds of an unconfigured server.
    pub const DEFAULT: Self = Self {
        request_bytes_max: REQUEST_BYTES_MAX,
        reply_bytes_max: REPLY_BYTES_MAX,
        batch_items_max: BATCH_ITEMS_MAX,
        in_flight_max: IN_FLIGHT_MAX,
    };

    /// The smallest reply limit: any problem must fit into a reply, so that an answer that is too
    /// large can always be replaced by the problem that says so.
    pub const REPLY_BYTES_MIN: u32 = 2048;

    /// Whether every bound lies in its documented range.
    pub const fn in_range(&self) -> bool {
        32 <= self.request_bytes_max
            && self.request_bytes_max <= FRAME_BYTES_CEILING
            && Self::REPLY_BYTES_MIN <= self.reply_bytes_max
            && self.reply_bytes_max <= FRAME_BYTES_CEILING
            && 1 <= self.batch_items_max
            && self.batch_items_max <= BATCH_ITEMS_MAX
            && 1 <= self.in_flight_max
    }
}

// Header, the problem's 20 fixed bytes, and both of its texts.
const _: () = assert!(HEADER_BYTES + 20 + FIELD_BYTES_MAX + DETAIL_BYTES_MAX <= 2048);
const _: () = assert!(HEADER_BYTES == 32);
const _: () = assert!(Limits::DEFAULT.in_range());

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
