//! An authority and a certificate of the box's own, for the time before real ones are there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};

use crate::certificates::{Pair, read_pair};
use crate::chain::{Facts, read_certificates, read_key};
use crate::error::CertificateError;
use crate::files::replace;
use crate::provider;

/// The names of every box.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "quoin.local"];

const DAY_S: u64 = 86_400;
/// The authority lives ten years.
const AUTHORITY_S: u64 = 3653 * DAY_S;
/// A certificate lives as long as browsers accept one from a private authority without complaint.
const LEAF_S: u64 = 397 * DAY_S;
/// A certificate that ends within this time is replaced.
const RENEW_S: u64 = 60 * DAY_S;
/// The validity begins in the past: the clocks of clients differ.
const BACKDATED_S: u64 = DAY_S;

/// Only the owner reads a key; a certificate is for everybody.
const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;

/// Where the development certificates are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Development {
    /// What clients trust: `curl --cacert`, [`crate::ClientOptions::authorities`].
    pub authority: PathBuf,
    /// What the box shows: for [`crate::Certificates::load`].
    pub pair: Pair,
    /// Whether the authority was made by this call: clients have to be told to trust it.
    pub authority_is_new: bool,
    /// Whether the certificate was made or renewed by this call.
    pub certificate_is_new: bool,
}

/// Why there are no development certificates.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// The operating system refuses.
    #[error("cannot write {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The authority is there and broken. It is not replaced silently: clients trust it.
    #[error(
        "the development authority is damaged: {source}; put {} and {} back, or remove both for a \
         new authority that clients then have to trust",
        certificate.display(), key.display()
    )]
    Authority {
        /// The authority's certificate.
        certificate: PathBuf,
        /// The authority's key.
        key: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
    /// A name is neither a host name nor an address.
    #[error("{name:?} is neither a host name nor an address")]
    Name {
        /// As given.
        name: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// The name of this machine, when it can stand in a certificate: for [`ensure_development`].
pub fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_ascii_lowercase();
    ServerName::try_from(name.as_str()).is_ok().then_some(name)
}

/// Makes an authority and a certificate in the folder `dir`, or keeps those that are there.
///
/// The certificate is for `localhost`, `127.0.0.1`, `::1`, `quoin.local` and all `names`. It is
/// renewed when it ends within 60 days of `now_s`, does not name one of them, or is damaged; the
/// authority only when its ten years are over. Calling it again costs a few file reads, so a daily
/// timer may; [`crate::Certificates::refresh`] then finds the new files. Key files have mode 0600.
/// Only one process may do so at a time.
pub fn ensure_development(
    dir: &Path,
    names: &[&str],
    now_s: u64,
) -> Result<Development, DevelopmentError> {
    let names = all_names(names)?;
    let authority = Pair {
        certificate: dir.join("development-authority.pem"),
        key: dir.join("development-authority.key"),
    };
    let pair = Pair { certificate: dir.join("development.pem"), key: dir.join("development.key") };
    let write = |source| DevelopmentError::Write { file: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(write)?;
    let authority_is_new = !is_alive(&authority, now_s)?;
    if authority_is_new {
        make_authority(&authority, now_s)?;
    }
    let certificate_is_new = !is_good(&authority, &pair, &names, now_s + RENEW_S);
    if certificate_is_new {
        make_leaf(&authority, &pair, &names, now_s)?;
    }
    let authority = authority.certificate;
    Ok(Development { authority, pair, authority_is_new, certificate_is_new })
}

fn all_names(names: &[&str]) -> Result<Vec<String>, DevelopmentError> {
    let mut all: Vec<String> = NAMES.map(str::to_owned).to_vec();
    for name in names {
        let name = name.to_ascii_lowercase();
        if ServerName::try_from(name.as_str()).is_err() {
            return Err(DevelopmentError::Name { name });
        }
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(all)
}

/// Whether there is an authority and it can still issue.
fn is_alive(authority: &Pair, now_s: u64) -> Result<bool, DevelopmentError> {
    // The certificate is written after the key: without it nobody trusts the key yet.
    if !authority.certificate.exists() {
        return Ok(false);
    }
    let (_, facts) = read_pair(authority).map_err(|it| broken(authority, it))?;
    Ok(now_s + RENEW_S < facts.not_after_s())
}

fn broken(authority: &Pair, source: CertificateError) -> DevelopmentError {
    let Pair { certificate, key } = authority.clone();
    DevelopmentError::Authority { certificate, key, source }
}

/// Whether a client that trusts the authority would accept the certificate at `at_s` for every name.
fn is_good(authority: &Pair, pair: &Pair, names: &[String], at_s: u64) -> bool {
    let accepts = || {
        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(&authority.certificate).ok()? {
            roots.add(certificate).ok()?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .ok()?;
        let (key, _) = read_pair(pair).ok()?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at_s));
        names
            .iter()
            .all(|name| {
                ServerName::try_from(name.as_str()).is_ok_and(|name| {
                    verifier
                        .verify_server_cert(&key.cert[0], &key.cert[1..], &name, &[], at)
                        .is_ok()
                })
            })
            .then_some(())
    };
    accepts().is_some()
}

fn make_authority(authority: &Pair, now_s: u64) -> Result<(), DevelopmentError> {
    let mut params = params(&[], now_s, now_s + AUTHORITY_S)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    // Two boxes' authorities, or an old and a new one, may be trusted side by side: a client looks
    // them up by name.
    let identifier = params.key_identifier(&key);
    let tail = identifier.iter().take(4).fold(0, |tail: u32, it| tail << 8 | u32::from(*it));
    let name = format!("Quoin development authority {tail:08x}");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key)?;
    // One that is over goes first: after a crash there is none, instead of one without its key.
    if let Err(source) = fs::remove_file(&authority.certificate)
        && source.kind() != io::ErrorKind::NotFound
    {
        return Err(DevelopmentError::Write { file: authority.certificate.clone(), source });
    }
    write(authority, &key, &certificate.pem())
}

fn make_leaf(
    authority: &Pair,
    pair: &Pair,
    names: &[String],
    now_s: u64,
) -> Result<(), DevelopmentError> {
    let issuer = read_certificates(&authority.certificate).and_then(|it| {
        let facts = Facts::of(&authority.certificate, &it[0])?;
        Ok((it, facts, read_key(&authority.key)?))
    });
    let (certificates, facts, key) = issuer.map_err(|it| broken(authority, it))?;
    let issuer = Issuer::from_ca_cert_der(&certificates[0], KeyPair::try_from(&key)?)?;
    let mut params = params(names, now_s, facts.not_after_s().min(now_s + LEAF_S))?;
    params.distinguished_name.push(DnType::CommonName, "Quoin development certificate");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    write(pair, &key, &certificate.pem())
}

fn params(names: &[String], now_s: u64, end_s: u64) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(now_s.saturating_sub(BACKDATED_S));
    params.not_after = epoch + Duration::from_secs(end_s);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Quoin");
    Ok(params)
}

/// The key first: a crash in between leaves a pair that does not match, which the next start mends.
fn write(pair: &Pair, key: &KeyPair, certificate: &str) -> Result<(), DevelopmentError> {
    let at = |file: &Path| {
        let file = file.to_owned();
        |source| DevelopmentError::Write { file, source }
    };
    replace(&pair.key, key.serialize_pem().as_bytes(), KEY_MODE).map_err(at(&pair.key))?;
    replace(&pair.certificate, certificate.as_bytes(), CERTIFICATE_MODE)
        .map_err(at(&pair.certificate))
}

#[cfg(test)]
#[path = "development/tests.rs"]
mod tests;
