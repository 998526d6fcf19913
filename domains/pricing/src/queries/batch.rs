//! Many quotes in one call.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
};

use super::quote::{Quote, QuoteReply};
use crate::rules::quote::{Priced, QuoteError, QuoteProblem, STEPS_COUNT_MAX};
use crate::{Pricing, refuse};

/// The most quotes in one batch.
const QUOTES_COUNT_MAX: usize = 1_024;
/// The most lines in one batch.
const BATCH_LINES_COUNT_MAX: usize = 4_096;

contract::message! {
    /// Many quotes, each for itself and as known at its own moment. One fault refuses the whole.
    pub struct QuoteBatch {
        /// At most 1,024 with 4,096 lines together.
        pub quotes: Vec<Quote>,
    }

    /// What they come to.
    pub open struct BatchReply {
        /// In the order asked.
        pub quotes: Vec<QuoteReply>,
    }
}
impl Reply for BatchReply {}

impl Request for QuoteBatch {
    type Reply = BatchReply;
    const SHAPE: Shape = Shape {
        name: "pricing.quote-batch",
        summary: "Prices products for many buyers",
        method: Method::Post,
        path: "/v1/pricing/quotes",
        permission: "pricing.quote",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"quotes":[{"currency":"AUD","date":"2026-07-07",
            "lines":[{"product":"seat","quantity":"5"}]},{"currency":"AUD","date":"2026-07-07",
            "lines":[{"product":"seat","quantity":"20"}]}]}"#,
    };
}

impl Answer<Pricing> for QuoteBatch {
    fn answer(
        request: &ArchivedQuoteBatch,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, BatchReply>,
    ) -> Result<(), Denial> {
        check_counts(request).map_err(|error| refuse::quote("", &error))?;
        let mut quotes = Vec::with_capacity(request.quotes.len());
        let mut steps = 0;
        let mut priced = Priced::default();
        for (at, quote) in Self::revive(request).quotes.into_iter().enumerate() {
            let (answer, count) = quote
                .answer(ask.reference, ask.cx.tenant, &mut priced)
                .map_err(|error| refuse::quote(&format!("quotes[{at}]."), &error))?;
            steps += count;
            if STEPS_COUNT_MAX < steps {
                let problem = QuoteProblem::TooManySteps;
                let error = QuoteError { field: "quotes".to_owned(), problem };
                return Err(refuse::quote("", &error));
            }
            quotes.push(answer);
        }
        reply.put(&BatchReply { quotes });
        Ok(())
    }
}

fn check_counts(request: &ArchivedQuoteBatch) -> Result<(), QuoteError> {
    let refuse = |problem| Err(QuoteError { field: "quotes".to_owned(), problem });
    let count = request.quotes.len();
    if count == 0 {
        return refuse(QuoteProblem::Empty);
    }
    if QUOTES_COUNT_MAX < count {
        return refuse(QuoteProblem::TooMany { count, most: QUOTES_COUNT_MAX });
    }
    let lines: usize = request.quotes.iter().map(|it| it.lines.len()).sum();
    if BATCH_LINES_COUNT_MAX < lines {
        return refuse(QuoteProblem::TooManyLines { count: lines, most: BATCH_LINES_COUNT_MAX });
    }
    Ok(())
}
