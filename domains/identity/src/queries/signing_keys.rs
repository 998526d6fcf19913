//! The keys that the box signs its own tokens with.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};

use crate::Identity;
use crate::bytes::Base64Url;

contract::message! {
    /// The public keys that the box's own tokens are verified with.
    pub struct SigningKeys {}

    /// One of them.
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
    pub struct SigningKeysReply {
        /// The keys.
        pub keys: Vec<SigningKeyRow>,
        /// Grows with every change of issuers and signing keys.
        pub trust_stamp: u64,
    }
}
impl Reply for SigningKeysReply {}

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
