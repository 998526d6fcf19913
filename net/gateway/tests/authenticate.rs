//! A box of two cores with the identity domain: who is let in, by which core, until when.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "a test stops at the first surprise"
)]

#[path = "authenticate/door.rs"]
mod door;
#[path = "authenticate/issued.rs"]
mod issued;

use contract::{Method, Tenant};
use credentials::{ApiKey, NewToken, Signer, digest};
use data_encoding::BASE64URL_NOPAD;
use door::{ISSUER, Outcome, TestBox};
use gateway::Bootstrap;
use identity::{
    Algorithm, ApiKeyId, Base64Url, Changed, CreateApiKey, CreateTenant, CreateUser, Digest,
    DisableUser, EnableUser, GrantRole, PublicKey, RegisterIssuer, RemoveIssuer, RevokeApiKey,
    RotateSigningKey, SetRole, UngrantRole,
};

const SEED: [u8; 32] = [7; 32];
/// Tenant 5 and its user `ann`, who may read and price.
const T: u32 = 5;

/// A box with the first identities and signing key `a`, and the admin's key.
fn started() -> (TestBox, String) {
    let test_box = TestBox::start();
    let key = test_box.bootstrap(&Bootstrap::new([9; 32])).unwrap();
    test_box.run(0, &rotation("a", &Signer::new("a", &SEED)));
    (test_box, key)
}

/// And with `ann`, and her key with these scopes.
fn staffed(scopes: &[&str]) -> (TestBox, String, ApiKeyId) {
    let (test_box, _) = started();
    let name = "other".to_owned();
    test_box.run::<_>(0, &CreateTenant { number: T, name });
    let permissions = vec!["rates.read".to_owned(), "rates.quote".to_owned()];
    test_box.run(T, &SetRole { role: "pricing".to_owned(), permissions });
    test_box.run(T, &CreateUser { user: ann(), title: String::new() });
    test_box.run(T, &grant());
    let (secret, scopes) = ([3; 32], scopes.iter().map(|it| (*it).to_owned()).collect());
    let made = test_box.run(
        T,
        &CreateApiKey {
            user: ann(),
            scopes,
            digest: Digest(digest(&secret)),
            expires_us: None,
            label: String::new(),
        },
    );
    let text = ApiKey::new(made.id.get(), secret).text();
    (test_box, text, made.id)
}

/// Makes a key sign whose seed the box does not have; the one before is kept for no second.
fn rotation(kid: &str, signer: &Signer) -> RotateSigningKey {
    RotateSigningKey {
        kid: kid.to_owned(),
        public_key: Base64Url(signer.public_key().to_vec()),
        sealed_seed: Base64Url(vec![1]),
        keep_s: 0,
    }
}

fn ann() -> String {
    "ann".to_owned()
}

fn grant() -> GrantRole {
    GrantRole { user: ann(), role: "pricing".to_owned() }
}

fn check(test_box: &TestBox, credential: &str, expected: &Outcome) {
    for core in 0..2 {
        // Twice: the second time from what the first left ready.
        for turn in 0..2 {
            let outcome = test_box.ask(core, credential, "rates.quote");
            assert_eq!(outcome, *expected, "core {core}, turn {turn}");
        }
    }
}

fn refused(code: &'static str) -> Outcome {
    Outcome::Refused(401, code)
}

fn allowed() -> Outcome {
    Outcome::Asked { tenant: T, allowed: true }
}

