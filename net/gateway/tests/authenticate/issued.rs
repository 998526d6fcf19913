//! Tokens that the box itself signs, client certificates, and narrowed credentials that hand out.

use gateway::NewSigningKey;
use identity::{
    ApiKeyId, ApiKeys, BindCertificate, CreateApiKey, CreateUser, Digest, DisableUser, EnableUser,
    GrantRole, IssueToken, RegisterIssuer, RevokeApiKey, SetRole, UnbindCertificate,
};
use tls::ClientIdentity;

use crate::door::{Evidence, Outcome, TestBox};
use crate::{T, allowed, ann, check, refused, staffed};

fn key(seed: u8, keep_s: Option<u32>) -> NewSigningKey {
    NewSigningKey { seed: [seed; 32], nonce: [seed; 12], keep_s }
}

fn issue(scopes: Option<&[&str]>) -> IssueToken {
    let scopes = scopes.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
    IssueToken { scopes, lifetime_s: None }
}

/// Of `ann`, who may read and price, and her key narrowed to pricing.
fn signing(scopes: &[&str]) -> (TestBox, Evidence, ApiKeyId) {
    let (test_box, key_text, id) = staffed(scopes);
    test_box.rotate(&key(1, None));
    (test_box, Evidence::Text(key_text), id)
}

#[test]
fn a_key_is_exchanged_for_a_token_that_is_no_wider() {
    let (test_box, by, _) = signing(&["rates.quote", "identity.*"]);
    let issued = test_box.issue(by.clone(), &issue(None)).unwrap();
    assert_eq!((issued.tenant, issued.user.as_str()), (T, "ann"));
    assert_eq!(issued.scopes, ["identity.*", "rates.quote"]);
    assert_eq!(issued.expires_s, issued.issued_s + 900);
    check(&test_box, &issued.token, &allowed());
    let missing = Outcome::Asked { tenant: T, allowed: false };
    // Her role would allow it, the key that she showed does not.
    assert_eq!(test_box.ask(0, &issued.token, "rates.read"), missing);
    let narrow = test_box.issue(by.clone(), &issue(Some(&["identity.read"]))).unwrap();
    check(&test_box, &narrow.token, &missing);
    for wider in [&["*"][..], &["rates.*"], &["rates.quote", "rates.read"]] {
        let refused = test_box.issue(by.clone(), &issue(Some(wider))).unwrap_err();
        assert_eq!(refused, (403, "permission-missing".to_owned()), "{wider:?}");
    }
    let renewed = test_box.issue(Evidence::Text(issued.token), &issue(None)).unwrap_err();
    assert_eq!(renewed, (403, "token-renewal".to_owned()));
}

