//! What the box shows to callers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::chain::{Facts, read_certificates, read_key};
use crate::error::CertificateError;
use crate::files::{self, Stamp};
use crate::provider;

/// From when on a certificate that ends is worth a notice, in seconds: two weeks.
const ENDING_S: u64 = 14 * 86_400;

/// A certificate chain and its key, in two PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The chain: the box's own certificate first, then those between it and the authority.
    pub certificate: PathBuf,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// One certificate that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Where it came from.
    pub file: PathBuf,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// The last second of its validity, since 1970.
    pub not_after_s: u64,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Every certificate, in the order of the configuration.
    pub certificates: Vec<Summary>,
    /// What is allowed and still unwise: keys that everybody may read, certificates about to end.
    pub notices: Vec<String>,
}

/// All certificates of the box, shared by every core and door, and replaced while they serve.
///
/// A connection gets the certificate whose name it asked for (SNI): the exact name, then a wildcard
/// of one label (RFC 9525, 6.3), then the first certificate of the configuration, as clients that
/// name nothing do.
#[derive(Debug)]
pub struct Certificates {
    pairs: Vec<Pair>,
    shown: RwLock<Arc<Shown>>,
    /// The files at the last attempt to load them.
    stamps: Mutex<Vec<Stamp>>,
}

#[derive(Debug)]
struct Shown {
    exact: BTreeMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    wildcard: BTreeMap<String, Arc<CertifiedKey>>,
    first: Arc<CertifiedKey>,
}

impl Certificates {
    /// Reads all pairs of files at `now_s`; the first pair is for callers that name no host.
    pub fn load(pairs: Vec<Pair>, now_s: u64) -> Result<(Self, Loaded), CertificateError> {
        let stamps = stamps(&pairs);
        let (shown, loaded) = read(&pairs, now_s)?;
        let shown = RwLock::new(Arc::new(shown));
        Ok((Self { pairs, shown, stamps: Mutex::new(stamps) }, loaded))
    }

    /// Reads the files again. On an error what was shown before stays, all of it.
    pub fn reload(&self, now_s: u64) -> Result<Loaded, CertificateError> {
        // Before the files are read: what changes meanwhile is seen at the next look.
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps(&self.pairs);
        let (shown, loaded) = read(&self.pairs, now_s)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
        Ok(loaded)
    }

    /// Reloads when a file changed since the last attempt, else returns `None`. Costs one `stat` a
    /// file, so a timer may call it every few seconds; a broken file is reported once.
    pub fn refresh(&self, now_s: u64) -> Result<Option<Loaded>, CertificateError> {
        let unchanged = {
            let stamps_then = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
            *stamps_then == stamps(&self.pairs)
        };
        if unchanged { Ok(None) } else { self.reload(now_s).map(Some) }
    }

    fn find(&self, host: Option<&str>) -> Arc<CertifiedKey> {
        let shown = Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner));
        host.and_then(|it| shown.find(it)).unwrap_or(&shown.first).clone()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.find(hello.server_name()))
    }
}

impl Shown {
    /// `host` comes from rustls in lower case and without a dot at its end.
    fn find(&self, host: &str) -> Option<&Arc<CertifiedKey>> {
        let parent = || host.split_once('.').map(|(_, parent)| parent);
        self.exact.get(host).or_else(|| self.wildcard.get(parent()?))
    }
}

fn stamps(pairs: &[Pair]) -> Vec<Stamp> {
    pairs.iter().flat_map(|it| [&it.certificate, &it.key]).map(|it| files::stamp(it)).collect()
}

fn read(pairs: &[Pair], now_s: u64) -> Result<(Shown, Loaded), CertificateError> {
    let mut loaded = Loaded::default();
    let (mut exact, mut wildcard) = (BTreeMap::new(), BTreeMap::new());
    let mut first = None;
    for pair in pairs {
        let (key, facts) = read_pair(pair)?;
        // After the rest: a wrong file is worth more words than an old one.
        facts.check(&pair.certificate, now_s)?;
        let key = Arc::new(key);
        for host in &facts.hosts {
            let (map, host) = match host.strip_prefix("*.") {
                Some(parent) => (&mut wildcard, parent),
                None => (&mut exact, host.as_str()),
            };
            // The earlier pair wins, as in the configuration's order.
            map.entry(host.to_owned()).or_insert_with(|| Arc::clone(&key));
        }
        first.get_or_insert(key);
        if files::is_open_to_all(&pair.key) {
            loaded
                .notices
                .push(format!("{} can be read by everybody: chmod 600", pair.key.display()));
        }
        if facts.not_after_s() < now_s.saturating_add(ENDING_S) {
            let (file, end) = (pair.certificate.display(), facts.not_after);
            loaded.notices.push(format!("the certificate in {file} ends on {end}: renew it"));
        }
        let addresses = facts.addresses.iter().map(ToString::to_string);
        loaded.certificates.push(Summary {
            file: pair.certificate.clone(),
            names: facts.hosts.iter().cloned().chain(addresses).collect(),
            not_after_s: facts.not_after_s(),
        });
    }
    let first = first.ok_or(CertificateError::Nothing)?;
    Ok((Shown { exact, wildcard, first }, loaded))
}

/// One pair whose key belongs to its certificate.
pub(crate) fn read_pair(pair: &Pair) -> Result<(CertifiedKey, Facts), CertificateError> {
    let chain = read_certificates(&pair.certificate)?;
    let facts = Facts::of(&pair.certificate, &chain[0])?;
    let key = read_key(&pair.key)?;
    let key = provider().key_provider.load_private_key(key).map_err(|error| {
        CertificateError::KeyUnsupported { file: pair.key.clone(), reason: error.to_string() }
    })?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(_)) => {
            let Pair { certificate, key } = pair.clone();
            return Err(CertificateError::KeyMismatch { certificate, key });
        }
        Err(error) => {
            let (file, reason) = (pair.certificate.clone(), error.to_string());
            return Err(CertificateError::Malformed { file, reason });
        }
    }
    Ok((certified, facts))
}

#[cfg(test)]
#[path = "certificates/tests.rs"]
mod tests;
