//! The traits behind `domain!`, and the macro itself. The macro declares shape; it holds no logic.

use std::{any::Any, fmt};

use crate::{
    Batch, Cx, Decided, Denial, DomainId, Entry, EventRow, EventShape, Events, Failure, KeyBytes,
    Operation, QueryRun, Record, RecordShape, RefusalShape, ReplySink, Request, Run, Staging,
    Stored, TableId, Tables, Tenant, View, entry::CompileRow, envelope, operation::operation,
};

/// A closed set of messages, each with a number and its own archive. `domain!` writes it for the
/// events of a domain.
pub trait Coded: Sized + 'static {
    /// Every message.
    const SHAPES: &'static [EventShape];
    /// This message's number and the version that [`Coded::encode`] writes.
    fn shape(&self) -> (u16, u16);
    /// The record it is about.
    fn key(&self) -> KeyBytes;
    /// Appends its own archive.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads a message of this number and version back; older versions are upgraded.
    fn decode(code: u16, version: u16, payload: &[u8]) -> Option<Self>;
}

/// The compiled form of a domain's replicated records: one copy in each core's memory, changed
/// between requests only, when the change is durable.
pub trait Compile: Default + 'static {
    /// Takes one changed record in.
    fn compile(&mut self, change: &Replicated<'_>);
}

/// For a domain without reference data, or without scratch.
#[derive(Debug, Default, Clone, Copy)]
pub struct Nothing;

impl Compile for Nothing {
    fn compile(&mut self, _: &Replicated<'_>) {}
}

/// One durable change of a replicated record.
#[derive(Debug, Clone, Copy)]
pub struct Replicated<'a> {
    /// Whose record.
    pub tenant: Tenant,
    /// Which table.
    pub table: TableId,
    /// The record's key without slot and tenant.
    pub key: &'a [u8],
    /// The archive in its current schema version; `None` when the record was removed.
    pub record: Option<&'a [u8]>,
}

impl<'a> Replicated<'a> {
    /// The record, when it is one of type `R` and was not removed.
    pub fn of<R: Record>(&self) -> Option<&'a R::Archived> {
        if self.table != R::TABLE {
            return None;
        }
        self.record.map(|bytes| R::access(bytes).expect("verified before it was replicated"))
    }
}

/// One domain: everything is data but how events change records.
pub trait Domain: fmt::Debug + Sized + 'static {
    /// The number in every frame.
    const ID: DomainId;
    /// Its events.
    type Event: Coded;
    /// Its compiled reference data.
    type Reference: Compile;
    /// Buffers that requests of one core reuse; no request sees what another left in them.
    type Scratch: Default + 'static;

    /// Changes the records. Cannot fail: `decide` refused whatever could go wrong.
    fn apply(event: &Self::Event, batch: &mut Batch<'_, '_>);
}

/// What a request runs with.
#[derive(Debug)]
pub struct Ask<'a, D: Domain> {
    /// The circumstances.
    pub cx: &'a Cx,
    /// The records of the caller's tenant.
    pub view: View<'a>,
    /// The compiled reference data of this core.
    pub reference: &'a D::Reference,
    /// Buffers to reuse.
    pub scratch: &'a mut D::Scratch,
}

/// A command: decides what happens, from the request, the records and the circumstances alone. The
/// request is the decision's own, so that its parts can move into the events.
pub trait Decide<D: Domain>: Request {
    /// Puts what happened into `events`; no events means that nothing changed.
    fn decide(self, ask: Ask<'_, D>, events: &mut Events<D>) -> Result<Self::Reply, Denial>;
}

/// A query: answers from the archived request, in place.
pub trait Answer<D: Domain>: Request {
    /// Puts the reply.
    fn answer(
        request: &Self::Archived,
        ask: Ask<'_, D>,
        reply: &mut ReplySink<'_, Self::Reply>,
    ) -> Result<(), Denial>;

