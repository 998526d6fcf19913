//! From what the rules found wrong to the domain's numbered refusals.

use contract::Denial;

use crate::rules::check::{ListError, ListProblem};
use crate::rules::line::LineProblem;
use crate::rules::quote::{QuoteError, QuoteProblem};
use crate::rules::tax::TaxError;

contract::refusals! {
    /// No price list has that product.
    ProductUnknown = 1 Missing,
    /// Price lists have the product, but none that applies.
    NoPrice = 2 Missing,
    /// The product is not priced in that currency.
    CurrencyMismatch = 3 Invalid,
    /// A quantity or amount is below zero.
    Negative = 4 Invalid,
    /// The product is not sold in such parts.
    Fractional = 5 Invalid,
    /// A quantity or amount is above its limit.
    TooMuch = 6 Invalid,
    /// The price needs something else to answer the line.
    LineInvalid = 7 Invalid,
    /// There is nothing to price.
    Empty = 8 Invalid,
    /// A list is longer than its limit.
    TooMany = 9 Invalid,
    /// A text is empty, too long or not what it stands for.
    TextInvalid = 10 Invalid,
    /// No tax table with that code is published.
    TaxUnknown = 11 Conflict,
    /// The tax table has no rate for that category on that day.
    NoTaxRate = 12 Conflict,
    /// No list of the quote offers that adjustment on request.
    AdjustmentUnknown = 13 Invalid,
    /// A sum is rounded to steps of 1 to 10000 minor units.
    CashStepInvalid = 14 Invalid,
    /// The price list contradicts itself or leaves something open.
    ListInvalid = 15 Invalid,
    /// Two tiers hold the same quantity.
    TiersOverlap = 16 Invalid,
    /// Quantities between two tiers have no price.
    TiersGap = 17 Invalid,
    /// Bounds do not rise.
    BoundsUnsorted = 18 Invalid,
    /// Another version of that list with that first day is published.
    ListExists = 19 Conflict,
    /// No such version of that list is published.
    ListUnknown = 20 Missing,
    /// A tenant has at most 1024 versions of price lists; replace one that has ended.
    TooManyLists = 21 Conflict,
    /// The tax table contradicts itself or leaves something open.
    TaxesInvalid = 22 Invalid,
    /// Another tax table with that code is published.
    TaxesExist = 23 Conflict,
    /// A tenant has at most 64 tax tables.
    TooManyTaxes = 24 Conflict,
    /// What was known at that moment is no longer kept: the oldest of 1024 replaced editions are
    /// dropped.
    HistoryDropped = 25 Missing,
}

impl From<&LineProblem> for Refusal {
    fn from(problem: &LineProblem) -> Self {
        use LineProblem as P;
        match problem {
            P::Negative(_) => Self::Negative,
            P::Fractional { .. } | P::NotMinor(..) => Self::Fractional,
            P::TooMuch(..) | P::DayTooLong { .. } | P::AmountTooLarge => Self::TooMuch,
            P::Missing(_) | P::Unused(_) | P::DayUnclear | P::NoHours => Self::LineInvalid,
            P::TooMany { .. } => Self::TooMany,
        }
    }
}

impl From<&QuoteProblem> for Refusal {
    fn from(problem: &QuoteProblem) -> Self {
        use QuoteProblem as P;
        match problem {
            P::Empty => Self::Empty,
            P::TooMany { .. } | P::TooManyLines { .. } | P::TooManySteps => Self::TooMany,
            P::Text(_) => Self::TextInvalid,
            P::ProductUnknown(_) => Self::ProductUnknown,
            P::CurrencyMismatch { .. } => Self::CurrencyMismatch,
            P::NoPrice { .. } => Self::NoPrice,
            P::Line(problem) => problem.into(),
            P::TaxUnknown { .. } => Self::TaxUnknown,
            P::NoTaxRate { .. } => Self::NoTaxRate,
            P::AdjustmentUnknown(_) => Self::AdjustmentUnknown,
            P::CashStep(_) => Self::CashStepInvalid,
            P::Dropped { .. } => Self::HistoryDropped,
        }
    }
}

/// The denial of a quote whose fields stand under `prefix` in the request, such as `quotes[2].`.
#[cold]
pub(crate) fn quote(prefix: &str, error: &QuoteError) -> Denial {
    let field = format!("{prefix}{}", error.field);
    let detail = format!("{field} {}", error.problem);
    Refusal::from(&error.problem).at(field).because(detail)
}

#[cold]
pub(crate) fn list(error: &ListError) -> Denial {
    let refusal = match error.problem {
        ListProblem::TiersOverlap { .. } => Refusal::TiersOverlap,
        ListProblem::TiersGap { .. } => Refusal::TiersGap,
        ListProblem::Unsorted { .. } => Refusal::BoundsUnsorted,
        ListProblem::Other(_) => Refusal::ListInvalid,
    };
    let field = format!("list.{}", error.field);
    let detail = format!("{field} {}", error.problem);
    refusal.at(field).because(detail)
}

#[cold]
pub(crate) fn taxes(error: &TaxError) -> Denial {
    let field = format!("table.{}", error.field);
    let detail = format!("{field} {}", error.problem);
    Refusal::TaxesInvalid.at(field).because(detail)
}
