//! The text of API keys, and sealed seeds.

use credentials::{
    API_KEY_BYTES, ApiKey, ApiKeyError, MasterKey, MasterKeyError, digest, open_seed, seal_seed,
};
use proptest::prelude::*;

#[test]
fn a_key_has_one_text() {
    let key = ApiKey::new(4173, std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let text = key.text();
    assert_eq!(text.len(), API_KEY_BYTES);
    assert!(text.starts_with("qk_"));
    assert_eq!(ApiKey::parse(&text), Ok(key.clone()));
    assert_eq!(format!("{key:?}"), "ApiKey { id: 4173, .. }");
    assert_eq!(ApiKey::parse(&text.to_uppercase()), Err(ApiKeyError::Form));
    // Golden: keys in people's hands stay readable.
    assert_eq!(
        text,
        "qk_000000000084q_000g40o40k30e209185go38e1s8124gj2gahc5oo34d1m70t3ofgj9itb3g"
    );
    assert_eq!(
        key.digest(),
        digest(&std::array::from_fn::<u8, 32, _>(|at| at.try_into().unwrap()))
    );
}

#[test]
fn every_typo_is_told_from_a_wrong_key() {
    let text = ApiKey::new(u64::MAX, [0xA5; 32]).text();
    for at in 0..text.len() {
        for other in ["0", "v", "_", "z", "-"] {
            if &text[at..=at] == other {
                continue;
            }
            let typo = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(ApiKey::parse(&typo).is_err(), "{typo}");
        }
        assert_eq!(ApiKey::parse(&text[..at]), Err(ApiKeyError::Form));
    }
    let swapped = text.replace("_k", "k_");
    assert!(swapped == text || ApiKey::parse(&swapped).is_err());
    assert_eq!(ApiKey::parse(&format!("{text}0")), Err(ApiKeyError::Form));
}

#[test]
fn a_sealed_seed_opens_for_its_own_key_and_id_only() {
    let (master, seed) = (MasterKey::new([1; 32]), [2; 32]);
    let sealed = seal_seed(&master, [3; 12], "2026-01", &seed);
    assert_eq!(sealed.len(), 60);
    assert_eq!(open_seed(&master, "2026-01", &sealed), Ok(seed));
    assert!(open_seed(&MasterKey::new([9; 32]), "2026-01", &sealed).is_err());
    assert!(open_seed(&master, "2026-02", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(open_seed(&master, "2026-01", &damaged).is_err(), "{at}");
        assert!(open_seed(&master, "2026-01", &sealed[..at]).is_err(), "{at}");
    }
}

proptest! {
    #[test]
    fn any_key_reads_back(id: u64, secret: [u8; 32]) {
        let key = ApiKey::new(id, secret);
        prop_assert_eq!(ApiKey::parse(&key.text()), Ok(key));
    }

    #[test]
    fn no_text_makes_it_panic(text in "(qk_)?\\PC{0,80}") {
        let _ = ApiKey::parse(&text);
    }
}

#[test]
fn a_master_key_is_read_as_it_was_written_and_never_repeated() {
    let master = MasterKey::new(std::array::from_fn(|at| u8::try_from(at * 7).unwrap()));
    let text = master.text();
    assert_eq!(text.len(), 64);
    for same in [text.clone(), format!(" {text}\n"), text.to_uppercase()] {
        assert_eq!(MasterKey::parse(&same), Ok(master.clone()));
    }
    for bad in ["", &text[..63], &text[..62], &format!("{text}00"), &text.replace('0', "g")] {
        assert_eq!(MasterKey::parse(bad), Err(MasterKeyError));
    }
    assert_eq!(format!("{master:?}"), "MasterKey(..)");
}
