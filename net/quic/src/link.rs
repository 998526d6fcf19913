//! A UDP socket: datagrams in batches, with segmentation offload and ECN marks.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use bytes::BytesMut;
use quinn_proto::{EcnCodepoint, Transmit};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Bytes of the longest datagram that is read whole; what we announce to peers is less.
const DATAGRAM_BYTES_MAX: usize = 1500;
/// What the system is asked to hold for a socket; it may grant less.
const KERNEL_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Datagrams of one connection that are handed over in one call.
const SEGMENTS_MAX: usize = 16;

/// A datagram and where it came from.
#[derive(Debug)]
pub struct Datagram {
    /// Who sent it.
    pub remote: SocketAddr,
    /// Which of our addresses it was sent to, where the system says.
    pub local_ip: Option<IpAddr>,
    /// What the network said of its load (RFC 3168).
    pub ecn: Option<EcnCodepoint>,
    /// What it says.
    pub bytes: BytesMut,
}

/// A socket that never waits unless it is asked to.
#[derive(Debug)]
pub struct Link {
    io: UdpSocket,
    state: UdpSocketState,
    buffer: Vec<u8>,
    slot_bytes: usize,
}

impl Link {
    /// A free port, for datagrams to `remote`.
    pub fn to(remote: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match remote {
            SocketAddr::V4(_) => ([0; 4], 0).into(),
            SocketAddr::V6(_) => ([0; 16], 0).into(),
        };
        Self::new(UdpSocket::bind(any)?)
    }

    /// Takes over a socket that is bound.
    pub(crate) fn new(io: UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new((&io).into())?;
        // Less than asked for is still a socket.
        drop(state.set_recv_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        drop(state.set_send_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        // A slot takes a whole train of datagrams, or the system would cut it.
        let slot_bytes = state.gro_segments() * DATAGRAM_BYTES_MAX;
        Ok(Self { io, state, buffer: vec![0; slot_bytes * BATCH_SIZE], slot_bytes })
    }

    /// Whether the path MTU can be probed: datagrams are not cut on their way.
    pub fn probes_mtu(&self) -> bool {
        !self.state.may_fragment()
    }

    /// Datagrams that one [`Self::send`] may carry.
    pub fn segments_max(&self) -> usize {
        self.state.max_gso_segments().min(SEGMENTS_MAX)
    }

    /// The socket itself, to wait on.
    pub fn io(&self) -> &UdpSocket {
        &self.io
    }

    /// Takes one batch of what has arrived; whether there may be more.
    pub fn receive(&mut self, datagrams: &mut Vec<Datagram>) -> io::Result<bool> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut slots = self.buffer.chunks_mut(self.slot_bytes);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("the buffer has a slot for each of a batch"))
        });
        let count = match self.state.recv(UdpSockRef::from(&self.io), &mut slices, &mut metas) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        for (meta, slice) in metas.iter().zip(&slices).take(count) {
            for bytes in slice[..meta.len].chunks(meta.stride.max(1)) {
                datagrams.push(Datagram {
                    remote: meta.addr,
                    local_ip: meta.dst_ip,
                    ecn: meta.ecn.and_then(|it| EcnCodepoint::from_bits(it as u8)),
                    bytes: BytesMut::from(bytes),
                });
            }
        }
        Ok(count == BATCH_SIZE)
    }

    /// Sends; `false` when there is no room. Any other failure is a loss, which QUIC repairs.
    pub fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        let transmit = quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: transmit.ecn.and_then(|it| quinn_udp::EcnCodepoint::from_bits(it as u8)),
            contents: &bytes[..transmit.size],
            segment_size: transmit.segment_size,
            src_ip: transmit.src_ip,
        };
        match self.state.try_send(UdpSockRef::from(&self.io), &transmit) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) => {
                tracing::debug!(%error, to = %transmit.destination, "quic: a datagram was not sent");
                true
            }
            Ok(()) => true,
        }
    }

    /// Blocks until there is something to receive, at most so long, or until `bell` can be read; whether
    /// the bell rang. An interrupted wait is over.
    pub fn wait(&self, most: Duration, bell: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let most = Timespec::try_from(most).unwrap_or_default();
        let mut fds = vec![PollFd::new(&self.io, PollFlags::IN)];
        fds.extend(bell.map(|it| PollFd::from_borrowed_fd(it, PollFlags::IN)));
        match poll(&mut fds, Some(&most)) {
            Ok(_) => Ok(fds.get(1).is_some_and(|it| it.revents().contains(PollFlags::IN))),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Blocks until there is room to send. An interrupted wait is over.
    pub fn wait_for_room(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.io, PollFlags::OUT)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
