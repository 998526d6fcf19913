//! Allowances that move with prices.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::Date;

use super::super::envelope::{
    Link, Meta, Newest, Pager, SingleMeta, Window, award, date, flag, given, moment, shown, text,
};
use super::super::pages::{each_page, touch};
use crate::figure::Figure;
use crate::rows::{ExpenseAllowanceRow, Sheet};
use crate::{Fairwork, Refusal};

contract::message! {
    /// An expense allowance in one published year.
    pub open struct ExpenseAllowance {
        /// The allowance, the same in every year.
        pub expense_allowance_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed.
        pub clauses: Option<String>,
        /// The group it stands under.
        pub parent_allowance: Option<String>,
        /// Its name.
        pub allowance: Option<String>,
        /// Whether it is part of the ordinary hourly rate.
        pub is_all_purpose: bool,
        /// Dollars.
        pub allowance_amount: Option<Figure>,
        /// Such as `per occasion`.
        pub payment_frequency: Option<String>,
        /// When it was last adjusted.
        pub last_adjusted_year: Option<u32>,
        /// In which quarter.
        pub cpi_quarter_last_adjusted: Option<String>,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// When it was last changed.
        pub last_modified_datetime: Option<String>,
        /// The year.
        pub published_year: u32,
    }

    /// A page of expense allowances.
    pub open struct ExpenseAllowancesReply {
        /// Where the page stands.
        #[serde(rename = "_meta")]
        pub meta: Meta,
        /// The allowances.
        pub results: Vec<ExpenseAllowance>,
        /// Ways to other pages.
        #[serde(rename = "_links")]
        pub links: Vec<Link>,
    }

    /// One expense allowance.
    pub open struct ExpenseAllowanceReply {
        /// What surrounds it.
        #[serde(rename = "_meta")]
        pub meta: SingleMeta,
        /// The allowance, as the newest year has it.
        pub result: ExpenseAllowance,
    }

    /// The expense allowances of an award, of every year, newest first.
    pub struct ListExpenseAllowances {
        /// The award's code or number.
        pub id_or_code: String,
        /// Of this code only.
        #[serde(default)]
        pub allowance_type_code: Option<String>,
        /// Whether they are part of the ordinary hourly rate: true or false, 1 or 0.
        #[serde(default)]
        pub is_all_purpose: Option<String>,
        /// Operative since this date or later.
        #[serde(default)]
        pub operative_from: Option<String>,
        /// Operative until this date or earlier.
        #[serde(default)]
        pub operative_to: Option<String>,
        /// From 1.
        #[serde(default)]
        pub page: Option<u32>,
        /// 1 to 100; 10 when absent.
        #[serde(default)]
        pub limit: Option<u32>,
    }

    /// One expense allowance of an award, as the newest year has it.
    pub struct ShowExpenseAllowance {
        /// The award's code or number.
        pub id_or_code: String,
        /// Which.
        pub expense_allowance_fixed_id: u32,
        /// Taken for the sake of clients that send it, and not looked at.
        #[serde(default)]
        pub limit: Option<u32>,
    }
}
impl Reply for ExpenseAllowancesReply {}
impl Reply for ExpenseAllowanceReply {}

impl ExpenseAllowance {
    fn new(published_year: u32, row: ExpenseAllowanceRow) -> Self {
        Self {
            expense_allowance_fixed_id: row.expense_allowance_fixed_id,
            clause_fixed_id: row.clause_fixed_id,
            clauses: given(row.clauses),
            parent_allowance: given(row.parent_allowance),
            allowance: given(row.allowance),
            is_all_purpose: row.is_all_purpose,
            allowance_amount: row.allowance_amount,
            payment_frequency: given(row.payment_frequency),
            last_adjusted_year: row.last_adjusted_year,
            cpi_quarter_last_adjusted: given(row.cpi_quarter_last_adjusted),
            operative_from: row.operative_from,
            operative_to: row.operative_to,
            version_number: row.version_number,
            last_modified_datetime: moment(row.last_modified),
            published_year,
        }
    }
}

impl Request for ListExpenseAllowances {
    type Reply = ExpenseAllowancesReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.expense-allowances",
        summary: "Lists the expense allowances of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/expense-allowances",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","limit":100}"#,
    };

    fn touches(request: &ArchivedListExpenseAllowances, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ListExpenseAllowances {
    fn answer(
        request: &ArchivedListExpenseAllowances,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, ExpenseAllowancesReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let (from, to) = (request.operative_from.as_deref(), request.operative_to.as_deref());
        let window = Window { from: date("operative_from", from)?, to: date("operative_to", to)? };
        let code = text(request.allowance_type_code.as_deref());
        let all_purpose = text(request.is_all_purpose.as_deref());
        let is_all_purpose = flag("is_all_purpose", all_purpose)?;
        let mut pager = Pager::asked(request.page, request.limit)?;
        let is_filtered = code.is_some() || is_all_purpose.is_some() || !window.is_open();
        let mut results = Vec::new();
        let sheet = Sheet::ExpenseAllowance;
        each_page(&ask, number, sheet, &mut pager, is_filtered, |year, rows, pager| {
            for row in rows.expense_allowances.iter() {
                if is_all_purpose.is_none_or(|it| it == row.is_all_purpose)
                    && code.is_none()
                    && window.has_stored(row.operative_from, row.operative_to)
                    && pager.take()
                {
                    results.push(ExpenseAllowance::new(year, ExpenseAllowanceRow::revive(row)));
                }
            }
        })?;
        let filters = [
            ("allowance_type_code", shown(code)),
            ("is_all_purpose", shown(all_purpose)),
            ("operative_from", shown(from)),
            ("operative_to", shown(to)),
        ];
        let path = format!("/api/v1/awards/{}/expense-allowances", request.id_or_code);
        let (meta, links) = pager.finish(&path, &filters);
        reply.put(&ExpenseAllowancesReply { meta, results, links });
        Ok(())
    }
}

impl Request for ShowExpenseAllowance {
    type Reply = ExpenseAllowanceReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.expense-allowance",
        summary: "Shows an expense allowance of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/expense-allowances/{expense_allowance_fixed_id}",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","expense_allowance_fixed_id":1}"#,
    };

    fn touches(request: &ArchivedShowExpenseAllowance, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ShowExpenseAllowance {
    fn answer(
        request: &ArchivedShowExpenseAllowance,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, ExpenseAllowanceReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let id = request.expense_allowance_fixed_id.to_native();
        let mut pager = Pager::new(None, None)?;
        let mut newest = Newest::new();
        each_page(&ask, number, Sheet::ExpenseAllowance, &mut pager, true, |year, rows, _| {
            for row in rows.expense_allowances.iter() {
                if row.expense_allowance_fixed_id.to_native() == id {
                    let revive = || ExpenseAllowance::new(year, ExpenseAllowanceRow::revive(row));
                    newest.look(year, row.operative_from, revive);
                }
            }
        })?;
        let result = newest
            .found()
            .ok_or_else(|| Refusal::AllowanceUnknown.at("expense_allowance_fixed_id"))?;
        reply.put(&ExpenseAllowanceReply { meta: SingleMeta { result_count: 1 }, result });
        Ok(())
    }
}