    /// Merges the replies of all cores, for [`crate::Placement::EveryCore`].
    fn merge(request: &Self::Archived, parts: Vec<Self::Reply>) -> Self::Reply {
        let _ = request;
        parts.into_iter().next().expect("at least one core answers")
    }
}

/// Builds the erased face of a domain; called by `domain!` in a constant.
pub const fn entry<D: Domain>(
    name: &'static str,
    summary: &'static str,
    records: &'static [RecordShape],
    replicated: &'static [TableId],
    operations: &'static [Operation],
    refusals: &'static [RefusalShape],
    compile: CompileRow,
) -> Entry {
    assert_unique(records, D::Event::SHAPES, operations, refusals);
    Entry {
        id: D::ID,
        name,
        summary,
        records,
        replicated,
        events: D::Event::SHAPES,
        operations,
        refusals,
        reference: || Box::new(D::Reference::default()),
        scratch: || Box::new(D::Scratch::default()),
        compile,
        replay: replay::<D>,
    }
}

const fn assert_unique(
    records: &[RecordShape],
    events: &[EventShape],
    operations: &[Operation],
    refusals: &[RefusalShape],
) {
    let mut i = 0;
    while i < records.len() {
        let mut j = i + 1;
        while j < records.len() {
            assert!(records[i].table.0 != records[j].table.0, "two records share a table");
            j += 1;
        }
        i += 1;
    }
    i = 0;
    while i < events.len() {
        let mut j = i + 1;
        while j < events.len() {
            assert!(events[i].code != events[j].code, "two events share a code");
            j += 1;
        }
        i += 1;
    }
    i = 0;
    while i < operations.len() {
        let mut j = i + 1;
        while j < operations.len() {
            assert!(operations[i].code != operations[j].code, "two operations share a code");
            j += 1;
        }
        i += 1;
    }
    i = 0;
    while i < refusals.len() {
        let mut j = i + 1;
        while j < refusals.len() {
            assert!(refusals[i].code != refusals[j].code, "two refusals share a code");
            j += 1;
        }
        i += 1;
    }
}

fn ask<'a, D: Domain>(
    cx: &'a Cx,
    tables: &'a dyn Tables,
    reference: &'a dyn Any,
    scratch: &'a mut dyn Any,
) -> Ask<'a, D> {
    Ask {
        cx,
        view: View::new(tables, cx.tenant),
        reference: reference.downcast_ref().expect("the entry made this reference"),
        scratch: scratch.downcast_mut().expect("the entry made this scratch"),
    }
}

/// The erased form of a command.
pub const fn command<D: Domain, T: Decide<D>>(code: u16) -> Operation {
    operation::<T>(code, Run::Command(request_decide::<D, T>))
}

/// The erased form of a query.
pub const fn query<D: Domain, T: Answer<D>>(code: u16) -> Operation {
    let run = QueryRun { answer: request_answer::<D, T>, merge: request_merge::<D, T> };
    operation::<T>(code, Run::Query(run))
}

fn request_decide<D: Domain, T: Decide<D>>(
    cx: &Cx,
    tables: &dyn Tables,
    reference: &dyn Any,
    scratch: &mut dyn Any,
    payload: &[u8],
    decided: &mut Decided,
) -> Result<(), Failure> {
    let request = T::decode(payload)?;
    let mut events = Events::<D>::new();
    let reply = request.decide(ask(cx, tables, reference, scratch), &mut events)?;
    reply.encode(&mut decided.reply);
    let mut staging = Staging::new(tables, &mut decided.changes);
    for event in events.as_slice() {
        D::apply(event, &mut staging.batch(cx.tenant));
        event.encode(&mut decided.payloads);
        let (code, version) = event.shape();
        let payload_end = decided.payloads.len();
        decided.events.push(EventRow { code, version, key: event.key(), payload_end });
    }
    Ok(())
}

fn request_answer<D: Domain, T: Answer<D>>(
    cx: &Cx,
    tables: &dyn Tables,
    reference: &dyn Any,
    scratch: &mut dyn Any,
    payload: &[u8],
    reply: &mut Vec<u8>,
) -> Result<(), Failure> {
    let request = T::access(payload)?;
    let mut sink = ReplySink::new(reply);
    T::answer(request, ask(cx, tables, reference, scratch), &mut sink)?;
    assert!(!sink.is_empty(), "a query that succeeds puts its reply");
    Ok(())
}

fn request_merge<D: Domain, T: Answer<D>>(
    payload: &[u8],
    parts: &[Vec<u8>],
    reply: &mut Vec<u8>,
) -> Result<(), Failure> {
    let request = T::access(payload)?;
    let parts = parts.iter().map(|part| T::Reply::decode(part)).collect::<Result<Vec<_>, _>>()?;
    T::merge(request, parts).encode(reply);
    Ok(())
}

fn replay<D: Domain>(
    staging: &mut Staging<'_>,
    tenant: Tenant,
    code: u16,
    version: u16,
    payload: &[u8],
) -> bool {
    let Some(event) = D::Event::decode(code, version, payload) else {
        return false;
    };
    D::apply(&event, &mut staging.batch(tenant));
    true
}

/// Opens, verifies and upgrades one row of a replicated table, and compiles it when it is an `R`.
pub fn compile_record<D: Domain, R: Record>(
    reference: &mut dyn Any,
    tenant: Tenant,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), String> {
    let reference: &mut D::Reference =
        reference.downcast_mut().expect("the entry made this reference");
    let upgraded: Vec<u8>;
    let record = match value {
        None => None,
        Some(value) => {
            let sealed = envelope::open(value, true).map_err(|error| error.to_string())?;
            let payload = if sealed.version == R::VERSION {
                sealed.payload
            } else {
                let record = R::upgrade(sealed.version, sealed.payload)
                    .ok_or_else(|| format!("no upgrade from schema version {}", sealed.version))?;
                let mut bytes = Vec::new();
                record.encode(&mut bytes);
                upgraded = bytes;
                &upgraded
            };
            R::access(payload).map_err(|error| error.to_string())?;
            Some(payload)
        }
    };
    reference.compile(&Replicated { tenant, table: R::TABLE, key, record });
    Ok(())
}

