//! What a door speaks.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::Ticketer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

use crate::certificates::Certificates;
use crate::chain::read_certificates;
use crate::error::ConfigError;
use crate::protocol::{Protocol, names};
use crate::{provider, versions};

/// Sessions that may be resumed with early data: each is remembered until it is used, once.
const SESSIONS_MAX: usize = 8192;

/// Whether clients show certificates (mutual TLS), and who issued them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientCertificates {
    /// They are not asked.
    #[default]
    Ignored,
    /// They are asked and may have none. One that is not from these authorities is refused.
    Optional {
        /// PEM files.
        authorities: Vec<PathBuf>,
    },
    /// Without one there is no connection.
    Required {
        /// PEM files.
        authorities: Vec<PathBuf>,
    },
}

/// What one door speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerOptions {
    /// What is offered, the preferred first. A client that names others only is refused
    /// (RFC 7301, 3.2); one that names nothing is served.
    pub protocols: Vec<Protocol>,
    /// Whether TLS 1.2 is spoken too. QUIC knows 1.3 only.
    pub tls12: bool,
    /// Mutual TLS.
    pub clients: ClientCertificates,
    /// Whether a returning client's first bytes may come before the handshake is over: for QUIC
    /// doors that refuse them for anything but safe reads (RFC 8470). Sessions are then remembered
    /// here instead of in tickets, so that each is resumed once: nothing sent early can be replayed.
    pub early_data: bool,
}

/// Makes the configuration of one door, reading the files of the authorities. Make it once and share
/// it: a session begun on one core is resumed on any other only under the same configuration.
pub fn server_config(
    certificates: &Arc<Certificates>,
    options: &ServerOptions,
) -> Result<ServerConfig, ConfigError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(options.tls12))?;
    let builder = match &options.clients {
        ClientCertificates::Ignored => builder.with_no_client_auth(),
        ClientCertificates::Optional { authorities } => {
            builder.with_client_cert_verifier(verifier(authorities, true)?)
        }
        ClientCertificates::Required { authorities } => {
            builder.with_client_cert_verifier(verifier(authorities, false)?)
        }
    };
    let certificates = Arc::clone(certificates);
    let mut config = builder.with_cert_resolver(certificates);
    config.alpn_protocols = names(&options.protocols);
    if options.early_data {
        // RFC 9001, 4.6.1: over QUIC the one number that allows early data.
        config.max_early_data_size = u32::MAX;
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS_MAX);
    } else {
        config.ticketer = Ticketer::new()?;
    }
    Ok(config)
}

fn verifier(
    authorities: &[PathBuf],
    optional: bool,
) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
    let roots = Arc::new(roots(authorities)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    let builder = if optional { builder.allow_unauthenticated() } else { builder };
    builder.build().map_err(|error| ConfigError::Authority {
        file: authorities.first().cloned().unwrap_or_default(),
        reason: error.to_string(),
    })
}

/// The authorities of all `files`.
pub(crate) fn roots(files: &[PathBuf]) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in read_certificates(file)? {
            roots.add(certificate).map_err(|error| ConfigError::Authority {
                file: file.clone(),
                reason: error.to_string(),
            })?;
        }
    }
    Ok(roots)
}
