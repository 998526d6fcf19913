//! Allowances, as the Commission's interface lists them.

mod expense;
mod wage;

pub use expense::{
    ExpenseAllowance, ExpenseAllowanceReply, ExpenseAllowancesReply, ListExpenseAllowances,
    ShowExpenseAllowance,
};
pub use wage::{
    ListWageAllowances, ShowWageAllowance, WageAllowance, WageAllowanceReply, WageAllowancesReply,
};