fn token(now_s: u64, change: impl FnOnce(&mut NewToken<'static>)) -> String {
    signed(&Signer::new("a", &SEED), now_s, change)
}

fn signed(signer: &Signer, now_s: u64, change: impl FnOnce(&mut NewToken<'static>)) -> String {
    let mut token = NewToken {
        issuer: ISSUER,
        audience: "quoin",
        subject: "ann",
        tenant: T,
        scope: None,
        api_key: None,
        certificate: None,
        issued_s: now_s,
        expires_s: now_s + 600,
    };
    change(&mut token);
    signer.issue(&token)
}

#[test]
fn the_first_key_may_do_everything_and_act_for_every_tenant() {
    let (test_box, key) = started();
    let expected = Outcome::Asked { tenant: 0, allowed: true };
    check(&test_box, &key, &expected);
    assert_eq!(test_box.on_behalf(&key, T), Ok(T));
    assert_eq!(test_box.on_behalf(&key, 0), Ok(0));
    // Once there is a key, nothing is made again; whoever has its secret still finds it.
    assert_eq!(test_box.bootstrap(&Bootstrap::new([1; 32])), None);
    assert_eq!(test_box.bootstrap(&Bootstrap::new([9; 32])), Some(key.clone()));
    check(&test_box, &ApiKey::new(4096, [9; 32]).text(), &refused("api-key-unknown"));
    let jwks = test_box.jwks();
    assert!(jwks.contains(r#""kid":"a""#) && jwks.contains(r#""crv":"Ed25519""#), "{jwks}");
}

#[test]
fn a_key_is_narrowed_revoked_and_follows_its_user() {
    let (test_box, key, id) = staffed(&["rates.quote"]);
    check(&test_box, &key, &allowed());
    let missing = Outcome::Asked { tenant: T, allowed: false };
    assert_eq!(test_box.ask(0, &key, "rates.read"), missing);
    assert_eq!(test_box.ask(1, &key, "identity.user.create"), missing);
    assert_eq!(test_box.on_behalf(&key, T), Ok(T));
    assert_eq!(test_box.on_behalf(&key, 0), Err(403));

    let role = "pricing".to_owned();
    let changed = test_box.run(T, &UngrantRole { user: ann(), role });
    assert_eq!(changed, Changed { changed: true });
    check(&test_box, &key, &missing);
    test_box.run(T, &grant());
    check(&test_box, &key, &allowed());
    test_box.run(T, &DisableUser { user: ann() });
    check(&test_box, &key, &refused("user-disabled"));
    test_box.run(T, &EnableUser { user: ann() });
    check(&test_box, &key, &allowed());

    let wrong = ApiKey::new(id.get(), [4; 32]).text();
    check(&test_box, &wrong, &refused("api-key-unknown"));
    check(&test_box, &format!("{}x", &key[..key.len() - 1]), &refused("api-key-malformed"));
    test_box.run(T, &RevokeApiKey { id });
    check(&test_box, &key, &refused("api-key-revoked"));
    check(&test_box, &wrong, &refused("api-key-unknown"));
}

#[test]
fn a_key_that_was_revoked_is_taken_by_no_core_from_then_on() {
    let (test_box, _, _) = staffed(&["*"]);
    for turn in 0..200_u8 {
        let secret = [turn; 32];
        let request = CreateApiKey {
            user: ann(),
            scopes: vec!["*".to_owned()],
            digest: Digest(digest(&secret)),
            expires_us: None,
            label: String::new(),
        };
        let id = test_box.run_on(usize::from(turn % 2), T, &request).id;
        let key = ApiKey::new(id.get(), secret).text();
        for core in 0..2 {
            assert_eq!(test_box.ask(core, &key, "rates.quote"), allowed());
        }
        test_box.run_on(usize::from(turn / 2 % 2), T, &RevokeApiKey { id });
        for core in 0..2 {
            assert_eq!(test_box.ask(core, &key, "rates.quote"), refused("api-key-revoked"));
        }
    }
}

#[test]
fn a_token_of_the_box_is_taken_while_key_user_and_time_hold() {
    let (test_box, _, _) = staffed(&["*"]);
    let now_s = test_box.now_s();
    let good = token(now_s, |_| {});
    check(&test_box, &good, &allowed());
    let narrow = token(now_s, |it| it.scope = Some("openid rates.read"));
    let missing = Outcome::Asked { tenant: T, allowed: false };
    check(&test_box, &narrow, &missing);
    assert_eq!(test_box.ask(0, &narrow, "rates.read"), allowed());
    let second = good.rfind('.').unwrap();
    let forged = format!("{}.{}", &good[..second], "A".repeat(86));
    let claims = good.split('.').nth(1).unwrap();
    let with_header = |header: &str| {
        let header = BASE64URL_NOPAD.encode(header.as_bytes());
        format!("{header}.{claims}.{}", &good[second + 1..])
    };
    for (text, code) in [
        (token(now_s - 1000, |_| {}), "token-expired"),
        (token(now_s + 1000, |_| {}), "token-not-yet-valid"),
        (token(now_s, |it| it.audience = "other"), "token-audience"),
        (token(now_s, |it| it.issuer = "https://other"), "token-invalid"),
        (token(now_s, |it| it.subject = "bob"), "user-unknown"),
        (token(now_s, |it| it.tenant = 6), "user-unknown"),
        (signed(&Signer::new("a", &[1; 32]), now_s, |_| {}), "token-invalid"),
        (signed(&Signer::new("b", &SEED), now_s, |_| {}), "token-invalid"),
        (forged, "token-invalid"),
        (with_header(r#"{"alg":"none","kid":"a"}"#), "token-invalid"),
        (with_header(r#"{"alg":"HS256","kid":"a"}"#), "token-invalid"),
        (format!("{}.", &good[..second]), "token-invalid"),
        (token(now_s, |it| it.api_key = Some("1")), "api-key-unknown"),
        (token(now_s, |it| it.api_key = Some("x")), "token-invalid"),
        (token(now_s, |it| it.certificate = Some("a.example")), "certificate-unknown"),
        ("a.b.c".to_owned(), "token-malformed"),
    ] {
        check(&test_box, &text, &refused(code));
    }
    test_box.run(T, &DisableUser { user: ann() });
    check(&test_box, &good, &refused("user-disabled"));
    test_box.run(T, &EnableUser { user: ann() });
    check(&test_box, &good, &allowed());
    // The new key takes over.
    let signer = Signer::new("b", &[6; 32]);
    test_box.run(0, &rotation("b", &signer));
    check(&test_box, &good, &refused("token-invalid"));
    check(&test_box, &signed(&signer, now_s, |_| {}), &allowed());
}

#[test]
fn an_outside_issuers_token_is_taken_until_the_issuer_is_removed() {
    let (test_box, _, _) = staffed(&["*"]);
    let now_s = test_box.now_s();
    let signer = Signer::new("k", &[5; 32]);
    let outside = |change: fn(&mut NewToken<'static>)| {
        signed(&signer, now_s, |it| {
            it.issuer = "https://login.example";
            it.audience = "shop";
            // An outside issuer does not choose the tenant.
            it.tenant = 0;
            change(it);
        })
    };
    let good = outside(|_| {});
    check(&test_box, &good, &refused("token-invalid"));
    let mut issuer = RegisterIssuer {
        issuer: "login".to_owned(),
        url: "https://login.example".to_owned(),
        audience: "shop".to_owned(),
        keys: vec![PublicKey {
            kid: "k".to_owned(),
            alg: Algorithm::EdDsa,
            public_key: Base64Url(signer.public_key().to_vec()),
        }],
        tenant: T,
        user_claim: "sub".to_owned(),
        permissions_claim: None,
    };
    test_box.run(0, &issuer);
    check(&test_box, &good, &allowed());
    check(&test_box, &outside(|it| it.audience = "quoin"), &refused("token-audience"));
    check(&test_box, &outside(|it| it.subject = "bob"), &refused("user-unknown"));
    // From now on its tokens narrow; one without the claim may nothing.
    issuer.permissions_claim = Some("scope".to_owned());
    test_box.run(0, &issuer);
    check(&test_box, &good, &Outcome::Asked { tenant: T, allowed: false });
    check(&test_box, &outside(|it| it.scope = Some("rates.*")), &allowed());
    issuer.user_claim = "email".to_owned();
    test_box.run(0, &issuer);
    check(&test_box, &good, &refused("token-user"));
    issuer.user_claim = "sub".to_owned();
    issuer.permissions_claim = None;
    test_box.run(0, &issuer);
    check(&test_box, &good, &allowed());
    test_box.run(0, &RemoveIssuer { issuer: "login".to_owned() });
    check(&test_box, &good, &refused("token-invalid"));
}

#[test]
fn a_refusal_of_a_credential_tells_its_reason_and_nothing_else() {
    let (test_box, _, id) = staffed(&["*"]);
    let now_s = test_box.now_s();
    // A forged token hears the same, whatever it says and whether its key and user exist.
    let forger = |kid: &str, subject: &'static str, expires_s: u64| {
        signed(&Signer::new(kid, &[1; 32]), now_s, |it| {
            (it.subject, it.expires_s) = (subject, expires_s);
        })
    };
    let secret = |id: u64| ApiKey::new(id, [4; 32]).text();
    for (same, code) in [
        (
            vec![
                forger("a", "ann", now_s + 600),
                forger("a", "bob", now_s + 600),
                forger("b", "ann", now_s + 600),
                forger("a", "ann", now_s - 600),
            ],
            "token-invalid",
        ),
        (vec![secret(id.get()), secret(id.get() + 4096)], "api-key-unknown"),
    ] {
        let details: Vec<_> = same
            .iter()
            .map(|it| {
                let rejection = test_box.refusal(it);
                assert_eq!((rejection.http, rejection.name), (401, code));
                rejection.detail
            })
            .collect();
        assert!(details.iter().all(|it| *it == details[0]), "{details:?}");
    }
}

#[test]
fn a_missing_permission_is_named() {
    let (test_box, key, _) = staffed(&["rates.*"]);
    let rejection = test_box.authorise(&key, "identity.create-user").unwrap_err();
    assert_eq!((rejection.http, rejection.name), (403, "permission-missing"));
    assert!(rejection.detail.ends_with("identity.user.create"), "{}", rejection.detail);
    assert!(test_box.authorise(&key, "identity.users").is_err());
    let operations = identity::ENTRY.operations.iter();
    assert_eq!(operations.filter(|it| it.shape.method == Method::Delete).count(), 3);
    assert_eq!(Tenant::BOX, Tenant(0));
}
