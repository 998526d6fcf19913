//! What happened. Each event carries what it leaves behind.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::{Policy, Tally, Whole};

/// A policy was made, or took the place of the one with its name.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PolicySet {
    /// The policy.
    pub policy: Policy,
    /// How many the tenant has with it.
    pub policies: u32,
}

impl PolicySet {
    pub(crate) fn key(&self) -> String {
        self.policy.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.policy.name, &self.policy);
        batch.put(&Whole, &Tally { policies: self.policies });
    }
}

/// A policy limits nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PolicyRemoved {
    /// Its name.
    pub name: String,
    /// How many the tenant has without it.
    pub policies: u32,
}

impl PolicyRemoved {
    pub(crate) fn key(&self) -> String {
        self.name.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Policy>(&self.name);
        batch.put(&Whole, &Tally { policies: self.policies });
    }
}
