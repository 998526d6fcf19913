//! One small domain through the erased face: decide, apply, replay, index, replicate, JSON.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{cell::RefCell, collections::BTreeMap, fmt};

use contract::{
    Actor, Answer, Ask, Batch, Compile, Cx, Decide, Decided, Denial, Entry, Events, Failure,
    KeyBytes, Kind, Method, Placement, RateClass, Replicated, Reply, ReplySink, Request,
    RowVisitor, Run, Shape, Staging, Stored, TableId, Tables, Tenant, Touched,
};
use rkyv::{Archive, Deserialize, Serialize};

contract::domain! {
    /// Boxes with labels, for this test.
    Boxes = 900 "boxes";
    reference Names;
    scratch contract::Nothing;
    records { Parcel[u64] = 1 @ 2 { label = 1 } }
    replicated { Parcel }
    events { Labelled = 1 @ 2 from Labelled::upgrade, Emptied = 2 @ 1 }
    commands { Label = 1, Empty = 2 }
    queries { Find = 64 }
}

contract::refusals! {
    /// Nothing has that id.
    ParcelUnknown = 1 Missing,
    /// A label needs a letter.
    LabelEmpty = 2 Invalid,
}

#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
struct Parcel {
    label: String,
}

#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
struct Labelled {
    id: u64,
    label: String,
}

/// Labels were numbers once.
#[derive(Archive, Serialize, Deserialize)]
struct LabelledOne {
    id: u64,
    label: u64,
}

impl Labelled {
    fn upgrade(_: u16, payload: &[u8]) -> Option<Self> {
        let old = LabelledOne::decode(payload).ok()?;
        Some(Self { id: old.id, label: old.label.to_string() })
    }
    fn key(&self) -> u64 {
        self.id
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.id, &Parcel { label: self.label.clone() });
    }
}

#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
struct Emptied {
    id: u64,
}

impl Emptied {
    fn key(&self) -> u64 {
        self.id
    }
    fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.remove::<Parcel>(&self.id);
    }
}

/// Labels by key.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<Vec<u8>, String>);

impl Compile for Names {
    fn compile(&mut self, change: &Replicated<'_>) {
        match change.of::<Parcel>() {
            Some(parcel) => self.0.insert(change.key.to_vec(), parcel.label.to_string()),
            None => self.0.remove(change.key),
        };
    }
}

contract::message! {
    struct Label { id: u64, label: String }
    struct Empty { id: u64 }
    struct Find { label: String }
    struct Done { id: u64 }
    struct Found { ids: Vec<u64> }
}
impl Reply for Done {}
impl Reply for Found {}

const fn shape(name: &'static str, method: Method, path: &'static str) -> Shape {
    Shape {
        name,
        summary: "",
        method,
        path,
        permission: name,
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    }
}

impl Request for Label {
    type Reply = Done;
    const SHAPE: Shape = shape("boxes.label", Method::Post, "/v1/boxes");
    fn touches(request: &ArchivedLabel, touched: &mut Touched) {
        touched.record::<Parcel>(&request.id.to_native());
    }
}

impl Decide<Boxes> for Label {
    fn decide(self, _: Ask<'_, Boxes>, events: &mut Events<Boxes>) -> Result<Done, Denial> {
        if self.label.is_empty() {
            return Err(Refusal::LabelEmpty.at("label"));
        }
        events.push(Labelled { id: self.id, label: self.label.clone() })?;
        Ok(Done { id: self.id })
    }
}

impl Request for Empty {
    type Reply = Done;
    const SHAPE: Shape = shape("boxes.empty", Method::Delete, "/v1/boxes/{id}");
}

impl Decide<Boxes> for Empty {
    fn decide(self, ask: Ask<'_, Boxes>, events: &mut Events<Boxes>) -> Result<Done, Denial> {
        ask.view.get::<Parcel>(&self.id).ok_or(Refusal::ParcelUnknown)?;
        events.push(Emptied { id: self.id })?;
        Ok(Done { id: self.id })
    }
}

impl Request for Find {
    type Reply = Found;
    const SHAPE: Shape = shape("boxes.find", Method::Get, "/v1/boxes");
}

impl Answer<Boxes> for Find {
    fn answer(
        request: &ArchivedFind,
        ask: Ask<'_, Boxes>,
        reply: &mut ReplySink<'_, Found>,
    ) -> Result<(), Denial> {
        let mut ids = Vec::new();
        let label = KeyBytes::of(request.label.as_str());
        ask.view.by_index::<Parcel>(1, &label, &[], &mut |row, _| {
            let (_, id) = row.split_last_chunk::<8>().unwrap();
            ids.push(u64::from_be_bytes(*id));
            true
        });
        reply.put(&Found { ids });
        Ok(())
    }
}

