//! Which core a datagram belongs to.
//!
//! The first byte of a connection id, modulo the number of cores, is the core. The ids that we give
//! out are made so; the first id of a connection is the client's own invention, which this spreads
//! over the cores as well as any hash would, and every repetition of that first packet finds the same
//! core. The kernel applies the rule as a classic BPF program over the sockets that share the port,
//! so a client that changes its address or port stays with its core; the driver applies it again to
//! what it receives. Only the core can be told from an id: the multiple of the core count in that
//! byte is random, as are the bytes after it.

use std::io;
use std::net::UdpSocket;

use nix::libc::{sock_filter, sock_fprog};
use nix::sys::socket::{setsockopt, sockopt::AttachReusePortCbpf};
use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of the ids that we give out.
const ID_BYTES: usize = 8;
/// One byte names the core.
pub(crate) const CORES_MAX: u16 = 256;

/// Long headers carry a version and a length before the destination id; short ones do not
/// (RFC 8999, section 5).
const LONG_HEADER: u8 = 0x80;
const ID_AT_SHORT: u8 = 1;
const ID_AT_LONG: u8 = 6;

/// The core that `datagram` belongs to. What is too short to have an id belongs to the first.
pub(crate) fn owner(datagram: &[u8], cores: u16) -> u16 {
    let long = datagram.first().is_some_and(|it| it & LONG_HEADER != 0);
    let at = if long { ID_AT_LONG } else { ID_AT_SHORT };
    datagram.get(usize::from(at)).map_or(0, |it| u16::from(*it) % cores)
}

/// Lets the kernel apply [`owner`] to the sockets that share the port of `socket`, of which there are
/// `cores`, bound in the order of the cores.
pub(crate) fn attach(socket: &UdpSocket, cores: u16) -> io::Result<()> {
    let mut filter = program(cores);
    let length = u16::try_from(filter.len()).expect("the program is seven instructions");
    let program = sock_fprog { len: length, filter: filter.as_mut_ptr() };
    // The kernel copies the program before the call returns.
    setsockopt(socket, AttachReusePortCbpf, &program).map_err(io::Error::from)
}

/// A load beyond the datagram's end returns 0 for the whole program.
fn program(cores: u16) -> [sock_filter; 7] {
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const JUMP: u16 = 0x05;
    const MODULO: u16 = 0x94;
    const RETURN: u16 = 0x16;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    [
        step(LOAD_BYTE, 0, 0, 0),
        step(JUMP_IF_SET, 0, 2, u32::from(LONG_HEADER)),
        step(LOAD_BYTE, 0, 0, u32::from(ID_AT_LONG)),
        step(JUMP, 0, 0, 1),
        step(LOAD_BYTE, 0, 0, u32::from(ID_AT_SHORT)),
        step(MODULO, 0, 0, u32::from(cores)),
        step(RETURN, 0, 0, 0),
    ]
}

/// Makes the connection ids of one core.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) core: u16,
    pub(crate) cores: u16,
    pub(crate) random: SystemRandom,
}

impl Ids {
    fn first_byte(&self, random: u8) -> u8 {
        let multiples = CORES_MAX / self.cores;
        let byte = u16::from(random) % multiples * self.cores + self.core;
        u8::try_from(byte).expect("a core is less than the count, and the multiples fit a byte")
    }
}

impl ConnectionIdGenerator for Ids {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; ID_BYTES];
        self.random.fill(&mut id).expect("the system's random source does not fail once it is up");
        id[0] = self.first_byte(id[0]);
        ConnectionId::new(&id)
    }

    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        let first = id.first().ok_or(InvalidCid)?;
        if u16::from(*first) % self.cores == self.core { Ok(()) } else { Err(InvalidCid) }
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_names_its_core() {
        for cores in [1, 2, 3, 7, 64, 255, 256] {
            for core in [0, cores / 2, cores - 1] {
                let mut ids = Ids { core, cores, random: SystemRandom::new() };
                for random in 0..=u8::MAX {
                    assert_eq!(u16::from(ids.first_byte(random)) % cores, core);
                }
                let id = ids.generate_cid();
                assert!(ids.validate(&id).is_ok());
                let short = [&[0x40], &id[..], &[0; 20]].concat();
                assert_eq!(owner(&short, cores), core);
                let long = [&[0xc0, 0, 0, 0, 1, 8], &id[..], &[0; 20]].concat();
                assert_eq!(owner(&long, cores), core);
            }
        }
    }

    #[test]
    fn short_datagrams_belong_to_the_first_core() {
        for datagram in [&[][..], &[0x40], &[0xc0, 1, 1, 1, 1, 1]] {
            assert_eq!(owner(datagram, 2), 0);
        }
    }

    #[test]
    fn the_kernel_agrees() {
        use socket2::{Domain, Socket, Type};
        let mut sockets: Vec<UdpSocket> = Vec::new();
        for core in 0..3 {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
            socket.set_reuse_port(true).unwrap();
            let address = match sockets.first() {
                Some(first) => first.local_addr().unwrap(),
                None => "127.0.0.1:0".parse().unwrap(),
            };
            socket.bind(&address.into()).unwrap();
            socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
            sockets.push(socket.into());
            if core == 0 {
                attach(&sockets[0], 3).unwrap();
            }
        }
        let to = sockets[0].local_addr().unwrap();
        for byte in 0..=u8::MAX {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            let datagrams: [&[u8]; 3] =
                [&[0x40, byte, 9, 9], &[0xc0, 0, 0, 0, 1, 8, byte, 9], &[0xc0, byte]];
            for datagram in datagrams {
                client.send_to(datagram, to).unwrap();
                let mut buffer = [0; 64];
                let socket = &sockets[usize::from(owner(datagram, 3))];
                let length = socket.recv(&mut buffer).unwrap();
                assert_eq!(&buffer[..length], datagram);
            }
        }
    }
}
