use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::Certificates;

/// 2026-01-01.
const NOW_S: u64 = 1_767_225_600;

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn text(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap()
}

#[test]
fn both_are_made_once_and_kept() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path().join("certificates");
    let first = ensure_development(&dir, &["box.example"], NOW_S).unwrap();
    assert!(first.authority_is_new && first.certificate_is_new);
    assert_eq!(mode(&first.pair.key), 0o600);
    assert_eq!(mode(&dir.join("development-authority.key")), 0o600);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 4, "nothing else is left behind");
    let before = (text(&first.authority), text(&first.pair.certificate));

    let again = ensure_development(&dir, &["box.example"], NOW_S + DAY_S).unwrap();
    assert!(!again.authority_is_new && !again.certificate_is_new);
    assert_eq!((text(&again.authority), text(&again.pair.certificate)), before);
    let (_, loaded) = Certificates::load(vec![again.pair], NOW_S).unwrap();
    let names = ["localhost", "quoin.local", "box.example", "127.0.0.1", "::1"];
    assert_eq!(loaded.certificates[0].names, names);
    assert_eq!(loaded.certificates[0].not_after_s, NOW_S + LEAF_S);
    assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
}

#[test]
fn the_certificate_is_renewed_in_time_or_for_another_name_or_when_damaged() {
    let dir = TempDir::new().unwrap();
    let ensure = |names: &[&str], now_s: u64| ensure_development(dir.path(), names, now_s).unwrap();
    let first = ensure(&[], NOW_S);
    let authority = text(&first.authority);
    let last_s = NOW_S + LEAF_S - RENEW_S;
    let is_new = |names: &[&str], now_s: u64| ensure(names, now_s).certificate_is_new;
    assert!(!is_new(&[], last_s) && is_new(&[], last_s + 1), "near its end");
    assert!(is_new(&["box.example"], last_s + 1), "another name");
    assert!(!is_new(&[], last_s + 1), "a name more does no harm");
    fs::write(&first.pair.key, "nothing").unwrap();
    assert!(is_new(&[], last_s + 1), "a damaged key");
    fs::remove_file(&first.pair.certificate).unwrap();
    assert!(is_new(&[], last_s + 1), "a lost certificate");
    assert_eq!(text(&first.authority), authority, "clients go on trusting it");
}

#[test]
fn an_authority_is_replaced_at_its_end_and_refused_when_broken() {
    let dir = TempDir::new().unwrap();
    let ensure = |now_s: u64| ensure_development(dir.path(), &[], now_s);
    ensure(NOW_S).unwrap();
    let end_s = NOW_S + AUTHORITY_S;
    let late = ensure(end_s - RENEW_S - 1).unwrap();
    assert!(!late.authority_is_new && late.certificate_is_new);
    let (_, loaded) = Certificates::load(vec![late.pair], end_s - RENEW_S).unwrap();
    assert_eq!(loaded.certificates[0].not_after_s, end_s, "never beyond its authority");
    let new = ensure(end_s - RENEW_S).unwrap();
    assert!(new.authority_is_new && new.certificate_is_new);

    fs::write(dir.path().join("development-authority.key"), "nothing").unwrap();
    let error = ensure(end_s).unwrap_err().to_string();
    assert!(error.contains("remove both for a new authority"), "{error}");
    fs::remove_file(&new.authority).unwrap();
    assert!(ensure(end_s).unwrap().authority_is_new);
}

#[test]
fn a_name_must_be_one() {
    let dir = TempDir::new().unwrap();
    let error = ensure_development(dir.path(), &["no name"], NOW_S).unwrap_err();
    assert!(matches!(error, DevelopmentError::Name { .. }), "{error}");
    let host = host_name();
    let names: Vec<&str> = host.iter().map(String::as_str).collect();
    ensure_development(dir.path(), &names, NOW_S).unwrap();
}
