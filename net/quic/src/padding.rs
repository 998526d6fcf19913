//! Drops the padding at the end of a packet before the state machine sees it.
//!
//! Clients that send with segmentation offload pad their packets to one size, and the state machine
//! walks padding byte by byte, one frame each: for a small request that is most of the work. The
//! packet's bytes are in the clear right after decryption, so the keys are wrapped: whatever follows
//! the last frame, if it is proven to be padding only, is cut off there. Padding says nothing
//! (RFC 9000, section 19.1), and a packet keeps at least one byte, as an empty one would be an error.

use std::any::Any;
use std::sync::Arc;

use bytes::BytesMut;
use quinn_proto::crypto::{
    CryptoError, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, ServerConfig,
    Session, UnsupportedVersion,
};
use quinn_proto::{ConnectionId, Side, TransportError, transport_parameters::TransportParameters};

use crate::h3::varint;

/// Shorter padding is not worth the walk.
const PADDING_BYTES_MIN: usize = 16;

/// How many bytes of `payload` are left when padding at its end is cut off.
fn useful(payload: &[u8]) -> usize {
    let zeroes = zeroes_at_end(payload);
    if zeroes < PADDING_BYTES_MIN {
        return payload.len();
    }
    // Zeroes may belong to the last frame: only a walk over the frames tells.
    let start = payload.len() - zeroes;
    let mut at = 0;
    while at < start {
        match frame(&payload[at..]) {
            Some(length) => at += length,
            None => return payload.len(),
        }
    }
    // From here on every byte is zero, and a frame begins here.
    at.clamp(1, payload.len())
}

/// Zeroes that `bytes` end with, counted sixteen at a time.
fn zeroes_at_end(bytes: &[u8]) -> usize {
    let (front, blocks) = bytes.as_rchunks::<16>();
    let whole = blocks.iter().rev().take_while(|it| u128::from_ne_bytes(**it) == 0).count();
    let rest = match blocks.len() - whole {
        0 => front,
        blocks_left => &blocks[blocks_left - 1][..],
    };
    whole * 16 + rest.iter().rev().take_while(|byte| **byte == 0).count()
}

/// Length of the frame that `bytes` begin with (RFC 9000, section 19); `None` when it reaches to the
/// packet's end or is of a kind that rarely comes with padding.
fn frame(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    let mut number = || {
        let (value, length) = varint::read(bytes.get(at..)?)?;
        at += length;
        Some(value)
    };
    match *bytes.first()? {
        // PADDING, PING, HANDSHAKE_DONE.
        0x00 | 0x01 | 0x1e => {}
        // ACK.
        kind @ (0x02 | 0x03) => {
            let (_largest, _delay, ranges) = (number()?, number()?, number()?);
            let _first = number()?;
            for _ in 0..ranges {
                let (_gap, _length) = (number()?, number()?);
            }
            if kind == 0x03 {
                let (_ect0, _ect1, _ce) = (number()?, number()?, number()?);
            }
        }
        // STREAM with a length, with or without an offset.
        kind @ 0x08..=0x0f if kind & 0x02 != 0 => {
            number()?;
            if kind & 0x04 != 0 {
                number()?;
            }
            let length = usize::try_from(number()?).ok()?;
            at = at.checked_add(length)?;
        }
        // MAX_DATA, MAX_STREAMS, DATA_BLOCKED, STREAMS_BLOCKED, RETIRE_CONNECTION_ID.
        0x10 | 0x12..=0x14 | 0x16 | 0x17 | 0x19 => {
            number()?;
        }
        // STOP_SENDING, MAX_STREAM_DATA, STREAM_DATA_BLOCKED.
        0x05 | 0x11 | 0x15 => {
            let (_stream, _value) = (number()?, number()?);
        }
        _ => return None,
    }
    (at <= bytes.len()).then_some(at)
}

/// A server's TLS whose packet keys cut padding off.
pub(crate) struct Trimming(pub(crate) Arc<dyn ServerConfig>);

impl ServerConfig for Trimming {
    fn initial_keys(&self, version: u32, id: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        self.0.initial_keys(version, id)
    }

    fn retry_tag(&self, version: u32, original: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.0.retry_tag(version, original, packet)
    }

