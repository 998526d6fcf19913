//! Who asks: from what a request shows to a principal, on the core it arrived at.
//!
//! Every request is resolved anew by the identity domain, whose records each core holds compiled:
//! no answer is older than the request, so a key that was revoked, a user that was disabled and an
//! issuer that was removed are refused from the moment the command is answered. What is kept
//! between requests saves work only: parsed permissions, and signatures that were verified. Both
//! are taken only under the stamp they were made under; see `identity::Principal`.

mod bootstrap;
mod issue;
mod kept;
mod permissions;
mod recent;
mod shown;
mod tokens;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use contract::{Actor, Denial, DomainId, Operation, Request, Stored, Tenant};
use credentials::{ApiKey, MasterKey, Signer};
use identity::{
    ApiKeyId, Digest, IssueToken, NoteApiKeyUse, Principal, ResolveApiKey, ResolveCertificate,
    SigningKeys, hands_out,
};
use runtime::{Complete, Core, Sink};
use shard::{Call, Completion, Fault};
use wire::Status;
use xxhash_rust::xxh3::xxh3_128;

pub use bootstrap::{Bootstrap, BootstrapError, NewSigningKey, Step};
pub use permissions::Permissions;
pub use shown::{Shown, challenge};

use crate::rejection::Rejection;
use kept::{Kept, Weight};
use recent::Recent;
use tokens::Verified;

/// The permission to act for another tenant; only callers of the box's own tenant can use it.
pub const ACT_PERMISSION: &str = "identity.tenant.act";
/// How the box's own tokens are made, and how far other clocks may be off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// The `iss` of the box's own tokens: its address.
    pub issuer: String,
    /// The `aud` of the box's own tokens.
    pub audience: String,
    /// By how much an issuer's clock may differ, in seconds; at most 300.
    pub leeway_s: u32,
    /// What opens the key that signs them; without it none is issued.
    pub master: Option<MasterKey>,
}

impl Default for TokenTerms {
    fn default() -> Self {
        let (issuer, audience) = ("https://quoin.local".to_owned(), "quoin".to_owned());
        Self { issuer, audience, leeway_s: 30, master: None }
    }
}

/// Finds out who asks. One for each core, on its own thread.
pub struct Authenticator {
    core: Core,
    terms: TokenTerms,
    api_keys: RefCell<Kept<u64, Ready>>,
    certificates: RefCell<Kept<Rc<str>, Ready>>,
    tokens: RefCell<Kept<[u8; 32], Verified>>,
    recent: RefCell<Recent>,
    /// The key that signed last.
    signer: RefCell<Option<Rc<Signer>>>,
    /// Where the answers to notes of use go: nobody reads them.
    unread: Sink,
}

/// Permissions under the stamp they were resolved at.
#[derive(Debug, Clone)]
struct Ready {
    stamp: u64,
    permissions: Permissions,
}

impl Weight for Ready {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.permissions.bytes()
    }
}

/// Answers that nobody reads.
#[derive(Debug)]
struct Unread;

impl Complete for Unread {
    fn complete(&self, _: u32, _: Completion) {}
}

/// What a caller showed. A password will be one more: whoever has it is a user of the identity domain,
/// as whoever shows one of these is, and nothing after authentication asks how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    ApiKey(ApiKeyId),
    /// An access token.
    Token,
    /// A client certificate of this name.
    Certificate(Rc<str>),
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
    /// What it showed.
    pub shown: Credential,
    /// What it may.
    pub permissions: Permissions,
}

impl Authenticated {
    /// Refuses an operation that the caller may not call: 403, naming the permission. For doors that
    /// look into requests with [`Authenticator::hand_out`] too, before they run them.
    pub fn may_call(&self, operation: &Operation) -> Result<(), Rejection> {
        self.demand(operation.shape.permission)
    }

    /// The same for doors that do not look into requests and sign no replies: a narrowed credential
    /// hands nothing out there, and none is exchanged for a token.
    pub fn authorise(&self, operation: &Operation) -> Result<(), Rejection> {
        self.may_call(operation)?;
        let name = operation.shape.name;
        let is_exchange = name == IssueToken::SHAPE.name;
        if is_exchange || (hands_out(name) && !self.permissions.is_whole()) {
            let detail =
                format!("{name} is answered over HTTP: this door does not look into requests");
            let rejection = Rejection::new(Status::Forbidden, detail);
            return Err(Rejection { name: "door-unfit", ..rejection });
        }
        Ok(())
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
        Self {
            core: core.clone(),
            terms,
            api_keys: RefCell::new(Kept::new()),
            certificates: RefCell::new(Kept::new()),
            tokens: RefCell::new(Kept::new()),
            recent: RefCell::new(Recent::new()),
            signer: RefCell::default(),
            unread: core.register(Rc::new(Unread)),
        }
    }

