//! From cells to the rows of each table.

use super::report::{FileReport, Reason};
use super::table::{Line, Table};
use super::values::{Cells, Columns, Refused};
use super::{Expected, Located, Rows};
use crate::award::{award_number, is_award_code};
use crate::rows::{
    AwardRow, ClassificationRow, ExpenseAllowanceRow, PenaltyRow, Sheet, WageAllowanceRow,
};
use crate::text::is_mangled;

/// The columns that tell a table, and must be there; then those that are missed only.
const fn wanted(sheet: Sheet) -> (&'static [&'static str], &'static [&'static str]) {
    match sheet {
        Sheet::Award => (
            &["awardFixedID", "name"],
            &["awardID", "versionNumber", "awardOperativeFrom", "awardOperativeTo"],
        ),
        Sheet::Classification => (
            &[
                "classificationFixedID",
                "classification",
                "baseRateType",
                "baseRate",
                "operativeFrom",
                "operativeTo",
            ],
            &[
                "basePayRateID",
                "calculatedRate",
                "calculatedRateType",
                "calculatedPayRateID",
                "parentClassificationName",
                "clauses",
                "clauseFixedID",
                "employeeRateTypeCode",
            ],
        ),
        Sheet::Penalty => (
            &["penaltyFixedID", "penaltyDescription", "rate", "penaltyCalculatedValue"],
            &["basePayRateID", "clauseFixedID", "operativeFrom", "operativeTo"],
        ),
        Sheet::WageAllowance => (
            &["wageAllowanceFixedID", "allowance", "rate", "allowanceAmount"],
            &["basePayRateID", "clauses", "paymentFrequency", "operativeFrom", "operativeTo"],
        ),
        Sheet::ExpenseAllowance => (
            &["expenseAllowanceFixedID", "allowance", "allowanceAmount"],
            &["clauses", "paymentFrequency", "operativeFrom", "operativeTo"],
        ),
    }
}

/// Which table has these columns.
fn recognised(columns: &Columns<'_>) -> Option<Sheet> {
    let tell = |sheet: &Sheet| match sheet {
        Sheet::Award => columns.has("awardFixedID") && columns.has("name"),
        sheet => columns.has(wanted(*sheet).0[0]),
    };
    let others = Sheet::ALL.into_iter().filter(|it| *it != Sheet::Award);
    others.chain([Sheet::Award]).find(tell)
}

/// Reads every row, and leaves out what cannot be read, with its reason.
pub(super) fn read(
    expected: Expected<'_>,
    table: &Table,
    taken: &mut Rows,
    report: &mut FileReport,
) {
    report.format = table.format;
    let columns = Columns::new(&table.columns);
    if !check_columns(expected, &columns, report) {
        return;
    }
    let mut mangled = 0_u32;
    for (at, line) in table.rows.iter().enumerate() {
        report.rows += 1;
        if line.is_empty() {
            report.leave_out(line.number, "", Reason::EmptyRow, String::new());
            continue;
        }
        if line.cells.len() != columns.count() {
            let is_last = at + 1 == table.rows.len() && line.cells.len() < columns.count();
            let reason = if is_last { Reason::Truncated } else { Reason::CellCount };
            let detail = format!(
                "the row has {} cells, the header {}{}",
                line.cells.len(),
                columns.count(),
                if is_last { ": the file was cut off" } else { "" }
            );
            report.leave_out(line.number, "", reason, detail);
            continue;
        }
        mangled += u32::from(line.cells.iter().any(|it| is_mangled(&it.text)));
        let cells = Cells { columns: &columns, line };
        if let Err((column, reason, detail)) = take(expected, &cells, line, taken) {
            report.leave_out(line.number, &column, reason, detail);
        }
    }
    if 0 < mangled {
        report.notes.push(format!(
            "{mangled} rows have dashes or quotes that were decoded wrongly before they were \
             exported; they are kept as they are, and repaired where names are compared"
        ));
    }
    if table.rows.is_empty() {
        // An answer without rows is a good one; a file without any is cut off.
        if table.format == "JSON" {
            return;
        }
        report.refuse(0, "", Reason::Empty, "the file has a header and no rows".to_owned());
    }
}

fn check_columns(expected: Expected<'_>, columns: &Columns<'_>, report: &mut FileReport) -> bool {
    // An empty list of objects has no columns either.
    if columns.count() == 0 && report.format == "JSON" {
        return true;
    }
    let found = recognised(columns);
    if let Some(found) = found
        && found != expected.sheet
    {
        let detail = format!(
            "its columns are those of the {} table, not of the {} table: were two files swapped?",
            found.name(),
            expected.sheet.name()
        );
        report.refuse(1, "", Reason::Mislabelled, detail);
        return false;
    }
    let (needed, missed) = wanted(expected.sheet);
    let mut all: Vec<&str> = needed.to_vec();
    let has_code = columns.has("awardCode") || columns.has("code");
    if !has_code && expected.award.is_none() {
        all.push("awardCode");
    }
    if expected.year.is_none() {
        all.push("publishedYear");
    }
    for name in &all {
        if !columns.has(name) {
            let remedy = match *name {
                "awardCode" => "name the file's one award, or export it with the column",
                "publishedYear" => "name the year, or export it with the column",
                _ => "export the file again with all columns",
            };
            let detail = format!("the table has no such column: {remedy}");
            report.refuse(1, name, Reason::ColumnMissing, detail);
        }
    }
    all.extend(missed);
    if let Some(name) = columns.twice(&all) {
        let (name, detail) = (name.to_owned(), "the column is there twice".to_owned());
        report.refuse(1, &name, Reason::ColumnMissing, detail);
    }
    for name in missed {
        if !columns.has(name) {
            report.notes.push(format!("there is no column {name}: its values are not known"));
        }
    }
    !report.is_refused
}

