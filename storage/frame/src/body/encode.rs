//! Writing a body: appends only, into a buffer that the caller reuses.

use super::{BODY_BYTES_MAX, BodyError, Event, FLAG_IDEMPOTENCY, KEY_BYTES_MAX, Meta};

/// Builds one body at the end of a buffer. Dropping it without `finish` takes the unfinished bytes
/// out again.
#[derive(Debug)]
pub struct BodyBuilder<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    events_count: u32,
    finished: bool,
}

impl<'b> BodyBuilder<'b> {
    /// Begins a body behind whatever `out` already holds.
    pub fn start(out: &'b mut Vec<u8>, meta: &Meta<'_>) -> Result<Self, BodyError> {
        let start = out.len();
        let flags = if meta.idempotency.is_some() { FLAG_IDEMPOTENCY } else { 0 };
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&meta.tenant.to_le_bytes());
        out.extend_from_slice(&meta.actor.to_le_bytes());
        out.extend_from_slice(&meta.correlation.to_le_bytes());
        let builder = Self { out, start, events_count: 0, finished: false };
        if let Some(idempotency) = meta.idempotency {
            builder.fits(super::IDEMPOTENCY_BYTES + idempotency.reply.len())?;
            let reply_bytes = u32::try_from(idempotency.reply.len()).unwrap_or(u32::MAX);
            builder.out.extend_from_slice(&idempotency.key.to_le_bytes());
            builder.out.extend_from_slice(&idempotency.fingerprint.to_le_bytes());
            builder.out.extend_from_slice(&idempotency.status.to_le_bytes());
            builder.out.extend_from_slice(&reply_bytes.to_le_bytes());
            builder.out.extend_from_slice(idempotency.reply);
        }
        Ok(builder)
    }

    /// Appends an event. After an error the body is as it was before the call.
    pub fn event(&mut self, event: &Event<'_>) -> Result<(), BodyError> {
        if KEY_BYTES_MAX < event.key.len() {
            return Err(BodyError::KeyTooLong { key_bytes: event.key.len() });
        }
        self.fits(super::EVENT_BYTES + event.key.len() + event.payload.len())?;
        let key_bytes = u16::try_from(event.key.len()).unwrap_or(u16::MAX);
        let payload_bytes = u32::try_from(event.payload.len()).unwrap_or(u32::MAX);
        self.out.extend_from_slice(&event.domain.to_le_bytes());
        self.out.extend_from_slice(&event.code.to_le_bytes());
        self.out.extend_from_slice(&event.version.to_le_bytes());
        self.out.extend_from_slice(&key_bytes.to_le_bytes());
        self.out.extend_from_slice(&payload_bytes.to_le_bytes());
        self.out.extend_from_slice(event.key);
        self.out.extend_from_slice(event.payload);
        self.events_count += 1;
        Ok(())
    }

    /// Completes the body and returns its length.
    pub fn finish(mut self) -> usize {
        let count = self.start + 4..self.start + 8;
        self.out[count].copy_from_slice(&self.events_count.to_le_bytes());
        self.finished = true;
        self.out.len() - self.start
    }

    fn fits(&self, bytes: usize) -> Result<(), BodyError> {
        let body_bytes = (self.out.len() - self.start).saturating_add(bytes);
        if BODY_BYTES_MAX < body_bytes { Err(BodyError::TooLong { body_bytes }) } else { Ok(()) }
    }
}

impl Drop for BodyBuilder<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.out.truncate(self.start);
        }
    }
}

/// Appends one body to `out` and returns its length. After an error `out` is as it was.
pub fn encode_body<'a>(
    out: &mut Vec<u8>,
    meta: &Meta<'_>,
    events: impl IntoIterator<Item = Event<'a>>,
) -> Result<usize, BodyError> {
    let mut builder = BodyBuilder::start(out, meta)?;
    for event in events {
        builder.event(&event)?;
    }
    Ok(builder.finish())
}
