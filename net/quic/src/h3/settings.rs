//! The settings that each side sends first (RFC 9114, section 7.2.4).

use bytes::{Buf, Bytes, BytesMut};

use super::code::{Code, Fault};
use super::{frame, varint};

const QPACK_TABLE_CAPACITY: u64 = 0x01;
const FIELD_SECTION_BYTES_MAX: u64 = 0x06;
const QPACK_BLOCKED_STREAMS: u64 = 0x07;
/// Numbers of HTTP/2 settings without a meaning here; whoever sends one is mistaken (section 7.2.4.1).
const FORBIDDEN: [u64; 5] = [0x00, 0x02, 0x03, 0x04, 0x05];
/// Far more than any peer has to say.
const COUNT_MAX: usize = 64;

/// Our SETTINGS frame: no dynamic table, no blocked streams, and the largest field section we take.
pub(crate) fn write(section_bytes_max: usize, output: &mut BytesMut) {
    let mut payload = BytesMut::with_capacity(16);
    for (id, value) in [
        (QPACK_TABLE_CAPACITY, 0),
        (FIELD_SECTION_BYTES_MAX, section_bytes_max as u64),
        (QPACK_BLOCKED_STREAMS, 0),
    ] {
        varint::write(id, &mut payload);
        varint::write(value, &mut payload);
    }
    frame::begin(frame::SETTINGS, payload.len(), output);
    output.extend_from_slice(&payload);
}

/// Checks the payload of the peer's SETTINGS frame. We use none of them: our answers refer to the
/// static table only, and are far smaller than any limit in use.
pub(crate) fn check(mut payload: Bytes) -> Result<(), Fault> {
    let mut seen = Vec::new();
    while payload.has_remaining() {
        let mut number = || {
            let (value, length) = varint::read(&payload)
                .ok_or(Fault::Connection(Code::Frame, "SETTINGS end amid a setting"))?;
            payload.advance(length);
            Ok(value)
        };
        let id = number()?;
        number()?;
        if FORBIDDEN.contains(&id) {
            return Err(Fault::Connection(Code::Settings, "a setting of HTTP/2"));
        }
        if seen.contains(&id) {
            return Err(Fault::Connection(Code::Settings, "a setting stands twice"));
        }
        if seen.len() == COUNT_MAX {
            return Err(Fault::Connection(Code::ExcessiveLoad, "too many settings"));
        }
        seen.push(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        let rows: [(&[u8], Option<Code>); 8] = [
            (&[], None),
            (&[0x01, 0x00, 0x06, 0x40, 0x64, 0x07, 0x00, 0x33, 0x01], None),
            (&[0x01], Some(Code::Frame)),
            (&[0x06, 0x40], Some(Code::Frame)),
            (&[0x00, 0x01], Some(Code::Settings)),
            (&[0x02, 0x01], Some(Code::Settings)),
            (&[0x05, 0x01], Some(Code::Settings)),
            (&[0x06, 0x01, 0x06, 0x01], Some(Code::Settings)),
        ];
        for (payload, expected) in rows {
            let code = match check(Bytes::from_static(payload)) {
                Err(Fault::Connection(code, _)) => Some(code),
                _ => None,
            };
            assert_eq!(code, expected, "{payload:x?}");
        }
        // Reserved numbers are fine, but not without end.
        let mut many = BytesMut::new();
        for count in 0..=64 {
            varint::write(0x1f * (count + 1) + 0x21, &mut many);
            varint::write(0, &mut many);
        }
        let error = check(many.freeze()).unwrap_err();
        assert!(matches!(error, Fault::Connection(Code::ExcessiveLoad, _)));
    }

    #[test]
    fn ours_pass_our_own_check() {
        let mut output = BytesMut::new();
        write(65_536, &mut output);
        assert_eq!(output, &b"\x04\x09\x01\x00\x06\x80\x01\x00\x00\x07\x00"[..]);
        check(output.freeze().slice(2..)).unwrap();
    }
}