    /// Who shows this. A rejection is 401 with its reason in `name`, or the engine's own fault.
    pub async fn authenticate(&self, shown: Shown<'_>) -> Result<Authenticated, Rejection> {
        let text = match shown {
            Shown::ApiKey(text) | Shown::Token(text) => text,
            Shown::Certificate(identity) => {
                return self.certificate(identity.to_string().into()).await;
            }
        };
        let generation = self.generation();
        let now_us = self.core.now_us();
        let recent = self.recent.borrow().get(text, generation, now_us);
        // A token is no API key, wherever it is put.
        let is_key = matches!(shown, Shown::ApiKey(_));
        if let Some(found) = recent
            && is_key == matches!(found.shown, Credential::ApiKey(_))
        {
            return Ok(found);
        }
        let found = if is_key { self.api_key(text).await? } else { self.token(text).await? };
        // Under the state from before the look: should it have changed meanwhile, this is not taken.
        self.recent.borrow_mut().put(text, generation, now_us, &found);
        Ok(found)
    }

    /// Grows with every change in the identity domain that this core has seen.
    fn generation(&self) -> Option<u64> {
        self.core.reference(identity::ENTRY.id, |_: &identity::Reference, it| it)
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
        let (id, ready) = (ApiKeyId::new(key.id()), self.api_keys.borrow().get(&key.id()));
        let request = ResolveApiKey {
            id,
            digest: Digest(key.digest()),
            known: ready.as_ref().map_or(0, |it| it.stamp),
        };
        let principal = self.ask(&request).await.inspect_err(|_| {
            self.api_keys.borrow_mut().remove(&key.id());
        })?;
        if principal.use_is_due {
            self.note_use(Tenant(principal.tenant), id);
        }
        let permissions = ready_or(ready, &principal, |ready| {
            self.api_keys.borrow_mut().put(key.id(), ready);
        });
        let shown = Credential::ApiKey(id);
        Ok(authenticated(&principal, u128::from(key.id()), shown, permissions))
    }

    /// Whoever showed a certificate of this name, and nothing else.
    async fn certificate(&self, name: Rc<str>) -> Result<Authenticated, Rejection> {
        let ready = self.certificates.borrow().get(&name);
        let known = ready.as_ref().map_or(0, |it| it.stamp);
        let request = ResolveCertificate { name: name.as_ref().to_owned(), known };
        let principal = self.ask(&request).await.inspect_err(|_| {
            self.certificates.borrow_mut().remove(&name);
        })?;
        let permissions = ready_or(ready, &principal, |ready| {
            self.certificates.borrow_mut().put(Rc::clone(&name), ready);
        });
        let credential = xxh3_128(name.as_bytes());
        Ok(authenticated(&principal, credential, Credential::Certificate(name), permissions))
    }

    /// Has the use of an API key noted, and does not wait for it: a request is not to wait for a write
    /// that is none of its own.
    fn note_use(&self, tenant: Tenant, id: ApiKeyId) {
        let mut payload = Vec::with_capacity(16);
        NoteApiKeyUse { id }.encode(&mut payload);
        let ticket = self.unread.ticket(0);
        let call = Call { ticket, tenant, ..own_call::<NoteApiKeyUse>(&payload) };
        // Refused when the box is busy: the next use is noted then.
        let _ = self.core.call(&call, &mut Vec::new());
    }

    /// Asks the identity domain, as the box itself. Answered at once: it touches no record.
    async fn ask<R: Request>(&self, request: &R) -> Result<R::Reply, Rejection> {
        let (mut payload, mut reply) = (Vec::with_capacity(128), Vec::with_capacity(512));
        request.encode(&mut payload);
        let call = own_call::<R>(&payload);
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
    shown: Credential,
    permissions: Permissions,
) -> Authenticated {
    let actor = Actor(principal.actor.get());
    Authenticated { tenant: Tenant(principal.tenant), actor, credential, shown, permissions }
}

/// The permissions that were kept, as long as they are under the stamp of `principal`; otherwise new
/// ones, which `keep` gets.
fn ready_or(ready: Option<Ready>, principal: &Principal, keep: impl FnOnce(Ready)) -> Permissions {
    if let Some(Ready { stamp, permissions }) = ready
        && stamp == principal.stamp
    {
        return permissions;
    }
    let permissions = Permissions::new(&principal.permissions, &principal.scopes);
    keep(Ready { stamp: principal.stamp, permissions: permissions.clone() });
    permissions
}

/// A call of the identity domain as the box itself, in the box's own tenant.
fn own_call<R: Request>(payload: &[u8]) -> Call<'_> {
    Call::plain(number::<R>(), Tenant::BOX, Actor(0), payload)
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
        "CertificateUnknown" => "certificate-unknown",
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
