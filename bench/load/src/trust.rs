//! TLS on the generator's side.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use tls::{ClientConfig, ClientOptions, Protocol, ServerName, Session, client_config};

use crate::args::Over;
use crate::error::LoadError;

/// Whom the generator believes, and by which name.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: String,
}

impl Trust {
    /// Believes the authority in the PEM file, and asks for `protocol`.
    pub(crate) fn new(authority: &Path, name: &str, protocol: Protocol) -> Result<Self, String> {
        let options = ClientOptions {
            authorities: vec![authority.to_owned()],
            protocols: vec![protocol],
            ..ClientOptions::default()
        };
        let config = client_config(&options).map_err(|error| error.to_string())?;
        Ok(Self { config: Arc::new(config), name: name.to_owned() })
    }

    /// The same for one of the box's doors with encryption; the authority is a must.
    pub(crate) fn at_door(
        authority: Option<&Path>,
        name: &str,
        over: Over,
    ) -> Result<Self, LoadError> {
        let invalid = |reason| LoadError::Invalid { flag: "authority", reason };
        let missing = "give the PEM file of the authority that vouches for the server; a data \
                       directory has it in tls/development-authority.pem";
        let authority = authority.ok_or_else(|| invalid(missing.to_owned()))?;
        Self::new(authority, name, over.protocol()).map_err(invalid)
    }

    /// Believes whoever has the key of the certificate that they show, and asks for `protocol`. For
    /// servers that are told nothing worth keeping.
    pub(crate) fn anybody(name: &str, protocol: Protocol) -> Result<Self, String> {
        let options = ClientOptions { protocols: vec![protocol], ..ClientOptions::default() };
        let mut config = client_config(&options).map_err(|error| error.to_string())?;
        let provider = Arc::clone(config.crypto_provider());
        config.dangerous().set_certificate_verifier(Arc::new(Anybody(provider)));
        Ok(Self { config: Arc::new(config), name: name.to_owned() })
    }
}

/// Asks of a certificate only that its key has signed the handshake.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection before it is loaded: bytes go in and out in the clear, whatever is in between.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    pub(crate) tls: Option<Box<Session>>,
    /// Received and not understood yet.
    pub(crate) early: Vec<u8>,
}

impl Wire {
    /// Goes through the handshake, if there is to be one.
    pub(crate) fn new(socket: TcpStream, trust: Option<&Trust>) -> Result<Self, String> {
        let mut wire = Self { socket, tls: None, early: Vec::new() };
        let Some(trust) = trust else { return Ok(wire) };
        let name = ServerName::try_from(trust.name.clone()).map_err(|error| error.to_string())?;
        let mut hello = Vec::new();
        let session = Session::client(&trust.config, name, &mut hello);
        wire.tls = Some(Box::new(session.map_err(|error| error.to_string())?));
        wire.socket.write_all(&hello).map_err(|error| error.to_string())?;
        while wire.tls.as_ref().is_some_and(|it| it.is_handshaking()) {
            wire.receive()?;
        }
        let spoken = wire.tls.as_ref().and_then(|it| it.protocol());
        // A server that names none speaks what HTTPS has always been.
        let spoken = spoken.unwrap_or(Protocol::Http1).name().as_bytes();
        if trust.config.alpn_protocols.first().is_some_and(|it| it == spoken) {
            Ok(wire)
        } else {
            Err("the server does not speak this protocol".to_owned())
        }
    }

    /// Sends all of it.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = match &mut self.tls {
            None => self.socket.write_all(bytes),
            Some(tls) => {
                let mut out = Vec::new();
                // All of it: the handshake is over.
                tls.write(bytes, &mut out);
                self.socket.write_all(&out)
            }
        };
        sent.map_err(|error| error.to_string())
    }

    /// Waits for more, and adds it to `early`.
    pub(crate) fn receive(&mut self) -> Result<(), String> {
        let mut chunk = [0; 16 * 1024];
        let count = loop {
            match self.socket.read(&mut chunk) {
                // A process that was stopped and goes on.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(|error| error.to_string())?,
            }
        };
        if count == 0 {
            return Err("it closed the connection".to_owned());
        }
        let Some(tls) = &mut self.tls else {
            self.early.extend_from_slice(&chunk[..count]);
            return Ok(());
        };
        let mut out = Vec::new();
        let read = decrypt(tls, &chunk[..count], &mut self.early, &mut out);
        // The alert that tells the server why, too.
        let sent = self.socket.write_all(&out);
        read?;
        sent.map_err(|error| error.to_string())
    }
}

/// Takes all of `ciphertext`, and appends to `plain` what it says and to `out` what TLS has to say.
pub(crate) fn decrypt(
    tls: &mut Session,
    ciphertext: &[u8],
    plain: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut rest = ciphertext;
    loop {
        let taken = tls.read_tls(rest, out).map_err(|error| error.to_string())?;
        rest = &rest[taken..];
        loop {
            let part = tls.plaintext();
            if part.is_empty() {
                break;
            }
            plain.extend_from_slice(part);
            let count = part.len();
            tls.consume(count);
        }
        if rest.is_empty() {
            return Ok(());
        }
    }
}
