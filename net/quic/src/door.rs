//! The port: one socket for each core.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use quinn_proto::crypto::rustls::QuicServerConfig;
use quinn_proto::{Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use socket2::{Domain, Protocol, Socket as Raw, Type};

use crate::date::Date;
use crate::driver::{Admission, Driver, Tables};
use crate::figures::{Counts, Figures};
use crate::h3::inbound::Limits;
use crate::lanes::Lane;
use crate::padding::Trimming;
use crate::pipe::Stream;
use crate::shop::{Outbox, Peer, Shop, StreamService};
use crate::socket::Socket;
use crate::steering::{self, CORES_MAX, Ids};

/// What HTTP/3 is called in TLS (RFC 9114, section 3.1).
const ALPN: &[u8] = b"h3";
/// Control, encoder and decoder, and some of types that we do not know.
const UNIDIRECTIONAL_STREAMS_MAX: u32 = 16;

/// How the door behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Largest request body, in bytes; a larger one is answered with 413.
    pub body_bytes_max: usize,
    /// Largest head of a request as RFC 9114, section 4.2.2 counts it; a larger one is answered
    /// with 431.
    pub section_bytes_max: usize,
    /// Most connections of one core; one more is refused.
    pub connections_max: usize,
    /// Most requests of one connection under way.
    pub streams_max: u32,
    /// Bytes of one request that may be under way to us unread.
    pub stream_window_bytes: u32,
    /// Bytes of all requests of one connection that may be under way to us unread.
    pub connection_window_bytes: u32,
    /// Bytes of answers of one connection that are kept until they are acknowledged.
    pub send_window_bytes: u64,
    /// Bytes of requests that have not arrived in full, over all connections of one core; what would
    /// exceed them is answered with 503.
    pub held_bytes_max: usize,
    /// Unfinished handshakes of one core above which a client must show that its address is its own
    /// (RFC 9000, section 8.1.2). 0: each must.
    pub handshakes_retry: usize,
    /// Longest silence of a connection, in seconds.
    pub silence_s: u32,
    /// Whether requests are taken before the handshake is complete. They are marked
    /// ([`Peer::early_data`]), and the service decides.
    pub early_data: bool,
    /// How long answers may take once the door stops, in milliseconds.
    pub drain_ms: u64,
    /// Whether the kernel steers datagrams to the cores that own them. Without it they are handed on
    /// between the cores.
    pub steering: bool,
    /// What the keys of stateless resets and of retry tokens are derived from. With the same secret
    /// after a restart, clients of before learn at once that their connections are gone. Drawn at
    /// random if absent.
    pub secret: Option<Secret>,
    /// Makes the answers that the door gives itself: 413, 431, 503.
    pub refuse: fn(StatusCode) -> Response<Bytes>,
    /// The name in the TLS handshake (RFC 7301) of a second protocol, whose bidirectional streams go to
    /// [`Door::serve_streams`].
    pub streams: Option<&'static [u8]>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            section_bytes_max: 64 * 1024,
            connections_max: 4096,
            streams_max: 256,
            stream_window_bytes: 256 * 1024,
            connection_window_bytes: 1024 * 1024,
            send_window_bytes: 2 * 1024 * 1024,
            held_bytes_max: 64 * 1024 * 1024,
            handshakes_retry: 64,
            silence_s: 75,
            early_data: false,
            drain_ms: 5000,
            steering: true,
            secret: None,
            refuse: refusal,
            streams: None,
        }
    }
}

/// Bytes that nobody else knows.
#[derive(Clone)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// Why the door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A connection id has room for so many.
    #[error("{cores} cores: the QUIC door takes 1 to {CORES_MAX}")]
    Cores {
        /// As asked.
        cores: u16,
    },
    /// QUIC protects its first packets with this suite (RFC 9001, section 5).
    #[error("the TLS configuration lacks TLS 1.3 with TLS_AES_128_GCM_SHA256, which QUIC needs")]
    Suite,
    /// The system gives no random bytes.
    #[error("the system's random source failed")]
    Random,
    /// The operating system refuses.
    #[error("cannot receive on UDP {address}: {source}")]
    Io {
        /// As asked.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The port of the door, before and while the cores serve it.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    options: Options,
    sockets: Mutex<Vec<Option<UdpSocket>>>,
    lanes: Arc<[Lane]>,
    figures: Arc<[Figures]>,
    server: Arc<ServerConfig>,
    reset_key: hmac::Key,
}

