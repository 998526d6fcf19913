//! Certificates and keys as they stand in PEM files.

use std::net::IpAddr;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use crate::error::CertificateError;
use crate::files;

/// Most certificates in one file. Bundles of public authorities hold about 150.
const CERTIFICATES_MAX: usize = 1024;

/// What is asked of a certificate before it is shown to anybody.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// Host names in lower case, wildcards as they stand.
    pub(crate) hosts: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) not_before: ASN1Time,
    pub(crate) not_after: ASN1Time,
}

/// All certificates of a PEM file, in its order; at least one.
pub(crate) fn read_certificates(
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    certificates(file, &files::read(file)?)
}

/// The private key of a PEM file.
pub(crate) fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    key(file, &files::read(file)?)
}

fn certificates(
    file: &Path,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let sections = CertificateDer::pem_slice_iter(text).take(CERTIFICATES_MAX);
    let found: Vec<_> =
        sections.collect::<Result<_, _>>().map_err(|error| malformed(file, &error))?;
    if found.is_empty() {
        return Err(CertificateError::NoCertificate { file: file.to_owned() });
    }
    Ok(found)
}

fn key(file: &Path, text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => CertificateError::NoKey {
            file: file.to_owned(),
            remedy: if text.windows(encrypted.len()).any(|it| it == encrypted) {
                ": it is encrypted; remove the passphrase with `openssl pkey` and keep the file to \
                 the box's user"
            } else {
                ""
            },
        },
        error => malformed(file, &error),
    })
}

fn malformed(file: &Path, reason: &dyn std::fmt::Display) -> CertificateError {
    CertificateError::Malformed { file: file.to_owned(), reason: reason.to_string() }
}

impl Facts {
    /// Reads one certificate, which came from `file`.
    pub(crate) fn of(file: &Path, der: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let (_, parsed) =
            X509Certificate::from_der(der).map_err(|error| malformed(file, &error))?;
        let names = parsed.subject_alternative_name().map_err(|error| malformed(file, &error))?;
        let (mut hosts, mut addresses) = (Vec::new(), Vec::new());
        for name in names.iter().flat_map(|it| &it.value.general_names) {
            match name {
                GeneralName::DNSName(host) => hosts.push(host.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
        let valid = parsed.validity();
        Ok(Self { hosts, addresses, not_before: valid.not_before, not_after: valid.not_after })
    }

    /// Refuses a certificate that no client would accept at `now_s`.
    pub(crate) fn check(&self, file: &Path, now_s: u64) -> Result<(), CertificateError> {
        let file = file.to_owned();
        let now_s = i64::try_from(now_s).unwrap_or(i64::MAX);
        if now_s < self.not_before.timestamp() {
            return Err(CertificateError::NotYetValid { file, from: self.not_before.to_string() });
        }
        if self.not_after.timestamp() < now_s {
            return Err(CertificateError::Expired { file, since: self.not_after.to_string() });
        }
        if self.hosts.is_empty() && self.addresses.is_empty() {
            return Err(CertificateError::NoNames { file });
        }
        Ok(())
    }

    /// The last second of validity, since 1970.
    pub(crate) fn not_after_s(&self) -> u64 {
        u64::try_from(self.not_after.timestamp()).unwrap_or(0)
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four: Result<[u8; 4], _> = bytes.try_into();
    let sixteen: Result<[u8; 16], _> = bytes.try_into();
    four.map(IpAddr::from).or_else(|_| sixteen.map(IpAddr::from)).ok()
}
