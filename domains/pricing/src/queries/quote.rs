//! Pricing products.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Tenant,
};
use values::{Currency, Date};

use crate::rules::book::Circumstances;
use crate::rules::decimal::{Decimal, Rounded};
use crate::rules::line::{AskedLine, Step};
use crate::rules::list::{AdjustmentKind, TaxRounding};
use crate::rules::quote::{Asked, Books, LINES_COUNT_MAX, Line, Priced, QuoteError};
use crate::{Pricing, Reference, refuse};

contract::message! {
    /// What products come to for one buyer on one day.
    pub struct Quote {
        /// What the answer is in.
        pub currency: Currency,
        /// The day that prices and tax rates are asked for.
        pub date: Date,
        /// Who buys.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customer: Option<String>,
        /// The group that the customer belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub group: Option<String>,
        /// Through which channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub channel: Option<String>,
        /// In which country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub country: Option<String>,
        /// At most 512.
        pub lines: Vec<AskedLine>,
        /// Adjustments that lists offer on request, by name; at most 32.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub adjustments: Vec<String>,
        /// Minor units that the payable sum is rounded to, half up: 5 where cash is paid and the
        /// smallest coin is five cents. 1 to 10,000; 1 when absent.
        #[serde(default = "one")]
        pub cash_step: u32,
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC: by what was published
        /// then. By what is published now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// What an adjustment changed.
    pub open struct AdjustedBy {
        /// Its name.
        pub name: String,
        /// Which way it goes.
        pub kind: AdjustmentKind,
        /// Below zero for a discount.
        pub amount: Rounded,
        /// Whether its cap, or the line's amount, held it back.
        pub capped: bool,
    }

    /// How a line is taxed.
    pub open struct LineTax {
        /// The tax table.
        pub table: String,
        /// The category in it.
        pub category: String,
        /// The rate in force on the date.
        pub percent: Decimal,
        /// Whether the line holds the tax already.
        pub inclusive: bool,
        /// The line's own tax; absent where tax is rounded on the total.
        pub tax: Option<Rounded>,
    }

    /// One priced line.
    pub open struct QuoteLine {
        /// As asked.
        pub product: String,
        /// The list that applied.
        pub list: String,
        /// Its version.
        pub valid_from: Option<Date>,
        /// The price's model, such as `graduated`.
        pub model: String,
        /// How `price` comes about; the steps' amounts come to it exactly.
        pub steps: Vec<Step>,
        /// Before adjustments, rounded half-up to the minor unit.
        pub price: Rounded,
        /// In the order they were taken.
        pub adjustments: Vec<AdjustedBy>,
        /// After adjustments.
        pub amount: Rounded,
        /// What the line would come to without the sale; absent when it is none.
        pub original: Option<Rounded>,
        /// How it is taxed; absent when it is not.
        pub tax: Option<LineTax>,
    }

    /// The tax of all lines that are taxed alike.
    pub open struct QuoteTax {
        /// The tax table.
        pub table: String,
        /// The category in it.
        pub category: String,
        /// The rate.
        pub percent: Decimal,
        /// Whether the lines hold the tax already.
        pub inclusive: bool,
        /// Where it was rounded.
        pub rounding: TaxRounding,
        /// The sum of the lines.
        pub lines: Rounded,
        /// The tax.
        pub tax: Rounded,
    }

    /// The price of products, line by line.
    pub open struct QuoteReply {
        /// What all money here is in.
        pub currency: Currency,
        /// As asked.
        pub date: Date,
        /// In the order asked.
        pub lines: Vec<QuoteLine>,
        /// In the order of the first line of each.
        pub taxes: Vec<QuoteTax>,
        /// Without tax.
        pub net: Rounded,
        /// All tax.
        pub tax: Rounded,
        /// With tax.
        pub total: Rounded,
        /// The total rounded to the step asked for.
        pub payable: Rounded,
    }
}
impl Reply for QuoteReply {}

const fn one() -> u32 {
    1
}

impl Quote {
    /// Prices it with the memory of `priced`, and tells how many steps and adjustments it has.
    pub(crate) fn answer<'r>(
        self,
        reference: &'r Reference,
        tenant: Tenant,
        priced: &mut Priced<'r>,
    ) -> Result<(QuoteReply, usize), QuoteError> {
        // A quote with more lines is refused whatever it asks for.
        let products = self.lines.iter().take(LINES_COUNT_MAX).map(|it| it.product.as_str());
        let Some(then) = reference.then(tenant, self.as_known_at_us, products)? else {
            self.price(reference.books(tenant), priced)?;
            return Ok((self.reply(priced), priced.steps.len() + priced.taken.len()));
        };
        let mut priced = Priced::default();
        self.price(then.books(), &mut priced)?;
        Ok((self.reply(&priced), priced.steps.len() + priced.taken.len()))
    }

    /// Prices it into `priced`.
    fn price<'b>(&self, books: Books<'b>, priced: &mut Priced<'b>) -> Result<(), QuoteError> {
        let asked = Asked {
            circumstances: Circumstances {
                currency: self.currency,
                date: self.date,
                customer: self.customer.as_deref(),
                group: self.group.as_deref(),
                channel: self.channel.as_deref(),
                country: self.country.as_deref(),
            },
            lines: &self.lines,
            requested: &self.adjustments,
            cash_step: self.cash_step,
        };
        books.quote_into(&asked, priced)
    }

    /// The answer.
    fn reply(self, priced: &Priced<'_>) -> QuoteReply {
        let Self { currency, date, lines, .. } = self;
        let money = |minor| Rounded::new(minor, currency);
        let line = |(asked, line): (AskedLine, &Line<'_>)| QuoteLine {
            product: asked.product,
            list: line.found.list.code.clone(),
            valid_from: line.found.list.valid_from,
            model: line.found.price.model.name().to_owned(),
            steps: priced.steps[line.steps.clone()].to_vec(),
            price: money(line.price),
            adjustments: priced.taken[line.taken.clone()]
                .iter()
                .map(|taken| {
                    let it = &line.found.list.adjustments[taken.at];
                    let (amount, capped) = (money(taken.minor), taken.capped);
                    AdjustedBy { name: it.name.clone(), kind: it.kind, amount, capped }
                })
                .collect(),
            amount: money(line.amount),
            original: line.original.map(money),
            tax: line.treatment.map(|it| LineTax {
                table: it.table.to_owned(),
                category: it.category.to_owned(),
                percent: it.percent,
                inclusive: it.inclusive,
                tax: line.own_tax().map(money),
            }),
        };
        QuoteReply {
            currency,
            date,
            lines: lines.into_iter().zip(&priced.lines).map(line).collect(),
            taxes: priced
                .taxes
                .iter()
                .map(|sum| QuoteTax {
                    table: sum.treatment.table.to_owned(),
                    category: sum.treatment.category.to_owned(),
                    percent: sum.treatment.percent,
                    inclusive: sum.treatment.inclusive,
                    rounding: sum.treatment.rounding,
                    lines: money(sum.lines),
                    tax: money(sum.tax),
                })
                .collect(),
            net: money(priced.net),
            tax: money(priced.tax),
            total: money(priced.total),
            payable: money(priced.payable),
        }
    }
}

impl Request for Quote {
    type Reply = QuoteReply;
    const SHAPE: Shape = Shape {
        name: "pricing.quote",
        summary: "Prices products for one buyer on one day",
        method: Method::Post,
        path: "/v1/pricing/quote",
        permission: "pricing.quote",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"currency":"AUD","date":"2026-07-07","channel":"web","lines":[
            {"product":"seat","quantity":"12"},{"product":"api-calls","quantity":"201"},
            {"product":"featured-extra","days":[{"hours":"12.00"},
            {"cancelled_notice_hours":48}]}]}"#,
    };
}

impl Answer<Pricing> for Quote {
    fn answer(
        request: &ArchivedQuote,
        ask: Ask<'_, Pricing>,
        reply: &mut ReplySink<'_, QuoteReply>,
    ) -> Result<(), Denial> {
        let quote = Self::revive(request);
        let mut priced = Priced::default();
        let (answer, _) = quote
            .answer(ask.reference, ask.cx.tenant, &mut priced)
            .map_err(|error| refuse::quote("", &error))?;
        reply.put(&answer);
        Ok(())
    }
}
