//! The fixed 32 bytes in front of every frame, and what both directions share.
//!
//! ```text
//! request                                        reply
//!  0  u32  length: the whole frame, bytes          0  u32  length: the whole frame, bytes
//!  4  u32  operation: domain << 16 | code          4  u16  status
//!  8  u64  request id, never 0                     6  u16  flags: 1 BATCH
//! 16  u16  flags: 1 BATCH 2 IDEMPOTENT 4 AT_LEAST  8  u64  request id, 0 = the connection
//! 18  u16  count: batch items, else 0             16  u64  log position of the answer
//! 20  u32  deadline in ms from receipt, 0 = none  24  u16  count: batch items, else 0
//! 24  u32  tenant                                 26  u16  zero
//! 28  u32  zero                                   28  u32  zero
//! ```
//!
//! `length` counts from its own first byte to the last byte of the payload: the next frame starts
//! `length` bytes after the start of this one, and the smallest legal length is 32. An unknown flag
//! is refused, never skipped, because flags announce fields.

/// Bytes of a request header and of a reply header.
pub const HEADER_BYTES: usize = 32;

/// Flag of both directions: the payload is `count` items.
pub(crate) const FLAG_BATCH: u16 = 1;
/// Request flag: an idempotency key follows the header.
pub(crate) const FLAG_IDEMPOTENT: u16 = 2;
/// Request flag: a log position follows the header and the key.
pub(crate) const FLAG_AT_LEAST: u16 = 4;

/// What a request says besides its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Which operation of which domain; see [`operation`].
    pub operation: u32,
    /// Chosen by the client, echoed by the reply, unique among its requests in flight, never 0.
    pub request_id: u64,
    /// Milliseconds after receipt at which an answer is worthless; 0 when it never is.
    pub deadline_ms: u32,
    /// On whose behalf; 0 is the caller's own tenant, and the box's for whoever shows no credential.
    pub tenant: u32,
    /// Makes a command safe to send twice: 1 up to 64 bytes. Each item of a batch is remembered
    /// under the key and its index.
    pub idempotency_key: Option<&'a [u8]>,
    /// The answer must reflect at least this log position.
    pub at_least: Option<u64>,
}

impl Head<'_> {
    /// A plain request: no deadline, tenant 0, no extension.
    pub const fn new(operation: u32, request_id: u64) -> Self {
        Self {
            operation,
            request_id,
            deadline_ms: 0,
            tenant: 0,
            idempotency_key: None,
            at_least: None,
        }
    }
}

/// The operation number of a domain's operation code.
pub const fn operation(domain: u16, code: u16) -> u32 {
    let [d0, d1] = domain.to_le_bytes();
    let [c0, c1] = code.to_le_bytes();
    u32::from_le_bytes([c0, c1, d0, d1])
}

/// The domain and the operation code of an operation number.
pub const fn operation_parts(operation: u32) -> (u16, u16) {
    let [c0, c1, d0, d1] = operation.to_le_bytes();
    (u16::from_le_bytes([d0, d1]), u16::from_le_bytes([c0, c1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_its_domain_and_its_code() {
        assert_eq!(operation(5, 2), 0x0005_0002);
        for (domain, code) in [(0, 0), (1, 0), (0, 1), (u16::MAX, 3), (7, u16::MAX)] {
            assert_eq!(operation_parts(operation(domain, code)), (domain, code));
        }
    }
}
