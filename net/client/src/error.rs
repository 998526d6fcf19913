//! One enum per question: did it connect, did it fit, did the server keep to the protocol, did an
//! answer come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use wire::{EncodeError, HandshakeError, Status, WireError};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name gives no address.
    #[error("no address to connect to")]
    NoAddress,
    /// The operating system could not resolve, connect, send or receive.
    #[error("connect")]
    Io(#[source] io::Error),
    /// The server accepted but said nothing in time.
    #[error("no greeting within {connect_ms} ms")]
    TimeLimit {
        /// The limit that passed.
        connect_ms: u64,
    },
    /// The server closed before it had greeted.
    #[error("closed before the greeting")]
    Closed,
    /// What the client is to trust or to show cannot be used.
    #[error("certificates")]
    Trust(#[source] Arc<tls::ConfigError>),
    /// The name that the box's certificate should be for is none.
    #[error("`{name}` is neither a host name nor an address")]
    ServerName {
        /// As given.
        name: String,
    },
    /// There is no QUIC connection.
    #[error("quic")]
    Quic(#[source] quic::ClientError),
    /// This face cannot speak over what the options name.
    #[error("the face for one thread speaks over TCP and TLS, not over QUIC")]
    Face,
    /// The server answered with something else than a Welcome.
    #[error(transparent)]
    Session(SessionError),
}

impl ConnectError {
    /// Whether another attempt cannot help.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Session(
                SessionError::Refused {
                    status: Status::WrongVersion | Status::Unauthenticated,
                    ..
                } | SessionError::Handshake(_)
            ) | Self::Trust(_)
                | Self::ServerName { .. }
        )
    }
}

/// Why a call was not taken. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// As many calls as allowed wait for their reply already.
    #[error("{in_flight} calls in flight are the limit of this connection")]
    WindowFull {
        /// The limit.
        in_flight: usize,
    },
    /// The payloads that are kept to be sent (again) would be too large together.
    #[error("{kept_bytes} bytes of payload kept, {kept_bytes_max} are the limit")]
    KeptFull {
        /// Bytes kept with this call.
        kept_bytes: usize,
        /// The limit.
        kept_bytes_max: usize,
    },
    /// The call breaks a limit of the server.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The connection has not been greeted yet.
    #[error("not greeted yet")]
    NotGreeted,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

/// How the server broke the protocol, or why it ended the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The server's first message is none.
    #[error("the server's greeting is not understood")]
    Handshake(#[source] HandshakeError),
    /// The server does not let this client in.
    #[error("refused as {status:?}, speaks versions {version_min} to {version_max}: {detail}")]
    Refused {
        /// Why, as a number.
        status: Status,
        /// Oldest version the server speaks.
        version_min: u16,
        /// Newest version the server speaks.
        version_max: u16,
        /// Why, as a sentence.
        detail: String,
    },
    /// A frame that is none.
    #[error("the server's reply is not understood")]
    Frame(#[source] WireError),
    /// A reply to a request that is not in flight.
    #[error("reply to request {request_id:#x}, which is not in flight")]
    UnknownRequest {
        /// The id found.
        request_id: u64,
    },
    /// The server ends the connection and says why.
    #[error("dismissed as {status:?} at byte {reference} of what was sent: {detail}")]
    Dismissed {
        /// Why, as a number.
        status: Status,
        /// Where in the bytes sent the fault is.
        reference: u64,
        /// Why, as a sentence.
        detail: String,
    },
}

impl SessionError {
    /// Whether the server found fault with what it was sent: sending it again changes nothing.
    pub(crate) fn is_our_fault(&self) -> bool {
        matches!(self, Self::Dismissed { status: Status::Garbled | Status::Malformed, .. })
    }
}

/// Why a call has no reply.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// It was not taken; nothing was sent.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// No reply in time. A command may still be done.
    #[error("no reply within {wait_ms} ms")]
    TimeLimit {
        /// The limit that passed.
        wait_ms: u64,
    },
    /// The connection broke after the command was sent: it may or may not have been done. Give
    /// commands an idempotency key, and they are sent again instead.
    #[error("the connection broke with the command in flight: {reason}")]
    Lost {
        /// What broke it.
        reason: String,
    },
    /// No connection could be made for too long; the call was not sent, or is safe to repeat.
    #[error("{address} cannot be reached after {attempts} attempts")]
    Unreachable {
        /// The first address tried.
        address: SocketAddr,
        /// How many attempts were made.
        attempts: u32,
        /// Why the last one failed.
        #[source]
        source: Arc<ConnectError>,
    },
    /// The client was dropped.
    #[error("the client is closed")]
    Closed,
}
