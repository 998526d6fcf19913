//! Trusting an outside issuer.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Tenant, Touched,
};

use crate::events::IssuerRegistered;
use crate::hand_out::{HandOut, demand_held, everything};
use crate::records::{Issuer, PublicKey};
use crate::rules::{
    ISSUER_KEYS_MAX, ISSUERS_MAX, URL_BYTES_MAX, check_count, check_name, check_public_key,
    check_text, demand_box,
};
use crate::{Changed, Identity, Reference, Refusal};

contract::message! {
    /// Takes tokens of an outside issuer, or replaces how: a new key set is a new registration. For
    /// callers who may do everything: the issuer can speak for every user of the tenant.
    pub struct RegisterIssuer {
        /// Unique in the box.
        pub issuer: String,
        /// The `iss` of its tokens, compared byte by byte.
        pub url: String,
        /// What `aud` must hold.
        pub audience: String,
        /// Its keys, of its JWKS document.
        pub keys: Vec<PublicKey>,
        /// The tenant that its tokens speak for.
        pub tenant: u32,
        /// The claim that holds the name of a user of that tenant.
        #[serde(default = "subject")]
        pub user_claim: String,
        /// The claim that narrows what the user may: a list, or a text with blanks between. Absent:
        /// the user's own roles.
        #[serde(default)]
        pub permissions_claim: Option<String>,
    }
}

fn subject() -> String {
    "sub".to_owned()
}

impl Request for RegisterIssuer {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.register-issuer",
        summary: "Takes tokens of an outside issuer, or replaces its keys",
        method: Method::Put,
        path: "/v1/identity/issuers/{issuer}",
        permission: "identity.issuer.register",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"issuer":"login","url":"https://login.example","audience":"quoin","tenant":0,
            "keys":[{"kid":"2026-01","alg":"EdDSA",
            "public_key":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    };

    fn touches(request: &ArchivedRegisterIssuer, touched: &mut Touched) {
        touched.record::<Issuer>(&request.issuer.to_string());
    }
}

impl HandOut for RegisterIssuer {
    /// Whoever has the issuer's keys can speak for every user of the tenant.
    const FIELD: &'static str = "keys";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        everything()
    }
}

impl Decide<Identity> for RegisterIssuer {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_box(ask.cx)?;
        check_name("issuer", &self.issuer)?;
        self.check()?;
        demand_held(&self, &ask)?;
        if !ask.reference.has_tenant(Tenant(self.tenant)) {
            return Err(Refusal::TenantUnknown.at("tenant"));
        }
        // A token must lead to one issuer. Two registered at once under one address and audience
        // are still told apart, by the order of their names.
        let same = |it: &&Issuer| it.url == self.url && it.audience == self.audience;
        if ask.reference.issuers().filter(same).any(|it| it.name != self.issuer) {
            return Err(Refusal::IssuerExists.at("url"));
        }
        let issuer = Issuer {
            name: self.issuer,
            url: self.url,
            audience: self.audience,
            keys: self.keys,
            tenant: self.tenant,
            user_claim: self.user_claim,
            permissions_claim: self.permissions_claim,
        };
        let former: Option<Issuer> = ask.view.load(&issuer.name);
        if former.is_none() {
            check_count("issuer", ask.reference.issuers().count() + 1, ISSUERS_MAX)?;
        }
        let changed = former.as_ref() != Some(&issuer);
        if changed {
            events.push(IssuerRegistered { issuer })?;
        }
        Ok(Changed { changed })
    }
}

impl RegisterIssuer {
    fn check(&self) -> Result<(), Denial> {
        let texts = [
            ("url", Some(&self.url)),
            ("audience", Some(&self.audience)),
            ("user_claim", Some(&self.user_claim)),
            ("permissions_claim", self.permissions_claim.as_ref()),
        ];
        for (field, text) in texts {
            let Some(text) = text else { continue };
            check_text(field, text, URL_BYTES_MAX)?;
            if text.is_empty() {
                return Err(Refusal::IssuerInvalid.at(field));
            }
        }
        if self.keys.is_empty() {
            return Err(Refusal::IssuerInvalid.at("keys").because("an issuer needs a key"));
        }
        check_count("keys", self.keys.len(), ISSUER_KEYS_MAX)?;
        for (at, key) in self.keys.iter().enumerate() {
            check_public_key(&format!("keys[{at}]"), key)?;
            if self.keys[..at].iter().any(|it| it.kid == key.kid) {
                let field = format!("keys[{at}].kid");
                return Err(Refusal::IssuerInvalid.at(field).because("two keys have one id"));
            }
        }
        Ok(())
    }
}
