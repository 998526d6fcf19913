//! Signing the box's own tokens with another key.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Tenant,
    Touched,
};

use crate::bytes::Base64Url;
use crate::events::SigningKeyRotated;
use crate::hand_out::{HandOut, demand_held, everything};
use crate::records::{Algorithm, PublicKey, Ring, SigningKey, SigningRing};
use crate::rules::{
    KEEP_S, KEEP_S_MAX, SEALED_BYTES_MAX, SIGNING_KEYS_MAX, check_count, check_name,
    check_public_key, demand_box,
};
use crate::{Identity, Reference, Refusal};

contract::message! {
    /// Makes a new key the one that signs. The key before is kept to verify what it signed, for as
    /// long as its tokens live.
    pub struct RotateSigningKey {
        /// The new key's id; not that of a key which is still kept.
        pub kid: String,
        /// Its Ed25519 public key.
        pub public_key: Base64Url,
        /// Its seed, sealed by the caller; opaque to the box's log.
        pub sealed_seed: Base64Url,
        /// How long the key before is kept, in seconds: the life of its tokens, at most 31 days; 0
        /// when it is known to somebody else. When absent, as long as any of its tokens can live.
        #[serde(default = "keep")]
        pub keep_s: u32,
    }

    /// The key that signs now.
    pub struct SigningKeyMade {
        /// Its id.
        pub kid: String,
        /// The id of the key before, if there was one.
        pub retired: Option<String>,
    }
}
impl Reply for SigningKeyMade {}

const fn keep() -> u32 {
    KEEP_S
}

impl Request for RotateSigningKey {
    type Reply = SigningKeyMade;
    const SHAPE: Shape = Shape {
        name: "identity.rotate-signing-key",
        summary: "Makes a new key sign the box's own tokens",
        method: Method::Post,
        path: "/v1/identity/signing-keys",
        permission: "identity.signing-key.rotate",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"kid":"2026-01","sealed_seed":"c2VhbGVk",
            "public_key":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    };

    fn touches(_: &ArchivedRotateSigningKey, touched: &mut Touched) {
        touched.record::<SigningRing>(&Ring);
    }
}

impl HandOut for RotateSigningKey {
    /// Whoever has the key can speak for every user of the box.
    const FIELD: &'static str = "public_key";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        everything()
    }
}

impl Decide<Identity> for RotateSigningKey {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<SigningKeyMade, Denial> {
        demand_box(ask.cx)?;
        demand_held(&self, &ask)?;
        check_name("kid", &self.kid)?;
        let public_key = self.public_key;
        let key = PublicKey { kid: self.kid.clone(), alg: Algorithm::EdDsa, public_key };
        check_public_key("", &key).map_err(|it| it.at("public_key"))?;
        if self.sealed_seed.0.is_empty() {
            return Err(Refusal::SeedMissing.at("sealed_seed"));
        }
        check_count("sealed_seed", self.sealed_seed.0.len(), SEALED_BYTES_MAX)?;
        let keep_s = usize::try_from(self.keep_s).unwrap_or(usize::MAX);
        check_count("keep_s", keep_s, usize::try_from(KEEP_S_MAX).unwrap_or(usize::MAX))?;

        let now_us = ask.cx.now_us;
        let mut ring: SigningRing =
            ask.view.load(&Ring).unwrap_or_else(|| SigningRing { keys: Vec::new() });
        ring.keys.retain(|it| it.kept_until_us.is_none_or(|until| now_us < until));
        if ring.keys.iter().any(|it| it.kid == self.kid) {
            return Err(Refusal::SigningKeyExists.at("kid"));
        }
        check_count("kid", ring.keys.len() + 1, SIGNING_KEYS_MAX)?;
        let mut retired = None;
        if let Some(former) = ring.keys.last_mut() {
            former.kept_until_us = Some(now_us + u64::from(self.keep_s) * 1_000_000);
            // It signs no more, so nothing ever needs its seed again.
            former.sealed_seed.0.clear();
            retired = Some(former.kid.clone());
        }
        ring.keys.push(SigningKey {
            kid: self.kid.clone(),
            public_key: key.public_key,
            sealed_seed: self.sealed_seed,
            created_us: now_us,
            kept_until_us: None,
        });
        events.push(SigningKeyRotated { ring })?;
        Ok(SigningKeyMade { kid: self.kid, retired })
    }
}
