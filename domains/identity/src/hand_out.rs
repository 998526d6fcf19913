//! Handing out permissions: nobody gives away what it does not have itself.
//!
//! Two bounds hold for every command here. What the caller's roles allow is this domain's to check,
//! in the decision. What the credential is narrowed to that the caller showed is known at the door
//! alone, which asks [`handed_out`] before it passes the command on.

use contract::{Ask, Denial, Request, Tenant};

use crate::rules::first_not_covered;
use crate::{
    BindCertificate, CreateApiKey, GrantRole, Identity, IssueToken, Reference, Refusal,
    RegisterIssuer, RotateSigningKey, SetRole,
};

/// A request that gives somebody permissions.
pub(crate) trait HandOut: Request {
    /// The field that says which.
    const FIELD: &'static str;
    /// Which, as patterns.
    fn handed_out(&self, reference: &Reference, tenant: Tenant) -> Vec<String>;
}

/// Refuses to hand out what the caller's roles do not allow itself. The box itself has everything.
pub(crate) fn demand_held<R: HandOut>(request: &R, ask: &Ask<'_, Identity>) -> Result<(), Denial> {
    let patterns = request.handed_out(ask.reference, ask.cx.tenant);
    let held = ask.reference.held(ask.cx.actor);
    let Some(lacking) = first_not_covered(&held, &patterns) else { return Ok(()) };
    let detail =
        format!("the caller does not have the permission {lacking}, so cannot hand it out");
    Err(Refusal::PermissionNotHeld.at(R::FIELD).because(detail))
}

/// Finds out what an archived request hands out.
type Patterns = fn(&Reference, Tenant, payload: &[u8]) -> Vec<String>;

/// Every request that hands out, by the name of its operation.
const ROWS: [(&str, Patterns); 7] = [
    row::<SetRole>(),
    row::<GrantRole>(),
    row::<CreateApiKey>(),
    row::<BindCertificate>(),
    row::<RegisterIssuer>(),
    row::<RotateSigningKey>(),
    row::<IssueToken>(),
];

const fn row<R: HandOut>() -> (&'static str, Patterns) {
    (R::SHAPE.name, |reference, tenant, payload| {
        R::decode(payload).map_or_else(|_| Vec::new(), |it| it.handed_out(reference, tenant))
    })
}

/// Whether requests of an operation, such as `identity.set-role`, hand out permissions.
pub fn hands_out(operation: &str) -> bool {
    ROWS.iter().any(|it| it.0 == operation)
}

/// What a request of this domain would hand out in `tenant`, as patterns. Nothing for requests that
/// hand nothing out, and for bytes that are no request: those are refused where they are run.
pub fn handed_out(
    reference: &Reference,
    tenant: Tenant,
    operation: u16,
    payload: &[u8],
) -> Vec<String> {
    let name = crate::ENTRY.operation(operation).map(|it| it.shape.name);
    let found = ROWS.iter().find(|it| Some(it.0) == name);
    found.map_or_else(Vec::new, |(_, patterns)| patterns(reference, tenant, payload))
}

/// Everything: for what lets its holder speak for anybody.
pub(crate) fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}
