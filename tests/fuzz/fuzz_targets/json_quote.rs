//! Any bytes are a JSON request of an operation or are refused with a place in them; an accepted
//! one gives an archive that says which records it touches.
#![no_main]

use contract::{Tenant, Touched};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|it| **it == b'\n').count() + 1;
    for operation in registry::ALL.iter().flat_map(|it| it.operations) {
        let mut payload = vec![0xAA];
        match (operation.from_json)(bytes, &mut payload) {
            Ok(()) => {
                let mut touched = Touched::new();
                (operation.touches)(&payload[1..], &mut touched).expect("an archive of it");
                assert!(touched.rows(Tenant(7)).count() <= contract::TOUCHED_MAX);
            }
            Err(error) => {
                assert!(!error.detail.is_empty());
                assert!(error.line <= lines, "{error:?}");
                assert_eq!(payload, [0xAA], "a refused request leaves nothing behind");
            }
        }
    }
});
