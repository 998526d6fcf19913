//! Permission patterns and names, case by case.

use contract::Kind;
use identity::rules::{covers, is_certificate_name, is_name, is_pattern};
use identity::{Digest, ENTRY, Refusal, UserStatus};

#[test]
fn a_pattern_covers_what_it_says() {
    for (pattern, permission, expected) in [
        ("*", "rates.quote", true),
        ("rates.quote", "rates.quote", true),
        ("rates.quote", "rates.quotes", false),
        ("rates.quote", "rates.quote.all", false),
        ("rates.*", "rates.quote", true),
        ("rates.*", "rates.quote.all", true),
        ("rates.*", "rates", false),
        ("rates.*", "ratesx.quote", false),
        ("rate.*", "rates.quote", false),
        ("identity.user.*", "identity.user.create", true),
        ("identity.user.*", "identity.role.set", false),
        ("", "rates.quote", false),
        (".*", "rates.quote", false),
        // A pattern covers another when it covers all that the other does.
        ("*", "*", true),
        ("*", "rates.*", true),
        ("rates.*", "*", false),
        ("rates.*", "rates.*", true),
        ("identity.*", "identity.user.*", true),
        ("identity.user.*", "identity.*", false),
        ("identity.user", "identity.user.*", false),
    ] {
        assert_eq!(covers(pattern, permission), expected, "{pattern} {permission}");
    }
}

#[test]
fn a_pattern_has_one_of_three_forms() {
    for good in ["*", "rates.quote", "rates.*", "identity.api-key.create", "a_1.b", "a.b.*"] {
        assert!(is_pattern(good), "{good}");
    }
    let long = format!("rates.{}", "a".repeat(59));
    for bad in
        ["", "rates", "**", "*.quote", "rates.", ".quote", "rates.q*", "a..b", "Rates.x", "a.*.b"]
    {
        assert!(!is_pattern(bad), "{bad}");
    }
    assert!(!is_pattern(&long) && is_pattern(&long[..64]));
}

#[test]
fn every_declared_permission_is_a_pattern_that_covers_itself() {
    for operation in ENTRY.operations {
        let permission = operation.shape.permission;
        assert!(is_pattern(permission) && covers("identity.*", permission), "{permission}");
        let reads = operation.kind() == Kind::Query;
        assert_eq!(reads, operation.code >= 64, "{}", operation.shape.name);
    }
}

#[test]
fn a_name_fits_into_a_key_and_a_line() {
    let longest = "a".repeat(40);
    for good in ["a", "9", "ann@example.com", "auth0|5f7c8ec7c33c6c004bbafe82", &longest] {
        assert!(is_name(good), "{good}");
    }
    for bad in ["", ".a", "@a", "a b", "a/b", "a\0", "\u{e9}", &"a".repeat(41)] {
        assert!(!is_name(bad), "{bad}");
    }
}

#[test]
fn a_certificate_is_named_by_a_workload_or_a_host() {
    let long = format!("spiffe://a/{}", "b".repeat(245));
    for good in ["a.example", "spiffe://example.org", "spiffe://a/svc/Pay_roll-1.2", &long] {
        assert!(is_certificate_name(good), "{good}");
    }
    let longer = format!("{long}b");
    for bad in [
        "",
        "A.example",
        "*.example",
        "a example",
        "https://a.example/",
        "spiffe://",
        "spiffe://A/b",
        "spiffe://a/",
        "spiffe://a//b",
        "spiffe://a/../b",
        "spiffe://a/b?c",
        &longer,
    ] {
        assert!(!is_certificate_name(bad), "{bad}");
    }
}

#[test]
fn a_digest_differs_wherever_a_bit_does() {
    let digest = Digest([7; 32]);
    assert!(digest.is(&[7; 32]));
    for at in 0..32 {
        let mut other = [7; 32];
        other[at] ^= 0x80;
        assert!(!digest.is(&other), "{at}");
    }
    assert_eq!(format!("{digest:?}"), "Digest(..)");
}

#[test]
fn numbers_and_moves_stand() {
    // Numbers of refusals are part of the wire contract.
    assert_eq!(Refusal::SHAPES.len(), 30);
    assert_eq!(Refusal::SeedMissing as u16, 24);
    assert_eq!(Refusal::CertificateExists as u16, 30);
    assert_eq!(
        UserStatus::MOVES,
        [("disable", "Active", "Disabled"), ("enable", "Disabled", "Active")]
    );
}
