//! Who asks: from what a request shows to a principal, on the core it arrived at.
//!
//! Every request is resolved anew by the identity domain, whose records each core holds compiled:
//! no answer is older than the request, so a key that was revoked, a user that was disabled and an
//! issuer that was removed are refused from the moment the command is answered. What is kept
//! between requests saves work only: parsed permissions, and signatures that were verified. Both
//! are taken only under the stamp they were made under; see `identity::Principal`.

mod bootstrap;
mod permissions;
mod shown;
mod tokens;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use contract::{Actor, Denial, DomainId, Operation, Request, Stored, Tenant};
use credentials::ApiKey;
use frame::Lsn;
use identity::{ApiKeyId, Digest, Principal, ResolveApiKey, ResolveUser, SigningKeys};
use runtime::Core;
use shard::{Call, Fault, Ticket};
use wire::Status;

pub use bootstrap::{Bootstrap, BootstrapError, Step};
pub use permissions::Permissions;
pub use shown::{Shown, challenge};

use crate::rejection::Rejection;
use tokens::Verified;

/// The permission to act for another tenant; only callers of the box's own tenant can use it.
pub const ACT_PERMISSION: &str = "identity.tenant.act";
/// The most API keys, and the most tokens, whose permissions a core keeps ready.
const KEPT_MAX: usize = 4096;

/// How the box's own tokens are made, and how far other clocks may be off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// The `iss` of the box's own tokens: its address.
    pub issuer: String,
    /// The `aud` of the box's own tokens.
    pub audience: String,
    /// By how much an issuer's clock may differ, in seconds; at most 300.
    pub leeway_s: u32,
}

impl Default for TokenTerms {
    fn default() -> Self {
        let (issuer, audience) = ("https://quoin.local".to_owned(), "quoin".to_owned());
        Self { issuer, audience, leeway_s: 30 }
    }
}

/// Finds out who asks. One for each core, on its own thread.
pub struct Authenticator {
    core: Core,
    terms: TokenTerms,
    api_keys: RefCell<BTreeMap<u64, Ready>>,
    tokens: RefCell<BTreeMap<[u8; 32], Verified>>,
}

/// Permissions under the stamp they were resolved at.
#[derive(Debug, Clone)]
struct Ready {
    stamp: u64,
    permissions: Permissions,
}

/// Who asks and what it may.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// On whose behalf.
    pub tenant: Tenant,
    /// Who.
    pub actor: Actor,
    /// Stands for the API key or token in limits: the same for every request that shows it.
    pub credential: u128,
    /// What it may.
    pub permissions: Permissions,
}

impl Authenticated {
    /// Refuses an operation that the caller may not call: 403, naming the permission.
    pub fn authorise(&self, operation: &Operation) -> Result<(), Rejection> {
        self.demand(operation.shape.permission)
    }

    /// The same caller on behalf of `tenant`: its own, or any for a caller of the box's own tenant
    /// with [`ACT_PERMISSION`].
    pub fn on_behalf_of(mut self, tenant: Tenant) -> Result<Self, Rejection> {
        if tenant == self.tenant {
            return Ok(self);
        }
        if self.tenant != Tenant::BOX {
            let detail = "only callers of the box's own tenant may act for another";
            return Err(Rejection::new(Status::Forbidden, detail));
        }
        self.demand(ACT_PERMISSION)?;
        self.tenant = tenant;
        Ok(self)
    }

    fn demand(&self, permission: &'static str) -> Result<(), Rejection> {
        if self.permissions.allows(permission) {
            return Ok(());
        }
        let detail = format!("the caller does not have the permission {permission}");
        let rejection = Rejection::new(Status::Forbidden, detail);
        Err(Rejection { name: "permission-missing", ..rejection })
    }
}

impl Authenticator {
    /// On the core's own thread.
    pub fn new(core: &Core, terms: TokenTerms) -> Self {
        Self { core: core.clone(), terms, api_keys: RefCell::default(), tokens: RefCell::default() }
    }

    /// Who shows this. A rejection is 401 with its reason in `name`, or the engine's own fault.
    pub async fn authenticate(&self, shown: Shown<'_>) -> Result<Authenticated, Rejection> {
        match shown {
            Shown::ApiKey(text) => self.api_key(text).await,
            Shown::Token(text) => self.token(text).await,
        }
    }

