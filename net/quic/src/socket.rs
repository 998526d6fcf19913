//! One core's socket: a [`Link`], and the runtime's readiness for it.

use std::io;
use std::net::UdpSocket;
use std::rc::Rc;

use quinn_proto::Transmit;

use crate::link::{Datagram, Link};

pub(crate) struct Socket {
    link: Link,
    /// The same socket once more, for the runtime to wait on.
    readiness: Rc<monoio::net::udp::UdpSocket>,
}

impl Socket {
    pub(crate) fn new(io: UdpSocket) -> io::Result<Self> {
        let link = Link::new(io)?;
        let readiness = monoio::net::udp::UdpSocket::from_std(link.io().try_clone()?)?;
        Ok(Self { link, readiness: Rc::new(readiness) })
    }

    /// Waits until there is something to receive.
    pub(crate) fn readable(&self) -> impl Future<Output = io::Result<()>> + use<> {
        let socket = Rc::clone(&self.readiness);
        async move { socket.readable(false).await }
    }

    /// Waits until there is room to send.
    pub(crate) fn writable(&self) -> impl Future<Output = io::Result<()>> + use<> {
        let socket = Rc::clone(&self.readiness);
        async move { socket.writable(false).await }
    }

    pub(crate) fn probes_mtu(&self) -> bool {
        self.link.probes_mtu()
    }

    pub(crate) fn segments_max(&self) -> usize {
        self.link.segments_max()
    }

    pub(crate) fn receive(&mut self, datagrams: &mut Vec<Datagram>) -> io::Result<bool> {
        self.link.receive(datagrams)
    }

    pub(crate) fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        self.link.send(transmit, bytes)
    }
}
