//! Any bytes on a unidirectional stream of HTTP/3, its type first; see `quic::fuzzing`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| quic::fuzzing::unidirectional_stream(bytes));
