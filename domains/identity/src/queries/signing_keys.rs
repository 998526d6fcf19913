//! The keys that the box signs its own tokens with.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use crate::bytes::Base64Url;
use crate::rules::demand_itself;
use crate::{Identity, Refusal};

/// The public keys that the box's own tokens are verified with.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SigningKeys {}

/// One of them.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyRow {
    /// The id that tokens name it by.
    pub kid: String,
    /// The Ed25519 public key.
    pub public_key: Base64Url,
    /// Until when tokens that it signed are taken, in microseconds since 1970-01-01 UTC; none
    /// for the key that signs.
    pub kept_until_us: Option<u64>,
}

/// The keys, oldest first; the last is the one that signs.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SigningKeysReply {
    /// The keys.
    pub keys: Vec<SigningKeyRow>,
    /// Grows with every change of issuers and signing keys.
    pub trust_stamp: u64,
}

/// The sealed seed of the key that signs. Only the box itself asks.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SealedSigningKey {}

/// It.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SealedSigningKeyReply {
    /// The key's id.
    pub kid: String,
    /// As it was given with the rotation.
    pub sealed_seed: Base64Url,
}
impl Reply for SigningKeysReply {}
impl Reply for SealedSigningKeyReply {}

impl Request for SigningKeys {
    type Reply = SigningKeysReply;
    const SHAPE: Shape = Shape {
        name: "identity.signing-keys",
        summary: "The public keys of the box's own tokens",
        method: Method::Get,
        path: "/v1/identity/signing-keys",
        permission: "identity.signing-key.list",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Identity> for SigningKeys {
    fn answer(
        _: &ArchivedSigningKeys,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, SigningKeysReply>,
    ) -> Result<(), Denial> {
        let keys = ask.reference.signing_keys(ask.cx.now_us).map(|it| SigningKeyRow {
            kid: it.kid.clone(),
            public_key: it.public_key.clone(),
            kept_until_us: it.kept_until_us,
        });
        let (keys, trust_stamp) = (keys.collect(), ask.reference.trust_stamp());
        reply.put(&SigningKeysReply { keys, trust_stamp });
        Ok(())
    }
}

impl Request for SealedSigningKey {
    type Reply = SealedSigningKeyReply;
    const SHAPE: Shape = Shape {
        name: "identity.sealed-signing-key",
        summary: "The sealed seed of the key that signs; for the box itself",
        method: Method::Get,
        path: "/v1/identity/signing-keys/sealed",
        permission: "identity.resolve",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Identity> for SealedSigningKey {
    fn answer(
        _: &ArchivedSealedSigningKey,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, SealedSigningKeyReply>,
    ) -> Result<(), Denial> {
        demand_itself(ask.cx)?;
        let active = ask.reference.signing_keys(ask.cx.now_us).last();
        let active = active.ok_or(Refusal::SigningKeyUnknown)?;
        reply.put(&SealedSigningKeyReply {
            kid: active.kid.clone(),
            sealed_seed: active.sealed_seed.clone(),
        });
        Ok(())
    }
}
