//! What became of a request, as a number that is written by hand and never reused.

/// The outcome of a request, of a batch item, or of a handshake.
///
/// | number | status | HTTP | meaning |
/// |---|---|---|---|
/// | 0 | `Ok` | 200 | the payload is the operation's reply |
/// | 1 | `Malformed` | 400 | the payload is not what the operation expects; `field` names the place |
/// | 2 | `UnknownOperation` | 404 | no domain has that operation |
/// | 3 | `WrongVersion` | 400 | no protocol version in common; handshake only |
/// | 4 | `TooLarge` | 413 | the request is over a limit of its operation |
/// | 5 | `Garbled` | 400 | the byte stream is not this protocol; the connection closes |
/// | 6 | `ReplyTooLarge` | 422 | done, or answerable, but the answer is over the reply limit: ask for less |
/// | 10 | `Unauthenticated` | 401 | who asks is unknown |
/// | 11 | `Forbidden` | 403 | who asks may not |
/// | 12 | `RateLimited` | 429 | over quota; `retry_after_ms` says when |
/// | 20 | `Refused` | 422 | the request contradicts itself or a rule of the domain; `code` says which |
/// | 21 | `NotFound` | 404 | the thing asked for does not exist; `code` says which |
/// | 22 | `Conflict` | 409 | the thing is not in the state that this needs; `code` says why |
/// | 30 | `IdempotencyMismatch` | 422 | the key was used before with another payload |
/// | 31 | `IdempotencyInFlight` | 409 | the first request with this key is still running |
/// | 32 | `IdempotencyKeyMissing` | 400 | the operation demands a key |
/// | 40 | `Busy` | 503 | a queue is full; nothing was done |
/// | 41 | `OutOfSpace` | 507 | the log cannot grow; nothing was done |
/// | 42 | `DeadlineExceeded` | 504 | not answered in time; a command may still have been done |
/// | 43 | `PositionUnavailable` | 412 | the demanded log position is not here yet |
/// | 44 | `ShuttingDown` | 503 | no new work is taken; nothing was done |
/// | 50 | `Internal` | 500 | a fault of ours; `reference` is the incident id in the server's log |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Status {
    /// The payload is the operation's reply.
    Ok = 0,
    /// The payload is not what the operation expects.
    Malformed = 1,
    /// No domain has that operation.
    UnknownOperation = 2,
    /// No protocol version in common.
    WrongVersion = 3,
    /// The request is over a limit.
    TooLarge = 4,
    /// The byte stream is not this protocol; the connection closes.
    Garbled = 5,
    /// The answer is over the reply limit.
    ReplyTooLarge = 6,
    /// Who asks is unknown.
    Unauthenticated = 10,
    /// Who asks may not.
    Forbidden = 11,
    /// Over quota.
    RateLimited = 12,
    /// The request contradicts itself or a rule of the domain.
    Refused = 20,
    /// The thing asked for does not exist.
    NotFound = 21,
    /// The thing is not in the state that this needs.
    Conflict = 22,
    /// The key was used before with another payload.
    IdempotencyMismatch = 30,
    /// The first request with this key is still running.
    IdempotencyInFlight = 31,
    /// The operation demands an idempotency key.
    IdempotencyKeyMissing = 32,
    /// A queue is full; nothing was done.
    Busy = 40,
    /// The log cannot grow; nothing was done.
    OutOfSpace = 41,
    /// Not answered in time; a command may still have been done.
    DeadlineExceeded = 42,
    /// The demanded log position is not here yet.
    PositionUnavailable = 43,
    /// No new work is taken; nothing was done.
    ShuttingDown = 44,
    /// A fault of ours.
    Internal = 50,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: [Self; 22] = [
        Self::Ok,
        Self::Malformed,
        Self::UnknownOperation,
        Self::WrongVersion,
        Self::TooLarge,
        Self::Garbled,
        Self::ReplyTooLarge,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::RateLimited,
        Self::Refused,
        Self::NotFound,
        Self::Conflict,
        Self::IdempotencyMismatch,
        Self::IdempotencyInFlight,
        Self::IdempotencyKeyMissing,
        Self::Busy,
        Self::OutOfSpace,
        Self::DeadlineExceeded,
        Self::PositionUnavailable,
        Self::ShuttingDown,
        Self::Internal,
    ];

    /// Its number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The status of that number; `None` when this version knows none.
    pub fn from_number(number: u16) -> Option<Self> {
        if number == 0 {
            return Some(Self::Ok);
        }
        Self::ALL.into_iter().find(|status| status.number() == number)
    }

    /// The HTTP status code of the same outcome.
    pub const fn http(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Malformed | Self::WrongVersion | Self::Garbled | Self::IdempotencyKeyMissing => {
                400
            }
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::UnknownOperation | Self::NotFound => 404,
            Self::Conflict | Self::IdempotencyInFlight => 409,
            Self::TooLarge => 413,
            Self::ReplyTooLarge | Self::Refused | Self::IdempotencyMismatch => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            // What the caller demanded beforehand is not so (RFC 9110, 15.5.13); it may be later.
            Self::PositionUnavailable => 412,
            Self::Busy | Self::ShuttingDown => 503,
            Self::DeadlineExceeded => 504,
            Self::OutOfSpace => 507,
        }
    }

    /// What it means in a few words, for the title of a problem.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Malformed => "malformed request",
            Self::UnknownOperation => "unknown operation",
            Self::WrongVersion => "no common protocol version",
            Self::TooLarge => "request too large",
            Self::Garbled => "not this protocol",
            Self::ReplyTooLarge => "reply too large",
            Self::Unauthenticated => "not authenticated",
            Self::Forbidden => "not allowed",
            Self::RateLimited => "over quota",
            Self::Refused => "refused",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::IdempotencyMismatch => "idempotency key reused with another payload",
            Self::IdempotencyInFlight => "first request with this idempotency key still running",
            Self::IdempotencyKeyMissing => "idempotency key missing",
            Self::Busy => "overloaded",
            Self::OutOfSpace => "out of space",
            Self::DeadlineExceeded => "deadline exceeded",
            Self::PositionUnavailable => "log position not reached",
            Self::ShuttingDown => "shutting down",
            Self::Internal => "internal fault",
        }
    }

    /// Whether nothing was done and the same request may succeed later without being changed.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::IdempotencyInFlight
                | Self::Busy
                | Self::OutOfSpace
                | Self::PositionUnavailable
                | Self::ShuttingDown
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_golden_and_read_back() {
        let numbers: Vec<u16> = Status::ALL.iter().map(|status| status.number()).collect();
        assert_eq!(
            numbers,
            [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 43, 44, 50]
        );
        for status in Status::ALL {
            assert_eq!(Status::from_number(status.number()), Some(status));
        }
    }

    #[test]
    fn a_number_nobody_gave_out_is_no_status() {
        for number in [7, 9, 13, 19, 23, 33, 45, 51, u16::MAX] {
            assert_eq!(Status::from_number(number), None, "{number}");
        }
    }

    #[test]
    fn only_ok_is_a_success_over_http() {
        for status in Status::ALL {
            assert_eq!(status == Status::Ok, status.http() < 400, "{status:?}");
        }
    }
}
