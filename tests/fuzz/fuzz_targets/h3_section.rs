//! Any bytes as a field section of QPACK; see `quic::fuzzing`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| quic::fuzzing::field_section(bytes));
