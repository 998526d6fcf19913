//! Any bytes on a request stream of HTTP/3; see `quic::fuzzing`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| quic::fuzzing::request_stream(bytes));
