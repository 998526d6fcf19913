//! The items of a batch, read in place.
//!
//! ```text
//! request item: u32 payload bytes | payload
//! reply item:   u32 payload bytes | u16 status | u16 zero | payload
//! ```
//!
//! Items follow each other without padding and fill the frame exactly; each payload is an archive
//! of its own. A reply has as many items as its request, in the same order, unless the whole batch
//! failed, in which case the reply carries no BATCH flag and one problem.

use crate::decode::{WireError, WireErrorKind};
use crate::fields::Fields;
use crate::status::Status;

/// Bytes in front of a request item's payload.
pub(crate) const REQUEST_ITEM_BYTES: usize = 4;
/// Bytes in front of a reply item's payload.
pub(crate) const REPLY_ITEM_BYTES: usize = 8;

/// The payloads of a batch request, in order. Checked when the frame was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items<'a> {
    rest: &'a [u8],
    count: u16,
}

impl<'a> Items<'a> {
    /// Checks that the `count` items that start at `offset` fill `frame` exactly.
    pub(crate) fn parse(frame: &'a [u8], offset: usize, count: u16) -> Result<Self, WireError> {
        let mut fields = Fields::at(frame, offset);
        for index in 0..count {
            let start = fields.offset();
            let payload_bytes = fields.u32().and_then(|it| usize::try_from(it).ok());
            if payload_bytes.and_then(|it| fields.bytes(it)).is_none() {
                return Err(WireErrorKind::ItemTruncated { index }.at(start));
            }
        }
        exactly_filled(fields)?;
        Ok(Self { rest: &frame[offset..], count })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if self.count == 0 {
            return None;
        }
        let mut fields = Fields::at(self.rest, 0);
        let payload_bytes = usize::try_from(fields.u32()?).ok()?;
        let payload = fields.bytes(payload_bytes)?;
        self.rest = fields.rest();
        self.count -= 1;
        Some(payload)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.count), Some(usize::from(self.count)))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// One answer of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyItem<'a> {
    /// What became of the item.
    pub status: Status,
    /// The operation's reply when the status is `Ok`, else a [`Problem`](crate::Problem).
    pub payload: &'a [u8],
}

/// The answers of a batch, in the order of the request's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyItems<'a> {
    rest: &'a [u8],
    count: u16,
}

impl<'a> ReplyItems<'a> {
    /// Checks that the `count` answers that start at `offset` fill `frame` exactly.
    pub(crate) fn parse(frame: &'a [u8], offset: usize, count: u16) -> Result<Self, WireError> {
        let mut fields = Fields::at(frame, offset);
        for index in 0..count {
            let start = fields.offset();
            let truncated = WireErrorKind::ItemTruncated { index }.at(start);
            let payload_bytes = fields.u32().ok_or(truncated)?;
            let number = fields.u16().ok_or(truncated)?;
            let reserved = fields.u16().ok_or(truncated)?;
            if Status::from_number(number).is_none() {
                return Err(WireErrorKind::UnknownStatus { number }.at(start + 4));
            }
            if reserved != 0 {
                return Err(WireErrorKind::ReservedNotZero.at(start + 6));
            }
            let payload_bytes = usize::try_from(payload_bytes).map_err(|_| truncated)?;
            fields.bytes(payload_bytes).ok_or(truncated)?;
        }
        exactly_filled(fields)?;
        Ok(Self { rest: &frame[offset..], count })
    }

    /// The undecoded items, to be kept and read again with [`ReplyItems::from_checked`].
    pub fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// How many items are still to come.
    pub fn remaining(&self) -> u16 {
        self.count
    }

    /// The items of bytes that [`ReplyItems::as_bytes`] gave out. Bytes from elsewhere end the
    /// iteration early.
    pub fn from_checked(bytes: &'a [u8], count: u16) -> Self {
        Self { rest: bytes, count }
    }
}

impl<'a> Iterator for ReplyItems<'a> {
    type Item = ReplyItem<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.count == 0 {
            return None;
        }
        let mut fields = Fields::at(self.rest, 0);
        let payload_bytes = usize::try_from(fields.u32()?).ok()?;
        let status = Status::from_number(fields.u16()?)?;
        fields.u16()?;
        let payload = fields.bytes(payload_bytes)?;
        self.rest = fields.rest();
        self.count -= 1;
        Some(ReplyItem { status, payload })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(usize::from(self.count)))
    }
}

fn exactly_filled(fields: Fields<'_>) -> Result<(), WireError> {
    if fields.rest().is_empty() {
        return Ok(());
    }
    let excess_bytes = fields.rest().len();
    Err(WireErrorKind::BytesAfterItems { excess_bytes }.at(fields.offset()))
}