/// Declares a domain's shape; logic stays in plain methods. In the order of this example:
///
/// ```text
/// contract::domain! {
///     /// What it is for, one line.
///     Orders = 5 "orders";                               // type, number, name: forever
///     reference Reference;                               // compiled replicated data, or Nothing
///     scratch Scratch;                                   // reused buffers, or Nothing
///     records {                                          // Type[Key] = table @ schema version
///         Order[OrderId] = 1 @ 1 { buyer = 1 },          //   with indexes by field
///         Price[Sku] = 2 @ 1,
///     }
///     replicated { Price }                               // every core compiles a copy
///     events { Placed = 1 @ 1, Cancelled = 2 @ 1 }       // in `events.rs`
///     commands { Place = 1, Cancel = 2 }                 // implement Request and Decide
///     queries { Find = 64 }                              // implement Request and Answer
/// }
/// ```
///
/// An event type has `fn key(&self) -> impl Key` and `fn apply(&self, batch: &mut Batch<'_, '_>)`. An
/// event whose version is above 1 names the function that reads its older versions, such as
/// `Placed = 1 @ 2 from Placed::upgrade`: `fn(version: u16, payload: &[u8]) -> Option<Placed>`. A record
/// does the same, before its indexes: `Order[OrderId] = 1 @ 2 from Order::upgrade { buyer = 1 }`.
#[macro_export]
macro_rules! domain {
    (
        #[doc = $summary:literal]
        $name:ident = $id:literal $text:literal;
        reference $reference:ty;
        scratch $scratch:ty;
        records { $($record:ident[$key:ty] = $table:literal @ $record_version:literal
            $(from $record_upgrade:path)?
            $({ $($field:ident = $index:literal),+ $(,)? })?),* $(,)? }
        replicated { $($replicated:ident),* $(,)? }
        events { $($event:ident = $event_code:literal @ $event_version:literal
            $(from $upgrade:path)?),* $(,)? }
        commands { $($command:ident = $command_code:literal),* $(,)? }
        queries { $($query:ident = $query_code:literal),* $(,)? }
    ) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $name;

        $(impl $crate::Record for $record {
            const TABLE: $crate::TableId = $crate::TableId::record($id, $table);
            const VERSION: u16 = $record_version;
            const INDEXES: &'static [(&'static str, u16)] =
                &[$($((stringify!($field), $index)),+)?];
            type Key = $key;
            $(fn index_rows(&self, emit: &mut dyn FnMut(u16, $crate::KeyBytes)) {
                $(emit($index, $crate::KeyBytes::of(&self.$field));)+
            })?
            $(fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
                $record_upgrade(version, payload)
            })?
        })*

        /// What happened in this domain.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $(#[doc = concat!("See [`", stringify!($event), "`].")] $event($event)),*
        }
        $(impl From<$event> for Event { fn from(it: $event) -> Self { Self::$event(it) } })*

        impl $crate::Coded for Event {
            const SHAPES: &'static [$crate::EventShape] = &[$($crate::EventShape {
                name: stringify!($event),
                code: $event_code,
                version: $event_version,
            }),*];
            fn shape(&self) -> (u16, u16) {
                match self { $(Self::$event(_) => ($event_code, $event_version),)* }
            }
            fn key(&self) -> $crate::KeyBytes {
                match self { $(Self::$event(it) => $crate::KeyBytes::of(&it.key()),)* }
            }
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $(Self::$event(it) => $crate::Stored::encode(it, out),)* }
            }
            fn decode(code: u16, version: u16, payload: &[u8]) -> Option<Self> {
                match (code, version) {
                    $(($event_code, $event_version) => {
                        <$event as $crate::Stored>::decode(payload).ok().map(Self::$event)
                    }
                    $(($event_code, 1..$event_version) => {
                        $upgrade(version, payload).map(Self::$event)
                    })?)*
                    _ => None,
                }
            }
        }

        impl $crate::Domain for $name {
            const ID: $crate::DomainId = $crate::DomainId($id);
            type Event = Event;
            type Reference = $reference;
            type Scratch = $scratch;
            fn apply(event: &Event, batch: &mut $crate::Batch<'_, '_>) {
                match event { $(Event::$event(it) => it.apply(batch),)* }
            }
        }

        /// The domain as the engine and the doors see it.
        pub const ENTRY: $crate::Entry = $crate::entry::<$name>(
            $text,
            $summary.trim_ascii(),
            &[$($crate::RecordShape {
                name: stringify!($record),
                table: <$record as $crate::Record>::TABLE,
                version: $record_version,
                indexes: <$record as $crate::Record>::INDEXES,
            }),*],
            &[$(<$replicated as $crate::Record>::TABLE),*],
            &[
                $($crate::macros::command::<$name, $command>($command_code),)*
                $($crate::macros::query::<$name, $query>($query_code),)*
            ],
            Refusal::SHAPES,
            |reference, tenant, table, key, value| {
                let _ = (&reference, tenant, key, value);
                $(if table == <$replicated as $crate::Record>::TABLE {
                    return $crate::macros::compile_record::<$name, $replicated>(
                        reference, tenant, key, value,
                    );
                })*
                Err(format!("table {} is not replicated", table.number()))
            },
        );
    };
}
