//! The first identities of a new box.

use contract::{Request, Stored};
use credentials::{ApiKey, ApiKeyError, MasterKey, NONCE_BYTES, Signer, digest, seal_seed};
use identity::rules::{KEEP_S, PAGE_ROWS_MAX};
use identity::{
    ApiKeyId, ApiKeyMade, ApiKeys, ApiKeysReply, Base64Url, CreateApiKey, CreateTenant, CreateUser,
    Digest, GrantRole, Refusal, ResolveApiKey, RotateSigningKey, SetRole, SigningKeys,
    SigningKeysReply,
};

use super::number;

/// The first user, and the role that may do everything.
const ADMIN: &str = "admin";
/// The first tenant beside the box itself.
const MAIN: (u32, &str) = (1, "main");

/// One request, to run in the box's own tenant as the box itself.
#[derive(Debug, Clone)]
pub struct Step {
    /// For people.
    pub name: &'static str,
    /// The operation on the wire.
    pub operation: u32,
    /// The archived request.
    pub payload: Vec<u8>,
    /// The code of the refusal that means an earlier, interrupted run did this already; 0 for none.
    pub done_already: u16,
}

/// The first identities: tenant 1 `main`; in the box's own tenant the role `admin`, which may do
/// everything, the user `admin`, who has it, and an API key of that user.
///
/// It can be repeated: keep the secret durably before [`Bootstrap::steps`] run. When they were
/// interrupted, [`Bootstrap::is_own`] finds the key that they made of it.
pub struct Bootstrap {
    /// Its id is 0 until the box has given it one.
    key: ApiKey,
}

/// A reply is not what its step is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box answered its first requests with what is no answer to them")]
pub struct BootstrapError;

impl Bootstrap {
    /// With the API key's secret: 32 random bytes.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { key: ApiKey::new(0, secret) }
    }

    /// What to keep durably before the steps run, and to keep secret.
    pub fn unfinished_text(&self) -> String {
        self.key.text()
    }

    /// From what was kept before the steps ran.
    pub fn resume(text: &str) -> Result<Self, ApiKeyError> {
        Ok(Self { key: ApiKey::parse(text)?.with_id(0) })
    }

    /// Asks what there is: give its outcome to [`Bootstrap::keys`].
    pub fn question() -> Step {
        let limit = Some(PAGE_ROWS_MAX);
        let request = ApiKeys { user: ADMIN.to_owned(), after: None, limit };
        step("looking for the admin's API key", 0, &request)
    }

    /// The admin's keys, from the reply to the question or the code of its refusal. When there are
    /// none, run [`Bootstrap::steps`].
    pub fn keys(outcome: Result<&[u8], u16>) -> Result<Vec<ApiKeyId>, BootstrapError> {
        match outcome {
            Ok(reply) => {
                let keys = ApiKeysReply::decode(reply).map_err(|_| BootstrapError)?.api_keys;
                Ok(keys.iter().map(|it| it.id).collect())
            }
            Err(code) if code == Refusal::UserUnknown as u16 => Ok(Vec::new()),
            Err(_) => Err(BootstrapError),
        }
    }

    /// Asks whether the secret is that of this key: if so, it is answered, otherwise refused.
    pub fn is_own(&self, id: ApiKeyId) -> Step {
        let digest = Digest(self.key.digest());
        step("looking whose API key it is", 0, &ResolveApiKey { id, digest, known: 0 })
    }

    /// What to run, in this order; the last is answered with the key's id.
    pub fn steps(&self) -> Vec<Step> {
        let (number, name) = MAIN;
        let admin = || ADMIN.to_owned();
        vec![
            step("tenant main", 0, &CreateTenant { number, name: name.to_owned() }),
            step("role admin", 0, &SetRole { role: admin(), permissions: vec!["*".to_owned()] }),
            step(
                "user admin",
                Refusal::UserExists as u16,
                &CreateUser { user: admin(), title: "Administrator".to_owned() },
            ),
            step("the admin's role", 0, &GrantRole { user: admin(), role: admin() }),
            step(
                "the admin's API key",
                0,
                &CreateApiKey {
                    user: admin(),
                    scopes: vec!["*".to_owned()],
                    digest: Digest(self.key.digest()),
                    expires_us: None,
                    label: "made at the first start".to_owned(),
                },
            ),
        ]
    }

    /// The id of the key, from the reply to the last step.
    pub fn made(reply: &[u8]) -> Result<ApiKeyId, BootstrapError> {
        ApiKeyMade::decode(reply).map(|it| it.id).map_err(|_| BootstrapError)
    }

    /// The text of the key. Show it once; it is nowhere else.
    pub fn key_text(&self, id: ApiKeyId) -> String {
        self.key.clone().with_id(id.get()).text()
    }
}

/// A key for the box's own tokens: the first, or one that takes over from the one before.
pub struct NewSigningKey {
    /// 32 random bytes (RFC 8032 section 5.1.5).
    pub seed: [u8; 32],
    /// Random too, for the sealing of the seed.
    pub nonce: [u8; NONCE_BYTES],
    /// For how long the key before is kept, in seconds; `None` for as long as its tokens can live, 0
    /// when it is known to somebody else.
    pub keep_s: Option<u32>,
}

impl NewSigningKey {
    /// Asks whether there is a key: give its reply to [`NewSigningKey::is_needed`].
    pub fn question() -> Step {
        step("looking for the signing key", 0, &SigningKeys {})
    }

    /// Whether there is none, from the reply to the question.
    pub fn is_needed(reply: &[u8]) -> Result<bool, BootstrapError> {
        Ok(SigningKeysReply::decode(reply).map_err(|_| BootstrapError)?.keys.is_empty())
    }

    /// Makes it the one that signs, its seed sealed for the log. Its id follows from its public key.
    pub fn step(&self, master: &MasterKey) -> Step {
        let public_key = Signer::new("", &self.seed).public_key();
        let digest = digest(&public_key);
        let (name, _) = digest.split_first_chunk().expect("a digest is 32 bytes");
        let kid = format!("{:016x}", u64::from_be_bytes(*name));
        let sealed = seal_seed(master, self.nonce, &kid, &self.seed);
        let rotation = RotateSigningKey {
            kid,
            public_key: Base64Url(public_key.to_vec()),
            sealed_seed: Base64Url(sealed),
            keep_s: self.keep_s.unwrap_or(KEEP_S),
        };
        step("signing key", Refusal::SigningKeyExists as u16, &rotation)
    }
}

impl std::fmt::Debug for NewSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSigningKey").field("keep_s", &self.keep_s).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap").finish_non_exhaustive()
    }
}

fn step<R: Request>(name: &'static str, done_already: u16, request: &R) -> Step {
    let mut payload = Vec::new();
    request.encode(&mut payload);
    Step { name, operation: number::<R>(), payload, done_already }
}
