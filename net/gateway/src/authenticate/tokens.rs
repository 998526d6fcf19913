//! Access tokens: verified once, resolved every time.

use std::rc::Rc;

use credentials::{Algorithm, Claims, Expected, Key, Token, TokenError, digest};
use identity::rules::{PATTERNS_MAX, is_pattern};
use identity::{ApiKeyId, IssuerRow, PublicKey, ResolveIssuer, ResolveUser, SigningKeys};

use super::kept::Weight;
use super::{Authenticated, Authenticator, Credential, Permissions, Ready, authenticated, refused};
use crate::rejection::Rejection;

/// The claim of the box's own tokens that narrows the user's permissions.
const SCOPE: &str = "scope";

/// The claims of the box's own tokens that say what it issued them for.
const API_KEY: &str = "api_key";
const CERTIFICATE: &str = "certificate";

/// A token whose signature and claims held, and what it led to.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    /// The state of issuers and keys it was verified under.
    trust_stamp: u64,
    /// From then on it is refused, whatever else holds; in seconds since 1970-01-01 UTC.
    until_s: u64,
    tenant: u32,
    user: Rc<str>,
    /// What the box issued it for, and it ends with.
    api_key: Option<ApiKeyId>,
    certificate: Option<Rc<str>>,
    /// What it narrows the user's permissions to.
    scopes: Rc<[String]>,
    ready: Option<Ready>,
}

impl Weight for Verified {
    fn bytes(&self) -> usize {
        let scopes = self.scopes.iter().map(|it| size_of::<String>() + it.len()).sum::<usize>();
        let certificate = self.certificate.as_ref().map_or(0, |it| it.len());
        let ready = self.ready.as_ref().map_or(0, Weight::bytes);
        size_of::<Self>() + self.user.len() + certificate + scopes + ready
    }
}