    /// The public keys of the box's own tokens, as a JSON document (RFC 7517 section 5).
    pub async fn jwks(&self) -> Result<String, Rejection> {
        let reply = self.ask(&SigningKeys {}).await?;
        let keys = reply.keys.iter().map(|it| (it.kid.as_str(), it.public_key.0.as_slice()));
        Ok(credentials::write_jwks(keys))
    }

    async fn api_key(&self, text: &str) -> Result<Authenticated, Rejection> {
        let key = ApiKey::parse(text)
            .map_err(|error| refused("api-key-malformed", format!("the API key {error}")))?;
        let ready = self.api_keys.borrow().get(&key.id()).cloned();
        let request = ResolveApiKey {
            id: ApiKeyId::new(key.id()),
            digest: Digest(key.digest()),
            known: ready.as_ref().map_or(0, |it| it.stamp),
        };
        let principal = match self.ask(&request).await {
            Ok(principal) => principal,
            Err(rejection) => {
                self.api_keys.borrow_mut().remove(&key.id());
                return Err(rejection);
            }
        };
        let permissions = match ready {
            Some(ready) if ready.stamp == principal.stamp => ready.permissions,
            _ => {
                let permissions = Permissions::new(&principal.permissions, &principal.scopes);
                let ready = Ready { stamp: principal.stamp, permissions: permissions.clone() };
                keep(&mut self.api_keys.borrow_mut(), key.id(), ready);
                permissions
            }
        };
        Ok(authenticated(&principal, u128::from(key.id()), permissions))
    }

    async fn user(&self, tenant: u32, user: &str, known: u64) -> Result<Principal, Rejection> {
        self.ask(&ResolveUser { tenant, user: user.to_owned(), known }).await
    }

    /// Asks the identity domain, as the box itself. Answered at once: it touches no record.
    async fn ask<R: Request>(&self, request: &R) -> Result<R::Reply, Rejection> {
        let (mut payload, mut reply) = (Vec::with_capacity(128), Vec::with_capacity(512));
        request.encode(&mut payload);
        let call = Call {
            ticket: Ticket(0),
            operation: number::<R>(),
            tenant: Tenant::BOX,
            actor: Actor(0),
            correlation: 0,
            idempotency: None,
            deadline_us: 0,
            at_least: Lsn::NONE,
            payload: &payload,
        };
        self.core.ask(call, &mut reply).await.map_err(|fault| of_fault(&fault))?;
        R::Reply::decode(&reply).map_err(|_| {
            tracing::error!(operation = R::SHAPE.name, "a reply of this box is no archive");
            Rejection::new(Status::Internal, "the caller could not be looked up")
        })
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (api_keys, tokens) = (self.api_keys.borrow().len(), self.tokens.borrow().len());
        f.debug_struct("Authenticator")
            .field("api_keys", &api_keys)
            .field("tokens", &tokens)
            .finish_non_exhaustive()
    }
}

fn authenticated(
    principal: &Principal,
    credential: u128,
    permissions: Permissions,
) -> Authenticated {
    let actor = Actor(principal.actor.get());
    Authenticated { tenant: Tenant(principal.tenant), actor, credential, permissions }
}

/// Keeps `value`; when there is no room, forgets all: they are made again as they are shown.
fn keep<K: Ord, V>(kept: &mut BTreeMap<K, V>, key: K, value: V) {
    if kept.len() >= KEPT_MAX && !kept.contains_key(&key) {
        kept.clear();
    }
    kept.insert(key, value);
}

/// 401 with a reason code.
fn refused(code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection { name: code, ..Rejection::new(Status::Unauthenticated, detail) }
}

/// What the identity domain said of a caller. Its refusals are reasons of a 401.
fn of_fault(fault: &Fault) -> Rejection {
    let Fault::Denied(Denial { name, detail, .. }) = fault else {
        return Rejection::of(fault);
    };
    let code = match *name {
        "ApiKeyUnknown" => "api-key-unknown",
        "ApiKeyExpired" => "api-key-expired",
        "ApiKeyRevoked" => "api-key-revoked",
        "UserDisabled" => "user-disabled",
        "UserUnknown" => "user-unknown",
        _ => return Rejection::of(fault),
    };
    refused(code, detail.clone())
}

/// The number of an operation of the identity domain.
fn number<R: Request>() -> u32 {
    const IDENTITY: DomainId = identity::ENTRY.id;
    let operations = identity::ENTRY.operations.iter();
    let operation = operations.into_iter().find(|it| it.shape.name == R::SHAPE.name);
    operation.expect("every request of a domain is one of its operations").number(IDENTITY)
}
