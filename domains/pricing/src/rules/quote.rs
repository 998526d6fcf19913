//! A whole quote: each line priced, adjusted and taxed, then summed.

use values::{Currency, Date};

use super::adjust::Taken;
use super::book::{Book, Circumstances, Found};
use super::line::{AskedLine, LineError, Step};
use super::list::{TaxRounding, limits};
use super::tax::{self, TaxSum, TaxTable, Treatment, name_problem};

/// The most lines of one quote.
pub const LINES_COUNT_MAX: usize = 512;
/// The most adjustments that a quote asks for by name.
pub const REQUESTED_COUNT_MAX: usize = 32;
/// The greatest step that a sum is rounded to, in minor units.
pub const CASH_STEP_MAX: u32 = 10_000;
/// The most steps and adjustments in one answer, so that it fits.
pub const STEPS_COUNT_MAX: usize = 32_768;

/// Why a quote is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteError {
    /// The field inside the quote, such as `lines[3].quantity`.
    pub field: String,
    /// What is wrong.
    pub problem: QuoteProblem,
}

/// What is wrong with a quote. Reads after the name of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteProblem {
    /// Nothing is asked.
    #[error("is empty, expected at least one")]
    Empty,
    /// Too much is asked.
    #[error("has {count}, at most {most} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Too many lines in all.
    #[error("have {count} lines together, at most {most} are allowed")]
    TooManyLines {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A text that nothing can have.
    #[error("{0}")]
    Text(String),
    /// No list has the product.
    #[error("is {0}, which no price list has")]
    ProductUnknown(String),
    /// Lists have it, but in other currencies.
    #[error("is {product}, which is priced in {offered} and not in {asked}")]
    CurrencyMismatch {
        /// Which.
        product: String,
        /// The currencies that it is priced in.
        offered: String,
        /// What was asked.
        asked: Currency,
    },
    /// Lists have it in that currency, but none applies.
    #[error("is {product}, which has no price on {date} for this buyer: {why}")]
    NoPrice {
        /// Which.
        product: String,
        /// When.
        date: Date,
        /// What keeps the lists that have it from applying.
        why: String,
    },
    /// The price cannot answer the line.
    #[error(transparent)]
    Line(#[from] super::line::LineProblem),
    /// The list names a tax table that is not published.
    #[error("is priced by list {list}, whose tax table {table} is not published")]
    TaxUnknown {
        /// The list.
        list: String,
        /// The table.
        table: String,
    },
    /// No rate is in force.
    #[error("is taxed as {category} of {table}, which has no rate on {date}")]
    NoTaxRate {
        /// The category.
        category: String,
        /// The table.
        table: String,
        /// When.
        date: Date,
    },
    /// No list that the quote uses has such an adjustment on request.
    #[error("is {0}, which no list of this quote offers on request")]
    AdjustmentUnknown(String),
    /// A rounding step out of range.
    #[error("is {0}, expected 1 to {CASH_STEP_MAX}")]
    CashStep(u32),
    /// The answer would be too long.
    #[error("come to more than {STEPS_COUNT_MAX} steps and adjustments; ask for fewer at a time")]
    TooManySteps,
    /// A moment of which not all editions are kept.
    #[error("is {asked_us}, but what was known is kept only from {whole_from_us} on")]
    Dropped {
        /// What was asked, in microseconds since 1970-01-01 UTC.
        asked_us: u64,
        /// From when on all is kept.
        whole_from_us: u64,
    },
}

fn refuse(field: impl Into<String>, problem: QuoteProblem) -> QuoteError {
    QuoteError { field: field.into(), problem }
}

/// What a quote is for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What decides which prices apply.
    pub circumstances: Circumstances<'a>,
    /// What is bought.
    pub lines: &'a [AskedLine],
    /// Adjustments asked for by name.
    pub requested: &'a [String],
    /// What the payable sum is rounded to, in minor units.
    pub cash_step: u32,
}

/// One priced line; steps and adjustments stand in the [`Priced`] it belongs to.
#[derive(Debug, Clone)]
pub struct Line<'b> {
    /// The price that applied.
    pub found: Found<'b>,
    /// Its steps.
    pub steps: std::ops::Range<usize>,
    /// Before adjustments, in minor units.
    pub price: i64,
    /// Its adjustments.
    pub taken: std::ops::Range<usize>,
    /// After adjustments, in minor units.
    pub amount: i64,
    /// Without the sale: `amount` under the next price that applies and is no sale.
    pub original: Option<i64>,
    /// How it is taxed.
    pub treatment: Option<Treatment<'b>>,
}

