//! Any bytes are an archived request or are refused as malformed, by every function that the engine
//! calls on them: on a box without records, with nothing published (even first byte) or with an
//! award published (odd). The rest of the first byte chooses the operation.
#![no_main]

use std::any::Any;
use std::cell::RefCell;
use std::fmt;

use contract::{
    Actor, Compile, Cx, Decided, Entry, Failure, Operation, Record, Replicated, RowVisitor, Run,
    TableId, Tables, Tenant, Touched,
};
use libfuzzer_sys::fuzz_target;
use rates::Reference;
use rates::rules::calendar::HolidayTable;
use rates::rules::pack::Pack;

struct NoRecords;

impl Tables for NoRecords {
    fn get(&self, _: TableId, _: &[u8]) -> Option<&[u8]> {
        None
    }

    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {}

    fn keep(&self, _: Vec<u8>) -> &[u8] {
        unreachable!("only a record that was read is kept")
    }

    fn damaged(&self, _: TableId, _: &[u8], _: &dyn fmt::Display) {
        unreachable!("only a record that was read is damaged")
    }
}

/// Reference and scratch, as one core keeps them.
struct Kept {
    reference: Box<dyn Any>,
    scratch: Box<dyn Any>,
}

thread_local! {
    static PUBLISHED: RefCell<Kept> = RefCell::new(published());
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, payload)) = bytes.split_first() else { return };
    let operations: Vec<(&Entry, &Operation)> = registry::ALL
        .iter()
        .flat_map(|entry| entry.operations.iter().map(move |it| (entry, it)))
        .collect();
    let (entry, operation) = operations[usize::from(choice >> 1) % operations.len()];

    let touches = (operation.touches)(payload, &mut Touched::new());
    let ran = if choice & 1 == 1 && entry.name == "rates" {
        PUBLISHED.with_borrow_mut(|kept| run(operation, kept, payload))
    } else {
        let mut kept = Kept { reference: (entry.reference)(), scratch: (entry.scratch)() };
        run(operation, &mut kept, payload)
    };
    let malformed = matches!(ran, Err(Failure::Malformed));
    assert_eq!(touches.is_err(), malformed, "both look at the same bytes");
    if let Ok(Some(reply)) = ran {
        let mut json = Vec::new();
        (operation.to_json)(&reply, &mut json).expect("an answer is an archive of its type");
    }
});

fn run(
    operation: &Operation,
    Kept { reference, scratch }: &mut Kept,
    payload: &[u8],
) -> Result<Option<Vec<u8>>, Failure> {
    let cx = Cx::new(1_752_400_800_000_000, Tenant::BOX, Actor(1), 0, 4096);
    match operation.run {
        Run::Query(query) => {
            let mut reply = Vec::new();
            (query.answer)(&cx, &NoRecords, &**reference, &mut **scratch, payload, &mut reply)?;
            Ok(Some(reply))
        }
        Run::Command(decide) => {
            let mut decided = Decided::default();
            decide(&cx, &NoRecords, &**reference, &mut **scratch, payload, &mut decided)?;
            Ok(None)
        }
    }
}

fn published() -> Kept {
    let holidays = include_str!("../../../config/reference/holidays.toml");
    let holidays: HolidayTable = toml::from_str(holidays).expect("the shipped table is read");
    let pack = include_str!("../../../config/reference/packs/MA000004.toml");
    let pack = Pack::from_toml("MA000004.toml", pack).expect("the shipped pack is read");
    let mut reference = Reference::default();
    compile(&mut reference, &holidays);
    for version in pack.versions("MA000004.toml").expect("the shipped pack is whole") {
        compile(&mut reference, &version);
    }
    Kept { reference: Box::new(reference), scratch: Box::new(rates::Scratch::default()) }
}

fn compile<R: Record>(reference: &mut Reference, record: &R) {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let (tenant, table) = (Tenant::BOX, R::TABLE);
    reference.compile(&Replicated { tenant, table, key: &[], record: Some(&bytes) });
}
