//! Borrowed twins of replies: they archive to the same bytes, straight from the compiled tables and
//! the priced lines, without building a string or a vector first.

use std::iter;

use contract::Denial;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::string::{ArchivedString, StringResolver};
use rkyv::vec::{ArchivedVec, VecResolver};
use rkyv::with::{ArchiveWith, SerializeWith};
use rkyv::{Archive, Place, Serialize, SerializeUnsized};
use values::{Currency, Date, Hours, LocalTime, Money, Percent};

use super::batch::{ArchivedBatchReply, ArchivedBatchWorker, BatchTotal, WorkerRefusal};
use super::quote::{ArchivedQuoteLine, ArchivedQuoteReply, QuoteAllowance};
use super::roster::{ArchivedRosterReply, ArchivedWorkerQuote};
use crate::rules::paid::PaidFor;
use crate::rules::quote::{AllowanceLine, Line, Priced, Terms};

/// Archives `&str` as an owned string is archived.
pub(super) struct Borrowed;

impl ArchiveWith<&str> for Borrowed {
    type Archived = ArchivedString;
    type Resolver = StringResolver;

    fn resolve_with(field: &&str, resolver: StringResolver, out: Place<ArchivedString>) {
        ArchivedString::resolve_from_str(field, resolver, out);
    }
}

impl<S: Fallible + ?Sized> SerializeWith<&str, S> for Borrowed
where
    S::Error: Source,
    str: SerializeUnsized<S>,
{
    fn serialize_with(field: &&str, serializer: &mut S) -> Result<StringResolver, S::Error> {
        ArchivedString::serialize_from_str(field, serializer)
    }
}

/// Twin of a quote's line.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedQuoteLine, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
struct LineTwin<'a> {
    shift: u32,
    from: LocalTime,
    to: LocalTime,
    hours: Hours,
    #[rkyv(with = Borrowed, omit_bounds)]
    rule: &'a str,
    percent: Percent,
    rate: Money,
    amount: Money,
    #[rkyv(with = Borrowed, omit_bounds)]
    clause: &'a str,
    base: Money,
    flat: Money,
    paid_for: PaidFor,
    #[rkyv(with = Borrowed, omit_bounds)]
    classification: &'a str,
    #[rkyv(with = Borrowed, omit_bounds)]
    reason: &'a str,
}

/// Priced lines under their terms.
#[derive(Clone, Copy)]
struct Lines<'a> {
    terms: Terms<'a>,
    priced: &'a Priced,
}

impl<'a> Lines<'a> {
    fn twins(
        self,
    ) -> iter::Map<std::slice::Iter<'a, Line>, impl FnMut(&'a Line) -> LineTwin<'a> + Clone> {
        let Self { terms, priced } = self;
        priced.lines.iter().map(move |line| {
            let column = priced.column(&terms, line);
            let words = &terms.version.rules[usize::from(column.rule)];
            let is_own = usize::from(line.position) == priced.position;
            LineTwin {
                shift: line.shift,
                from: line.from,
                to: line.to,
                hours: line.hours,
                rule: &words.rule,
                percent: column.percent,
                rate: column.rate,
                amount: line.amount,
                clause: &words.clause,
                base: column.base,
                flat: column.flat,
                paid_for: line.nature,
                classification: if is_own { "" } else { terms.classification(line) },
                reason: terms.reason(line),
            }
        })
    }
}

/// Archives lines as a vector of owned lines is archived.
struct AsLines;

impl ArchiveWith<Lines<'_>> for AsLines {
    type Archived = ArchivedVec<ArchivedQuoteLine>;
    type Resolver = VecResolver;

    fn resolve_with(
        field: &Lines<'_>,
        resolver: VecResolver,
        out: Place<ArchivedVec<ArchivedQuoteLine>>,
    ) {
        ArchivedVec::resolve_from_len(field.priced.lines.len(), resolver, out);
    }
}

