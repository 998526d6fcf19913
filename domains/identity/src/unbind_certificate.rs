//! Ending that a client certificate stands for a user.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Request, Shape, Touched,
};

use crate::events::CertificateUnbound;
use crate::records::{Certificate, CertificateName};
use crate::rules::demand_box;
use crate::{Changed, Identity, Refusal};

contract::message! {
    /// Ends that a client certificate stands for a user: when this is answered, every core refuses it.
    pub struct UnbindCertificate {
        /// Which.
        pub name: String,
    }
}

impl Request for UnbindCertificate {
    type Reply = Changed;
    const SHAPE: Shape = Shape {
        name: "identity.unbind-certificate",
        summary: "Ends that a client certificate stands for a user",
        method: Method::Post,
        // Names have slashes: none fits into a path.
        path: "/v1/identity/certificates/unbind",
        permission: "identity.certificate.unbind",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"name":"spiffe://example.org/svc/payroll"}"#,
    };

    fn touches(request: &ArchivedUnbindCertificate, touched: &mut Touched) {
        touched.record::<Certificate>(&CertificateName(request.name.to_string()));
    }
}

impl Decide<Identity> for UnbindCertificate {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<Changed, Denial> {
        demand_box(ask.cx)?;
        let key = CertificateName(self.name);
        let bound = ask.view.get::<Certificate>(&key).filter(|it| it.name == key.0.as_str());
        bound.ok_or_else(|| Refusal::CertificateUnknown.at("name"))?;
        events.push(CertificateUnbound { name: key.0 })?;
        Ok(Changed { changed: true })
    }
}
