//! Any bytes are a certificate that names somebody, or nobody: a name is never empty, never a
//! wildcard, and a workload's is one that SPIFFE allows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls::{CertificateDer, ClientIdentity, client_identity};

fuzz_target!(|der: &[u8]| {
    match client_identity(&[CertificateDer::from(der)]) {
        Ok(ClientIdentity::Dns(host)) => {
            assert!(!host.is_empty() && !host.starts_with('*'));
            assert!(!host.bytes().any(|it| it.is_ascii_uppercase()));
        }
        Ok(ClientIdentity::Spiffe { trust_domain, path }) => {
            assert!(!trust_domain.is_empty());
            assert!(path.is_empty() || path.starts_with('/'));
            assert!(!path.split('/').any(|it| it == "." || it == ".."));
        }
        Err(_) => {}
    }
});
