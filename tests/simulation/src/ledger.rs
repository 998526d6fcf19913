//! The simulator's own domain: accounts, transfers on any cores, replicated fees.
//!
//! Every record says which call changed it last (`by`, the call's correlation), so that the auditor
//! can tell from any reply which frames it shows.

pub mod events;
pub mod queries;
pub mod requests;

use std::collections::BTreeMap;

use contract::{Compile, Key, KeyBytes, Replicated, Slot};
pub use events::{Closed, FeeSet, Leg, Moved, Opened};
pub use queries::{Balance, Fees, Found, List, Listed, Owned, Schedule};
pub use requests::{Audit, Audited, Close, Done, Enrol, Open, Paid, SetFee, Transfer};
use rkyv::{Archive, Deserialize, Serialize};

contract::domain! {
    /// Accounts with balances, for the simulator.
    Ledger = 900 "ledger";
    reference Schedules;
    scratch contract::Nothing;
    records {
        Account[AccountId] = 1 @ 1 { owner = 1 },
        Fee[u32] = 2 @ 1,
    }
    replicated { Fee }
    events { Opened = 1 @ 1, Moved = 2 @ 1, Closed = 3 @ 1, FeeSet = 4 @ 1 }
    commands { Open = 1, Enrol = 2, Transfer = 3, Close = 4, SetFee = 5, Audit = 6 }
    queries { Balance = 64, List = 65, Schedule = 66 }
}

contract::refusals! {
    /// No account has that number.
    AccountUnknown = 1 Missing,
    /// An account has that number already.
    AccountTaken = 2 Conflict,
    /// The account does not cover the transfer and its fee.
    Overdraft = 3 Conflict,
    /// An account cannot pay itself, and a transfer has legs.
    LegsWrong = 4 Invalid,
}

/// Every domain of the simulated box.
pub static ENTRIES: [contract::Entry; 1] = [ENTRY];

/// An account's number; its low 12 bits are its slot, whoever chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(pub u64);

impl Key for AccountId {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.0.to_be_bytes());
    }

    fn slot(&self) -> Slot {
        Slot::of_id(self.0)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct Account {
    /// Whose it is.
    pub owner: u32,
    /// What is on it.
    pub balance: u64,
    /// The call that changed it last.
    pub by: u64,
}

/// What a transfer costs under one schedule; the payee of the first leg gets it.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[rkyv(derive(Debug))]
pub struct Fee {
    /// The price of one transfer.
    pub fee: u64,
    /// The call that set it.
    pub by: u64,
}

/// Fees and who set them, by the big-endian bytes of the schedule's number.
#[derive(Debug, Default)]
pub struct Schedules(BTreeMap<Vec<u8>, (u64, u64)>);

impl Schedules {
    /// The fee of a schedule and the call that set it; zeroes when nobody did.
    pub fn fee(&self, schedule: u32) -> (u64, u64) {
        self.0.get(schedule.to_be_bytes().as_slice()).copied().unwrap_or_default()
    }
}

impl Compile for Schedules {
    fn compile(&mut self, change: &Replicated<'_>) {
        match change.of::<Fee>() {
            Some(fee) => {
                self.0.insert(change.key.to_vec(), (fee.fee.to_native(), fee.by.to_native()))
            }
            None => self.0.remove(change.key),
        };
    }
}
