//! What a caller may, ready to be asked.

use std::rc::Rc;

use identity::rules::covers;

/// What a caller may: what its roles allow, as far as its credential does not narrow it. Clones
/// share it.
#[derive(Debug, Clone)]
pub struct Permissions(Rc<Patterns>);

#[derive(Debug)]
struct Patterns {
    allowed: Vec<String>,
    scopes: Vec<String>,
}

impl Permissions {
    pub(super) fn new(allowed: &[String], scopes: &[String]) -> Self {
        Self(Rc::new(Patterns { allowed: allowed.to_vec(), scopes: scopes.to_vec() }))
    }

    /// Whether the caller has this permission, such as `rates.quote`.
    pub fn allows(&self, permission: &str) -> bool {
        let Patterns { allowed, scopes } = &*self.0;
        let any = |patterns: &[String]| patterns.iter().any(|it| covers(it, permission));
        any(scopes) && any(allowed)
    }
}
