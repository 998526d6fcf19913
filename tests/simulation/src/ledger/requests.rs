//! Commands of the ledger.

use contract::{
    Ask, Cx, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
    View,
};
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use super::{Account, AccountId, Closed, Fee, FeeSet, Ledger, Leg, Moved, Opened, Refusal};

macro_rules! messages {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
        #[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[rkyv(derive(Debug))]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
    )*};
}
pub(super) use messages;

messages! {
    /// Opens an account whose number the box chooses.
    Open {
        /// Whose it is.
        owner: u32,
        /// What is on it.
        balance: u64,
    }
    /// Opens an account under a number of the caller's choice.
    Enrol {
        /// The number.
        id: u64,
        /// Whose it is.
        owner: u32,
        /// What is on it.
        balance: u64,
    }
    /// Moves money from one account to others.
    Transfer {
        /// The payer.
        from: u64,
        /// The payees.
        legs: Vec<Leg>,
        /// Which fee applies.
        schedule: u32,
    }
    /// Ends an account.
    Close {
        /// The account.
        id: u64,
        /// Who gets the rest.
        heir: u64,
    }
    /// Sets the fee of a schedule.
    SetFee {
        /// Which.
        schedule: u32,
        /// The price of one transfer.
        fee: u64,
    }
    /// Reads several accounts at one moment. A command that decides nothing.
    Audit {
        /// The accounts.
        ids: Vec<u64>,
    }
    /// An account's number and balance.
    Done {
        /// The number.
        id: u64,
        /// What is on it.
        balance: u64,
    }
    /// What a transfer left and cost.
    Paid {
        /// What is left with the payer.
        balance: u64,
        /// The fee.
        fee: u64,
        /// The call that set the fee.
        fee_by: u64,
    }
    /// The accounts as they are: balance and the call that changed each last.
    Audited {
        /// In the order asked for; `None` where there is no account.
        accounts: Vec<Option<(u64, u64)>>,
    }
}

impl Reply for Done {}
impl Reply for Paid {}
impl Reply for Audited {}

pub(super) const fn shape(name: &'static str, placement: Placement) -> Shape {
    Shape {
        name,
        summary: "For the simulator.",
        method: Method::Post,
        path: name,
        permission: name,
        rate: RateClass::Write,
        placement,
        example: "{}",
    }
}

fn call(cx: &Cx) -> u64 {
    u64::try_from(cx.correlation).expect("the simulator numbers its calls with 64 bits")
}

/// A refusal that says which state it saw, for the auditor.
fn saw(refusal: Refusal, id: u64, account: &Account) -> Denial {
    refusal.at(id.to_string()).because(format!("{} {}", account.balance, account.by))
}

fn account(view: View<'_>, id: u64) -> Result<Account, Denial> {
    let found = view.load::<Account>(&AccountId(id));
    found.ok_or_else(|| Refusal::AccountUnknown.at(id.to_string()))
}

impl Request for Open {
    type Reply = Done;
    const SHAPE: Shape = shape("ledger.open", Placement::Owner);
}

impl Decide<Ledger> for Open {
    fn decide(self, ask: Ask<'_, Ledger>, events: &mut Events<Ledger>) -> Result<Done, Denial> {
        let (id, by) = (ask.cx.fresh_id(), call(ask.cx));
        events.push(Opened { id, owner: self.owner, balance: self.balance, by })?;
        Ok(Done { id, balance: self.balance })
    }
}

impl Request for Enrol {
    type Reply = Done;
    const SHAPE: Shape = shape("ledger.enrol", Placement::Owner);

    fn touches(request: &ArchivedEnrol, touched: &mut Touched) {
        touched.record::<Account>(&AccountId(request.id.to_native()));
    }
}

