//! Letting a client certificate stand for a user.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Tenant, Touched,
};

use crate::events::CertificateBound;
use crate::hand_out::{HandOut, demand_held};
use crate::records::{Certificate, CertificateName};
use crate::rules::{CERTIFICATES_MAX, check_count, check_scopes, demand_box, is_certificate_name};
use crate::{Changed, Identity, Reference, Refusal};

contract::message! {
    /// Lets whoever shows a client certificate of this name, and no other credential, be a user. The
    /// authorities of such certificates are the box's own, so its own tenant binds them; to scopes
    /// that the caller has itself.
    pub struct BindCertificate {
        /// A SPIFFE identity, or a host in lower case; unique in the box.
        pub name: String,
        /// Whose user.
        pub tenant: u32,
        /// Its name.
        pub user: String,
        /// What the certificate may do of what its user may; `*` for all.
        pub scopes: Vec<String>,
    }
}

impl Request for BindCertificate {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.bind-certificate",
        summary: "Lets a client certificate stand for a user",
        method: Method::Post,
        path: "/v1/identity/certificates",
        permission: "identity.certificate.bind",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"name":"spiffe://example.org/svc/payroll","tenant":0,"user":"ann",
            "scopes":["rates.*"]}"#,
    };

    fn touches(request: &ArchivedBindCertificate, touched: &mut Touched) {
        touched.record::<Certificate>(&CertificateName(request.name.to_string()));
    }
}

impl HandOut for BindCertificate {
    const FIELD: &'static str = "scopes";
    fn handed_out(&self, _: &Reference, _: Tenant) -> Vec<String> {
        self.scopes.clone()
    }
}

impl Decide<Identity> for BindCertificate {
    fn decide(
        mut self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_box(ask.cx)?;
        if !is_certificate_name(&self.name) {
            return Err(Refusal::CertificateInvalid.at("name"));
        }
        check_scopes(&self.scopes)?;
        let tenant = Tenant(self.tenant);
        ask.reference.active_user(tenant, &self.user).map_err(|it| it.at("user"))?;
        demand_held(&self, &ask)?;
        self.scopes.sort_unstable();
        self.scopes.dedup();
        let key = CertificateName(self.name);
        if let Some(former) = ask.view.load::<Certificate>(&key) {
            let same = former.name == key.0
                && former.tenant == self.tenant
                && former.user == self.user
                && former.scopes == self.scopes;
            let taken = Refusal::CertificateExists.at("name");
            return if same { Ok(Changed { changed: false }) } else { Err(taken) };
        }
        check_count("name", ask.reference.certificates("").count() + 1, CERTIFICATES_MAX)?;
        let certificate = Certificate {
            name: key.0,
            tenant: self.tenant,
            user: self.user,
            scopes: self.scopes,
            created_us: ask.cx.now_us,
        };
        events.push(CertificateBound { certificate })?;
        Ok(Changed { changed: true })
    }
}
