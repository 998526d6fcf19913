//! Who showed a certificate.

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const SCHEME: &str = "spiffe://";
/// SPIFFE-ID, 2.3: the longest identity that all implementations take.
const SPIFFE_BYTES_MAX: usize = 2048;
/// SPIFFE-ID, 2.1.
const TRUST_DOMAIN_BYTES_MAX: usize = 255;

/// The name of a client, from the subject alternative names of its certificate. The common name is
/// never looked at (RFC 9525, 2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientIdentity {
    /// A workload, `spiffe://trust-domain/path`.
    Spiffe {
        /// Such as `example.org`.
        trust_domain: String,
        /// With its leading slash, such as `/svc/payroll`; empty when the identity names the domain.
        path: String,
    },
    /// A host, in lower case.
    Dns(String),
}

/// As it stands in the certificate: `spiffe://example.org/svc/payroll`, or the host.
impl fmt::Display for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spiffe { trust_domain, path } => write!(f, "{SCHEME}{trust_domain}{path}"),
            Self::Dns(host) => f.write_str(host),
        }
    }
}

/// Why a certificate names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("the client's certificate cannot be read: {0}")]
    Malformed(String),
    /// It has neither a SPIFFE identity nor a host name.
    #[error("the client's certificate names neither a spiffe identity nor a host")]
    Nameless,
    /// X.509-SVID, 2: a certificate has exactly one identity.
    #[error("the client's certificate has several uris beside its spiffe identity")]
    Ambiguous,
    /// The identity breaks the rules of SPIFFE-ID, 2.
    #[error("{0:?} is no spiffe identity")]
    NotSpiffe(String),
}

/// Says who the first certificate of `chain` is for. The handshake has verified the chain; without
/// it the answer means nothing. A SPIFFE identity goes before host names.
pub fn client_identity(chain: &[CertificateDer<'_>]) -> Result<ClientIdentity, IdentityError> {
    let malformed = |error: &dyn fmt::Display| IdentityError::Malformed(error.to_string());
    let der = chain.first().ok_or(IdentityError::Nameless)?;
    let (_, parsed) = X509Certificate::from_der(der).map_err(|it| malformed(&it))?;
    let names = parsed.subject_alternative_name().map_err(|it| malformed(&it))?;
    let names = || names.iter().flat_map(|it| &it.value.general_names);
    let uris: Vec<&str> = names()
        .filter_map(|it| match it {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        })
        .collect();
    if let Some(uri) = uris.iter().find(|it| has_scheme(it)) {
        return if uris.len() == 1 { spiffe(uri) } else { Err(IdentityError::Ambiguous) };
    }
    let host = names().find_map(|it| match it {
        // A wildcard is a claim to many names and the name of nobody.
        GeneralName::DNSName(host) if !host.starts_with('*') => Some(host.to_ascii_lowercase()),
        _ => None,
    });
    host.map(ClientIdentity::Dns).ok_or(IdentityError::Nameless)
}

fn has_scheme(uri: &str) -> bool {
    uri.get(..SCHEME.len()).is_some_and(|it| it.eq_ignore_ascii_case(SCHEME))
}

fn spiffe(uri: &str) -> Result<ClientIdentity, IdentityError> {
    let rest = &uri[SCHEME.len()..];
    let (trust_domain, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let in_domain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b".-_".contains(&it);
    let in_path = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    let is_segment =
        |it: &str| !it.is_empty() && it != "." && it != ".." && it.bytes().all(in_path);
    let sound = uri.len() <= SPIFFE_BYTES_MAX
        && (1..=TRUST_DOMAIN_BYTES_MAX).contains(&trust_domain.len())
        && trust_domain.bytes().all(in_domain)
        && (path.is_empty() || path[1..].split('/').all(is_segment));
    if !sound {
        return Err(IdentityError::NotSpiffe(uri.to_owned()));
    }
    Ok(ClientIdentity::Spiffe { trust_domain: trust_domain.to_owned(), path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn identify(names: Vec<SanType>) -> Result<ClientIdentity, IdentityError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        client_identity(&[der.der().clone()])
    }

    fn uri(text: &str) -> SanType {
        SanType::URI(text.try_into().unwrap())
    }

    fn dns(text: &str) -> SanType {
        SanType::DnsName(text.try_into().unwrap())
    }

    #[test]
    fn a_spiffe_identity_goes_before_host_names() {
        let payroll = ClientIdentity::Spiffe {
            trust_domain: "example.org".into(),
            path: "/svc/payroll".into(),
        };
        let identity = uri("spiffe://example.org/svc/payroll");
        assert_eq!(identify(vec![dns("a.example"), identity.clone()]), Ok(payroll));
        let bare =
            ClientIdentity::Spiffe { trust_domain: "example.org".into(), path: String::new() };
        assert_eq!(identify(vec![uri("SPIFFE://example.org")]), Ok(bare));
        let two = vec![identity.clone(), uri("https://example.org/")];
        assert_eq!(identify(two), Err(IdentityError::Ambiguous));
    }

    #[test]
    fn hosts_are_named_in_lower_case_and_wildcards_are_nobody() {
        let host = ClientIdentity::Dns("b.example".into());
        assert_eq!(identify(vec![dns("*.a.example"), dns("B.Example")]), Ok(host.clone()));
        assert_eq!(identify(vec![uri("https://a.example/"), dns("b.example")]), Ok(host));
        for nobody in [vec![], vec![dns("*.a.example")], vec![uri("https://a.example/")]] {
            assert_eq!(identify(nobody), Err(IdentityError::Nameless));
        }
        assert_eq!(client_identity(&[]), Err(IdentityError::Nameless));
        let garbage = client_identity(&[CertificateDer::from(vec![0x30, 0x03, 1])]);
        assert!(matches!(garbage, Err(IdentityError::Malformed(_))), "{garbage:?}");
    }

    #[test]
    fn what_breaks_the_rules_is_no_spiffe_identity() {
        let long = format!("spiffe://example.org/{}", "x".repeat(SPIFFE_BYTES_MAX));
        let long_domain = format!("spiffe://{}/x", "x".repeat(TRUST_DOMAIN_BYTES_MAX + 1));
        for text in [
            "spiffe://",
            "spiffe:///x",
            "spiffe://example.org/",
            "spiffe://example.org//x",
            "spiffe://example.org/x/",
            "spiffe://example.org/../x",
            "spiffe://example.org/./x",
            "spiffe://example.org/%41",
            "spiffe://example.org/x?y",
            "spiffe://example.org/x#y",
            "spiffe://example.org:443/x",
            "spiffe://me@example.org/x",
            "spiffe://Example.org/x",
            &long,
            &long_domain,
        ] {
            assert_eq!(identify(vec![uri(text)]), Err(IdentityError::NotSpiffe(text.into())));
        }
    }
}
