//! A small domain for the tests of the doors: items on a shelf, and an echo.

use contract::{
    Answer, Ask, Batch, Decide, Denial, Deprecation, Entry, Events, Method, Nothing, Placement,
    RateClass, Reply, ReplySink, Request, Shape, Touched,
};
use rkyv::{Archive, Deserialize, Serialize};

contract::domain! {
    /// Items on a shelf, for the tests of the doors.
    Shelf = 902 "shelf";
    reference Nothing;
    scratch Nothing;
    records { Item[u64] = 1 @ 1 }
    replicated { }
    events { Put = 1 @ 1, Removed = 2 @ 1 }
    commands { PutItem = 1, RemoveItem = 2 }
    queries { FindItem = 64, Echo = 65, Fail = 66 }
}

contract::refusals! {
    /// Nothing on the shelf has that id.
    ItemUnknown = 1 Missing,
    /// A label needs a letter.
    LabelEmpty = 2 Invalid,
}

/// The only domain of the box under test.
pub static ENTRIES: &[Entry] = &[ENTRY];

/// The RPC numbers.
pub const PUT_ITEM: u32 = wire::operation(902, 1);
pub const REMOVE_ITEM: u32 = wire::operation(902, 2);
pub const FIND_ITEM: u32 = wire::operation(902, 64);
pub const ECHO: u32 = wire::operation(902, 65);
pub const FAIL: u32 = wire::operation(902, 66);

macro_rules! message {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $(pub $field: $type),* }
    )*};
}

message! {
    Item { label: String, count: u32 }
    Put { id: u64, label: String, count: u32 }
    Removed { id: u64 }
    PutItem { id: u64, label: String, count: u32 }
    RemoveItem { id: u64 }
    FindItem { id: u64 }
    Echo { text: String, times: u32, loud: bool }
    Fail { why: String }
    Done { id: u64 }
    Found { id: u64, label: String, count: u32 }
    Said { text: String }
}
impl Reply for Done {}
impl Reply for Found {}
impl Reply for Said {}

impl Put {
    fn key(&self) -> u64 {
        self.id
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.id, &Item { label: self.label.clone(), count: self.count });
    }
}

impl Removed {
    fn key(&self) -> u64 {
        self.id
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Item>(&self.id);
    }
}

const fn shape(
    name: &'static str,
    method: Method,
    path: &'static str,
    example: &'static str,
) -> Shape {
    Shape {
        name,
        summary: "For tests.",
        method,
        path,
        permission: name,
        rate: RateClass::Read,
        placement: Placement::Owner,
        example,
    }
}

impl Request for PutItem {
    type Reply = Done;
    const SHAPE: Shape = shape(
        "shelf.put",
        Method::Put,
        "/v1/shelf/items/{id}",
        r#"{"id":1,"label":"tea","count":2}"#,
    );
    fn touches(request: &ArchivedPutItem, touched: &mut Touched) {
        touched.record::<Item>(&request.id.to_native());
    }
}

impl Decide<Shelf> for PutItem {
    fn decide(self, _: Ask<'_, Shelf>, events: &mut Events<Shelf>) -> Result<Done, Denial> {
        if self.label.is_empty() {
            return Err(Refusal::LabelEmpty.at("label"));
        }
        events.push(Put { id: self.id, label: self.label.clone(), count: self.count })?;
        Ok(Done { id: self.id })
    }
}

impl Request for RemoveItem {
    type Reply = Done;
    const SHAPE: Shape =
        shape("shelf.remove", Method::Delete, "/v1/shelf/items/{id}", r#"{"id":1}"#);
    fn touches(request: &ArchivedRemoveItem, touched: &mut Touched) {
        touched.record::<Item>(&request.id.to_native());
    }
}

impl Decide<Shelf> for RemoveItem {
    fn decide(self, ask: Ask<'_, Shelf>, events: &mut Events<Shelf>) -> Result<Done, Denial> {
        ask.view.get::<Item>(&self.id).ok_or(Refusal::ItemUnknown)?;
        events.push(Removed { id: self.id })?;
        Ok(Done { id: self.id })
    }
}

impl Request for FindItem {
    type Reply = Found;
    const SHAPE: Shape = shape("shelf.find", Method::Get, "/v1/shelf/items/{id}", r#"{"id":1}"#);
    fn touches(request: &ArchivedFindItem, touched: &mut Touched) {
        touched.record::<Item>(&request.id.to_native());
    }
}

impl Answer<Shelf> for FindItem {
    fn answer(
        request: &ArchivedFindItem,
        ask: Ask<'_, Shelf>,
        reply: &mut ReplySink<'_, Found>,
    ) -> Result<(), Denial> {
        let id = request.id.to_native();
        let item = ask.view.get::<Item>(&id).ok_or(Refusal::ItemUnknown)?;
        let (label, count) = (item.label.to_string(), item.count.to_native());
        reply.put(&Found { id, label, count });
        Ok(())
    }
}

impl Request for Echo {
    type Reply = Said;
    const SHAPE: Shape = shape(
        "shelf.echo",
        Method::Get,
        "/v1/shelf/echo",
        r#"{"text":"ho","times":2,"loud":false}"#,
    );
    const DEPRECATION: Option<Deprecation> = Some(Deprecation {
        since_s: 1_767_225_600,
        sunset_s: Some(1_798_761_600),
        successor: Some("/v2/shelf/echo"),
    });
}

impl Answer<Shelf> for Echo {
    fn answer(
        request: &ArchivedEcho,
        _: Ask<'_, Shelf>,
        reply: &mut ReplySink<'_, Said>,
    ) -> Result<(), Denial> {
        let times = usize::try_from(request.times.to_native()).expect("32 bits fit");
        let text = request.text.repeat(times);
        reply.put(&Said { text: if request.loud { text.to_uppercase() } else { text } });
        Ok(())
    }
}

impl Request for Fail {
    type Reply = Said;
    const SHAPE: Shape = shape("shelf.fail", Method::Post, "/v1/shelf/fail", r#"{"why":"a test"}"#);
}

impl Answer<Shelf> for Fail {
    fn answer(
        request: &ArchivedFail,
        _: Ask<'_, Shelf>,
        _: &mut ReplySink<'_, Said>,
    ) -> Result<(), Denial> {
        panic!("{}", request.why)
    }
}
