//! The bytes of every record and event, as they stand in logs and stores of released versions. They
//! must never change: a changed type gets a new version and an upgrade. After adding a type, write
//! its file with `QUOIN_BLESS=1 cargo test -p identity --test identity`.

use std::path::Path;

use contract::Stored;
use identity::{
    Algorithm, ApiKey, ApiKeyCreated, ApiKeyId, ApiKeyRevoked, ApiKeyUse, ApiKeyUsed, Base64Url,
    Certificate, CertificateBound, CertificateUnbound, Digest, Issuer, IssuerRegistered,
    IssuerRemoved, PublicKey, Role, RoleGranted, RoleSet, RoleUngranted, SigningKey,
    SigningKeyRotated, SigningRing, Tenancy, TenantCreated, User, UserCreated, UserDisabled,
    UserEnabled, UserId, UserStatus,
};

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

fn tenancy() -> Tenancy {
    Tenancy { number: 5, name: "main".to_owned(), created_us: 1_752_400_000_000_000 }
}

fn user(status: UserStatus) -> User {
    User {
        name: "ann@example.com".to_owned(),
        title: "Ann Example".to_owned(),
        actor: UserId::new(4173),
        status,
        roles: vec!["pricing".to_owned(), "reading".to_owned()],
        created_us: 1_752_400_000_000_000,
    }
}

fn role() -> Role {
    let permissions = vec!["rates.*".to_owned(), "rates.quote".to_owned()];
    Role { name: "pricing".to_owned(), permissions }
}

fn api_key(revoked_us: Option<u64>) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(8269),
        digest: Digest(std::array::from_fn(|at| u8::try_from(at).unwrap())),
        user: "ann@example.com".to_owned(),
        scopes: vec!["*".to_owned()],
        label: "nightly import".to_owned(),
        created_us: 1_752_400_000_000_000,
        expires_us: Some(1_852_400_000_000_000),
        revoked_us,
    }
}

fn issuer() -> Issuer {
    let key = |kid: &str, alg, bytes: usize| PublicKey {
        kid: kid.to_owned(),
        alg,
        public_key: Base64Url(vec![4; bytes]),
    };
    Issuer {
        name: "login".to_owned(),
        url: "https://login.example/a-realm-that-has-a-long-name".to_owned(),
        audience: "quoin".to_owned(),
        keys: vec![
            key("a", Algorithm::EdDsa, 32),
            key("b", Algorithm::Es256, 65),
            key("c", Algorithm::Rs256, 270),
        ],
        tenant: 5,
        user_claim: "sub".to_owned(),
        permissions_claim: Some("scope".to_owned()),
    }
}

fn ring() -> SigningRing {
    let key = |kid: &str, kept_until_us| SigningKey {
        kid: kid.to_owned(),
        public_key: Base64Url(vec![7; 32]),
        sealed_seed: Base64Url(vec![9; 60]),
        created_us: 1_752_400_000_000_000,
        kept_until_us,
    };
    SigningRing { keys: vec![key("2026-01", Some(1_752_500_000_000_000)), key("2026-02", None)] }
}

fn certificate() -> Certificate {
    Certificate {
        name: "spiffe://example.org/svc/payroll".to_owned(),
        tenant: 5,
        user: "payroll".to_owned(),
        scopes: vec!["rates.*".to_owned()],
        created_us: 1_752_400_000_000_000,
    }
}

#[test]
fn records_keep_their_bytes() {
    check("tenancy_1", &tenancy());
    check("user_1", &user(UserStatus::Active));
    check("role_1", &role());
    check("api_key_1", &api_key(None));
    check("issuer_1", &issuer());
    check("signing_ring_1", &ring());
    check("certificate_1", &certificate());
    check("api_key_use_1", &ApiKeyUse { used_us: 1_752_400_000_000_000 });
}

#[test]
fn events_keep_their_bytes() {
    check("tenant_created_1", &TenantCreated { tenancy: tenancy() });
    check("user_created_1", &UserCreated { user: user(UserStatus::Active) });
    check("user_disabled_1", &UserDisabled { user: user(UserStatus::Disabled) });
    check("user_enabled_1", &UserEnabled { user: user(UserStatus::Active) });
    check("role_set_1", &RoleSet { role: role() });
    check("role_granted_1", &RoleGranted { user: user(UserStatus::Active) });
    check("role_ungranted_1", &RoleUngranted { user: user(UserStatus::Active) });
    check("api_key_created_1", &ApiKeyCreated { api_key: api_key(None) });
    let revoked = api_key(Some(1_752_500_000_000_000));
    check("api_key_revoked_1", &ApiKeyRevoked { api_key: revoked });
    check("issuer_registered_1", &IssuerRegistered { issuer: issuer() });
    check("issuer_removed_1", &IssuerRemoved { issuer: "login".to_owned() });
    check("signing_key_rotated_1", &SigningKeyRotated { ring: ring() });
    check("certificate_bound_1", &CertificateBound { certificate: certificate() });
    check("certificate_unbound_1", &CertificateUnbound { name: "a.example".to_owned() });
    let (id, used_us) = (ApiKeyId::new(8269), 1_752_400_000_000_000);
    check("api_key_used_1", &ApiKeyUsed { id, used_us });
}
