//! Tokens of the box's own: what they say is the identity domain's decision, the door signs it. And
//! the bound on what a narrowed credential hands out.

use std::rc::Rc;

use contract::Stored;
use credentials::{NewToken, Signer, open_seed};
use identity::rules::first_not_covered;
use identity::{IssueToken, Reference, SigningKey, TokenIssued, handed_out};
use wire::Status;

use super::{Authenticated, Authenticator, Credential, number};
use crate::rejection::Rejection;

impl Authenticator {
    /// Refuses a request that would hand out more than the credential itself is narrowed to: 403. What
    /// the caller's roles allow, the domain looks at. To be asked before the request is run, once its
    /// archive is known; `operation` is the number on the wire.
    pub fn hand_out(
        &self,
        caller: &Authenticated,
        operation: u32,
        payload: &[u8],
    ) -> Result<(), Rejection> {
        let Some(code) = identity_code(operation) else { return Ok(()) };
        if operation == number::<IssueToken>() && caller.shown == Credential::Token {
            let detail = "a token is not exchanged for another: show an API key or certificate";
            return Err(forbidden("token-renewal", detail.to_owned()));
        }
        if caller.permissions.is_whole() {
            return Ok(());
        }
        let scopes = caller.permissions.scopes();
        let patterns =
            |reference: &Reference, _| handed_out(reference, caller.tenant, code, payload);
        let patterns = self.core.reference(identity::ENTRY.id, patterns).unwrap_or_default();
        let Some(lacking) = first_not_covered(scopes, &patterns) else { return Ok(()) };
        let detail = format!("the credential is narrowed: it cannot hand out {lacking}");
        Err(forbidden("permission-missing", detail))
    }

    /// Signs the token in the reply to [`IssueToken`]; every other reply stays as it is. To be called
    /// with the reply's archive before it leaves the box.
    pub fn finish(
        &self,
        caller: Option<&Authenticated>,
        operation: u32,
        reply: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        if operation != number::<IssueToken>() {
            return Ok(());
        }
        let Ok(mut issued) = TokenIssued::decode(reply) else {
            tracing::error!("a granted token of this box is no archive");
            return Err(unsigned());
        };
        // Only a user is granted one, and only a credential leads to a user.
        let caller = caller.ok_or_else(unsigned)?;
        if issued.scopes.is_empty() {
            issued.scopes = caller.permissions.scopes().to_vec();
        }
        let signer = self.signer()?;
        let scope = issued.scopes.join(" ");
        let (mut api_key, mut certificate) = (None, None);
        match &caller.shown {
            Credential::ApiKey(id) => api_key = Some(id.to_string()),
            Credential::Certificate(name) => certificate = Some(name.as_ref()),
            Credential::Token => return Err(unsigned()),
        }
        issued.token = signer.issue(&NewToken {
            issuer: &self.terms.issuer,
            audience: &self.terms.audience,
            subject: &issued.user,
            tenant: issued.tenant,
            scope: Some(&scope),
            api_key: api_key.as_deref(),
            certificate,
            issued_s: issued.issued_s,
            expires_s: issued.expires_s,
        });
        reply.clear();
        issued.encode(reply);
        Ok(())
    }

    /// What signs now.
    fn signer(&self) -> Result<Rc<Signer>, Rejection> {
        let active = |reference: &Reference, _| reference.signing_key().cloned();
        let active = self.core.reference(identity::ENTRY.id, active).flatten();
        let SigningKey { kid, sealed_seed, .. } = active.ok_or_else(unsigned)?;
        let ready = self.signer.borrow().as_ref().filter(|it| it.kid() == kid).cloned();
        if let Some(signer) = ready {
            return Ok(signer);
        }
        let Some(master) = &self.terms.master else {
            tracing::error!("no token is issued: the box was started without its master key");
            return Err(unsigned());
        };
        let seed = open_seed(master, &kid, &sealed_seed.0).map_err(|error| {
            tracing::error!(kid, %error, "no token is issued");
            unsigned()
        })?;
        let signer = Rc::new(Signer::new(kid, &seed));
        self.signer.replace(Some(Rc::clone(&signer)));
        Ok(signer)
    }
}

/// The code inside the identity domain, of its operations.
fn identity_code(operation: u32) -> Option<u16> {
    let domain = operation >> 16 == u32::from(identity::ENTRY.id.0);
    u16::try_from(operation & 0xFFFF).ok().filter(|_| domain)
}

fn forbidden(name: &'static str, detail: String) -> Rejection {
    Rejection { name, ..Rejection::new(Status::Forbidden, detail) }
}

fn unsigned() -> Rejection {
    Rejection::new(Status::Internal, "the box cannot sign tokens now")
}
