//! Queries of the ledger.

use contract::{
    Answer, Ask, Denial, KeyBytes, Placement, Reply, ReplySink, Request, Shape, Touched,
};
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use super::{
    Account, AccountId, Ledger, Refusal,
    requests::{messages, shape},
};

messages! {
    /// Reads one account.
    Balance {
        /// The account.
        id: u64,
    }
    /// Lists the accounts of one owner, from every core.
    List {
        /// Whose.
        owner: u32,
    }
    /// Reads one compiled fee, on the core that the call arrived at.
    Schedule {
        /// Which.
        schedule: u32,
    }
    /// One account.
    Found {
        /// What is on it.
        balance: u64,
        /// The call that changed it last.
        by: u64,
    }
    /// One account of a list.
    Listed {
        /// The number.
        id: u64,
        /// What is on it.
        balance: u64,
        /// The call that changed it last.
        by: u64,
    }
    /// Accounts, ordered by number.
    Owned {
        /// The accounts.
        accounts: Vec<Listed>,
    }
    /// One fee.
    Fees {
        /// The price of one transfer.
        fee: u64,
        /// The call that set it.
        by: u64,
    }
}

impl Reply for Found {}
impl Reply for Owned {}
impl Reply for Fees {}

impl Request for Balance {
    type Reply = Found;
    const SHAPE: Shape = shape("ledger.balance", Placement::Owner);

    fn touches(request: &ArchivedBalance, touched: &mut Touched) {
        touched.record::<Account>(&AccountId(request.id.to_native()));
    }
}

impl Answer<Ledger> for Balance {
    fn answer(
        request: &ArchivedBalance,
        ask: Ask<'_, Ledger>,
        reply: &mut ReplySink<'_, Found>,
    ) -> Result<(), Denial> {
        let id = request.id.to_native();
        let account = ask.view.get::<Account>(&AccountId(id));
        let account = account.ok_or_else(|| Refusal::AccountUnknown.at(id.to_string()))?;
        let (balance, by) = (account.balance.to_native(), account.by.to_native());
        reply.put(&Found { balance, by });
        Ok(())
    }
}

impl Request for List {
    type Reply = Owned;
    const SHAPE: Shape = shape("ledger.list", Placement::EveryCore);
}

impl Answer<Ledger> for List {
    fn answer(
        request: &ArchivedList,
        ask: Ask<'_, Ledger>,
        reply: &mut ReplySink<'_, Owned>,
    ) -> Result<(), Denial> {
        let mut accounts = Vec::new();
        let owner = KeyBytes::of(&request.owner.to_native());
        ask.view.by_index::<Account>(1, &owner, &[], &mut |row, account| {
            if let Some((_, id)) = row.split_last_chunk::<8>() {
                let (balance, by) = (account.balance.to_native(), account.by.to_native());
                accounts.push(Listed { id: u64::from_be_bytes(*id), balance, by });
            }
            true
        });
        reply.put(&Owned { accounts });
        Ok(())
    }

    fn merge(_: &ArchivedList, parts: Vec<Owned>) -> Owned {
        let mut accounts: Vec<_> = parts.into_iter().flat_map(|part| part.accounts).collect();
        accounts.sort_unstable_by_key(|account| account.id);
        Owned { accounts }
    }
}

impl Request for Schedule {
    type Reply = Fees;
    const SHAPE: Shape = shape("ledger.schedule", Placement::Owner);
}

impl Answer<Ledger> for Schedule {
    fn answer(
        request: &ArchivedSchedule,
        ask: Ask<'_, Ledger>,
        reply: &mut ReplySink<'_, Fees>,
    ) -> Result<(), Denial> {
        let (fee, by) = ask.reference.fee(request.schedule.to_native());
        reply.put(&Fees { fee, by });
        Ok(())
    }
}