fn take(
    expected: Expected<'_>,
    cells: &Cells<'_>,
    line: &Line,
    taken: &mut Rows,
) -> Result<(), Refused> {
    let award = award(expected, cells)?;
    let year = year(expected, cells)?;
    let award_fixed_id = cells.number("awardFixedID")?;
    let line = line.number;
    match expected.sheet {
        Sheet::Award => {
            let row = award_row(cells, award, award_fixed_id)?;
            window("awardOperativeTo", row.award_operative_from, row.award_operative_to)?;
            taken.awards.push(Located { line, award, award_fixed_id, year, row });
        }
        Sheet::Classification => {
            let row = classification(cells)?;
            window("operativeTo", row.operative_from, row.operative_to)?;
            taken.classifications.push(Located { line, award, award_fixed_id, year, row });
        }
        Sheet::Penalty => {
            let row = penalty(cells)?;
            window("operativeTo", row.operative_from, row.operative_to)?;
            taken.penalties.push(Located { line, award, award_fixed_id, year, row });
        }
        Sheet::WageAllowance => {
            let row = wage_allowance(cells)?;
            window("operativeTo", row.operative_from, row.operative_to)?;
            taken.wage_allowances.push(Located { line, award, award_fixed_id, year, row });
        }
        Sheet::ExpenseAllowance => {
            let row = expense_allowance(cells)?;
            window("operativeTo", row.operative_from, row.operative_to)?;
            taken.expense_allowances.push(Located { line, award, award_fixed_id, year, row });
        }
    }
    Ok(())
}

fn award(expected: Expected<'_>, cells: &Cells<'_>) -> Result<u32, Refused> {
    let name = if cells.columns.has("awardCode") { "awardCode" } else { "code" };
    let text = cells.text(name)?;
    if text.is_empty() {
        let missing =
            || (name.to_owned(), Reason::ValueMissing, "the row names no award".to_owned());
        return expected.award.ok_or_else(missing);
    }
    let bad = |detail: String| (name.to_owned(), Reason::AwardInvalid, detail);
    // The fixed id beside it is no second statement of it: MA000155 has the id 154.
    let number = award_number(&text).filter(|_| is_award_code(&text));
    let number = number.ok_or_else(|| bad(format!("{text:?} is not a code such as MA000004")))?;
    if expected.award.is_some_and(|it| it != number) {
        return Err(bad(format!("{text} is not the award that the file was said to be of")));
    }
    Ok(number)
}

fn year(expected: Expected<'_>, cells: &Cells<'_>) -> Result<u32, Refused> {
    let stated = cells.number("publishedYear")?;
    let year = match (stated, expected.year) {
        (Some(stated), Some(wanted)) if stated != wanted => {
            let detail = format!("published for {stated}, the import is of {wanted}");
            return Err(("publishedYear".to_owned(), Reason::YearDiffers, detail));
        }
        (Some(year), _) | (None, Some(year)) => year,
        (None, None) => cells.needed_number("publishedYear")?,
    };
    if !(2009..=2200).contains(&year) {
        let detail = format!("{year} is not a year since 2010, when modern awards began");
        return Err(("publishedYear".to_owned(), Reason::NumberInvalid, detail));
    }
    Ok(year)
}

fn window(name: &str, from: Option<values::Date>, to: Option<values::Date>) -> Result<(), Refused> {
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        let detail = format!("operative to {to}, before its beginning on {from}");
        return Err((name.to_owned(), Reason::Backwards, detail));
    }
    Ok(())
}

fn award_row(cells: &Cells<'_>, number: u32, fixed_id: Option<u32>) -> Result<AwardRow, Refused> {
    Ok(AwardRow {
        award_id: cells.text("awardID")?,
        award_fixed_id: fixed_id.unwrap_or(number),
        code: crate::award::award_code(number),
        name: cells.needed_text("name")?,
        award_operative_from: cells.date("awardOperativeFrom")?,
        award_operative_to: cells.date("awardOperativeTo")?,
        version_number: cells.number("versionNumber")?,
        last_modified: cells.time("lastModifiedDateTime")?,
    })
}

