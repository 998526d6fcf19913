//! Access tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515 section 3.1), with the
//! advice of RFC 8725.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::key::{KEYS_MAX, Key};

/// The longest token that is looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// The most by which two clocks may differ: five minutes.
pub const LEEWAY_S_MAX: u32 = 300;
/// The longest header: it holds a key id and two words.
const HEADER_BYTES_MAX: usize = 1024;
/// A signature of RSA with 8,192 bits.
const SIGNATURE_BYTES_MAX: usize = 1024;

/// A token that was read but not verified: of what it says only the key id and the issuer may be
/// asked for, to find the keys to verify it with.
#[derive(Clone)]
pub struct Token<'t> {
    header: Header,
    claims: Map<String, Value>,
    signed: &'t [u8],
    signature: Vec<u8>,
}

/// The fields of a header that mean something here; others are ignored (RFC 7515 section 4).
#[derive(Debug, Clone, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
    jwk: Option<Value>,
    jku: Option<Value>,
    x5c: Option<Value>,
    x5u: Option<Value>,
}

/// What a token must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its `iss`.
    pub issuer: &'a str,
    /// In its `aud`.
    pub audience: &'a str,
    /// The time, in seconds since 1970-01-01 UTC.
    pub now_s: u64,
    /// By how much the issuer's clock may differ, in seconds; at most [`LEEWAY_S_MAX`].
    pub leeway_s: u32,
}

/// What a verified token says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// When it ends, in seconds since 1970-01-01 UTC.
    pub expires_s: u64,
    claims: Map<String, Value>,
}

/// Why a token is refused. What is wrong inside it is told only to whoever holds a genuine one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is too long, or not three parts of base64url with JSON objects in two.
    #[error("the token is not a signed token in compact form")]
    Malformed,
    /// No known key verifies it; or its issuer is unknown, its algorithm is not its key's, or its
    /// header asks for what is not done here.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was made for another audience.
    #[error("the token is for another audience")]
    WrongAudience,
}

impl TokenError {
    /// The reason code that a caller is told.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "token-malformed",
            Self::Invalid => "token-invalid",
            Self::Expired => "token-expired",
            Self::NotYetValid => "token-not-yet-valid",
            Self::WrongAudience => "token-audience",
        }
    }
}

impl<'t> Token<'t> {
    /// Reads a token.
    pub fn parse(text: &'t str) -> Result<Self, TokenError> {
        if TOKEN_BYTES_MAX < text.len() {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        // A third dot would be another form, such as an encrypted token (RFC 7516).
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = part(header, HEADER_BYTES_MAX)?;
        let header: Header = serde_json::from_slice(object(&header)?).map_err(malformed)?;
        let claims = part(claims, TOKEN_BYTES_MAX)?;
        let claims = serde_json::from_slice(object(&claims)?).map_err(malformed)?;
        let signature = part(signature, SIGNATURE_BYTES_MAX)?;
        header.check()?;
        Ok(Self { header, claims, signed: signed.as_bytes(), signature })
    }

    /// The key it says it is signed with. Not verified.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Who it says made it. Not verified.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// Verifies it with the keys of its issuer; of more than [`KEYS_MAX`] the first are taken.
    pub fn verify(self, keys: &[Key], expected: &Expected<'_>) -> Result<Claims, TokenError> {
        let named = |key: &&Key| self.kid().is_none_or(|kid| kid == key.kid);
        let fits = |key: &&Key| key.alg.name() == self.header.alg;
        let mut keys = keys.iter().take(KEYS_MAX).filter(named).filter(fits);
        if !keys.any(|key| key.verify(self.signed, &self.signature).is_ok()) {
            return Err(TokenError::Invalid);
        }
        if self.issuer() != Some(expected.issuer) {
            return Err(TokenError::Invalid);
        }
        let Self { claims, .. } = self;
        if !is_for(claims.get("aud"), expected.audience) {
            return Err(TokenError::WrongAudience);
        }
        let leeway_s = u64::from(expected.leeway_s.min(LEEWAY_S_MAX));
        let expires_s = seconds(&claims, "exp")?.ok_or(TokenError::Malformed)?;
        if expires_s.saturating_add(leeway_s) <= expected.now_s {
            return Err(TokenError::Expired);
        }
        for start in ["nbf", "iat"] {
            let start_s = seconds(&claims, start)?.unwrap_or(0);
            if expected.now_s.saturating_add(leeway_s) < start_s {
                return Err(TokenError::NotYetValid);
            }
        }
        Ok(Claims { expires_s, claims })
    }
}

impl Header {
    /// Refuses what would let a token choose how it is verified. The algorithm's name is compared
    /// with the key's later, so `none` and the symmetric ones never find a key.
    fn check(&self) -> Result<(), TokenError> {
        let typed =
            |it: &String| it.eq_ignore_ascii_case("JWT") || it.eq_ignore_ascii_case("at+jwt");
        let embedded = [&self.crit, &self.jwk, &self.jku, &self.x5c, &self.x5u];
        let plain = embedded.iter().all(|it| it.is_none());
        if plain && self.typ.as_ref().is_none_or(typed) { Ok(()) } else { Err(TokenError::Invalid) }
    }
}

impl Claims {
    /// A claim that is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// A claim that is a number from 0.
    pub fn number(&self, claim: &str) -> Option<u64> {
        self.claims.get(claim).and_then(Value::as_u64)
    }

    /// A claim that is a list of texts, or a text with blanks between (RFC 8693 section 4.2);
    /// `None` when it is absent or neither.
    pub fn words(&self, claim: &str) -> Option<Vec<&str>> {
        match self.claims.get(claim)? {
            Value::String(text) => Some(text.split(' ').filter(|it| !it.is_empty()).collect()),
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("expires_s", &self.expires_s).finish_non_exhaustive()
    }
}

fn part(text: &str, bytes_max: usize) -> Result<Vec<u8>, TokenError> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TokenError::Malformed)?;
    if bytes.len() <= bytes_max { Ok(bytes) } else { Err(TokenError::Malformed) }
}

/// A list would be taken as the fields in their order.
fn object(json: &[u8]) -> Result<&[u8], TokenError> {
    if json.trim_ascii_start().starts_with(b"{") { Ok(json) } else { Err(TokenError::Malformed) }
}

fn malformed(_: serde_json::Error) -> TokenError {
    TokenError::Malformed
}

fn is_for(audiences: Option<&Value>, expected: &str) -> bool {
    match audiences {
        Some(Value::String(audience)) => audience == expected,
        Some(Value::Array(audiences)) => audiences.iter().any(|it| it.as_str() == Some(expected)),
        _ => false,
    }
}

/// Whole seconds since 1970-01-01 UTC.
fn seconds(claims: &Map<String, Value>, claim: &str) -> Result<Option<u64>, TokenError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    value.as_u64().map(Some).ok_or(TokenError::Malformed)
}
