//! What a server tells a client that it lets in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{
    HandshakeError, HandshakeErrorKind, KIND_WELCOME, MAGIC, SlotMap, VERSION, VERSION_MIN, need,
    patch_length,
};
use crate::fields::Fields;
use crate::limits::{CORES_MAX, Limits};
use crate::slot::SLOT_COUNT;

/// What a server tells a client that it lets in: the version, the limits and where the slots are.
///
/// ```text
///  0  6 bytes  "QUOIN\0"
///  6  u16      kind 1
///  8  u32      length, whole message
/// 12  u16      version to speak from now on
/// 14  u16      core that serves this connection
/// 16  u16      cores, 1 up to 256
/// 18  u16      slots, 4,096
/// 20  u32      request frame limit, bytes
/// 24  u32      reply frame limit, bytes
/// 28  u16      batch items limit
/// 30  u16      in-flight limit of one connection
/// 32  u64      epoch of the log
/// 40  u64      log position, the newest durable one
/// 48  u16      slot runs
/// 50  6 bytes  zero
/// 56  20 × cores  u8 family (0 none, 4, 6), u8 zero, u16 port, 16 bytes address (IPv4: first 4)
///  …  4 × runs    u16 first slot, u16 core; the first run starts at 0, each later one higher
/// ```
///
/// An address with all bytes zero means "the host you already reached, at this port".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The version of the protocol to speak from now on.
    pub version: u16,
    /// Which core serves this connection.
    pub core: u16,
    /// The limits of the server.
    pub limits: Limits,
    /// The epoch of the server's log.
    pub epoch: u64,
    /// The newest durable position of the server's log.
    pub position: u64,
    /// Where each core listens for itself, indexed by core; `None` when only the shared address
    /// leads to it.
    pub addresses: Vec<Option<SocketAddr>>,
    /// Which core owns which slot.
    pub slots: SlotMap,
}

const ADDRESS_BYTES: usize = 20;
const FIXED_BYTES: usize = 56;

impl Welcome {
    // One core and one run.
    pub(super) const BYTES_MIN: usize = FIXED_BYTES + ADDRESS_BYTES + 4;

    /// How many cores the box has.
    pub fn cores(&self) -> u16 {
        u16::try_from(self.addresses.len()).expect("at most 256 cores")
    }

    /// Appends its bytes.
    ///
    /// # Panics
    ///
    /// When the box has no core or more than [`CORES_MAX`], when `core` or the slot map names
    /// another core, or when the limits are out of range: the server's own start-up must see to it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(!self.addresses.is_empty() && self.addresses.len() <= usize::from(CORES_MAX));
        assert!(self.core < self.cores());
        assert!(self.limits.in_range());
        let start = out.len();
        let runs = self.slots.runs();
        let run_count = u16::try_from(runs.len()).expect("at most one run per slot");
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&KIND_WELCOME.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for field in [self.version, self.core, self.cores(), SLOT_COUNT] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&self.limits.request_bytes_max.to_le_bytes());
        out.extend_from_slice(&self.limits.reply_bytes_max.to_le_bytes());
        out.extend_from_slice(&self.limits.batch_items_max.to_le_bytes());
        out.extend_from_slice(&self.limits.in_flight_max.to_le_bytes());
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&run_count.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        for address in &self.addresses {
            out.extend_from_slice(&address_bytes(*address));
        }
        for run in runs {
            assert!(run.core < self.cores());
            out.extend_from_slice(&run.first.number().to_le_bytes());
            out.extend_from_slice(&run.core.to_le_bytes());
        }
        patch_length(out, start);
    }

    pub(super) fn parse(mut fields: Fields<'_>) -> Result<Self, HandshakeError> {
        let version = need(fields.u16(), 12)?;
        if !(VERSION_MIN..=VERSION).contains(&version) {
            return Err(HandshakeErrorKind::VersionNotOffered { version }.at(12));
        }
        let core = need(fields.u16(), 14)?;
        let cores = need(fields.u16(), 16)?;
        if cores <= core || CORES_MAX < cores {
            return Err(HandshakeErrorKind::Core { core, cores }.at(14));
        }
        if need(fields.u16(), 18)? != SLOT_COUNT {
            return Err(HandshakeErrorKind::SlotRuns.at(18));
        }
        let limits = Limits {
            request_bytes_max: need(fields.u32(), 20)?,
            reply_bytes_max: need(fields.u32(), 24)?,
            batch_items_max: need(fields.u16(), 28)?,
            in_flight_max: need(fields.u16(), 30)?,
        };
        if !limits.in_range() {
            return Err(HandshakeErrorKind::Limits.at(20));
        }
        let (epoch, position) = (need(fields.u64(), 32)?, need(fields.u64(), 40)?);
        let run_count = need(fields.u16(), 48)?;
        if need(fields.array::<6>(), 50)? != [0; 6] {
            return Err(HandshakeErrorKind::ReservedNotZero.at(50));
        }
        let addresses = (0..cores).map(|_| parse_address(&mut fields)).collect::<Result<_, _>>()?;
        let slots = SlotMap::parse(&mut fields, run_count, cores)?;
        let excess_bytes = fields.rest().len();
        if excess_bytes != 0 {
            return Err(HandshakeErrorKind::Excess { excess_bytes }.at(fields.offset()));
        }
        Ok(Self { version, core, limits, epoch, position, addresses, slots })
    }
}

fn address_bytes(address: Option<SocketAddr>) -> [u8; ADDRESS_BYTES] {
    let mut bytes = [0; ADDRESS_BYTES];
    let Some(address) = address else { return bytes };
    bytes[2..4].copy_from_slice(&address.port().to_le_bytes());
    match address.ip() {
        IpAddr::V4(ip) => {
            bytes[0] = 4;
            bytes[4..8].copy_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes[0] = 6;
            bytes[4..].copy_from_slice(&ip.octets());
        }
    }
    bytes
}

fn parse_address(fields: &mut Fields<'_>) -> Result<Option<SocketAddr>, HandshakeError> {
    let offset = fields.offset();
    let [family, reserved] = need(fields.array(), offset)?;
    let port = need(fields.u16(), offset)?;
    let octets: [u8; 16] = need(fields.array(), offset)?;
    let [a, b, c, d, rest @ ..] = octets;
    let ip = match family {
        0 if port == 0 && octets == [0; 16] => None,
        4 if rest == [0; 12] => Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
        6 => Some(IpAddr::V6(Ipv6Addr::from(octets))),
        0 | 4 => return Err(HandshakeErrorKind::ReservedNotZero.at(offset)),
        _ => return Err(HandshakeErrorKind::AddressFamily { family }.at(offset)),
    };
    if reserved != 0 {
        return Err(HandshakeErrorKind::ReservedNotZero.at(offset + 1));
    }
    Ok(ip.map(|ip| SocketAddr::new(ip, port)))
}
