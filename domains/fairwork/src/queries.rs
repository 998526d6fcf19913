//! Questions. Those under `/api/v1` have the paths, filters and answers of the Commission's own
//! interface, so that its clients can be pointed here.

mod allowances;
mod awards;
mod classifications;
mod compare_years;
mod envelope;
mod pages;
mod pay_rates;
mod penalties;
mod years;

pub use allowances::{
    ExpenseAllowance, ExpenseAllowanceReply, ExpenseAllowancesReply, ListExpenseAllowances,
    ListWageAllowances, ShowExpenseAllowance, ShowWageAllowance, WageAllowance, WageAllowanceReply,
    WageAllowancesReply,
};
pub use awards::{Award, AwardsReply, ListAwards, ShowAward};
pub use classifications::{
    Classification, ClassificationReply, ClassificationsReply, ListClassifications,
    ShowClassification,
};
pub use compare_years::{CompareYears, CompareYearsReply};
pub use envelope::{Link, Meta, PAGE_RESULTS_DEFAULT, PAGE_RESULTS_MAX, SingleMeta};
pub use pay_rates::{ClassificationPayRates, ListPayRates, PayRate, PayRatesReply};
pub use penalties::{ListPenalties, PenaltiesReply, Penalty};
pub use years::{ListYears, ShowPage, ShowYear, YearSummary, YearsReply};
