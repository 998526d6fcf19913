//! A text that is taken for an API key is the one text of that key; header values of any bytes are
//! a credential, or none, or are refused.
#![no_main]

use credentials::ApiKey;
use gateway::Shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(key) = ApiKey::parse(text)
    {
        assert_eq!(key.text(), text);
    }
    // The same bytes with a checksum that is right.
    if let Some((id, secret)) = bytes.split_first_chunk::<8>()
        && let Some(secret) = secret.first_chunk::<32>()
    {
        let key = ApiKey::new(u64::from_be_bytes(*id), *secret);
        let text = key.text();
        assert!(ApiKey::parse(&text).is_ok_and(|it| it == key));
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] ^= bytes[0] & 0x7f;
            let wrong = std::str::from_utf8(&wrong).expect("ascii");
            assert_eq!(ApiKey::parse(wrong).is_ok(), wrong == text);
        }
    }
    let (one, other) = bytes.split_at(bytes.len() / 2);
    for (authorization, api_key) in
        [(Some(bytes), None), (None, Some(bytes)), (Some(one), Some(other))]
    {
        match Shown::of(authorization, api_key) {
            Ok(shown) => assert!(shown.is_some()),
            Err(rejection) => assert_eq!(rejection.http, 401),
        }
    }
});