type Rows = BTreeMap<(TableId, Vec<u8>), Vec<u8>>;

/// Rows in memory; kept bytes leak, which a test can afford.
#[derive(Default)]
struct Memory {
    rows: Rows,
    damage: RefCell<Vec<String>>,
}

impl Tables for Memory {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(&(table, key.to_vec())).map(Vec::as_slice)
    }
    fn scan(&self, table: TableId, from: &[u8], to: &[u8], visit: &mut RowVisitor<'_>) {
        for ((_, key), value) in self.rows.range((table, from.to_vec())..) {
            if key.as_slice() >= to || !visit(key, value) {
                return;
            }
        }
    }
    fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        Vec::leak(bytes)
    }
    fn damaged(&self, _: TableId, _: &[u8], reason: &dyn fmt::Display) {
        self.damage.borrow_mut().push(reason.to_string());
    }
}

impl Memory {
    fn install(&mut self, changes: &[contract::Change]) {
        for change in changes {
            let row = (change.table, change.key.as_slice().to_vec());
            match &change.value {
                Some(value) => self.rows.insert(row, value.to_vec()),
                None => self.rows.remove(&row),
            };
        }
    }

    fn run(&mut self, json: &str, code: u16) -> Result<(String, Decided), Failure> {
        let operation = ENTRY.operation(code).unwrap();
        let mut payload = Vec::new();
        (operation.from_json)(json.as_bytes(), &mut payload).expect("the test writes good JSON");
        let cx = Cx::new(1, Tenant(7), Actor(1), 0, 4096);
        let (reference, mut scratch) = ((ENTRY.reference)(), (ENTRY.scratch)());
        let mut decided = Decided::default();
        match operation.run {
            Run::Command(run) => {
                run(&cx, self, reference.as_ref(), scratch.as_mut(), &payload, &mut decided)?;
                self.install(&decided.changes);
            }
            Run::Query(run) => {
                let reply = &mut decided.reply;
                (run.answer)(&cx, self, reference.as_ref(), scratch.as_mut(), &payload, reply)?;
            }
        }
        let mut json = Vec::new();
        (operation.to_json)(&decided.reply, &mut json).unwrap();
        Ok((String::from_utf8(json).unwrap(), decided))
    }
}

fn denial(outcome: Result<(String, Decided), Failure>) -> (&'static str, String) {
    match outcome {
        Err(Failure::Denied(denial)) => (denial.name, denial.field.into_owned()),
        other => panic!("expected a denial, got {other:?}"),
    }
}

