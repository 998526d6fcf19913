//! Storing rows unseen, and making the year seen by one last command.

use std::collections::BTreeMap;

use anyhow::Result;
use client::Client;
use contract::Stored;
use fairwork::reading::Rows;
use fairwork::{
    AwardRow, AwardSheet, AwardYear, ListYears, PAGE_ROWS_MAX, Page, PublishYear, Sheet, ShowYear,
    StagePage, Year, award_code,
};
use xxhash_rust::xxh3::xxh3_64;

use super::call;

/// The most bytes of a staged page: half of what one request may have.
const PAGE_BYTES_MAX: usize = 384 * 1024;

/// The rows of one award in one year.
#[derive(Default)]
struct Award {
    row: Option<AwardRow>,
    fixed_id: Option<u32>,
    page: Page,
}

/// Sends rows to the box, year by year. What is there already is not sent again.
pub(super) fn rows(client: &Client, rows: Rows) -> Result<()> {
    for (year, awards) in grouped(rows) {
        let known: Vec<AwardYear> = known(client, year)?;
        let (mut named, count) = (Vec::new(), awards.len());
        for (at, (number, award)) in awards.into_iter().enumerate() {
            let before = known.iter().find(|it| it.number() == number);
            named.push(stage(client, year, number, award, before)?);
            if (at + 1) % 25 == 0 || at + 1 == count {
                eprintln!("{year}: {} of {count} awards stored", at + 1);
            }
        }
        let reply = call(client, &PublishYear { year, awards: named, whole: false })?;
        let word = if reply.changed { "published" } else { "published already" };
        eprintln!("{year}: {} awards {word}", reply.awards);
    }
    Ok(())
}

/// What the box has of this year; else the awards of its newest year, for their names.
fn known(client: &Client, year: u32) -> Result<Vec<AwardYear>> {
    let years = call(client, &ListYears {})?.years;
    let own = years.iter().find(|it| it.year == year);
    let Some(found) = own.or_else(|| years.first()) else { return Ok(Vec::new()) };
    let found: Year = call(client, &ShowYear { year: found.year })?;
    let is_own = found.year == year;
    let mut awards = found.awards;
    if !is_own {
        for it in &mut awards {
            it.sheets.clear();
        }
    }
    Ok(awards)
}

/// Awards by year and number.
type Years = BTreeMap<u32, BTreeMap<u32, Award>>;

fn grouped(rows: Rows) -> Years {
    let mut years = Years::new();
    for it in rows.awards {
        // The newest row counts where a year has several.
        place(&mut years, it.year, it.award, it.award_fixed_id).row = Some(it.row);
    }
    for it in rows.classifications {
        let award = place(&mut years, it.year, it.award, it.award_fixed_id);
        award.page.classifications.push(it.row);
    }
    for it in rows.penalties {
        let award = place(&mut years, it.year, it.award, it.award_fixed_id);
        award.page.penalties.push(it.row);
    }
    for it in rows.wage_allowances {
        let award = place(&mut years, it.year, it.award, it.award_fixed_id);
        award.page.wage_allowances.push(it.row);
    }
    for it in rows.expense_allowances {
        let award = place(&mut years, it.year, it.award, it.award_fixed_id);
        award.page.expense_allowances.push(it.row);
    }
    years
}

fn place(years: &mut Years, year: u32, award: u32, fixed_id: Option<u32>) -> &mut Award {
    let award = years.entry(year).or_default().entry(award).or_default();
    award.fixed_id = award.fixed_id.or(fixed_id);
    award
}

fn stage(
    client: &Client,
    year: u32,
    number: u32,
    award: Award,
    known: Option<&AwardYear>,
) -> Result<AwardYear> {
    let Page { classifications, penalties, wage_allowances, expense_allowances } = award.page;
    let tables = [
        (
            Sheet::Classification,
            pages(classifications, |rows| Page { classifications: rows, ..Page::default() }),
        ),
        (Sheet::Penalty, pages(penalties, |rows| Page { penalties: rows, ..Page::default() })),
        (
            Sheet::WageAllowance,
            pages(wage_allowances, |rows| Page { wage_allowances: rows, ..Page::default() }),
        ),
        (
            Sheet::ExpenseAllowance,
            pages(expense_allowances, |rows| Page { expense_allowances: rows, ..Page::default() }),
        ),
    ];
    let mut sheets = Vec::new();
    for (sheet, pages) in tables {
        if pages.is_empty() {
            continue;
        }
        let mut bytes = Vec::new();
        for page in &pages {
            page.encode(&mut bytes);
        }
        let import = xxh3_64(&bytes);
        let parts =
            pages.iter().map(|it| u32::try_from(it.rows(sheet))).collect::<Result<_, _>>()?;
        let named = AwardSheet { sheet, import, parts };
        if known.and_then(|it| it.sheet(sheet)) != Some(&named) {
            for (part, page) in (0..).zip(pages) {
                call(client, &StagePage { award: number, year, sheet, import, part, page })?;
            }
        }
        sheets.push(named);
    }
    let row = award.row.or_else(|| known.map(|it| it.award.clone())).unwrap_or_else(|| AwardRow {
        award_id: String::new(),
        award_fixed_id: award.fixed_id.unwrap_or(number),
        code: award_code(number),
        name: award_code(number),
        award_operative_from: None,
        award_operative_to: None,
        version_number: None,
        last_modified: String::new(),
    });
    Ok(AwardYear { award: row, sheets })
}

/// Rows in pages that one request can carry.
fn pages<T: Stored>(rows: Vec<T>, page: impl Fn(Vec<T>) -> Page) -> Vec<Page> {
    let (mut pages, mut own, mut bytes) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let mut archive = Vec::new();
        row.encode(&mut archive);
        if !own.is_empty() && (PAGE_BYTES_MAX < bytes + archive.len() || own.len() == PAGE_ROWS_MAX)
        {
            pages.push(page(std::mem::take(&mut own)));
            bytes = 0;
        }
        bytes += archive.len();
        own.push(row);
    }
    if !own.is_empty() {
        pages.push(page(own));
    }
    pages
}