impl<S> SerializeWith<Lines<'_>, S> for AsLines
where
    S: Fallible<Error: Source> + Allocator + Writer + ?Sized,
{
    fn serialize_with(field: &Lines<'_>, serializer: &mut S) -> Result<VecResolver, S::Error> {
        ArchivedVec::serialize_from_iter::<LineTwin<'_>, _, _>(field.twins(), serializer)
    }
}

/// Twin of a quote's reply.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedQuoteReply, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
pub(super) struct QuoteTwin<'a> {
    #[rkyv(with = Borrowed, omit_bounds)]
    award: &'a str,
    #[rkyv(with = Borrowed, omit_bounds)]
    classification: &'a str,
    operative_from: Date,
    minimum_hourly: Money,
    currency: Currency,
    #[rkyv(with = AsLines, omit_bounds)]
    lines: Lines<'a>,
    allowances: Vec<QuoteAllowance>,
    hours: Hours,
    total: Money,
}

impl<'a> QuoteTwin<'a> {
    #[inline]
    pub(super) fn new(terms: Terms<'a>, priced: &'a Priced) -> Self {
        let version = terms.version;
        Self {
            award: &version.award,
            classification: &version.classifications[priced.position].code,
            operative_from: version.operative_from,
            minimum_hourly: priced.minimum_hourly,
            currency: version.currency,
            lines: Lines { terms, priced },
            allowances: priced.allowances.iter().map(|it| allowance(&terms, it)).collect(),
            hours: priced.hours,
            total: priced.total,
        }
    }
}

fn allowance(terms: &Terms<'_>, line: &AllowanceLine) -> QuoteAllowance {
    let (code, clause, rate, per) = terms.allowance(line);
    QuoteAllowance {
        allowance: code.to_owned(),
        clause: clause.to_owned(),
        shift: line.shift,
        per,
        quantity: line.quantity,
        rate,
        amount: line.amount,
    }
}

/// Twin of one worker's part of a roster.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedWorkerQuote, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
pub(super) struct WorkerTwin<'a> {
    #[rkyv(with = Borrowed, omit_bounds)]
    pub(super) worker: &'a str,
    #[rkyv(omit_bounds)]
    pub(super) quote: QuoteTwin<'a>,
}

/// Twin of one worker of a batch.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedBatchWorker, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
pub(super) struct BatchWorkerTwin<'a> {
    #[rkyv(with = Borrowed, omit_bounds)]
    pub(super) worker: &'a str,
    pub(super) currency: Currency,
    pub(super) hours: Hours,
    pub(super) total: Money,
    #[rkyv(omit_bounds)]
    pub(super) quote: Option<QuoteTwin<'a>>,
    pub(super) refused: Option<WorkerRefusal>,
}

impl<'a> BatchWorkerTwin<'a> {
    /// A worker without a price; the refusal's words are few and rare.
    pub(super) fn refused(worker: &'a str, denial: &Denial) -> Self {
        Self {
            worker,
            currency: Currency::default(),
            hours: Hours::ZERO,
            total: Money::ZERO,
            quote: None,
            refused: Some(WorkerRefusal {
                refusal: denial.name.to_owned(),
                field: denial.field.to_string(),
                detail: denial.detail.to_string(),
            }),
        }
    }
}

/// Twin of the reply to a frame of a batch.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedBatchReply, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
pub(super) struct BatchTwin<'a> {
    pub(super) first: u64,
    pub(super) next: u64,
    #[rkyv(omit_bounds)]
    pub(super) workers: Vec<BatchWorkerTwin<'a>>,
    pub(super) priced: u32,
    pub(super) refused: u32,
    pub(super) shifts: u32,
    pub(super) totals: Vec<BatchTotal>,
}

/// Twin of a roster's reply.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedRosterReply, serialize_bounds(__S: Allocator + Writer, __S::Error: Source))]
pub(super) struct RosterTwin<'a> {
    #[rkyv(omit_bounds)]
    pub(super) workers: Vec<WorkerTwin<'a>>,
    pub(super) shifts: u32,
    pub(super) currency: Currency,
    pub(super) hours: Hours,
    pub(super) total: Money,
}
