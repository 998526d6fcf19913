//! The generator's UDP socket: datagrams in batches, both ways.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};

use bytes::BytesMut;
use quinn_proto::{EcnCodepoint, Transmit};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Longest datagram that is taken, in bytes; quinn announces less.
const DATAGRAM_BYTES_MAX: usize = 1500;
/// What the system is asked to hold; it may grant less.
const KERNEL_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// Datagrams of one connection in one call.
const SEGMENTS_MAX: usize = 16;

/// A datagram and where it came from.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) remote: SocketAddr,
    pub(super) local: Option<IpAddr>,
    pub(super) ecn: Option<EcnCodepoint>,
    pub(super) bytes: BytesMut,
}

#[derive(Debug)]
pub(super) struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    buffer: Vec<u8>,
    slot_bytes: usize,
}

impl Socket {
    /// A free port on the loopback or elsewhere, for datagrams to `remote`.
    pub(super) fn new(remote: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match remote {
            SocketAddr::V4(_) => ([0; 4], 0).into(),
            SocketAddr::V6(_) => ([0; 16], 0).into(),
        };
        let io = UdpSocket::bind(any)?;
        let state = UdpSocketState::new((&io).into())?;
        // Less than asked for is still a socket.
        drop(state.set_recv_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        drop(state.set_send_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        // A slot takes a whole train of datagrams, or the system would cut it.
        let slot_bytes = state.gro_segments() * DATAGRAM_BYTES_MAX;
        Ok(Self { io, state, buffer: vec![0; slot_bytes * BATCH_SIZE], slot_bytes })
    }

    /// The same socket, for the runtime to wait on.
    pub(super) fn clone_io(&self) -> io::Result<UdpSocket> {
        self.io.try_clone()
    }

    pub(super) fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }

    pub(super) fn segments_max(&self) -> usize {
        self.state.max_gso_segments().min(SEGMENTS_MAX)
    }

    /// Takes one batch of what has arrived; whether there may be more. An error is the other side's
    /// system reporting: silence tells the same later.
    pub(super) fn receive(&mut self, datagrams: &mut Vec<Datagram>) -> bool {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut slots = self.buffer.chunks_mut(self.slot_bytes);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("the buffer has a slot for each of a batch"))
        });
        let received = self.state.recv(UdpSockRef::from(&self.io), &mut slices, &mut metas);
        let Ok(count) = received else { return false };
        for (meta, slice) in metas.iter().zip(&slices).take(count) {
            for bytes in slice[..meta.len].chunks(meta.stride.max(1)) {
                datagrams.push(Datagram {
                    remote: meta.addr,
                    local: meta.dst_ip,
                    ecn: meta.ecn.and_then(|it| EcnCodepoint::from_bits(it as u8)),
                    bytes: BytesMut::from(bytes),
                });
            }
        }
        count == BATCH_SIZE
    }

    /// Sends, waiting for room; any other failure is a loss, which QUIC repairs.
    pub(super) fn send(&self, transmit: &Transmit, bytes: &[u8]) {
        let transmit = quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: transmit.ecn.and_then(|it| quinn_udp::EcnCodepoint::from_bits(it as u8)),
            contents: &bytes[..transmit.size],
            segment_size: transmit.segment_size,
            src_ip: transmit.src_ip,
        };
        while let Err(error) = self.state.try_send(UdpSockRef::from(&self.io), &transmit) {
            if error.kind() != io::ErrorKind::WouldBlock {
                return;
            }
            self.wait(PollFlags::OUT, None);
        }
    }

    /// Blocks until something arrives, at most so long.
    pub(super) fn wait_readable(&self, most: std::time::Duration) {
        self.wait(PollFlags::IN, Timespec::try_from(most).ok().as_ref());
    }

    fn wait(&self, what: PollFlags, most: Option<&Timespec>) {
        let mut fds = [PollFd::new(&self.io, what)];
        // Interrupted or not: the caller looks again.
        let _ = poll(&mut fds, most);
    }
}
