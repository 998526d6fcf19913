//! What can be wrong with certificates, in words an operator can act on.

use std::io;
use std::path::PathBuf;

/// Why certificate or key files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The operating system refuses.
    #[error("cannot read {}: {source}: check the path and who may read it", file.display())]
    Unreadable {
        /// As configured.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is longer than any certificate chain is.
    #[error("{} is over {bytes_max} bytes: it is not a certificate or key in PEM form", file.display())]
    TooLong {
        /// As configured.
        file: PathBuf,
        /// The limit, in bytes.
        bytes_max: u64,
    },
    /// The file has no `BEGIN CERTIFICATE`.
    #[error("{} holds no certificate: give the chain in PEM form, the box's own certificate first", file.display())]
    NoCertificate {
        /// As configured.
        file: PathBuf,
    },
    /// The file has no private key.
    #[error("{} holds no private key in PEM form{remedy}", file.display())]
    NoKey {
        /// As configured.
        file: PathBuf,
        /// What to do, when the file says.
        remedy: &'static str,
    },
    /// What is between the PEM lines is damaged.
    #[error("{} is damaged: {reason}: replace it", file.display())]
    Malformed {
        /// As configured.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The provider does not sign with such keys.
    #[error("the key in {} is not supported ({reason}): use ECDSA P-256, P-384, Ed25519 or RSA of 2048 bits or more", file.display())]
    KeyUnsupported {
        /// As configured.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error("the key in {} does not belong to the first certificate in {}: the box's own certificate comes first, and both files come from one issue", key.display(), certificate.display())]
    KeyMismatch {
        /// As configured.
        certificate: PathBuf,
        /// As configured.
        key: PathBuf,
    },
    /// The certificate's time is over.
    #[error("the certificate in {} expired on {since}: renew it, and check the clock of this machine", file.display())]
    Expired {
        /// As configured.
        file: PathBuf,
        /// The last moment of its validity.
        since: String,
    },
    /// The certificate's time has not begun.
    #[error("the certificate in {} is valid from {from}: check the clock of this machine", file.display())]
    NotYetValid {
        /// As configured.
        file: PathBuf,
        /// The first moment of its validity.
        from: String,
    },
    /// No client would accept it for any name.
    #[error("the certificate in {} names no host (subject alternative names, RFC 9525): have it issued for the names that clients use", file.display())]
    NoNames {
        /// As configured.
        file: PathBuf,
    },
    /// There is nothing to show to callers.
    #[error("no certificate is configured: name a certificate and a key file")]
    Nothing,
}

/// Why a configuration cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file is wrong.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// An authority's certificate cannot serve as one.
    #[error("{}: a certificate is no authority that can be trusted: {reason}", file.display())]
    Authority {
        /// As configured.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The TLS library refuses.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}
