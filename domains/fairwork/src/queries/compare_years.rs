//! What changed between two years.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};

use super::envelope::award;
use super::pages::{page, touch};
use crate::records::{AwardYear, Page, PageKey};
use crate::rules::compare::{Change, compare};
use crate::{Fairwork, Refusal};

contract::message! {
    /// What changed in one award between two imported years.
    pub struct CompareYears {
        /// The award's code or number.
        pub award: String,
        /// The earlier year.
        pub from: u32,
        /// The later year.
        pub to: u32,
    }

    /// The changes.
    pub open struct CompareYearsReply {
        /// The award's code.
        pub award: String,
        /// Its name, as the later year has it.
        pub name: String,
        /// The changes, table by table.
        pub changes: Vec<Change>,
    }
}
impl Reply for CompareYearsReply {}

impl Request for CompareYears {
    type Reply = CompareYearsReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.compare-years",
        summary: "Lists what changed in an award between two imported years",
        method: Method::Get,
        path: "/v1/fairwork/awards/{award}/changes",
        permission: "fairwork.read",
        rate: RateClass::Bulk,
        placement: Placement::Owner,
        example: r#"{"award":"MA000004","from":2024,"to":2025}"#,
    };

    fn touches(request: &ArchivedCompareYears, touched: &mut Touched) {
        touch(&request.award, touched);
    }
}

impl Answer<Fairwork> for CompareYears {
    fn answer(
        request: &ArchivedCompareYears,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, CompareYearsReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.award, ask.reference).map_err(|denial| denial.at("award"))?;
        let mut sides = Vec::new();
        for (field, year) in [("from", &request.from), ("to", &request.to)] {
            let year = year.to_native();
            let known = ask.reference.year(year).ok_or_else(|| Refusal::YearUnknown.at(field))?;
            sides.push(match known.award(number) {
                Some(award) => Some((year, award, whole(&ask, year, award)?)),
                None => None,
            });
        }
        let nothing = Page::default();
        let pages = |side: usize| sides[side].as_ref().map_or(&nothing, |(_, _, page)| page);
        let Some((_, newest, _)) = sides[1].as_ref().or(sides[0].as_ref()) else {
            return Err(Refusal::AwardUnknown.at("award"));
        };
        let changes = compare(pages(0), pages(1));
        let (award, name) = (newest.award.code.clone(), newest.award.name.clone());
        reply.put(&CompareYearsReply { award, name, changes });
        Ok(())
    }
}

/// All rows of one award in one year.
fn whole(ask: &Ask<'_, Fairwork>, year: u32, award: &AwardYear) -> Result<Page, Denial> {
    let mut all = Page::default();
    let number = award.number();
    for table in &award.sheets {
        for (part, _) in (0..).zip(&table.parts) {
            let (sheet, import) = (table.sheet, table.import);
            let key = PageKey { award: number, year, sheet, import, part };
            let mut page = Page::revive(page(ask, &key)?);
            all.classifications.append(&mut page.classifications);
            all.penalties.append(&mut page.penalties);
            all.wage_allowances.append(&mut page.wage_allowances);
            all.expense_allowances.append(&mut page.expense_allowances);
        }
    }
    Ok(all)
}
