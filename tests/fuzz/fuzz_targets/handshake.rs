//! A Hello, Welcome or Refusal that is accepted must encode to a message that reads back the same;
//! a refused one must be refused no later than its last byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Greeting, Hello, VERSION};

fuzz_target!(|bytes: &[u8]| {
    match Hello::decode(bytes) {
        Ok(None) => {}
        Ok(Some((hello, taken))) => {
            let mut out = Vec::new();
            hello.encode(&mut out);
            if hello.version_max <= VERSION {
                assert_eq!(out, bytes[..taken]);
            }
            assert!(Hello::decode(&out).is_ok_and(|it| it == Some((hello, out.len()))));
        }
        Err(error) => assert!(error.offset <= bytes.len()),
    }
    match Greeting::decode(bytes) {
        Ok(None) => {}
        Ok(Some((greeting, _))) => {
            let mut out = Vec::new();
            match &greeting {
                Greeting::Welcome(welcome) => welcome.encode(&mut out),
                Greeting::Refusal(refusal) => refusal.encode(&mut out),
            }
            assert!(Greeting::decode(&out).is_ok_and(|it| it == Some((greeting, out.len()))));
        }
        Err(error) => assert!(error.offset <= bytes.len()),
    }
});
