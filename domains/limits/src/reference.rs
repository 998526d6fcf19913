//! What every core keeps compiled: all policies.

use contract::{Compile, Record, Replicated, Stored, Tenant};

use crate::records::Policy;

/// Every policy of every tenant. A reader that keeps something made of it keeps the core's generation
/// of the domain's reference data with it, which rises with every change.
#[derive(Debug, Default)]
pub struct Policies {
    all: Vec<(Tenant, Policy)>,
}

impl Policies {
    /// Every policy, disabled ones too, with whose it is: tenant by tenant from the box itself on,
    /// each in the order of names.
    #[inline]
    pub fn all(&self) -> &[(Tenant, Policy)] {
        &self.all
    }

    /// One tenant's own, in the order of names.
    pub fn of(&self, tenant: Tenant) -> &[(Tenant, Policy)] {
        let from = self.all.partition_point(|(owner, _)| *owner < tenant);
        let count = self.all[from..].partition_point(|(owner, _)| *owner == tenant);
        &self.all[from..from + count]
    }

    /// One tenant's own policy of this name.
    pub fn find(&self, tenant: Tenant, name: &str) -> Option<&Policy> {
        let at = self.place(tenant, name.as_bytes()).ok()?;
        Some(&self.all[at].1)
    }

    fn place(&self, tenant: Tenant, name: &[u8]) -> Result<usize, usize> {
        self.all.binary_search_by(|(owner, it)| (*owner, it.name.as_bytes()).cmp(&(tenant, name)))
    }
}

impl Compile for Policies {
    fn compile(&mut self, change: &Replicated<'_>) {
        if change.table != Policy::TABLE {
            return;
        }
        let name = change.key.strip_suffix(&[0]).expect("a text key ends with a zero byte");
        match (self.place(change.tenant, name), change.of::<Policy>().map(Policy::revive)) {
            (Ok(at), Some(policy)) => self.all[at].1 = policy,
            (Err(at), Some(policy)) => self.all.insert(at, (change.tenant, policy)),
            (Ok(at), None) => drop(self.all.remove(at)),
            (Err(_), None) => {}
        }
    }
}
