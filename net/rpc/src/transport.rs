//! What carries the bytes: TCP, TLS over TCP, or a QUIC stream. Everything above is the same.

mod sealed;

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use monoio::buf::IoBufMut;
use monoio::io::{
    AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable,
};
use monoio::net::TcpStream;
use tls::{ClientIdentity, Protocol, ServerConfig, Session, client_identity};

use sealed::Sealed;

/// A connection of another machine is asked after so much silence whether it is there, and so often,
/// before it is given up.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);
/// One read of a QUIC stream makes room for so much.
const STREAM_READ_BYTES: usize = 16 * 1024;

/// The receiving half of a connection.
pub(crate) enum Reader {
    Plain(OwnedReadHalf<TcpStream>),
    Tls(Box<sealed::Reader>),
    Quic(quic::Receiver),
}

/// The sending half of a connection.
pub(crate) enum Writer {
    Plain(OwnedWriteHalf<TcpStream>),
    Tls(Box<sealed::Writer>),
    Quic(quic::Sender),
}

/// A connection that nobody has greeted yet.
pub(crate) enum Arrival {
    Tcp(TcpStream, SocketAddr),
    Tls(TcpStream, SocketAddr, Arc<ServerConfig>),
    Quic(quic::Stream),
}

/// A connection that can carry a Hello, and what is known of the other side.
pub(crate) struct Carried {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) certificate: Option<ClientIdentity>,
}

/// Why a connection cannot carry a Hello.
pub(crate) enum Unfit {
    /// There is nobody to talk to.
    Lost(io::Error),
    /// The other side is there, and has not named the protocol.
    Wrong(Box<Carried>, String),
}

impl Arrival {
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Tcp(_, address) | Self::Tls(_, address, _) => *address,
            Self::Quic(stream) => stream.peer().address,
        }
    }

    /// Makes the connection ready; `progress` is set to zero whenever the other side takes bytes.
    pub(crate) async fn open(self, progress: &Rc<Cell<u32>>) -> Result<Carried, Unfit> {
        match self {
            Self::Tcp(socket, _) => {
                // Without it replies wait for acknowledgements; a socket that refuses is about to
                // fail anyway.
                drop(socket.set_nodelay(true));
                let (reader, writer) = socket.into_split();
                let (reader, writer) = (Reader::Plain(reader), Writer::Plain(writer));
                Ok(Carried { reader, writer, certificate: None })
            }
            Self::Tls(socket, _, config) => shake_hands(socket, &config, progress).await,
            Self::Quic(stream) => {
                let chain = stream.peer().certificates.clone();
                let (reader, writer) = stream.split();
                let (reader, writer) = (Reader::Quic(reader), Writer::Quic(writer));
                Ok(Carried { reader, writer, certificate: name(chain.as_deref()) })
            }
        }
    }
}

async fn shake_hands(
    socket: TcpStream,
    config: &Arc<ServerConfig>,
    progress: &Rc<Cell<u32>>,
) -> Result<Carried, Unfit> {
    drop(socket.set_nodelay(true));
    let (time, interval, tries) = KEEPALIVE;
    drop(socket.set_tcp_keepalive(Some(time), Some(interval), Some(tries)));
    let session = Session::server(config).map_err(|error| Unfit::Lost(io::Error::other(error)))?;
    let sealed = Rc::new(Sealed::new(session));
    let (reader, writer) = socket.into_split();
    let mut reader = sealed::Reader::new(reader, Rc::clone(&sealed));
    let mut writer = sealed::Writer::new(writer, Rc::clone(&sealed), Rc::clone(progress));
    sealed::shake_hands(&mut reader, &mut writer).await.map_err(Unfit::Lost)?;
    let (protocol, chain) = {
        let session = sealed.session();
        (session.protocol(), session.peer_certificates().map(<[_]>::to_vec))
    };
    let (reader, writer) = (Reader::Tls(Box::new(reader)), Writer::Tls(Box::new(writer)));
    let carried = Carried { reader, writer, certificate: name(chain.as_deref()) };
    // A client that names another protocol only was turned away by the handshake. One that names
    // nothing could have been led here by somebody else (RFC 7301; the attack is called ALPACA).
    if protocol != Some(Protocol::Rpc) {
        let name = Protocol::Rpc.name();
        let detail = format!("name the protocol `{name}` in the TLS handshake (ALPN)");
        return Err(Unfit::Wrong(Box::new(carried), detail));
    }
    Ok(carried)
}

/// Who the certificate is for. One that names nobody is as good as none: the handshake has verified
/// it, and a credential may still be shown.
fn name(chain: Option<&[tls::CertificateDer<'static>]>) -> Option<ClientIdentity> {
    let named = client_identity(chain?);
    named.inspect_err(|error| tracing::debug!(%error, "rpc: a certificate without a name")).ok()
}

impl Reader {
    /// Appends what comes to `input`, at most its free capacity where the bytes come from a socket;
    /// zero is the end.
    pub(crate) async fn read(&mut self, mut input: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        match self {
            Self::Plain(half) => {
                let start = input.len();
                let (count, space) = half.read(input.slice_mut(start..)).await;
                (count, space.into_inner())
            }
            Self::Tls(half) => {
                let count = half.read(&mut input).await;
                (count, input)
            }
            Self::Quic(half) => {
                input.reserve(STREAM_READ_BYTES);
                let count = half.read(&mut input).await;
                (count, input)
            }
        }
    }
}

impl Writer {
    /// Sends all of `bytes`; the buffer comes back, empty or not, when there is one to give back.
    pub(crate) async fn write_all(&mut self, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        match self {
            Self::Plain(half) => {
                let (written, bytes) = half.write_all(bytes).await;
                (written.map(drop), bytes)
            }
            Self::Tls(half) => {
                let written = half.write_all(&bytes).await;
                (written, bytes)
            }
            Self::Quic(half) => (half.write_all(bytes).await, Vec::new()),
        }
    }

    /// Whether the carrier itself has something to say.
    pub(crate) fn has_own(&self) -> bool {
        matches!(self, Self::Tls(half) if half.has_own())
    }

    /// Says that nothing more will come.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(half) => half.shutdown().await,
            Self::Tls(half) => half.shutdown().await,
            Self::Quic(half) => {
                half.finish();
                Ok(())
            }
        }
    }
}
