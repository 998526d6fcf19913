//! One connection's TLS without its socket.

use std::fmt;
use std::io::{BufRead, Write};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use crate::protocol::Protocol;

/// Most plaintext in one record (RFC 8446, 5.1), in bytes.
pub const PLAINTEXT_BYTES_MAX: usize = 1 << 14;

/// Why a connection cannot go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("tls: {0}")]
pub struct SessionError(#[from] rustls::Error);

/// One connection's TLS: ciphertext and plaintext go in and out as bytes, whoever moves them.
///
/// What the session wants sent is appended to the `out` of each call; the caller sends it in order.
/// Plaintext that has arrived waits inside, at most about one record, and nothing more is taken until
/// the caller has it.
pub struct Session {
    connection: Connection,
    peer_closed: bool,
}

impl Session {
    /// The side of the box.
    pub fn server(config: &Arc<ServerConfig>) -> Result<Self, SessionError> {
        let connection = ServerConnection::new(Arc::clone(config))?;
        Ok(Self { connection: connection.into(), peer_closed: false })
    }

    /// The side of a client that wants to speak to `name`; its first message is in `out`.
    pub fn client(
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
        out: &mut Vec<u8>,
    ) -> Result<Self, SessionError> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        let mut session = Self { connection: connection.into(), peer_closed: false };
        session.send(out);
        Ok(session)
    }

    /// Takes what the peer sent, and returns how much of it: less than all when plaintext waits.
    ///
    /// After an error the connection is over; `out` has the alert that tells the peer.
    pub fn read_tls(
        &mut self,
        ciphertext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<usize, SessionError> {
        let mut rest = ciphertext;
        let mut broken = None;
        while !rest.is_empty() && self.plaintext().is_empty() {
            // Zero: the peer has said that it is done, and what follows means nothing.
            if self.connection.read_tls(&mut rest).is_ok_and(|it| it == 0) {
                rest = &[];
                break;
            }
            match self.connection.process_new_packets() {
                Ok(state) => self.peer_closed |= state.peer_has_closed(),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        self.send(out);
        broken.map_or(Ok(ciphertext.len() - rest.len()), |error| Err(error.into()))
    }

    /// A part of what has arrived; empty when there is nothing. [`Session::consume`] makes way.
    pub fn plaintext(&mut self) -> &[u8] {
        // Nothing here, the end and a broken session are told apart elsewhere.
        self.connection.reader().into_first_chunk().unwrap_or_default()
    }

    /// Drops `count` bytes at the front of [`Session::plaintext`].
    pub fn consume(&mut self, count: usize) {
        self.connection.reader().consume(count);
    }

    /// Encrypts `plaintext` into `out`, and returns how much of it. Less than all only before the
    /// handshake is over: what is accepted then, at most 64 KiB, goes out when it is.
    pub fn write(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        for record in plaintext.chunks(PLAINTEXT_BYTES_MAX) {
            // Fails never: what is written to is memory.
            let count = self.connection.writer().write(record).unwrap_or(0);
            self.send(out);
            taken += count;
            if count < record.len() {
                break;
            }
        }
        taken
    }

    /// Tells the peer that nothing more will be written.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        self.connection.send_close_notify();
        self.send(out);
    }

    /// Whether the peer is not known yet and cannot be spoken to.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether the peer said that it will write no more. An end of the stream without it is an
    /// attack or an accident: whatever was being received is not complete.
    pub fn is_closed_by_peer(&self) -> bool {
        self.peer_closed
    }

    /// What both sides agreed to speak; `None` before that, and when the client named nothing.
    pub fn protocol(&self) -> Option<Protocol> {
        self.connection.alpn_protocol().and_then(Protocol::of)
    }

    /// The verified chain of the peer, its own certificate first; for a server, when it asks for one.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.connection.peer_certificates()
    }

    /// The host that the client asked for.
    pub fn server_name(&self) -> Option<&str> {
        match &self.connection {
            Connection::Server(connection) => connection.server_name(),
            Connection::Client(_) => None,
        }
    }

    /// Whether both sides knew each other from a session before.
    pub fn is_resumed(&self) -> bool {
        self.connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    fn send(&mut self, out: &mut Vec<u8>) {
        while self.connection.wants_write() {
            // Memory takes everything; zero would mean that nothing was wanted.
            if self.connection.write_tls(out).unwrap_or(0) == 0 {
                return;
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("handshaking", &self.is_handshaking())
            .field("protocol", &self.protocol())
            .field("peer_closed", &self.peer_closed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