impl Decide<Ledger> for Enrol {
    fn decide(self, ask: Ask<'_, Ledger>, events: &mut Events<Ledger>) -> Result<Done, Denial> {
        if let Some(taken) = ask.view.load::<Account>(&AccountId(self.id)) {
            return Err(saw(Refusal::AccountTaken, self.id, &taken));
        }
        let Self { id, owner, balance } = self;
        events.push(Opened { id, owner, balance, by: call(ask.cx) })?;
        Ok(Done { id, balance })
    }
}

impl Request for Transfer {
    type Reply = Paid;
    const SHAPE: Shape = shape("ledger.transfer", Placement::Owner);

    fn touches(request: &ArchivedTransfer, touched: &mut Touched) {
        touched.record::<Account>(&AccountId(request.from.to_native()));
        for leg in request.legs.iter() {
            touched.record::<Account>(&AccountId(leg.to.to_native()));
        }
    }
}

impl Decide<Ledger> for Transfer {
    fn decide(self, ask: Ask<'_, Ledger>, events: &mut Events<Ledger>) -> Result<Paid, Denial> {
        if self.legs.is_empty() || self.legs.iter().any(|leg| leg.to == self.from) {
            return Err(Refusal::LegsWrong.at("legs"));
        }
        let payer = account(ask.view, self.from)?;
        for leg in &self.legs {
            account(ask.view, leg.to)?;
        }
        let (fee, fee_by) = ask.reference.fee(self.schedule);
        let total: u64 = self.legs.iter().map(|leg| leg.amount).sum();
        let Some(balance) = payer.balance.checked_sub(total + fee) else {
            return Err(saw(Refusal::Overdraft, self.from, &payer));
        };
        let (from, legs, by) = (self.from, self.legs, call(ask.cx));
        events.push(Moved { from, legs, fee, fee_by, by })?;
        Ok(Paid { balance, fee, fee_by })
    }
}

impl Request for Close {
    type Reply = Done;
    const SHAPE: Shape = shape("ledger.close", Placement::Owner);

    fn touches(request: &ArchivedClose, touched: &mut Touched) {
        touched.record::<Account>(&AccountId(request.id.to_native()));
        touched.record::<Account>(&AccountId(request.heir.to_native()));
    }
}

impl Decide<Ledger> for Close {
    fn decide(self, ask: Ask<'_, Ledger>, events: &mut Events<Ledger>) -> Result<Done, Denial> {
        if self.id == self.heir {
            return Err(Refusal::LegsWrong.at("heir"));
        }
        let closing = account(ask.view, self.id)?;
        account(ask.view, self.heir)?;
        let (id, heir, balance) = (self.id, self.heir, closing.balance);
        events.push(Closed { id, heir, balance, by: call(ask.cx) })?;
        Ok(Done { id, balance })
    }
}

impl Request for SetFee {
    type Reply = Done;
    const SHAPE: Shape = shape("ledger.set_fee", Placement::Owner);

    fn touches(request: &ArchivedSetFee, touched: &mut Touched) {
        touched.record::<Fee>(&request.schedule.to_native());
    }
}

impl Decide<Ledger> for SetFee {
    fn decide(self, ask: Ask<'_, Ledger>, events: &mut Events<Ledger>) -> Result<Done, Denial> {
        let Self { schedule, fee } = self;
        events.push(FeeSet { schedule, fee, by: call(ask.cx) })?;
        Ok(Done { id: u64::from(schedule), balance: fee })
    }
}

impl Request for Audit {
    type Reply = Audited;
    const SHAPE: Shape = shape("ledger.audit", Placement::Owner);

    fn touches(request: &ArchivedAudit, touched: &mut Touched) {
        for id in request.ids.iter() {
            touched.record::<Account>(&AccountId(id.to_native()));
        }
    }
}

impl Decide<Ledger> for Audit {
    fn decide(self, ask: Ask<'_, Ledger>, _: &mut Events<Ledger>) -> Result<Audited, Denial> {
        let read = |id: &u64| {
            let account = ask.view.load::<Account>(&AccountId(*id))?;
            Some((account.balance, account.by))
        };
        Ok(Audited { accounts: self.ids.iter().map(read).collect() })
    }
}
