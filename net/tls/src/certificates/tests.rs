use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// 2026-01-01.
const NOW_S: u64 = 1_767_225_600;

/// Writes a certificate for `names`, valid in 2025 and 2026.
fn make(dir: &Path, file: &str, names: &[&str]) -> Pair {
    let key = KeyPair::generate().unwrap();
    write(dir, file, names, &key)
}

fn write(dir: &Path, file: &str, names: &[&str], key: &KeyPair) -> Pair {
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    let pair =
        Pair { certificate: dir.join(format!("{file}.pem")), key: dir.join(format!("{file}.key")) };
    fs::write(&pair.certificate, params.self_signed(key).unwrap().pem()).unwrap();
    fs::write(&pair.key, key.serialize_pem()).unwrap();
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
    pair
}

/// The first name of the certificate that a client gets.
fn shown(certificates: &Certificates, host: Option<&str>) -> String {
    let key = certificates.find(host);
    let facts = Facts::of(Path::new("shown"), &key.cert[0]).unwrap();
    facts.hosts.first().cloned().unwrap_or_default()
}

#[test]
fn the_name_asked_for_chooses_the_certificate() {
    let dir = TempDir::new().unwrap();
    let pairs = vec![
        make(dir.path(), "first", &["first.example"]),
        make(dir.path(), "wild", &["*.example", "*.deep.example"]),
        make(dir.path(), "exact", &["Exact.Example", "first.example"]),
    ];
    let (certificates, loaded) = Certificates::load(pairs, NOW_S).unwrap();
    assert_eq!(loaded.certificates.len(), 3);
    for (host, expected) in [
        (None, "first.example"),
        (Some("first.example"), "first.example"),
        (Some("exact.example"), "exact.example"),
        (Some("other.example"), "*.example"),
        (Some("a.deep.example"), "*.example"),
        // A wildcard stands for one label, and never for none.
        (Some("a.b.example"), "first.example"),
        (Some("example"), "first.example"),
        (Some("elsewhere.test"), "first.example"),
    ] {
        assert_eq!(shown(&certificates, host), expected, "{host:?}");
    }
}

#[test]
fn keys_of_several_kinds_are_taken() {
    let dir = TempDir::new().unwrap();
    for kind in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
        let key = KeyPair::generate_for(kind).unwrap();
        let pair = write(dir.path(), "kind", &["a.example"], &key);
        Certificates::load(vec![pair], NOW_S).unwrap();
    }
}

#[test]
fn every_fault_names_its_file_and_the_remedy() {
    let dir = TempDir::new().unwrap();
    let pair = make(dir.path(), "good", &["a.example"]);
    let other = make(dir.path(), "other", &["b.example"]);
    let nameless = make(dir.path(), "nameless", &[]);
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let certificate = fs::read_to_string(&pair.certificate).unwrap();
    let swapped = Pair { certificate: pair.key.clone(), key: pair.certificate.clone() };
    let with_certificate = |name: &str, content: &str| Pair {
        certificate: file(name, content.as_bytes()),
        key: pair.key.clone(),
    };
    let with_key = |name: &str, content: &str| Pair {
        certificate: pair.certificate.clone(),
        key: file(name, content.as_bytes()),
    };
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let odd_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let odd_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut = &certificate[..certificate.len() / 2];
    let (early_s, late_s) = (1_735_689_599, 1_798_761_601);
    for (pair, now_s, expected) in [
        (Pair { key: dir.path().join("none"), ..pair.clone() }, NOW_S, "cannot read"),
        (swapped, NOW_S, "good.key holds no certificate"),
        (with_certificate("empty", ""), NOW_S, "empty holds no certificate"),
        (with_certificate("cut", cut), NOW_S, "cut is damaged"),
        (with_certificate("odd", odd_certificate), NOW_S, "odd is damaged"),
        (with_certificate("long", &" ".repeat(1 << 21)), NOW_S, "long is over 1048576 bytes"),
        (with_key("keyless", &certificate), NOW_S, "keyless holds no private key"),
        (with_key("encrypted", encrypted), NOW_S, "remove the passphrase"),
        (with_key("odd.key", odd_key), NOW_S, "odd.key is not supported"),
        (Pair { key: other.key.clone(), ..pair.clone() }, NOW_S, "does not belong to the first"),
        (nameless, NOW_S, "names no host"),
        (pair.clone(), early_s, "is valid from"),
        (pair.clone(), late_s, "expired on"),
    ] {
        let error = Certificates::load(vec![pair], now_s).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    for now_s in [early_s + 1, late_s - 1] {
        Certificates::load(vec![pair.clone()], now_s).unwrap();
    }
    let error = Certificates::load(Vec::new(), NOW_S).unwrap_err();
    assert!(matches!(error, CertificateError::Nothing), "{error}");
}

#[test]
fn open_keys_and_near_ends_are_noticed() {
    let dir = TempDir::new().unwrap();
    let pair = make(dir.path(), "a", &["a.example"]);
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o644)).unwrap();
    let end_s = 1_798_761_600;
    let notices =
        |now_s: u64| Certificates::load(vec![pair.clone()], now_s).unwrap().1.notices.len();
    assert_eq!((notices(end_s - ENDING_S), notices(end_s - ENDING_S + 1)), (1, 2));
}

#[test]
fn new_files_are_shown_and_bad_ones_leave_the_old() {
    let dir = TempDir::new().unwrap();
    let pairs = vec![make(dir.path(), "a", &["a.example"]), make(dir.path(), "b", &["b.example"])];
    let (certificates, _) = Certificates::load(pairs, NOW_S).unwrap();
    assert_eq!(certificates.refresh(NOW_S).unwrap(), None);

    make(dir.path(), "a", &["new.example"]);
    let loaded = certificates.refresh(NOW_S).unwrap().expect("a file changed");
    assert_eq!(loaded.certificates[0].names, ["new.example"]);
    assert_eq!(shown(&certificates, None), "new.example");
    assert_eq!(certificates.refresh(NOW_S).unwrap(), None);

    // The first pair is good and newer still: nothing of a bad set is shown.
    make(dir.path(), "a", &["newer.example"]);
    fs::write(dir.path().join("b.key"), "nothing").unwrap();
    certificates.refresh(NOW_S).unwrap_err();
    assert_eq!(shown(&certificates, None), "new.example");
    assert_eq!(certificates.refresh(NOW_S).unwrap(), None, "reported once");
    certificates.reload(NOW_S).unwrap_err();
    fs::remove_file(dir.path().join("b.key")).unwrap();
    certificates.refresh(NOW_S).unwrap_err();
    assert_eq!(shown(&certificates, Some("b.example")), "b.example");

    make(dir.path(), "b", &["b.example"]);
    assert!(certificates.refresh(NOW_S).unwrap().is_some());
    assert_eq!(shown(&certificates, None), "newer.example");
}