/// A quote, priced.
#[derive(Debug, Clone, Default)]
pub struct Priced<'b> {
    /// In the order asked.
    pub lines: Vec<Line<'b>>,
    /// The steps of all lines.
    pub steps: Vec<Step>,
    /// The adjustments of all lines.
    pub taken: Vec<Taken>,
    /// The tax, by how it is charged.
    pub taxes: Vec<TaxSum<'b>>,
    /// Without tax, in minor units.
    pub net: i64,
    /// All tax, in minor units.
    pub tax: i64,
    /// With tax, in minor units.
    pub total: i64,
    /// The total rounded to the step asked for.
    pub payable: i64,
}

/// The books that a quote may price from: the tenant's own goes before the box's.
#[derive(Debug, Clone, Copy)]
pub struct Books<'b> {
    /// In the order of choice.
    pub books: [Option<&'b Book>; 2],
}

impl<'b> Books<'b> {
    fn each(self) -> impl Iterator<Item = &'b Book> {
        self.books.into_iter().flatten()
    }

    /// The price that applies, from the first book that has one.
    #[inline]
    #[must_use]
    pub fn find(self, product: &str, circumstances: &Circumstances<'_>) -> Option<Found<'b>> {
        self.each().find_map(|it| it.find(product, circumstances))
    }

    /// The price that applies, or why there is none; the field is `product`.
    pub fn price(
        self,
        product: &str,
        circumstances: &Circumstances<'_>,
    ) -> Result<Found<'b>, QuoteError> {
        self.find(product, circumstances).ok_or_else(|| self.missing(product, circumstances))
    }

    /// The tax table with this code.
    #[must_use]
    pub fn tax(self, code: &str) -> Option<&'b TaxTable> {
        self.each().find_map(|it| it.tax(code))
    }

    /// How a line of this price is taxed on a date.
    fn treatment(
        self,
        found: Found<'b>,
        date: Date,
    ) -> Result<Option<Treatment<'b>>, QuoteProblem> {
        let (Some(tax), Some(category)) = (&found.list.tax, &found.price.tax) else {
            return Ok(None);
        };
        let Some(table) = self.tax(&tax.table) else {
            let (list, table) = (found.list.code.clone(), tax.table.clone());
            return Err(QuoteProblem::TaxUnknown { list, table });
        };
        let Some(percent) = table.percent_on(category, date) else {
            let (category, table) = (category.clone(), tax.table.clone());
            return Err(QuoteProblem::NoTaxRate { category, table, date });
        };
        let (inclusive, rounding) = (tax.inclusive, tax.rounding);
        Ok(Some(Treatment { table: &tax.table, category, percent, inclusive, rounding }))
    }

    #[cold]
    fn missing(self, product: &str, asked: &Circumstances<'_>) -> QuoteError {
        let mut currencies: Vec<String> = Vec::new();
        let mut reasons: Vec<String> = Vec::new();
        for Found { list, .. } in self.each().flat_map(|it| it.prices(product)) {
            if list.currency != asked.currency {
                let currency = list.currency.to_string();
                if !currencies.contains(&currency) {
                    currencies.push(currency);
                }
                continue;
            }
            // Whom another list is for is nobody else's business.
            let reason = match (list.valid_from, list.valid_until) {
                _ if !list.admits(asked) => "is for other buyers".to_owned(),
                (Some(from), _) if asked.date < from => format!("applies from {from}"),
                (_, Some(until)) => format!("applied until {until}"),
                _ => continue,
            };
            reasons.push(format!("list {} {reason}", list.code));
        }
        let product = product.to_owned();
        let problem = if !reasons.is_empty() {
            reasons.truncate(REASONS_COUNT_MAX);
            let (date, why) = (asked.date, reasons.join(", "));
            QuoteProblem::NoPrice { product, date, why }
        } else if currencies.is_empty() {
            QuoteProblem::ProductUnknown(product)
        } else {
            let (offered, asked) = (currencies.join(", "), asked.currency);
            QuoteProblem::CurrencyMismatch { product, offered, asked }
        };
        refuse("product", problem)
    }

    /// Prices a quote.
    pub fn quote(self, asked: &Asked<'_>) -> Result<Priced<'b>, QuoteError> {
        let mut priced = Priced::default();
        self.quote_into(asked, &mut priced)?;
        Ok(priced)
    }

    /// Prices a quote into `priced`, whose former content is dropped and whose memory is used again.
    pub fn quote_into(self, asked: &Asked<'_>, priced: &mut Priced<'b>) -> Result<(), QuoteError> {
        check(asked)?;
        priced.lines.clear();
        priced.steps.clear();
        priced.taken.clear();
        for (at, line) in asked.lines.iter().enumerate() {
            self.line(asked, line, priced)
                .map_err(|error| refuse(format!("lines[{at}].{}", error.field), error.problem))?;
            if STEPS_COUNT_MAX < priced.steps.len() + priced.taken.len() {
                return Err(refuse("lines", QuoteProblem::TooManySteps));
            }
        }
        for (at, name) in asked.requested.iter().enumerate() {
            let offers = |it: &Line<'_>| {
                it.found.list.adjustments.iter().any(|it| it.on_request && it.name == *name)
            };
            if !priced.lines.iter().any(offers) {
                let problem = QuoteProblem::AdjustmentUnknown(name.clone());
                return Err(refuse(format!("adjustments[{at}]"), problem));
            }
        }
        priced.close(asked.cash_step);
        Ok(())
    }

    fn line(
        self,
        asked: &Asked<'_>,
        line: &AskedLine,
        priced: &mut Priced<'b>,
    ) -> Result<(), QuoteError> {
        let circumstances = &asked.circumstances;
        let found = self.price(&line.product, circumstances)?;
        let (steps, taken) = (priced.steps.len(), priced.taken.len());
        let (price, amount) = found.amount(line, asked.requested, priced)?;
        let (steps_end, taken_end) = (priced.steps.len(), priced.taken.len());
        let mut original = None;
        if found.list.sale
            && let Some(without) = self.without_sale(&line.product, circumstances)
        {
            // A price that cannot answer the line has no amount to compare with.
            original = without.amount(line, asked.requested, priced).ok().map(|(_, it)| it);
            priced.steps.truncate(steps_end);
            priced.taken.truncate(taken_end);
        }
        let treatment = self
            .treatment(found, circumstances.date)
            .map_err(|problem| refuse("product", problem))?;
        priced.lines.push(Line {
            found,
            steps: steps..steps_end,
            price,
            taken: taken..taken_end,
            amount,
            original,
            treatment,
        });
        Ok(())
    }

    fn without_sale(self, product: &str, asked: &Circumstances<'_>) -> Option<Found<'b>> {
        self.each()
            .flat_map(|it| it.prices(product))
            .find(|it| !it.list.sale && it.list.applies(asked))
    }
}

