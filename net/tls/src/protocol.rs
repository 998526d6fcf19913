//! What is spoken inside.

/// A protocol that a door offers in the handshake (ALPN, RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.1 (RFC 9112).
    Http1,
    /// HTTP/2 (RFC 9113).
    Http2,
    /// HTTP/3 (RFC 9114); over QUIC only.
    Http3,
    /// The binary protocol of `net/wire`.
    Rpc,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::Http1, Self::Http2, Self::Http3, Self::Rpc];

    /// The name in the handshake.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
            Self::Http3 => "h3",
            Self::Rpc => "quoin-rpc",
        }
    }

    /// The protocol of this name in the handshake.
    pub fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name().as_bytes() == name)
    }
}

/// The names as `rustls` wants them, in order of preference.
pub(crate) fn names(protocols: &[Protocol]) -> Vec<Vec<u8>> {
    protocols.iter().map(|it| it.name().as_bytes().to_vec()).collect()
}
