//! What our own clients trust and show.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::sign::SingleCertAndKey;

use crate::certificates::{Pair, read_pair};
use crate::error::ConfigError;
use crate::protocol::{Protocol, names};
use crate::server::roots;
use crate::{provider, versions};

/// What a client trusts, speaks and shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientOptions {
    /// PEM files of the authorities that may vouch for the box; nothing else is trusted.
    pub authorities: Vec<PathBuf>,
    /// What is offered, the preferred first.
    pub protocols: Vec<Protocol>,
    /// The client's own certificate, for boxes that ask for one.
    pub own: Option<Pair>,
    /// Whether TLS 1.2 is spoken too. QUIC knows 1.3 only.
    pub tls12: bool,
    /// Whether the first bytes to a known box may go out before the handshake is over.
    pub early_data: bool,
}

/// Makes the configuration of a client, reading the files that `options` names.
pub fn client_config(options: &ClientOptions) -> Result<ClientConfig, ConfigError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(options.tls12))?
        .with_root_certificates(roots(&options.authorities)?);
    let mut config = match &options.own {
        Some(pair) => {
            let (certified, _) = read_pair(pair)?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = names(&options.protocols);
    config.enable_early_data = options.early_data;
    Ok(config)
}