impl Door {
    /// Takes the UDP port of `address` for `cores` cores; port 0 takes a free one. Of `tls` the door
    /// uses a copy that speaks HTTP/3 and the protocol of [`Options::streams`] only.
    pub fn bind(
        address: SocketAddr,
        cores: u16,
        tls: &rustls::ServerConfig,
        options: Options,
    ) -> Result<Self, BindError> {
        if !(1..=CORES_MAX).contains(&cores) {
            return Err(BindError::Cores { cores });
        }
        let secret = if let Some(Secret(secret)) = &options.secret {
            *secret
        } else {
            let mut secret = [0; 32];
            SystemRandom::new().fill(&mut secret).map_err(|_| BindError::Random)?;
            secret
        };
        let derive = |label: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), label);
        let reset_key = hmac::Key::new(hmac::HMAC_SHA256, derive(b"stateless reset").as_ref());
        let token_key =
            hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(derive(b"retry token").as_ref());
        let mut tls = tls.clone();
        let names = std::iter::once(ALPN).chain(options.streams);
        tls.alpn_protocols = names.map(<[u8]>::to_vec).collect();
        tls.max_early_data_size = if options.early_data { u32::MAX } else { 0 };
        let crypto = QuicServerConfig::try_from(tls).map_err(|_| BindError::Suite)?;
        let crypto = Arc::new(Trimming(Arc::new(crypto)));
        let mut server = ServerConfig::new(crypto, Arc::new(token_key));
        server.transport_config(Arc::new(transport(&options)));
        let (address, sockets) = sockets(address, cores, options.steering)
            .map_err(|source| BindError::Io { address, source })?;
        Ok(Self {
            address,
            options,
            sockets: Mutex::new(sockets.into_iter().map(Some).collect()),
            lanes: (0..cores).map(|_| Lane::default()).collect(),
            figures: (0..cores).map(|_| Figures::default()).collect(),
            server: Arc::new(server),
            reset_key,
        })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `core` has done so far; zeroes if there is no such core.
    pub fn counts(&self, core: u16) -> Counts {
        self.figures.get(usize::from(core)).map(Figures::counts).unwrap_or_default()
    }

    /// Serves the connections of `core`, on its thread, within its runtime. The future is to be
    /// spawned there; it ends after `stopping` has resolved and the requests under way then were
    /// answered, or ran out of time. Each core is served once; `None` is for a second time.
    ///
    /// The service is polled where the request is found complete, and becomes a task of its own only
    /// if it has to wait. It runs to its end even if the client gives up.
    pub fn serve<S, F, X>(
        &self,
        core: u16,
        service: S,
        stopping: X,
    ) -> io::Result<Option<impl Future<Output = ()> + use<S, F, X>>>
    where
        S: Fn(Request<Bytes>, Peer) -> F + 'static,
        F: Future<Output = Response<Bytes>> + 'static,
        X: Future<Output = ()> + 'static,
    {
        self.open(core, service, None, stopping)
    }

    /// Serves `core` as [`Door::serve`] does, and hands every bidirectional stream of a connection that
    /// speaks the second protocol to `streams`, whose future becomes a task. Once `stopping` has
    /// resolved no stream is handed over any more, and those tasks are to end by themselves.
    pub fn serve_streams<S, F, T, G, X>(
        &self,
        core: u16,
        service: S,
        streams: T,
        stopping: X,
    ) -> io::Result<Option<impl Future<Output = ()> + use<S, F, T, G, X>>>
    where
        S: Fn(Request<Bytes>, Peer) -> F + 'static,
        F: Future<Output = Response<Bytes>> + 'static,
        T: Fn(Stream) -> G + 'static,
        G: Future<Output = ()> + 'static,
        X: Future<Output = ()> + 'static,
    {
        self.open(core, service, Some(Box::new(move |it| Box::pin(streams(it)))), stopping)
    }

    fn open<S, F, X>(
        &self,
        core: u16,
        service: S,
        streams: Option<StreamService>,
        stopping: X,
    ) -> io::Result<Option<impl Future<Output = ()> + use<S, F, X>>>
    where
        S: Fn(Request<Bytes>, Peer) -> F + 'static,
        F: Future<Output = Response<Bytes>> + 'static,
        X: Future<Output = ()> + 'static,
    {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(socket) = sockets.get_mut(usize::from(core)).and_then(Option::take) else {
            return Ok(None);
        };
        drop(sockets);
        let socket = Socket::new(socket)?;
        let cores = u16::try_from(self.lanes.len()).expect("bounded when the door was bound");
        let mut config = EndpointConfig::new(Arc::new(self.reset_key.clone()));
        config.cid_generator(move || Box::new(Ids { core, cores, random: SystemRandom::new() }));
        let server = Some(Arc::clone(&self.server));
        let endpoint = Endpoint::new(Arc::new(config), server, socket.probes_mtu(), None);
        let options = &self.options;
        let shop = Shop {
            service: Box::new(move |request, peer| Box::pin(service(request, peer))),
            streams: options.streams.zip(streams),
            refuse: options.refuse,
            limits: Limits {
                section_bytes_max: options.section_bytes_max,
                body_bytes_max: options.body_bytes_max,
            },
            streams_max: usize::try_from(options.streams_max).unwrap_or(usize::MAX),
            held_bytes: 0,
            held_bytes_max: options.held_bytes_max,
            outbox: Rc::new(Outbox::default()),
            date: Date::new(Instant::now()),
            requests: 0,
        };
        let driver = Driver {
            core,
            lanes: Arc::clone(&self.lanes),
            figures: Arc::clone(&self.figures),
            socket,
            endpoint,
            admission: Admission {
                connections_max: options.connections_max,
                handshakes_retry: options.handshakes_retry,
            },
            drain: Duration::from_millis(options.drain_ms),
            shop,
            tables: Tables::default(),
        };
        Ok(Some(driver.run(stopping)))
    }
}

