//! Reading a body in place.

use super::{
    BODY_BYTES_MAX, BodyError, EVENT_BYTES, Event, FLAG_IDEMPOTENCY, IDEMPOTENCY_BYTES,
    Idempotency, KEY_BYTES_MAX, META_BYTES, Meta,
};

/// A body that was walked once from end to end: everything it says about lengths is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<'a> {
    meta: Meta<'a>,
    events_count: u32,
    events: &'a [u8],
}

impl<'a> Body<'a> {
    /// Checks that `bytes` are exactly one body. `time_us` comes from the frame's header.
    pub fn parse(bytes: &'a [u8], time_us: u64) -> Result<Self, BodyError> {
        if BODY_BYTES_MAX < bytes.len() {
            return Err(BodyError::TooLong { body_bytes: bytes.len() });
        }
        let mut cursor = Cursor { bytes, offset: 0 };
        let fixed = cursor.chunk::<META_BYTES>()?;
        let flags = u32_at(fixed, 0);
        let events_count = u32_at(fixed, 4);
        if flags & !FLAG_IDEMPOTENCY != 0 {
            return Err(BodyError::Flags { flags });
        }
        let idempotency = if flags & FLAG_IDEMPOTENCY == 0 {
            None
        } else {
            let part = cursor.chunk::<IDEMPOTENCY_BYTES>()?;
            let reply = cursor.slice(length(u32_at(part, 26)))?;
            Some(Idempotency {
                key: u128_at(part, 0),
                fingerprint: u64_at(part, 16),
                status: u16_at(part, 24),
                reply,
            })
        };
        let events = &bytes[cursor.offset..];
        for _ in 0..events_count {
            cursor.event()?;
        }
        let trailing = bytes.len() - cursor.offset;
        if trailing != 0 {
            return Err(BodyError::Trailing { trailing });
        }
        let meta = Meta {
            time_us,
            tenant: u32_at(fixed, 8),
            actor: u64_at(fixed, 12),
            correlation: u128_at(fixed, 20),
            idempotency,
        };
        Ok(Self { meta, events_count, events })
    }

    /// Whose decision it is.
    pub fn meta(&self) -> &Meta<'a> {
        &self.meta
    }

    /// How many events it holds.
    pub fn events_count(&self) -> u32 {
        self.events_count
    }

    /// The events in the order in which they were decided.
    pub fn events(&self) -> Events<'a> {
        Events { cursor: Cursor { bytes: self.events, offset: 0 }, left: self.events_count }
    }
}

/// The events of a body.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.cursor.event().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (length(self.left), Some(length(self.left)))
    }
}

impl ExactSizeIterator for Events<'_> {}

#[derive(Debug, Clone)]
struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], BodyError> {
        match self.bytes.get(self.offset..).and_then(<[u8]>::first_chunk::<N>) {
            Some(chunk) => {
                self.offset += N;
                Ok(chunk)
            }
            None => Err(self.short(N)),
        }
    }

    fn slice(&mut self, needed: usize) -> Result<&'a [u8], BodyError> {
        match self.bytes.get(self.offset..).and_then(|rest| rest.get(..needed)) {
            Some(slice) => {
                self.offset += needed;
                Ok(slice)
            }
            None => Err(self.short(needed)),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, BodyError> {
        let fixed = self.chunk::<EVENT_BYTES>()?;
        let key_bytes = usize::from(u16_at(fixed, 6));
        if KEY_BYTES_MAX < key_bytes {
            return Err(BodyError::KeyTooLong { key_bytes });
        }
        let key = self.slice(key_bytes)?;
        let payload = self.slice(length(u32_at(fixed, 8)))?;
        Ok(Event {
            domain: u16_at(fixed, 0),
            code: u16_at(fixed, 2),
            version: u16_at(fixed, 4),
            key,
            payload,
        })
    }

    fn short(&self, needed: usize) -> BodyError {
        BodyError::Short { offset: self.offset, needed, available: self.bytes.len() }
    }
}

/// A length field as an index; on a machine where it does not fit, no slice is that long either.
fn length(field: u32) -> usize {
    usize::try_from(field).unwrap_or(usize::MAX)
}

fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[offset..offset + N]);
    array
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array(bytes, offset))
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array(bytes, offset))
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array(bytes, offset))
}

fn u128_at(bytes: &[u8], offset: usize) -> u128 {
    u128::from_le_bytes(array(bytes, offset))
}
