//! Sets of public keys as JSON documents (RFC 7517 section 5): the box's own, and those of outside
//! issuers.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::key::{Algorithm, KEYS_MAX, Key};

/// The longest document that is read.
pub const JWKS_BYTES_MAX: usize = 64 * 1024;

/// Why a document is not a usable set of keys.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// It is too long.
    #[error("the document is {bytes} bytes, at most {JWKS_BYTES_MAX} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is not a JSON object with a list `keys`.
    #[error("the document is not a set of keys (RFC 7517 section 5): {0}")]
    Json(#[from] serde_json::Error),
    /// A key of a known kind is not complete.
    #[error("keys[{at}].{field} is missing or not {expected}")]
    Field {
        /// Its place in the list.
        at: usize,
        /// The field at fault.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// No key is of a kind that is taken.
    #[error("the document has no key for EdDSA, ES256 or RS256 signatures")]
    Empty,
    /// There are too many.
    #[error("the document has {keys} keys for signatures, at most {KEYS_MAX} are taken")]
    TooMany {
        /// How many.
        keys: usize,
    },
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Serialize)]
struct OwnDocument<'a> {
    keys: Vec<OwnJwk<'a>>,
}

#[derive(Serialize)]
struct OwnJwk<'a> {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    kid: &'a str,
    x: String,
}

/// The document for the box's own Ed25519 keys, given as id and public key (RFC 8037 section 2).
pub fn write_jwks<'a>(keys: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let keys = keys.map(|(kid, public_key)| OwnJwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        purpose: "sig",
        kid,
        x: BASE64URL_NOPAD.encode(public_key),
    });
    let document = OwnDocument { keys: keys.collect() };
    serde_json::to_string(&document).expect("texts are JSON")
}

/// The keys of a document that verify signatures. Keys of other kinds and purposes are left out, as
/// RFC 7517 section 5 asks.
pub fn read_jwks(json: &[u8]) -> Result<Vec<Key>, JwksError> {
    if JWKS_BYTES_MAX < json.len() {
        return Err(JwksError::TooLong { bytes: json.len() });
    }
    let document: Document = serde_json::from_slice(json)?;
    let mut keys = Vec::new();
    for (at, jwk) in document.keys.iter().enumerate() {
        let Some(alg) = jwk.algorithm() else { continue };
        let missing = |field, expected| JwksError::Field { at, field, expected };
        let kid = jwk.kid.clone().filter(|it| !it.is_empty());
        let kid = kid.ok_or_else(|| missing("kid", "a text"))?;
        let public_key = match alg {
            Algorithm::EdDsa => fixed::<32>(jwk.x.as_ref())
                .ok_or_else(|| missing("x", "32 bytes of base64url"))?
                .into(),
            Algorithm::Es256 => {
                let x = fixed::<32>(jwk.x.as_ref())
                    .ok_or_else(|| missing("x", "32 bytes of base64url"))?;
                let y = fixed::<32>(jwk.y.as_ref())
                    .ok_or_else(|| missing("y", "32 bytes of base64url"))?;
                [&[4][..], &x, &y].concat()
            }
            Algorithm::Rs256 => {
                let n = integer(jwk.n.as_ref()).filter(|it| (256..=1024).contains(&it.len()));
                let n = n.ok_or_else(|| missing("n", "2,048 to 8,192 bits of base64url"))?;
                let e = integer(jwk.e.as_ref()).filter(|it| it.len() <= 8);
                let e = e.ok_or_else(|| missing("e", "at most 8 bytes of base64url"))?;
                rsa_public_key(&n, &e)
            }
        };
        keys.push(Key { kid, alg, public_key });
    }
    match keys.len() {
        0 => Err(JwksError::Empty),
        1..=KEYS_MAX => Ok(keys),
        keys => Err(JwksError::TooMany { keys }),
    }
}

impl Jwk {
    /// The algorithm it is used with, when that is one of ours and it is for signatures.
    fn algorithm(&self) -> Option<Algorithm> {
        let alg = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("RSA", None) => Algorithm::Rs256,
            _ => return None,
        };
        let signs = self.purpose.as_deref().is_none_or(|it| it == "sig");
        let named = self.alg.as_deref().is_none_or(|it| it == alg.name());
        (signs && named).then_some(alg)
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text?.as_bytes()).ok()
}

fn fixed<const N: usize>(text: Option<&String>) -> Option<[u8; N]> {
    bytes(text)?.try_into().ok()
}

/// A positive integer without leading zero bytes.
fn integer(text: Option<&String>) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let first = bytes.iter().position(|it| *it != 0)?;
    Some(bytes[first..].to_vec())
}

/// DER of `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
fn rsa_public_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    for number in [n, e] {
        // An integer with its first bit set would be negative.
        let sign: &[u8] = if number[0] & 0x80 == 0 { &[] } else { &[0] };
        element(0x02, &[sign, number].concat(), &mut content);
    }
    let mut der = Vec::new();
    element(0x30, &content, &mut der);
    der
}

fn element(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = u16::try_from(content.len()).expect("moduli are bounded");
    match length.to_be_bytes() {
        [0, low] if low < 0x80 => out.push(low),
        [0, low] => out.extend_from_slice(&[0x81, low]),
        [high, low] => out.extend_from_slice(&[0x82, high, low]),
    }
    out.extend_from_slice(content);
}