fn transport(options: &Options) -> TransportConfig {
    let mut transport = TransportConfig::default();
    let silence_ms = VarInt::from(options.silence_s).into_inner() * 1000;
    let silence = VarInt::from_u64(silence_ms).map(IdleTimeout::from);
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(options.streams_max))
        .max_concurrent_uni_streams(VarInt::from_u32(UNIDIRECTIONAL_STREAMS_MAX))
        .stream_receive_window(VarInt::from_u32(options.stream_window_bytes))
        .receive_window(VarInt::from_u32(options.connection_window_bytes))
        .send_window(options.send_window_bytes)
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(silence.ok());
    transport
}

/// The sockets in the order of the cores, which is how the kernel numbers them.
fn sockets(
    address: SocketAddr,
    cores: u16,
    steering: bool,
) -> io::Result<(SocketAddr, Vec<UdpSocket>)> {
    let mut bound = address;
    let mut sockets = Vec::new();
    for core in 0..cores {
        let socket = Raw::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        // Alone, the port stays exclusive: a second process is refused instead of sharing it.
        if cores > 1 {
            socket.set_reuse_port(true)?;
        }
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&bound.into())?;
        let socket = UdpSocket::from(socket);
        bound = socket.local_addr()?;
        if core == 0 && cores > 1 && steering {
            steering::attach(&socket, cores)?;
        }
        sockets.push(socket);
    }
    Ok((bound, sockets))
}

/// Problem details (RFC 9457) without details.
fn refusal(status: StatusCode) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{}}}",
        status.as_u16()
    );
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
