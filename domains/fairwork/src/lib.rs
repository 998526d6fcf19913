//! The Fair Work Commission's pay database (MAPD): its exports and answers read, kept by published
//! year, compared, and served again under the Commission's own paths.
//!
//! An import stages rows, which nobody sees, and publishes a year, which makes all of it seen at once:
//! after a crash in between nothing is half imported, and repeating the import goes on where it was.
//! A page of rows is named by a digest of its table, so that what is there already is not sent again,
//! and a corrected import never mixes with the one before.
//!
//! The pay database belongs to the box itself; every tenant reads it.
//!
//! `quoin import fwc` reads the exports (CSV, XLSX) or the interface, `quoin import diff` compares two
//! years, and `/api/v1/awards...` mirrors the interface for its existing clients. After an import each
//! award has a version for every date on which a rate changed ([`rules::base_rates`]): ordinary hours,
//! with the award's own week as divisor, all-purpose allowances inside, the casual loading on top. An
//! award with a pack keeps the pack's rules; its base rates stand under `<code>-base`.
//!
//! Invariants:
//! - a published year names pages that were staged before;
//! - all pages of an award live on one core, so that a question about an award is answered there;
//! - figures are kept as printed, to the last digit: no number here was ever a binary fraction.

#![allow(unnameable_types, reason = "archived forms are reached through their native types")]

mod award;
mod events;
mod figure;
mod publish_year;
mod queries;
pub mod reading;
mod records;
mod reference;
mod refuse;
mod rows;
pub mod rules;
mod stage_page;
pub mod text;

pub use award::{AWARD_NUMBER_MAX, award_code, award_number, is_award_code};
pub use events::{PageStaged, YearPublished};
pub use figure::{Figure, FigureError};
pub use publish_year::{PublishYear, PublishYearReply};
pub use queries::{
    Award, AwardsReply, Classification, ClassificationPayRates, ClassificationReply,
    ClassificationsReply, CompareYears, CompareYearsReply, ExpenseAllowance, ExpenseAllowanceReply,
    ExpenseAllowancesReply, Link, ListAwards, ListClassifications, ListExpenseAllowances,
    ListPayRates, ListPenalties, ListWageAllowances, ListYears, Meta, PAGE_RESULTS_DEFAULT,
    PAGE_RESULTS_MAX, PayRate, PayRatesReply, PenaltiesReply, Penalty, ShowAward,
    ShowClassification, ShowExpenseAllowance, ShowPage, ShowWageAllowance, ShowYear, SingleMeta,
    WageAllowance, WageAllowanceReply, WageAllowancesReply, YearSummary, YearsReply,
};
pub use records::{
    AWARDS_COUNT_MAX, AwardSheet, AwardYear, PAGE_ROWS_MAX, PARTS_COUNT_MAX, Page, PageKey, Year,
};
pub use reference::Years;
pub use refuse::Refusal;
pub use rows::{
    AwardRow, ClassificationRow, ExpenseAllowanceRow, PenaltyRow, Sheet, WageAllowanceRow,
};
pub use stage_page::{StagePage, StagePageReply};

contract::domain! {
    /// The Fair Work Commission's pay database: imported by year, compared, and mirrored.
    Fairwork = 18 "fairwork";
    reference Years;
    scratch contract::Nothing;
    records {
        Page[PageKey] = 1 @ 1,
        Year[u32] = 2 @ 1,
    }
    replicated { Year }
    events { PageStaged = 1 @ 1, YearPublished = 2 @ 1 }
    commands { StagePage = 1, PublishYear = 2 }
    queries {
        ListAwards = 64,
        ShowAward = 65,
        ListClassifications = 66,
        ShowClassification = 67,
        ListPayRates = 68,
        ClassificationPayRates = 69,
        ListPenalties = 70,
        ListWageAllowances = 71,
        ShowWageAllowance = 72,
        ListExpenseAllowances = 73,
        ShowExpenseAllowance = 74,
        ListYears = 75,
        ShowYear = 76,
        ShowPage = 77,
        CompareYears = 78,
    }
}
