//! Names, permissions and limits: arithmetic without records.

use contract::{Actor, Cx, Denial, Tenant};

use crate::records::{Algorithm, PublicKey};
use crate::{Reference, Refusal};

/// The longest name of a user, role, issuer or key id, in bytes: with its end it fits into a key.
pub const NAME_BYTES_MAX: usize = 40;
/// The longest title or label, in bytes.
pub const LABEL_BYTES_MAX: usize = 200;
/// The longest permission pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 64;
/// The most patterns of one role, or scopes of one API key.
pub const PATTERNS_MAX: usize = 64;
/// The most roles of one user.
pub const ROLES_MAX: usize = 16;
/// The most API keys of one user that are not revoked.
pub const API_KEYS_MAX: usize = 100;
/// The most outside issuers of a box.
pub const ISSUERS_MAX: usize = 64;
/// The most keys of one outside issuer.
pub const ISSUER_KEYS_MAX: usize = 16;
/// The longest issuer address, audience or claim name, in bytes.
pub const URL_BYTES_MAX: usize = 256;
/// The most signing keys that are kept at one time: the active one and those that tokens outlive.
pub const SIGNING_KEYS_MAX: usize = 8;
/// The longest life of the box's own tokens, in seconds.
pub const TOKEN_S_MAX: u32 = 3_600;
/// The life of a token when the caller does not say, in seconds.
pub const TOKEN_S: u32 = 900;
/// How long a retired signing key is kept when the caller does not say, in seconds: the longest life
/// of a token, and the most that two clocks may differ.
pub const KEEP_S: u32 = TOKEN_S_MAX + 300;
/// The most client certificates of a box.
pub const CERTIFICATES_MAX: usize = 4_096;
/// How old the note of an API key's last use gets before a use is noted anew, in seconds: at most
/// one write in that time for each key.
pub const USE_NOTED_S: u32 = 900;
/// The longest sealed seed, in bytes.
pub const SEALED_BYTES_MAX: usize = 512;
/// The longest that a retired signing key is kept, in seconds: 31 days.
pub const KEEP_S_MAX: u32 = 31 * 86_400;
/// The most rows of one page of a list.
pub const PAGE_ROWS_MAX: u32 = 500;
/// The rows of a page when the caller does not say.
pub const PAGE_ROWS: u32 = 100;

/// Whether a granted `pattern` allows `permission`: `*` allows all, `a.*` all that begins with
/// `a.`, anything else itself alone. Where `permission` is a pattern, whether it allows all of it.
pub fn covers(pattern: &str, permission: &str) -> bool {
    if pattern == "*" || pattern == permission {
        return true;
    }
    let under = pattern.strip_suffix(".*").and_then(|it| permission.strip_prefix(it));
    under.is_some_and(|rest| rest.starts_with('.'))
}

/// The first of `patterns` that none of `held` covers whole.
pub fn first_not_covered<'p>(held: &[String], patterns: &'p [String]) -> Option<&'p str> {
    let covered = |pattern: &&String| held.iter().any(|it| covers(it, pattern));
    patterns.iter().find(|it| !covered(it)).map(String::as_str)
}

/// Whether a text is a permission (`rates.quote`), all of a domain's or of one of its subjects'
/// (`rates.*`, `identity.user.*`), or `*`.
pub fn is_pattern(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it);
    let word = |it: &str| !it.is_empty() && it.bytes().all(letter);
    let Some((front, last)) = text.rsplit_once('.') else { return false };
    text.len() <= PATTERN_BYTES_MAX && front.split('.').all(word) && (last == "*" || word(last))
}

/// Whether a text can name a user, role, issuer or key: 1 to 40 ASCII letters, digits and
/// `. _ @ + | : -`, the first a letter or digit.
pub fn is_name(text: &str) -> bool {
    let letter = |it: u8| it.is_ascii_alphanumeric() || b"._@+|:-".contains(&it);
    let first = text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    first && text.len() <= NAME_BYTES_MAX && text.bytes().all(letter)
}

/// Whether a text is the name that a client's certificate can have: a SPIFFE identity
/// (`spiffe://example.org/svc/payroll`; SPIFFE-ID, 2) or a host in lower case, of at most 256 bytes.
pub fn is_certificate_name(text: &str) -> bool {
    let host = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b".-_".contains(&it);
    let segment = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    let is_host = |it: &str| !it.is_empty() && it.bytes().all(host);
    let is_segment = |it: &str| !matches!(it, "" | "." | "..") && it.bytes().all(segment);
    let sound = match text.strip_prefix("spiffe://") {
        None => is_host(text),
        Some(rest) => match rest.split_once('/') {
            None => is_host(rest),
            Some((domain, path)) => is_host(domain) && path.split('/').all(is_segment),
        },
    };
    sound && text.len() <= URL_BYTES_MAX
}

pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), Denial> {
    if is_name(name) { Ok(()) } else { Err(Refusal::NameInvalid.at(field)) }
}

pub(crate) fn check_text(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Denial> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    let detail = format!("{field} is {} bytes, at most {bytes_max} are allowed", text.len());
    Err(Refusal::TextTooLong.at(field).because(detail))
}

pub(crate) fn check_patterns(field: &str, patterns: &[String]) -> Result<(), Denial> {
    check_count(field, patterns.len(), PATTERNS_MAX)?;
    match patterns.iter().position(|it| !is_pattern(it)) {
        Some(at) => Err(Refusal::PermissionInvalid.at(format!("{field}[{at}]"))),
        None => Ok(()),
    }
}

/// Checks what a credential narrows its user's permissions to: at least one pattern.
pub(crate) fn check_scopes(scopes: &[String]) -> Result<(), Denial> {
    if scopes.is_empty() {
        return Err(Refusal::ScopesEmpty.at("scopes"));
    }
    check_patterns("scopes", scopes)
}

pub(crate) fn check_count(field: &str, count: usize, max: usize) -> Result<(), Denial> {
    if count <= max {
        return Ok(());
    }
    let detail = format!("{field} would be {count}, at most {max} are allowed");
    Err(Refusal::TooMany.at(field.to_owned()).because(detail))
}

/// Whether the last use of an API key is to be noted anew.
pub(crate) fn use_is_due(noted_us: Option<u64>, now_us: u64) -> bool {
    let again_us = |it: u64| it.saturating_add(u64::from(USE_NOTED_S) * 1_000_000);
    noted_us.is_none_or(|it| again_us(it) <= now_us)
}

/// Checks form and length; whether the bytes are a point or a modulus shows when they verify.
pub(crate) fn check_public_key(field: &str, key: &PublicKey) -> Result<(), Denial> {
    let invalid = |part: &str, detail: &str| {
        Err(Refusal::PublicKeyInvalid.at(format!("{field}.{part}")).because(detail.to_owned()))
    };
    if key.kid.is_empty() || URL_BYTES_MAX < key.kid.len() {
        return invalid("kid", "a key has an id of 1 to 256 bytes");
    }
    let bytes = key.public_key.0.as_slice();
    match key.alg {
        Algorithm::EdDsa if bytes.len() != 32 => {
            invalid("public_key", "an Ed25519 public key is 32 bytes (RFC 8032)")
        }
        Algorithm::Es256 if bytes.len() != 65 || bytes.first() != Some(&4) => {
            invalid("public_key", "a P-256 public key is an uncompressed point of 65 bytes")
        }
        // 2,048 bits of modulus make at least 268 bytes of DER; 8,192 bits less than 1,100.
        Algorithm::Rs256 if !(268..1100).contains(&bytes.len()) || bytes[0] != 0x30 => invalid(
            "public_key",
            "an RSA public key is a DER RSAPublicKey (RFC 8017) of 2,048 to 8,192 bits",
        ),
        _ => Ok(()),
    }
}

/// Only callers of the box's own tenant.
pub(crate) fn demand_box(cx: &Cx) -> Result<(), Denial> {
    if cx.tenant == Tenant::BOX { Ok(()) } else { Err(Refusal::BoxOnly.deny()) }
}

/// Only the box itself, on behalf of a caller whom it does not know yet.
pub(crate) fn demand_itself(cx: &Cx) -> Result<(), Denial> {
    let itself = cx.tenant == Tenant::BOX && cx.actor == Actor(0);
    if itself { Ok(()) } else { Err(Refusal::ItselfOnly.deny()) }
}

/// Only the box itself, in whichever tenant.
pub(crate) fn demand_own_actor(cx: &Cx) -> Result<(), Denial> {
    if cx.actor == Actor(0) { Ok(()) } else { Err(Refusal::ItselfOnly.deny()) }
}

/// Only in a tenant that exists.
pub(crate) fn demand_tenant(reference: &Reference, cx: &Cx) -> Result<(), Denial> {
    if reference.has_tenant(cx.tenant) { Ok(()) } else { Err(Refusal::TenantUnknown.deny()) }
}
