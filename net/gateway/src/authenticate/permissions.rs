//! What a caller may, ready to be asked.

use std::rc::Rc;

use identity::rules::covers;

use super::kept::Weight;

/// What a caller may: what its roles allow, as far as its credential does not narrow it. Clones
/// share it.
#[derive(Debug, Clone)]
pub struct Permissions(Rc<Patterns>);

impl Weight for Permissions {
    fn bytes(&self) -> usize {
        let Patterns { allowed, scopes } = &*self.0;
        let text = |it: &String| size_of::<String>() + it.len();
        size_of::<Patterns>() + allowed.iter().chain(scopes).map(text).sum::<usize>()
    }
}

#[derive(Debug)]
struct Patterns {
    allowed: Vec<String>,
    scopes: Vec<String>,
}

impl Permissions {
    pub(super) fn new(allowed: &[String], scopes: &[String]) -> Self {
        Self(Rc::new(Patterns { allowed: allowed.to_vec(), scopes: scopes.to_vec() }))
    }

    /// What the credential narrows the caller's roles to: patterns.
    pub(super) fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Whether the credential narrows nothing.
    pub(super) fn is_whole(&self) -> bool {
        self.0.scopes.iter().any(|it| it == "*")
    }

    /// Whether the caller has this permission, such as `rates.quote`.
    pub fn allows(&self, permission: &str) -> bool {
        let Patterns { allowed, scopes } = &*self.0;
        let any = |patterns: &[String]| patterns.iter().any(|it| covers(it, permission));
        any(scopes) && any(allowed)
    }
}