/// The most lists that a refusal tells about.
const REASONS_COUNT_MAX: usize = 4;

impl Found<'_> {
    /// The line's price and its amount after adjustments, in minor units.
    fn amount(
        self,
        line: &AskedLine,
        requested: &[String],
        priced: &mut Priced<'_>,
    ) -> Result<(i64, i64), QuoteError> {
        let named = |error: LineError| refuse(error.field, error.problem.into());
        let currency = self.list.currency;
        let price = self.price.charge(line, currency, &mut priced.steps).map_err(named)?;
        let amount = self.list.adjust(line, requested, price, &mut priced.taken).map_err(named)?;
        Ok((price, amount))
    }
}

impl Priced<'_> {
    fn close(&mut self, cash_step: u32) {
        let taxed = self.lines.iter().filter_map(|it| Some((it.amount, it.treatment?)));
        tax::sum(taxed, &mut self.taxes);
        let lines: i64 = self.lines.iter().map(|it| it.amount).sum();
        let added: i64 =
            self.taxes.iter().filter(|it| !it.treatment.inclusive).map(|it| it.tax).sum();
        self.tax = self.taxes.iter().map(|it| it.tax).sum();
        self.total = lines + added;
        self.net = self.total - self.tax;
        self.payable = tax::to_step(self.total, cash_step);
    }
}

impl Circumstances<'_> {
    /// Refuses texts that nothing can have and a currency that there is not.
    pub fn check(&self) -> Result<(), QuoteError> {
        for (field, it) in [
            ("customer", self.customer),
            ("group", self.group),
            ("channel", self.channel),
            ("country", self.country),
        ] {
            if let Some(problem) = it.and_then(|it| name_problem(it, limits::NAME_BYTES_MAX)) {
                return Err(refuse(field, QuoteProblem::Text(problem)));
            }
        }
        if !self.currency.is_known() {
            let problem = "is not a currency code of ISO 4217".to_owned();
            return Err(refuse("currency", QuoteProblem::Text(problem)));
        }
        Ok(())
    }
}

fn check(asked: &Asked<'_>) -> Result<(), QuoteError> {
    let Asked { circumstances, lines, requested, cash_step } = asked;
    circumstances.check()?;
    if lines.is_empty() {
        return Err(refuse("lines", QuoteProblem::Empty));
    }
    for (field, count, most) in [
        ("lines", lines.len(), LINES_COUNT_MAX),
        ("adjustments", requested.len(), REQUESTED_COUNT_MAX),
    ] {
        if most < count {
            return Err(refuse(field, QuoteProblem::TooMany { count, most }));
        }
    }
    if *cash_step == 0 || CASH_STEP_MAX < *cash_step {
        return Err(refuse("cash_step", QuoteProblem::CashStep(*cash_step)));
    }
    Ok(())
}

impl Line<'_> {
    /// Its own tax, in minor units; `None` when tax is rounded on the total or there is none.
    #[must_use]
    pub fn own_tax(&self) -> Option<i64> {
        let treatment = self.treatment?;
        (treatment.rounding == TaxRounding::PerLine).then(|| treatment.tax(self.amount))
    }
}
