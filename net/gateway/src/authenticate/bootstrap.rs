//! The first identities of a new box.

use contract::{Request, Stored};
use credentials::{ApiKey, Signer, digest, seal_seed};
use identity::{
    ApiKeyMade, ApiKeys, ApiKeysReply, Base64Url, CreateApiKey, CreateTenant, CreateUser, Digest,
    GrantRole, Refusal, RotateSigningKey, SetRole,
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
pub struct Bootstrap {
    secret: [u8; 32],
    rotation: Option<RotateSigningKey>,
}

/// A reply is not what its step is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box answered its first requests with what is no answer to them")]
pub struct BootstrapError;

impl Bootstrap {
    /// With the API key's secret: 32 random bytes.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { secret, rotation: None }
    }

    /// And with a key that signs the box's own tokens: its id, its seed and a nonce (32 and 12
    /// random bytes), and the master key that seals the seed for the log.
    #[must_use]
    pub fn with_signing_key(
        mut self,
        kid: &str,
        seed: &[u8; 32],
        master: &[u8; 32],
        nonce: [u8; credentials::NONCE_BYTES],
    ) -> Self {
        self.rotation = Some(RotateSigningKey {
            kid: kid.to_owned(),
            public_key: Base64Url(Signer::new(kid, seed).public_key().to_vec()),
            sealed_seed: Base64Url(seal_seed(master, nonce, kid, seed)),
            keep_s: 0,
        });
        self
    }

    /// Asks whether anything is to do: give its outcome to [`Bootstrap::is_needed`].
    pub fn question() -> Step {
        step(
            "looking for the admin's API key",
            0,
            &ApiKeys { user: ADMIN.to_owned(), after: None, limit: Some(1) },
        )
    }

    /// Whether the admin lacks a key, from the reply to the question or the code of its refusal.
    pub fn is_needed(outcome: Result<&[u8], u16>) -> Result<bool, BootstrapError> {
        match outcome {
            Ok(reply) => {
                Ok(ApiKeysReply::decode(reply).map_err(|_| BootstrapError)?.api_keys.is_empty())
            }
            Err(code) if code == Refusal::UserUnknown as u16 => Ok(true),
            Err(_) => Err(BootstrapError),
        }
    }

    /// What to run, in this order; the last is answered with the key's id.
    pub fn steps(&self) -> Vec<Step> {
        let (number, name) = MAIN;
        let admin = || ADMIN.to_owned();
        let mut steps = vec![
            step("tenant main", 0, &CreateTenant { number, name: name.to_owned() }),
            step("role admin", 0, &SetRole { role: admin(), permissions: vec!["*".to_owned()] }),
        ];
        let kept = Refusal::SigningKeyExists as u16;
        steps.extend(self.rotation.as_ref().map(|it| step("signing key", kept, it)));
        steps.extend([
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
                    digest: Digest(digest(&self.secret)),
                    expires_us: None,
                    label: "made at the first start".to_owned(),
                },
            ),
        ]);
        steps
    }

    /// The API key's text, from the reply to the last step. Show it once; it is nowhere else.
    pub fn key_text(&self, reply: &[u8]) -> Result<String, BootstrapError> {
        let made = ApiKeyMade::decode(reply).map_err(|_| BootstrapError)?;
        Ok(ApiKey::new(made.id.get(), self.secret).text())
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
