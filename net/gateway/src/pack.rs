//! Answers made smaller, where it pays.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

use crate::head::Head;

/// The coding, as `Accept-Encoding` names it.
pub(crate) const GZIP: &str = "gzip";

/// Below this a packed answer goes in as many packets as the answer itself. Secrets are shown in
/// answers far below it: no length tells of them (as in BREACH).
const BYTES_MIN: usize = 4096;
/// Above this packing would keep the core from others for over a millisecond or two.
const BYTES_MAX: usize = 256 * 1024;

/// The body as `gzip`, when the client takes it and it is neither too small nor too large.
pub(crate) fn packed(head: &Head<'_>, body: &[u8]) -> Option<Bytes> {
    let pays = (BYTES_MIN..=BYTES_MAX).contains(&body.len()) && head.accepts_encoding(GZIP);
    pays.then(|| gzip(body, Compression::fast()))
}

/// `body` as `gzip`.
pub(crate) fn gzip(body: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    let packed = encoder.write_all(body).and_then(|()| encoder.finish());
    Bytes::from(packed.expect("writing into memory cannot fail"))
}
