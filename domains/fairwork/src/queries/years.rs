//! What is imported: years, and the pages of an award.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};

use super::pages::page;
use crate::records::{Page, PageKey, Year};
use crate::rows::Sheet;
use crate::{Fairwork, Refusal};

contract::message! {
    /// The imported years.
    pub struct ListYears {}

    /// One imported year.
    pub open struct YearSummary {
        /// The published year.
        pub year: u32,
        /// Its awards.
        pub awards: u32,
        /// Rows with classifications and pay rates.
        pub classifications: u64,
        /// Penalties.
        pub penalties: u64,
        /// Wage allowances.
        pub wage_allowances: u64,
        /// Expense allowances.
        pub expense_allowances: u64,
        /// When it was imported, in microseconds since 1970-01-01 UTC.
        pub published_us: u64,
    }

    /// The imported years, newest first.
    pub open struct YearsReply {
        /// The years.
        pub years: Vec<YearSummary>,
    }

    /// One imported year: its awards, and the pages of their tables.
    pub struct ShowYear {
        /// The published year.
        pub year: u32,
    }

    /// One imported page of rows.
    pub struct ShowPage {
        /// The award's number.
        pub award: u32,
        /// The published year.
        pub year: u32,
        /// The table.
        pub sheet: Sheet,
        /// What it was imported as.
        pub import: u64,
        /// Its place among the pages of the table.
        pub part: u32,
    }
}
impl Reply for YearsReply {}
impl Reply for Year {}
impl Reply for Page {}

impl Request for ListYears {
    type Reply = YearsReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.years",
        summary: "Lists the imported years of the pay database",
        method: Method::Get,
        path: "/v1/fairwork/years",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Fairwork> for ListYears {
    fn answer(
        _: &ArchivedListYears,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, YearsReply>,
    ) -> Result<(), Denial> {
        let summary = |year: &Year| {
            let rows = |sheet| {
                let tables = year.awards.iter().filter_map(|it| it.sheet(sheet));
                tables.map(crate::AwardSheet::rows).sum()
            };
            YearSummary {
                year: year.year,
                awards: u32::try_from(year.awards.len()).expect("checked against the limit"),
                classifications: rows(Sheet::Classification),
                penalties: rows(Sheet::Penalty),
                wage_allowances: rows(Sheet::WageAllowance),
                expense_allowances: rows(Sheet::ExpenseAllowance),
                published_us: year.published_us,
            }
        };
        reply.put(&YearsReply { years: ask.reference.newest_first().map(summary).collect() });
        Ok(())
    }
}

impl Request for ShowYear {
    type Reply = Year;
    const SHAPE: Shape = Shape {
        name: "fairwork.year",
        summary: "Shows what an imported year of the pay database has",
        method: Method::Get,
        path: "/v1/fairwork/years/{year}",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"year":2025}"#,
    };
}

impl Answer<Fairwork> for ShowYear {
    fn answer(
        request: &ArchivedShowYear,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, Year>,
    ) -> Result<(), Denial> {
        let year = ask.reference.year(request.year.to_native());
        reply.put(year.ok_or_else(|| Refusal::YearUnknown.at("year"))?);
        Ok(())
    }
}

impl Request for ShowPage {
    type Reply = Page;
    const SHAPE: Shape = Shape {
        name: "fairwork.page",
        summary: "Shows an imported page of rows of the pay database",
        method: Method::Get,
        path: "/v1/fairwork/pages",
        permission: "fairwork.read",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"award":4,"year":2025,"sheet":"classification","import":1,"part":0}"#,
    };

    fn touches(request: &ArchivedShowPage, touched: &mut Touched) {
        touched.record::<Page>(&request.key());
    }
}

impl ArchivedShowPage {
    fn key(&self) -> PageKey {
        PageKey {
            award: self.award.to_native(),
            year: self.year.to_native(),
            sheet: self.sheet.to_native(),
            import: self.import.to_native(),
            part: self.part.to_native(),
        }
    }
}

impl Answer<Fairwork> for ShowPage {
    fn answer(
        request: &ArchivedShowPage,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, Page>,
    ) -> Result<(), Denial> {
        let key = request.key();
        let found = page(&ask, &key).map_err(|denial| denial.at("part"))?;
        reply.put(&Page::revive(found));
        Ok(())
    }
}