fn classification(cells: &Cells<'_>) -> Result<ClassificationRow, Refused> {
    Ok(ClassificationRow {
        classification_fixed_id: cells.needed_number("classificationFixedID")?,
        clause_fixed_id: cells.number("clauseFixedID")?,
        clauses: cells.text("clauses")?,
        clause_description: cells.text("clauseDescription")?,
        parent_classification_name: cells.text("parentClassificationName")?,
        classification: cells.text("classification")?,
        classification_level: cells.number("classificationLevel")?,
        next_down_classification_fixed_id: cells.number("nextDownClassificationFixedID")?,
        next_up_classification_fixed_id: cells.number("nextUpClassificationFixedID")?,
        employee_rate_type_code: cells.text("employeeRateTypeCode")?,
        is_heading: cells.flag("isHeading")?,
        base_pay_rate_id: cells.text("basePayRateID")?,
        base_rate_type: cells.text("baseRateType")?,
        base_rate: cells.figure("baseRate")?,
        calculated_pay_rate_id: cells.text("calculatedPayRateID")?,
        calculated_rate_type: cells.text("calculatedRateType")?,
        calculated_rate: cells.figure("calculatedRate")?,
        calculated_includes_all_purpose: cells.flag("calculatedIncludesAllPurpose")?,
        operative_from: cells.date("operativeFrom")?,
        operative_to: cells.date("operativeTo")?,
        version_number: cells.number("versionNumber")?,
        last_modified: cells.time("lastModifiedDateTime")?,
    })
}

fn penalty(cells: &Cells<'_>) -> Result<PenaltyRow, Refused> {
    Ok(PenaltyRow {
        penalty_fixed_id: cells.needed_number("penaltyFixedID")?,
        clause_fixed_id: cells.number("clauseFixedID")?,
        clauses: cells.text("clauses")?,
        clause_description: cells.text("clauseDescription")?,
        parent_classification_name: cells.text("parentClassificationName")?,
        classification: cells.text("classification")?,
        classification_level: cells.number("classificationLevel")?,
        penalty_description: cells.text("penaltyDescription")?,
        penalty_code: cells.text("penaltyCode")?,
        employee_rate_type_code: cells.text("employeeRateTypeCode")?,
        is_heading: cells.flag("isHeading")?,
        rate: cells.figure("rate")?,
        base_pay_rate_id: cells.text("basePayRateID")?,
        penalty_calculated_value: cells.figure("penaltyCalculatedValue")?,
        calculated_includes_all_purpose: cells.flag("calculatedIncludesAllPurpose")?,
        operative_from: cells.date("operativeFrom")?,
        operative_to: cells.date("operativeTo")?,
        version_number: cells.number("versionNumber")?,
        last_modified: cells.time("lastModifiedDateTime")?,
    })
}

fn wage_allowance(cells: &Cells<'_>) -> Result<WageAllowanceRow, Refused> {
    Ok(WageAllowanceRow {
        wage_allowance_fixed_id: cells.needed_number("wageAllowanceFixedID")?,
        clause_fixed_id: cells.number("clauseFixedID")?,
        clauses: cells.text("clauses")?,
        parent_allowance: cells.text("parentAllowance")?,
        allowance: cells.text("allowance")?,
        allowance_type_code: cells.text("allowanceTypeCode")?,
        is_heading: cells.flag("isHeading")?,
        is_all_purpose: cells.flag("isAllPurpose")?,
        rate: cells.figure("rate")?,
        rate_unit: cells.text("rateUnit")?,
        base_rate: cells.figure("baseRate")?,
        base_pay_rate_id: cells.text("basePayRateID")?,
        allowance_amount: cells.figure("allowanceAmount")?,
        payment_frequency: cells.text("paymentFrequency")?,
        operative_from: cells.date("operativeFrom")?,
        operative_to: cells.date("operativeTo")?,
        version_number: cells.number("versionNumber")?,
        last_modified: cells.time("lastModifiedDateTime")?,
    })
}

fn expense_allowance(cells: &Cells<'_>) -> Result<ExpenseAllowanceRow, Refused> {
    Ok(ExpenseAllowanceRow {
        expense_allowance_fixed_id: cells.needed_number("expenseAllowanceFixedID")?,
        clause_fixed_id: cells.number("clauseFixedID")?,
        clauses: cells.text("clauses")?,
        parent_allowance: cells.text("parentAllowance")?,
        allowance: cells.text("allowance")?,
        is_heading: cells.flag("isHeading")?,
        is_all_purpose: cells.flag("isAllPurpose")?,
        allowance_amount: cells.figure("allowanceAmount")?,
        payment_frequency: cells.text("paymentFrequency")?,
        round_value: cells.number("roundValue")?,
        cpi_series_id: cells.text("cpiSeriesID")?,
        cpi_group_description: cells.text("cpiGroupDescription")?,
        cpi_value_current_year: cells.figure("cpiValueCurrentYear")?,
        cpi_value_last_adjusted: cells.figure("cpiValueLastAdjusted")?,
        last_adjusted_year: cells.number("lastAdjustedYear")?,
        cpi_quarter_last_adjusted: cells.text("cpiQuarterLastAdjusted")?,
        operative_from: cells.date("operativeFrom")?,
        operative_to: cells.date("operativeTo")?,
        version_number: cells.number("versionNumber")?,
        last_modified: cells.time("lastModifiedDateTime")?,
    })
}
