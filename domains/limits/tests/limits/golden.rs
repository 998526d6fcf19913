//! The bytes of every record and event, as they stand in logs and stores of released versions. They
//! must never change: a changed type gets a new version and an upgrade. After adding a type, write
//! its file with `QUOIN_BLESS=1 cargo test -p limits --test limits`.

use std::path::Path;

use contract::Stored;
use limits::{Class, Cost, Policy, PolicyRemoved, PolicySet, Subject, Tally, Unit};

fn check<T: Stored + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.bin"));
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    if std::env::var_os("QUOIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(T::decode(&golden).as_ref(), Ok(value), "{name} no longer reads");
    assert_eq!(bytes, golden, "{name} is written differently");
}

fn policy() -> Policy {
    Policy {
        name: "quotes-per-key".to_owned(),
        per: Subject::Address,
        operations: "rates.*".to_owned(),
        rate_class: Some(Class::Bulk),
        quota: 6_000,
        window_s: 60,
        burst: 500,
        unit: Unit::Requests,
        cost: Cost { read: 1, write: 2, bulk: 20 },
        enabled: true,
    }
}

#[test]
fn records_keep_their_bytes() {
    check("policy_1", &policy());
    check("tally_1", &Tally { policies: 3 });
}

#[test]
fn events_keep_their_bytes() {
    check("policy_set_1", &PolicySet { policy: policy(), policies: 3 });
    check("policy_removed_1", &PolicyRemoved { name: "quotes-per-key".to_owned(), policies: 2 });
}

/// The number of a variant is part of the bytes.
#[test]
fn variants_keep_their_numbers() {
    let byte = |encode: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        encode(&mut bytes);
        bytes
    };
    let subjects = [
        Subject::Key,
        Subject::Principal,
        Subject::Tenant,
        Subject::Route,
        Subject::Address,
        Subject::Box,
    ];
    for (number, subject) in (0_u8..).zip(subjects) {
        assert_eq!(byte(&|out| subject.encode(out)), [number]);
    }
    for (number, class) in (0_u8..).zip(Class::ALL) {
        assert_eq!(byte(&|out| class.encode(out)), [number]);
    }
    for (number, unit) in (0_u8..).zip([Unit::Requests, Unit::Concurrent]) {
        assert_eq!(byte(&|out| unit.encode(out)), [number]);
    }
}
