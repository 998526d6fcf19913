//! Reading the pages of an award.

use contract::{Ask, Denial, Touched};

use super::envelope::Pager;
use crate::award::award_number;
use crate::records::{ArchivedPage, Page, PageKey};
use crate::rows::Sheet;
use crate::{Fairwork, Refusal};

/// Brings a request to the core that has the award's pages.
pub(super) fn touch(id_or_code: &str, touched: &mut Touched) {
    // What names no award is refused, wherever that happens.
    if let Some(award) = award_number(id_or_code) {
        let sheet = Sheet::Award;
        touched.record::<Page>(&PageKey { award, year: 0, sheet, import: 0, part: 0 });
    }
}

/// One stored page.
pub(super) fn page<'a>(ask: &Ask<'a, Fairwork>, key: &PageKey) -> Result<&'a ArchivedPage, Denial> {
    ask.view.of_box().get::<Page>(key).ok_or_else(|| {
        Refusal::PageUnknown.at("").because(format!(
            "page {} of the {} table of {} in {} is published and not staged: import the year again",
            key.part,
            key.sheet.name(),
            crate::award::award_code(key.award),
            key.year
        ))
    })
}

/// Visits the pages of one table of an award, newest year first; refused when no year has the award.
/// With a `pager`, pages that are passed over whole are only counted.
pub(super) fn each_page<'a>(
    ask: &Ask<'a, Fairwork>,
    award: u32,
    sheet: Sheet,
    pager: &mut Pager,
    is_filtered: bool,
    mut visit: impl FnMut(u32, &'a ArchivedPage, &mut Pager),
) -> Result<(), Denial> {
    let mut is_known = false;
    for (year, found) in ask.reference.award(award) {
        is_known = true;
        let Some(table) = found.sheet(sheet) else { continue };
        for (part, rows) in (0..).zip(&table.parts) {
            if !is_filtered && pager.pass(*rows) {
                continue;
            }
            let key = PageKey { award, year, sheet, import: table.import, part };
            visit(year, page(ask, &key)?, pager);
        }
    }
    if is_known { Ok(()) } else { Err(Refusal::AwardUnknown.at("id_or_code")) }
}
