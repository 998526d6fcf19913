//! The first version of accepted quotes and of awards, as logs and stores of older boxes hold them.

mod award;

use contract::Stored;
use rkyv::{Archive, Deserialize, Serialize};
use values::{Currency, Date, Moment, Money};

use crate::records::{AcceptedQuote, QuoteId};
use crate::rules::award::Employment;
use crate::rules::calendar::State;
use crate::rules::shift::{Shift, UnpaidBreak};
use crate::{Quote, QuoteAccepted};

#[derive(Debug, Archive, Serialize, Deserialize)]
struct BreakOne {
    start: Moment,
    end: Moment,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct ShiftOne {
    start: Moment,
    end: Moment,
    unpaid_breaks: Vec<BreakOne>,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct QuoteOne {
    award: String,
    classification: String,
    employment: Employment,
    state: State,
    pay_period_start: Date,
    shifts: Vec<ShiftOne>,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct AcceptedQuoteOne {
    quote: QuoteOne,
    operative_from: Date,
    currency: Currency,
    total: Money,
    reference: String,
    accepted_us: u64,
    accepted_by: u64,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct QuoteAcceptedOne {
    id: QuoteId,
    accepted: AcceptedQuoteOne,
}

impl From<QuoteOne> for Quote {
    fn from(it: QuoteOne) -> Self {
        let shifts = it.shifts.into_iter().map(|shift| {
            let pause = |it: BreakOne| UnpaidBreak { start: it.start, end: it.end };
            let breaks = shift.unpaid_breaks.into_iter().map(pause).collect();
            Shift::new(shift.start, shift.end, breaks)
        });
        let shifts = shifts.collect();
        let (employment, state) = (it.employment, it.state);
        Self::new(it.award, it.classification, employment, state, it.pay_period_start, shifts)
    }
}

impl From<AcceptedQuoteOne> for AcceptedQuote {
    fn from(it: AcceptedQuoteOne) -> Self {
        Self {
            quote: it.quote.into(),
            operative_from: it.operative_from,
            currency: it.currency,
            total: it.total,
            reference: it.reference,
            accepted_us: it.accepted_us,
            accepted_by: it.accepted_by,
            known_us: it.accepted_us,
            lines: None,
            charge: None,
        }
    }
}

impl AcceptedQuote {
    /// Reads a row of the first schema version: only its total was kept.
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        (version == 1).then(|| AcceptedQuoteOne::decode(payload).ok().map(Self::from)).flatten()
    }
}

impl QuoteAccepted {
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        if version != 1 {
            return None;
        }
        let QuoteAcceptedOne { id, accepted } = QuoteAcceptedOne::decode(payload).ok()?;
        Some(Self { id, accepted: accepted.into() })
    }
}
