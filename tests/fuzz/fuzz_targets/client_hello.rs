//! Any first bytes of a TLS connection: taken in any pieces, refused for good or waited for; no
//! certificate is chosen and no byte is lost on the way.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use tls::{
    Certificates, Protocol, ServerConfig, ServerOptions, Session, ensure_development, server_config,
};

static CONFIG: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let made = ensure_development(folder.path(), &[], now).expect("certificates");
    let (certificates, _) = Certificates::load(vec![made.pair], now).expect("just made");
    let protocols = vec![Protocol::Http2, Protocol::Http1];
    let options = ServerOptions { protocols, tls12: true, ..ServerOptions::default() };
    Arc::new(server_config(&Arc::new(certificates), &options).expect("a configuration"))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let mut session = Session::server(&CONFIG).expect("a session");
    let mut out = Vec::new();
    for piece in bytes.chunks(usize::from(*size) + 1) {
        match session.read_tls(piece, &mut out) {
            Ok(taken) => {
                assert_eq!(taken, piece.len(), "nothing waits before the handshake is over")
            }
            Err(_) => {
                assert!(
                    session.read_tls(piece, &mut out).is_err() || session.plaintext().is_empty()
                );
                return;
            }
        }
        assert!(session.is_handshaking() && session.plaintext().is_empty());
    }
});
