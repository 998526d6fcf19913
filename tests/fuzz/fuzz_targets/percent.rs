//! Any text with percent signs is decoded or refused with 400; a text whose every byte is encoded
//! comes back as it was.
#![no_main]

use std::fmt::Write;

use gateway::percent_decoded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for query in [false, true] {
        match percent_decoded(text, query) {
            Ok(decoded) => assert!(decoded.len() <= text.len()),
            Err(rejection) => assert_eq!(rejection.http, 400),
        }
        let mut encoded = String::new();
        for byte in text.bytes() {
            write!(encoded, "%{byte:02x}").expect("memory");
        }
        assert_eq!(percent_decoded(&encoded, query).expect("all of it is encoded"), text);
    }
});
