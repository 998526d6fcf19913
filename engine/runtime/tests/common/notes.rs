//! A small domain for the tests of the runtime: numbered counters, one of them replicated.

use contract::{
    Answer, Ask, Batch, Compile, Decide, Denial, Events, Method, Placement, RateClass, Replicated,
    Reply, ReplySink, Request, Shape, Touched,
};
use rkyv::{Archive, Deserialize, Serialize};

contract::domain! {
    /// Counters, for the tests of the runtime.
    Notes = 901 "notes";
    reference Limits;
    scratch contract::Nothing;
    records { Counter[u64] = 1 @ 1, Limit[u64] = 2 @ 1 }
    replicated { Limit }
    events { Moved = 1 @ 1, Limited = 2 @ 1 }
    commands { Move = 1, SetLimit = 2 }
    queries { Look = 64, LookLimit = 65 }
}

contract::refusals! {
    /// The counter would pass the limit.
    OverLimit = 1 Conflict,
}

macro_rules! message {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name { $(pub $field: $type),* }
    )*};
}

message! {
    Counter { value: u64 }
    Limit { value: u64 }
    Moved { from: u64, to: u64, amount: u64 }
    Limited { value: u64 }
    Move { from: u64, to: u64, amount: u64 }
    SetLimit { value: u64 }
    Look { id: u64 }
    LookLimit { nothing: u8 }
    Value { value: u64 }
}
impl Reply for Value {}

/// The compiled limit; 0 for none.
#[derive(Debug, Default)]
pub struct Limits(pub u64);

impl Compile for Limits {
    fn compile(&mut self, change: &Replicated<'_>) {
        if let Some(limit) = change.of::<Limit>() {
            self.0 = limit.value.to_native();
        }
    }
}

impl Moved {
    fn key(&self) -> u64 {
        self.from
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        let read = |batch: &Batch<'_, '_>, id| batch.view().load::<Counter>(&id);
        let from = read(batch, self.from).map_or(0, |it| it.value);
        batch.put(&self.from, &Counter { value: from.wrapping_sub(self.amount) });
        let to = read(batch, self.to).map_or(0, |it| it.value);
        batch.put(&self.to, &Counter { value: to.wrapping_add(self.amount) });
    }
}

impl Limited {
    #[allow(clippy::unused_self, reason = "every event has the same face")]
    fn key(&self) -> u64 {
        0
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&0, &Limit { value: self.value });
    }
}

const fn shape(name: &'static str) -> Shape {
    Shape {
        name,
        summary: "",
        method: Method::Post,
        path: name,
        permission: name,
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: "{}",
    }
}

impl Request for Move {
    type Reply = Value;
    const SHAPE: Shape = shape("notes.move");
    fn touches(request: &ArchivedMove, touched: &mut Touched) {
        touched.record::<Counter>(&request.from.to_native());
        touched.record::<Counter>(&request.to.to_native());
    }
}

impl Decide<Notes> for Move {
    fn decide(self, ask: Ask<'_, Notes>, events: &mut Events<Notes>) -> Result<Value, Denial> {
        let to = ask.view.load::<Counter>(&self.to).map_or(0, |it| it.value);
        let value = to.wrapping_add(self.amount);
        if ask.reference.0 != 0 && value > ask.reference.0 {
            return Err(Refusal::OverLimit.at("amount"));
        }
        events.push(Moved { from: self.from, to: self.to, amount: self.amount })?;
        Ok(Value { value })
    }
}

impl Request for SetLimit {
    type Reply = Value;
    const SHAPE: Shape = shape("notes.limit");
    fn touches(_: &ArchivedSetLimit, touched: &mut Touched) {
        touched.record::<Limit>(&0);
    }
}

impl Decide<Notes> for SetLimit {
    fn decide(self, _: Ask<'_, Notes>, events: &mut Events<Notes>) -> Result<Value, Denial> {
        events.push(Limited { value: self.value })?;
        Ok(Value { value: self.value })
    }
}

impl Request for Look {
    type Reply = Value;
    const SHAPE: Shape = shape("notes.look");
    fn touches(request: &ArchivedLook, touched: &mut Touched) {
        touched.record::<Counter>(&request.id.to_native());
    }
}

impl Answer<Notes> for Look {
    fn answer(
        request: &ArchivedLook,
        ask: Ask<'_, Notes>,
        reply: &mut ReplySink<'_, Value>,
    ) -> Result<(), Denial> {
        let value = ask.view.get::<Counter>(&request.id.to_native());
        reply.put(&Value { value: value.map_or(0, |it| it.value.to_native()) });
        Ok(())
    }
}

impl Request for LookLimit {
    type Reply = Value;
    const SHAPE: Shape = shape("notes.look_limit");
}

impl Answer<Notes> for LookLimit {
    fn answer(
        _: &ArchivedLookLimit,
        ask: Ask<'_, Notes>,
        reply: &mut ReplySink<'_, Value>,
    ) -> Result<(), Denial> {
        reply.put(&Value { value: ask.reference.0 });
        Ok(())
    }
}
