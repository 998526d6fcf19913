//! Any bytes are a set of keys or are refused; what was read verifies nothing by chance, and the
//! box's own kind of key is written so that it reads back.
#![no_main]

use credentials::{Algorithm, KEYS_MAX, read_jwks, write_jwks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let Ok(keys) = read_jwks(json) else { return };
    assert!((1..=KEYS_MAX).contains(&keys.len()));
    for key in &keys {
        assert!(!key.kid.is_empty());
        assert!(key.verify(b"a message", &[1; 64]).is_err());
        assert!(key.verify(b"a message", &[1; 256]).is_err());
    }
    let own: Vec<_> = keys.into_iter().filter(|it| it.alg == Algorithm::EdDsa).collect();
    if !own.is_empty() {
        let text = write_jwks(own.iter().map(|it| (&*it.kid, &*it.public_key)));
        assert_eq!(read_jwks(text.as_bytes()).expect("our own document"), own);
    }
});
