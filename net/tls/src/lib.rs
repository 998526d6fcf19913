//! Certificates, trust and TLS sessions for every door.
//!
//! The crate owns no socket and no timer. Files are opened only where the name says so:
//! [`ensure_development`], [`Certificates::load`], [`Certificates::reload`],
//! [`Certificates::refresh`], [`client_config`] and [`server_config`] (the authorities of clients).
//!
//! - [`Certificates`] holds what the box shows to callers, chosen by the name they ask for; one value
//!   is shared by all cores and replaced while they serve;
//! - [`server_config`] and [`client_config`] are the only places where a `rustls` configuration is
//!   made: `ring` is named as the provider, never the process' default, and TLS 1.3 is all that is
//!   spoken unless 1.2 is asked for;
//! - [`Session`] is one connection's TLS, bytes in and bytes out, for sockets that complete instead
//!   of polling;
//! - [`client_identity`] says who showed a certificate.
//!
//! Times are seconds since 1970 and come in.

mod certificates;
mod chain;
mod client;
mod development;
mod error;
mod files;
mod identity;
mod protocol;
mod server;
mod session;

pub use certificates::{Certificates, Loaded, Pair, Summary};
pub use client::{ClientOptions, client_config};
pub use development::{Development, DevelopmentError, ensure_development, host_name};
pub use error::{CertificateError, ConfigError};
pub use identity::{ClientIdentity, IdentityError, client_identity};
pub use protocol::Protocol;
pub use server::{ClientCertificates, ServerOptions, server_config};
pub use session::{PLAINTEXT_BYTES_MAX, Session, SessionError};

// The types of `rustls` that stand in the signatures above, for crates that need no more of it.
pub use rustls::pki_types::{CertificateDer, ServerName};
pub use rustls::{ClientConfig, ServerConfig};

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// The one provider of the whole box.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What is spoken. RFC 9325, 3.1.1 allows 1.2 for old clients; everything below is gone.
fn versions(tls12: bool) -> &'static [&'static rustls::SupportedProtocolVersion] {
    const TLS13_ONLY: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];
    if tls12 { rustls::ALL_VERSIONS } else { TLS13_ONLY }
}