    fn start_session(
        self: Arc<Self>,
        version: u32,
        parameters: &TransportParameters,
    ) -> Box<dyn Session> {
        Box::new(TrimmingSession(Arc::clone(&self.0).start_session(version, parameters)))
    }
}

struct TrimmingSession(Box<dyn Session>);

impl Session for TrimmingSession {
    fn initial_keys(&self, id: &ConnectionId, side: Side) -> Keys {
        self.0.initial_keys(id, side)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.0.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.0.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        self.0.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.0.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    fn read_handshake(&mut self, bytes: &[u8]) -> Result<bool, TransportError> {
        self.0.read_handshake(bytes)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.0.transport_parameters()
    }

    fn write_handshake(&mut self, output: &mut Vec<u8>) -> Option<Keys> {
        let mut keys = self.0.write_handshake(output)?;
        keys.packet = trimming(keys.packet);
        Some(keys)
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.0.next_1rtt_keys().map(trimming)
    }

    fn is_valid_retry(&self, original: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.0.is_valid_retry(original, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.0.export_keying_material(output, label, context)
    }
}

fn trimming(keys: KeyPair<Box<dyn PacketKey>>) -> KeyPair<Box<dyn PacketKey>> {
    KeyPair { local: keys.local, remote: Box::new(TrimmingKey(keys.remote)) }
}

struct TrimmingKey(Box<dyn PacketKey>);

impl PacketKey for TrimmingKey {
    fn encrypt(&self, packet: u64, bytes: &mut [u8], header_bytes: usize) {
        self.0.encrypt(packet, bytes, header_bytes);
    }

    fn decrypt(
        &self,
        packet: u64,
        header: &[u8],
        payload: &mut BytesMut,
    ) -> Result<(), CryptoError> {
        self.0.decrypt(packet, header, payload)?;
        payload.truncate(useful(payload));
        Ok(())
    }

    fn tag_len(&self) -> usize {
        self.0.tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.0.confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.0.integrity_limit()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_proven_padding_is_cut() {
        let ack: &[u8] = &[0x02, 0x44, 0x00, 0x05, 0x01, 0x03, 0x00, 0x02];
        let stream: &[u8] = &[0x0e, 0x00, 0x40, 0x00, 0x03, b'a', 0, 0];
        let rows: [(&[&[u8]], usize, usize); 11] = [
            // Frames, padding behind them, bytes that stay.
            (&[ack], 100, ack.len()),
            (&[stream], 100, stream.len()),
            (&[ack, stream], 1000, ack.len() + stream.len()),
            (&[&[0; 30], ack], 100, 30 + ack.len()),
            (&[ack], 15, ack.len() + 15),
            (&[], 100, 1),
            (&[], 0, 0),
            // To the packet's end: the zeroes are its content.
            (&[&[0x08, 0x00, b'a']], 100, 103),
            // A length that covers some of the zeroes, all of them, more than there are.
            (&[&[0x0a, 0x00, 0x40, 0x32]], 100, 4 + 50),
            (&[&[0x0a, 0x00, 0x40, 0x64]], 100, 104),
            (&[&[0x0a, 0x00, 0x40, 0x65]], 100, 104),
        ];
        for (frames, padding, expected) in rows {
            let payload = [&frames.concat()[..], &vec![0; padding]].concat();
            assert_eq!(useful(&payload), expected, "{frames:x?} {padding}");
        }
        // A kind that is not looked into.
        assert_eq!(useful(&[&[0x18, 1, 1, 4][..], &[0; 64]].concat()), 68);
    }

    #[test]
    fn zeroes_are_counted_from_the_end() {
        for length in 0..70 {
            for zeroes in 0..=length {
                let bytes = [vec![7; length - zeroes], vec![0; zeroes]].concat();
                assert_eq!(zeroes_at_end(&bytes), zeroes);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_cut_is_zeroes(frames in prop::collection::vec(any::<u8>(), 0..64), padding in 0_usize..64) {
            let payload = [&frames[..], &vec![0; padding]].concat();
            let left = useful(&payload);
            prop_assert!(left <= payload.len());
            prop_assert!(left != 0 || payload.is_empty());
            prop_assert!(payload[left..].iter().all(|it| *it == 0));
        }
    }
}
