//! Staging rows: they are stored, and nobody sees them.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Tenant,
    Touched,
};

use crate::award::AWARD_NUMBER_MAX;
use crate::events::PageStaged;
use crate::records::{PAGE_ROWS_MAX, PARTS_COUNT_MAX, Page, PageKey};
use crate::rows::Sheet;
use crate::{Fairwork, Refusal};

contract::message! {
    /// Stores some rows of one table of one award. They are seen when the year is published that names
    /// them. The same page staged again changes nothing, so an import that was interrupted is
    /// repeated.
    pub struct StagePage {
        /// The award's number.
        pub award: u32,
        /// The published year.
        pub year: u32,
        /// The table.
        pub sheet: Sheet,
        /// A digest of all rows of the table.
        pub import: u64,
        /// The page's place among those of the table, from 0 to 255.
        pub part: u32,
        /// The rows, 1 to 4,096 of them.
        pub page: Page,
    }

    /// What is staged.
    pub open struct StagePageReply {
        /// How many rows.
        pub rows: u32,
        /// False when they were there.
        pub changed: bool,
    }
}
impl Reply for StagePageReply {}

impl Request for StagePage {
    type Reply = StagePageReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.stage-page",
        summary: "Stores rows of the pay database that are not seen yet",
        method: Method::Post,
        path: "/v1/fairwork/pages",
        permission: "fairwork.import",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"award":4,"year":2025,"sheet":"classification","import":1,"part":0,"page":
            {"classifications":[{"classification_fixed_id":112,"base_pay_rate_id":"BR89790",
            "classification":"Retail Employee Level 1","base_rate_type":"Weekly","base_rate":1008.9,
            "calculated_rate_type":"Hourly","calculated_rate":26.55,"employee_rate_type_code":"AD",
            "operative_from":"2025-07-01"}]}}"#,
    };

    fn touches(request: &ArchivedStagePage, touched: &mut Touched) {
        touched.record::<Page>(&PageKey {
            award: request.award.to_native(),
            year: request.year.to_native(),
            sheet: request.sheet.to_native(),
            import: request.import.to_native(),
            part: request.part.to_native(),
        });
    }
}

impl Decide<Fairwork> for StagePage {
    fn decide(
        self,
        ask: Ask<'_, Fairwork>,
        events: &mut Events<Fairwork>,
    ) -> Result<StagePageReply, Denial> {
        let Self { award, year, sheet, import, part, page } = self;
        owner(ask.cx.tenant)?;
        check_year(year)?;
        if award == 0 || AWARD_NUMBER_MAX < award {
            return Err(Refusal::AwardInvalid.at("award"));
        }
        let rows = page.rows(sheet);
        let all: usize = Sheet::ALL.into_iter().map(|it| page.rows(it)).sum();
        if rows == 0 || rows != all || PAGE_ROWS_MAX < rows {
            return Err(Refusal::PageInvalid.at("page").because(format!(
                "the page has {rows} rows of the {} table and {} of others, expected 1 to \
                 {PAGE_ROWS_MAX} of its own",
                sheet.name(),
                all - rows
            )));
        }
        if usize::try_from(part).is_ok_and(|it| PARTS_COUNT_MAX <= it) {
            return Err(Refusal::PageInvalid
                .at("part")
                .because(format!("part is {part}, expected 0 to {}", PARTS_COUNT_MAX - 1)));
        }
        let rows = u32::try_from(rows).expect("checked against the limit");
        let staged = PageStaged { award, year, sheet, import, part, page };
        let changed = ask.view.load::<Page>(&staged.key()).as_ref() != Some(&staged.page);
        if changed {
            events.push(staged)?;
        }
        Ok(StagePageReply { rows, changed })
    }
}

/// The pay database belongs to the box.
pub(crate) fn owner(tenant: Tenant) -> Result<(), Denial> {
    if tenant == Tenant::BOX { Ok(()) } else { Err(Refusal::NotTheBox.deny()) }
}

pub(crate) fn check_year(year: u32) -> Result<(), Denial> {
    if (2009..=2200).contains(&year) {
        return Ok(());
    }
    Err(Refusal::YearInvalid.at("year").because(format!("year is {year}, expected 2009 to 2200")))
}