impl Authenticator {
    pub(super) async fn token(&self, text: &str) -> Result<Authenticated, Rejection> {
        let name = digest(text.as_bytes());
        let known = self.tokens.borrow().get(&name);
        let mut verified = match known {
            Some(verified) => verified,
            None => self.verify(text).await?,
        };
        let resolve = async |verified: &Verified| {
            let request = ResolveUser {
                tenant: verified.tenant,
                user: verified.user.as_ref().to_owned(),
                api_key: verified.api_key,
                certificate: verified.certificate.as_deref().map(str::to_owned),
                known: verified.ready.as_ref().map_or(0, |it| it.stamp),
            };
            self.ask(&request).await
        };
        let outcome = resolve(&verified).await;
        if self.now_s() >= verified.until_s {
            self.tokens.borrow_mut().remove(&name);
            return Err(of_token(TokenError::Expired));
        }
        let mut principal = outcome.inspect_err(|_| {
            self.tokens.borrow_mut().remove(&name);
        })?;
        if principal.trust_stamp != verified.trust_stamp {
            // Issuers or keys changed since: whether it still holds is asked from the beginning.
            self.tokens.borrow_mut().remove(&name);
            verified = self.verify(text).await?;
            principal = resolve(&verified).await?;
        }
        let permissions = match &verified.ready {
            Some(ready) if ready.stamp == principal.stamp => ready.permissions.clone(),
            _ => {
                let permissions = Permissions::new(&principal.permissions, &verified.scopes);
                let stamp = principal.stamp;
                verified.ready = Some(Ready { stamp, permissions: permissions.clone() });
                self.tokens.borrow_mut().put(name, verified);
                permissions
            }
        };
        let [low @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = name;
        Ok(authenticated(&principal, u128::from_le_bytes(low), Credential::Token, permissions))
    }

    async fn verify(&self, text: &str) -> Result<Verified, Rejection> {
        let token = Token::parse(text).map_err(of_token)?;
        let issuer = token.issuer().ok_or_else(|| of_token(TokenError::Invalid))?.to_owned();
        if issuer == self.terms.issuer {
            self.own(token).await
        } else {
            self.outside(token, issuer).await
        }
    }

    /// A token of the box itself.
    async fn own(&self, token: Token<'_>) -> Result<Verified, Rejection> {
        let reply = self.ask(&SigningKeys {}).await?;
        let kid = token.kid().map(str::to_owned);
        let signed = reply.keys.iter().find(|it| Some(&it.kid) == kid.as_ref());
        let signed = signed.ok_or_else(|| of_token(TokenError::Invalid))?;
        let key = Key {
            kid: signed.kid.clone(),
            alg: Algorithm::EdDsa,
            public_key: signed.public_key.0.clone(),
        };
        let (issuer, audience) = (&self.terms.issuer, &self.terms.audience);
        let claims = self.claims(token, &[key], issuer, audience).map_err(of_token)?;
        let tenant = claims.number("tenant").and_then(|it| u32::try_from(it).ok());
        let user = claims.text("sub");
        let api_key = claims.text(API_KEY).map(ApiKeyId::parse).transpose().ok();
        let (Some(tenant), Some(user), Some(api_key)) = (tenant, user, api_key) else {
            return Err(of_token(TokenError::Invalid));
        };
        let scopes = claims.text(SCOPE).map_or_else(everything, |_| scopes(&claims, SCOPE));
        let kept_until_s = signed.kept_until_us.map_or(u64::MAX, |it| it / 1_000_000);
        Ok(Verified {
            trust_stamp: reply.trust_stamp,
            until_s: self.until_s(&claims).min(kept_until_s),
            tenant,
            user: user.into(),
            api_key,
            certificate: claims.text(CERTIFICATE).map(Rc::from),
            scopes,
            ready: None,
        })
    }

    /// A token of an issuer that the box trusts for this address; one for each audience.
    async fn outside(&self, token: Token<'_>, url: String) -> Result<Verified, Rejection> {
        let reply = self.ask(&ResolveIssuer { url }).await?;
        let mut worst = TokenError::Invalid;
        for row in &reply.issuers {
            let keys: Vec<Key> = row.keys.iter().map(key_of).collect();
            match self.claims(token.clone(), &keys, &row.url, &row.audience) {
                Ok(claims) => return self.mapped(row, &claims, reply.trust_stamp),
                Err(TokenError::Invalid) => {}
                Err(error) => worst = error,
            }
        }
        Err(of_token(worst))
    }

    fn mapped(
        &self,
        row: &IssuerRow,
        claims: &Claims,
        trust_stamp: u64,
    ) -> Result<Verified, Rejection> {
        let user = claims.text(&row.user_claim);
        let user = user.ok_or_else(|| {
            refused("token-user", "the token lacks the claim that holds its user")
        })?;
        let claim = row.permissions_claim.as_ref();
        Ok(Verified {
            trust_stamp,
            until_s: self.until_s(claims),
            tenant: row.tenant,
            user: user.into(),
            api_key: None,
            certificate: None,
            scopes: claim.map_or_else(everything, |it| scopes(claims, it)),
            ready: None,
        })
    }

    fn claims(
        &self,
        token: Token<'_>,
        keys: &[Key],
        issuer: &str,
        audience: &str,
    ) -> Result<Claims, TokenError> {
        let (now_s, leeway_s) = (self.now_s(), self.terms.leeway_s);
        token.verify(keys, &Expected { issuer, audience, now_s, leeway_s })
    }

    fn until_s(&self, claims: &Claims) -> u64 {
        let leeway_s = self.terms.leeway_s.min(credentials::LEEWAY_S_MAX);
        claims.expires_s.saturating_add(u64::from(leeway_s))
    }

    fn now_s(&self) -> u64 {
        self.core.now_us() / 1_000_000
    }
}

fn everything() -> Rc<[String]> {
    Rc::new(["*".to_owned()])
}

/// The permission patterns among the words of a claim: an outside issuer's scopes have others too,
/// such as `openid`. A claim that is missing allows nothing.
fn scopes(claims: &Claims, claim: &str) -> Rc<[String]> {
    let words = claims.words(claim).unwrap_or_default().into_iter();
    words.filter(|it| is_pattern(it)).take(PATTERNS_MAX).map(str::to_owned).collect()
}

fn key_of(key: &PublicKey) -> Key {
    let alg = match key.alg {
        identity::Algorithm::EdDsa => Algorithm::EdDsa,
        identity::Algorithm::Es256 => Algorithm::Es256,
        identity::Algorithm::Rs256 => Algorithm::Rs256,
    };
    Key { kid: key.kid.clone(), alg, public_key: key.public_key.0.clone() }
}

fn of_token(error: TokenError) -> Rejection {
    refused(error.code(), error.to_string())
}
