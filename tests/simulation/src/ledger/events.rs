//! What happens in the ledger.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use super::{Account, AccountId, Fee};

/// An account began.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct Opened {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub owner: u32,
    /// What is on it.
    pub balance: u64,
    /// The call that opened it.
    pub by: u64,
}

impl Opened {
    pub(super) fn key(&self) -> AccountId {
        AccountId(self.id)
    }

    pub(super) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let account = Account { owner: self.owner, balance: self.balance, by: self.by };
        batch.put(&self.key(), &account);
    }
}

/// One payee of a transfer.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
#[rkyv(derive(Debug))]
pub struct Leg {
    /// The account that gets it.
    pub to: u64,
    /// How much.
    pub amount: u64,
}

/// Money moved from one account to others.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct Moved {
    /// The payer.
    pub from: u64,
    /// The payees.
    pub legs: Vec<Leg>,
    /// The fee, which the first payee gets too.
    pub fee: u64,
    /// The call that set the fee; 0 when none applies.
    pub fee_by: u64,
    /// The call that moved it.
    pub by: u64,
}

impl Moved {
    pub(super) fn key(&self) -> AccountId {
        AccountId(self.from)
    }

    pub(super) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let total: u64 = self.legs.iter().map(|leg| leg.amount).sum();
        add(batch, self.from, self.by, |balance| balance - total - self.fee);
        let mut fee = self.fee;
        for leg in &self.legs {
            let extra = std::mem::take(&mut fee);
            add(batch, leg.to, self.by, |balance| balance + leg.amount + extra);
        }
    }
}

fn add(batch: &mut Batch<'_, '_>, id: u64, by: u64, change: impl FnOnce(u64) -> u64) {
    let id = AccountId(id);
    if let Some(account) = batch.view().load::<Account>(&id) {
        let balance = change(account.balance);
        batch.put(&id, &Account { owner: account.owner, balance, by });
    }
}

/// An account ended; an heir has what was on it.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct Closed {
    /// The account.
    pub id: u64,
    /// Who gets the rest.
    pub heir: u64,
    /// The rest.
    pub balance: u64,
    /// The call that closed it.
    pub by: u64,
}

impl Closed {
    pub(super) fn key(&self) -> AccountId {
        AccountId(self.id)
    }

    pub(super) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Account>(&self.key());
        add(batch, self.heir, self.by, |balance| balance + self.balance);
    }
}

/// A schedule has a new fee.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct FeeSet {
    /// Which.
    pub schedule: u32,
    /// The price of one transfer.
    pub fee: u64,
    /// The call that set it.
    pub by: u64,
}

impl FeeSet {
    pub(super) fn key(&self) -> u32 {
        self.schedule
    }

    pub(super) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.schedule, &Fee { fee: self.fee, by: self.by });
    }
}