#[test]
fn a_token_ends_with_its_key_its_user_and_its_signing_key() {
    let (test_box, by, id) = signing(&["*"]);
    let first = test_box.issue(by.clone(), &issue(None)).unwrap().token;
    check(&test_box, &first, &allowed());
    test_box.run(T, &DisableUser { user: ann() });
    check(&test_box, &first, &refused("user-disabled"));
    test_box.run(T, &EnableUser { user: ann() });
    // The next key signs, the one before still verifies.
    test_box.rotate(&key(2, None));
    let second = test_box.issue(by.clone(), &issue(None)).unwrap().token;
    // And so does the one that `staffed` began with.
    assert_eq!(test_box.jwks().matches(r#""kty":"OKP""#).count(), 3);
    for token in [&first, &second] {
        check(&test_box, token, &allowed());
    }
    // Unless it is known to somebody else.
    test_box.rotate(&key(3, Some(0)));
    check(&test_box, &second, &refused("token-invalid"));
    check(&test_box, &first, &allowed());
    let third = test_box.issue(by, &issue(None)).unwrap().token;
    check(&test_box, &third, &allowed());
    test_box.run(T, &RevokeApiKey { id });
    for token in [&first, &third] {
        check(&test_box, token, &refused("api-key-revoked"));
    }
}

#[test]
fn nothing_is_signed_with_a_seed_that_does_not_open() {
    // The key of `staffed` was sealed by nobody.
    let (test_box, key_text, _) = staffed(&["*"]);
    assert!(!test_box.lacks_signing_key());
    let refused = test_box.issue(Evidence::Text(key_text), &issue(None)).unwrap_err();
    assert_eq!(refused, (500, String::new()));
}

#[test]
fn a_certificate_is_its_user_until_it_is_unbound() {
    let (test_box, _, _) = signing(&["*"]);
    let (trust_domain, path) = ("example.org".to_owned(), "/svc/pay".to_owned());
    let by = Evidence::Certificate(ClientIdentity::Spiffe { trust_domain, path });
    let name = "spiffe://example.org/svc/pay".to_owned();
    let asks = |expected: &Outcome| {
        for core in [0, 1, 0, 1] {
            assert_eq!(test_box.show(core, by.clone(), "rates.quote"), *expected);
        }
    };
    asks(&refused("certificate-unknown"));
    let scopes = vec!["rates.quote".to_owned()];
    test_box.run(0, &BindCertificate { name: name.clone(), tenant: T, user: ann(), scopes });
    asks(&allowed());
    let missing = Outcome::Asked { tenant: T, allowed: false };
    assert_eq!(test_box.show(0, by.clone(), "rates.read"), missing);
    let host = Evidence::Certificate(ClientIdentity::Dns("example.org".to_owned()));
    assert_eq!(test_box.show(0, host, "rates.quote"), refused("certificate-unknown"));
    let token = test_box.issue(by.clone(), &issue(None)).unwrap().token;
    check(&test_box, &token, &allowed());
    test_box.run(T, &DisableUser { user: ann() });
    asks(&refused("user-disabled"));
    test_box.run(T, &EnableUser { user: ann() });
    test_box.run(0, &UnbindCertificate { name });
    asks(&refused("certificate-unknown"));
    check(&test_box, &token, &refused("certificate-unknown"));
}

#[test]
fn a_narrowed_key_hands_out_no_more_than_it_has() {
    let (test_box, key_text, _) = staffed(&["rates.quote", "identity.*"]);
    let role = |permissions: &[&str]| SetRole {
        role: "new".to_owned(),
        permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
    };
    let api_key = |scopes: &[&str]| CreateApiKey {
        user: ann(),
        scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
        digest: Digest([1; 32]),
        expires_us: None,
        label: String::new(),
    };
    let grant = GrantRole { user: ann(), role: "pricing".to_owned() };
    let issuer = RegisterIssuer {
        issuer: "login".to_owned(),
        url: "https://login.example".to_owned(),
        audience: "shop".to_owned(),
        keys: Vec::new(),
        tenant: T,
        user_claim: "sub".to_owned(),
        permissions_claim: None,
    };
    for (outcome, lacking) in [
        (test_box.hand_out(&key_text, &role(&["rates.quote", "identity.user.*"])), None),
        (test_box.hand_out(&key_text, &role(&["rates.read"])), Some("rates.read")),
        (test_box.hand_out(&key_text, &api_key(&["rates.quote"])), None),
        // Even to herself.
        (test_box.hand_out(&key_text, &api_key(&["rates.*"])), Some("rates.*")),
        (test_box.hand_out(&key_text, &api_key(&["*"])), Some("*")),
        (test_box.hand_out(&key_text, &grant), Some("rates.read")),
        (test_box.hand_out(&key_text, &issuer), Some("*")),
        (test_box.hand_out(&key_text, &CreateUser { user: ann(), title: String::new() }), None),
    ] {
        match (outcome, lacking) {
            (Ok(()), None) => {}
            (Err(it), Some(lacking)) => {
                assert_eq!((it.http, it.name), (403, "permission-missing"));
                assert!(it.detail.ends_with(&format!(" {lacking}")), "{}", it.detail);
            }
            other => panic!("{other:?}"),
        }
    }
    // A door that does not look into requests lets none of them in.
    let (wide_box, wide, _) = staffed(&["*"]);
    for it in [&test_box, &wide_box] {
        let permissions = vec!["rates.*".to_owned(), "identity.*".to_owned()];
        it.run(T, &SetRole { role: "pricing".to_owned(), permissions });
    }
    for (it, by, operation, unfit) in [
        (&test_box, &key_text, "identity.set-role", true),
        (&test_box, &key_text, "identity.create-api-key", true),
        (&test_box, &key_text, "identity.issue-token", true),
        (&test_box, &key_text, "identity.users", false),
        (&wide_box, &wide, "identity.set-role", false),
        (&wide_box, &wide, "identity.issue-token", true),
    ] {
        let refused = it.authorise(by, operation).map_err(|it| (it.http, it.name));
        assert_eq!(refused, if unfit { Err((403, "door-unfit")) } else { Ok(()) }, "{operation}");
    }
    assert!(wide_box.hand_out(&wide, &api_key(&["*"])).is_ok(), "the domain bounds this one");
}

#[test]
fn the_use_of_a_key_is_noted_in_time() {
    let (test_box, key_text, _) = staffed(&["*"]);
    let list = ApiKeys { user: ann(), after: None, limit: None };
    let used = || test_box.run(T, &list).api_keys[0].used_us;
    assert_eq!(used(), None);
    check(&test_box, &key_text, &allowed());
    // The note is a command of its own that nobody waits for; a later one is decided after it.
    let mut noted = used();
    for _ in 0..1_000 {
        if noted.is_some() {
            break;
        }
        test_box.run(T, &SetRole { role: "new".to_owned(), permissions: Vec::new() });
        noted = used();
    }
    let noted = noted.unwrap();
    assert!(test_box.now_s().abs_diff(noted / 1_000_000) < 60);
    check(&test_box, &key_text, &allowed());
    assert_eq!(used(), Some(noted), "once in a quarter of an hour");
}