#[test]
fn an_event_changes_its_record_and_the_index_rows() {
    let mut memory = Memory::default();
    memory.run(r#"{"id":5,"label":"tea"}"#, 1).unwrap();
    memory.run(r#"{"id":6,"label":"tea"}"#, 1).unwrap();
    memory.run(r#"{"id":5,"label":"salt"}"#, 1).unwrap();
    assert_eq!(memory.run(r#"{"label":"tea"}"#, 64).unwrap().0, r#"{"ids":[6]}"#);
    memory.run(r#"{"id":6}"#, 2).unwrap();
    assert_eq!(memory.run(r#"{"label":"tea"}"#, 64).unwrap().0, r#"{"ids":[]}"#);
    assert_eq!(memory.rows.len(), 2);
}

#[test]
fn a_refusal_names_its_field_and_stores_nothing() {
    let mut memory = Memory::default();
    let empty = memory.run(r#"{"id":5,"label":""}"#, 1);
    assert_eq!(denial(empty), ("LabelEmpty", "label".to_owned()));
    assert_eq!(denial(memory.run(r#"{"id":5}"#, 2)), ("ParcelUnknown", String::new()));
    assert!(memory.rows.is_empty());
}

#[test]
fn replaying_the_events_rebuilds_the_rows() {
    let mut live = Memory::default();
    let mut rebuilt = Memory::default();
    for json in [r#"{"id":5,"label":"tea"}"#, r#"{"id":5,"label":"salt"}"#] {
        let (_, decided) = live.run(json, 1).unwrap();
        for (event, payload) in decided.rows() {
            let mut changes = Vec::new();
            let mut staging = Staging::new(&rebuilt, &mut changes);
            let (code, version) = (event.code, event.version);
            assert!((ENTRY.replay)(&mut staging, Tenant(7), code, version, payload));
            assert!(!(ENTRY.replay)(&mut staging, Tenant(7), code, version, &[1, 2]));
            assert!(!(ENTRY.replay)(&mut staging, Tenant(7), 99, version, payload));
            rebuilt.install(&changes);
        }
    }
    assert_eq!(live.rows, rebuilt.rows);
}

#[test]
fn an_event_of_an_older_version_is_upgraded() {
    let (mut memory, mut changes, mut payload) = (Memory::default(), Vec::new(), Vec::new());
    LabelledOne { id: 5, label: 77 }.encode(&mut payload);
    let mut staging = Staging::new(&memory, &mut changes);
    assert!((ENTRY.replay)(&mut staging, Tenant(7), 1, 1, &payload));
    assert!(!(ENTRY.replay)(&mut staging, Tenant(7), 1, 3, &payload));
    assert!(!(ENTRY.replay)(&mut staging, Tenant(7), 1, 0, &payload));
    memory.install(&changes);
    assert_eq!(memory.run(r#"{"label":"77"}"#, 64).unwrap().0, r#"{"ids":[5]}"#);
}

#[test]
fn a_row_of_an_unknown_schema_version_is_reported_and_not_guessed() {
    let mut memory = Memory::default();
    memory.run(r#"{"id":5,"label":"tea"}"#, 1).unwrap();
    for ((table, _), value) in &mut memory.rows {
        if !table.is_index() {
            value[2] = 1;
        }
    }
    assert_eq!(denial(memory.run(r#"{"id":5}"#, 2)).0, "ParcelUnknown");
    assert_eq!(memory.damage.borrow().as_slice(), ["no upgrade from schema version 1"]);
}

#[test]
fn a_replicated_row_is_compiled_and_a_damaged_one_refused() {
    let mut reference = (ENTRY.reference)();
    let mut sealed = Vec::new();
    let table = ENTRY.records[0].table;
    let parcel = Parcel { label: "tea".into() };
    contract::seal(table.number(), 2, |out| parcel.encode(out), &mut sealed);
    let compile = |reference: &mut Box<dyn std::any::Any>, value: Option<&[u8]>| {
        (ENTRY.compile)(reference.as_mut(), Tenant(7), table, b"k", value)
    };
    compile(&mut reference, Some(&sealed)).unwrap();
    assert_eq!(reference.downcast_ref::<Names>().unwrap().0[&b"k"[..]], "tea");
    sealed[10] ^= 1;
    assert!(compile(&mut reference, Some(&sealed)).unwrap_err().contains("checksum"));
    compile(&mut reference, None).unwrap();
    assert!(reference.downcast_ref::<Names>().unwrap().0.is_empty());
}

#[test]
fn a_json_request_is_refused_with_its_field_and_place() {
    let from_json = ENTRY.operation(1).unwrap().from_json;
    let refuse = |json: &str| {
        let error = from_json(json.as_bytes(), &mut Vec::new()).unwrap_err();
        (error.field, error.detail, error.line)
    };
    let (field, detail, line) = refuse("{\"id\":\n\"x\",\"label\":\"a\"}");
    assert_eq!((field.as_str(), line), ("id", 2));
    assert!(detail.starts_with("invalid type"), "{detail}");
    assert!(refuse(r#"{"id":1,"label":"a","colour":1}"#).1.starts_with("unknown field `colour`"));
    let (field, detail, _) = refuse(r#"{"id":1}"#);
    assert_eq!(field, "label");
    assert!(detail.starts_with("missing field `label`"), "{detail}");
    assert_eq!(refuse(r#"{"id":1,"id":2,"label":"a"}"#).0, "id");
}

#[test]
fn the_entry_knows_the_whole_shape() {
    const SHAPE: &Entry = &ENTRY;
    assert_eq!(SHAPE.tables(), [1, 0x8011]);
    assert_eq!((SHAPE.name, SHAPE.summary), ("boxes", "Boxes with labels, for this test."));
    assert_eq!(SHAPE.operation(64).unwrap().kind(), Kind::Query);
    assert_eq!(SHAPE.operation(64).unwrap().number(SHAPE.id), (900 << 16) | 64);
    assert_eq!(SHAPE.refusals[0].detail, "Nothing has that id.");
    let mut touched = Touched::new();
    let mut payload = Vec::new();
    Label { id: 4097, label: String::new() }.encode(&mut payload);
    (SHAPE.operation(1).unwrap().touches)(&payload, &mut touched).unwrap();
    assert_eq!(touched.rows(Tenant(7)).count(), 1);
}
