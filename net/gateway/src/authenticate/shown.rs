//! What a request shows, and what a refused caller is told to show.

use credentials::API_KEY_PREFIX;
use tls::ClientIdentity;

use super::refused;
use crate::rejection::Rejection;

/// A credential as it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown<'a> {
    /// An API key.
    ApiKey(&'a str),
    /// An access token.
    Token(&'a str),
    /// A client certificate, by the name that the handshake verified. Counts when nothing else is
    /// shown.
    Certificate(&'a ClientIdentity),
}

impl<'a> Shown<'a> {
    /// From the values of `Authorization` (RFC 9110 section 11.6.2, RFC 6750 section 2.1) and
    /// `X-Api-Key`; `None` when there is neither. Both, or another scheme than `Bearer`, is a 401.
    pub fn of(
        authorization: Option<&'a [u8]>,
        api_key: Option<&'a [u8]>,
    ) -> Result<Option<Self>, Rejection> {
        match (authorization, api_key) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(refused("credential-ambiguous", "send Authorization or X-Api-Key, not both"))
            }
            (None, Some(value)) => {
                let text = text(value)?;
                Ok(Some(Self::ApiKey(text)))
            }
            (Some(value), None) => {
                let scheme = || {
                    refused(
                        "credential-scheme",
                        "Authorization must be `Bearer` and a token or API key",
                    )
                };
                let (name, rest) = text(value)?.split_once(' ').ok_or_else(scheme)?;
                if !name.eq_ignore_ascii_case("Bearer") {
                    return Err(scheme());
                }
                Ok(Some(Self::bearer(rest.trim_start_matches(' '))))
            }
        }
    }

    /// A bearer credential without its scheme, as the binary door's handshake carries it.
    pub fn bearer(text: &'a str) -> Self {
        if text.starts_with(API_KEY_PREFIX) { Self::ApiKey(text) } else { Self::Token(text) }
    }

    /// The refusal of a request that had to show something and did not.
    pub fn missing() -> Rejection {
        refused("credential-missing", "send `Authorization: Bearer` with an API key or token")
    }
}

/// Never prints what was shown.
impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ApiKey(_) => "ApiKey(..)",
            Self::Token(_) => "Token(..)",
            Self::Certificate(_) => "Certificate(..)",
        })
    }
}

fn text(value: &[u8]) -> Result<&str, Rejection> {
    let text = std::str::from_utf8(value).ok().filter(|it| it.is_ascii());
    let text = text.ok_or_else(|| refused("credential-malformed", "a credential is ASCII text"))?;
    Ok(text.trim_matches([' ', '\t']))
}

/// The `WWW-Authenticate` value of a 401 (RFC 6750 section 3). A request without a credential is
/// told no error code, as that section asks.
pub fn challenge(rejection: &Rejection) -> String {
    if rejection.name == "credential-missing" {
        return "Bearer realm=\"quoin\"".to_owned();
    }
    // Reason codes are our own words: nothing in them needs an escape.
    let reason = rejection.name;
    format!("Bearer realm=\"quoin\", error=\"invalid_token\", error_description=\"{reason}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_or_refused_with_its_reason() {
        for (authorization, api_key, expected) in [
            (None, None, Ok(None)),
            (Some("Bearer qk_x"), None, Ok(Some(Shown::ApiKey("qk_x")))),
            (Some("bearer  a.b.c "), None, Ok(Some(Shown::Token("a.b.c")))),
            (Some("BEARER qk"), None, Ok(Some(Shown::Token("qk")))),
            (None, Some(" qk_x"), Ok(Some(Shown::ApiKey("qk_x")))),
            (None, Some("a.b.c"), Ok(Some(Shown::ApiKey("a.b.c")))),
            (Some("Bearer x"), Some("qk_x"), Err("credential-ambiguous")),
            (Some("Basic x"), None, Err("credential-scheme")),
            (Some("Bearer"), None, Err("credential-scheme")),
            (Some(""), None, Err("credential-scheme")),
            (Some("Bearer \u{e9}"), None, Err("credential-malformed")),
        ] {
            let shown = Shown::of(authorization.map(str::as_bytes), api_key.map(str::as_bytes));
            assert_eq!(shown.map_err(|it| it.name), expected, "{authorization:?} {api_key:?}");
        }
        assert!(Shown::of(Some(b"Bearer \xff"), None).is_err());
        assert_eq!(format!("{:?}", Shown::ApiKey("qk_secret")), "ApiKey(..)");
    }

    #[test]
    fn a_challenge_names_the_reason_only_after_a_try() {
        assert_eq!(challenge(&Shown::missing()), "Bearer realm=\"quoin\"");
        assert_eq!(
            challenge(&refused("token-expired", "the token has expired")),
            "Bearer realm=\"quoin\", error=\"invalid_token\", error_description=\"token-expired\""
        );
    }
}
