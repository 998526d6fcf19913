//! Rows with one identity: the same row twice, rows that contradict each other, and rows that are
//! operative at the same time.

use std::collections::BTreeMap;

use ::values::Date;

use super::report::{FileReport, Reason};
use super::{Located, Rows};
use crate::rows::{AwardRow, ClassificationRow, ExpenseAllowanceRow, PenaltyRow, WageAllowanceRow};
use crate::text::matching;

/// What tells one row from another.
trait Twin: PartialEq {
    /// Its identity apart from dates; `None` when nothing that is given identifies it.
    fn identity(&self) -> Option<String>;
    /// When it is operative.
    fn window(&self) -> (Option<Date>, Option<Date>);
    /// Whether it says how much.
    fn has_figures(&self) -> bool;
    /// The figures, for a sentence.
    fn figures(&self) -> String;
}

impl Twin for AwardRow {
    fn identity(&self) -> Option<String> {
        Some(String::new())
    }
    fn window(&self) -> (Option<Date>, Option<Date>) {
        (self.award_operative_from, self.award_operative_to)
    }
    fn has_figures(&self) -> bool {
        true
    }
    fn figures(&self) -> String {
        self.name.clone()
    }
}

impl Twin for ClassificationRow {
    fn identity(&self) -> Option<String> {
        Some(format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}",
            self.is_heading,
            self.classification_fixed_id,
            self.base_pay_rate_id,
            self.base_rate_type,
            self.calculated_pay_rate_id,
            self.calculated_rate_type,
            self.employee_rate_type_code,
            matching(&self.parent_classification_name),
            matching(&self.classification),
        ))
    }
    fn window(&self) -> (Option<Date>, Option<Date>) {
        (self.operative_from, self.operative_to)
    }
    fn has_figures(&self) -> bool {
        self.base_rate.is_some()
    }
    fn figures(&self) -> String {
        figures(&[("baseRate", self.base_rate), ("calculatedRate", self.calculated_rate)])
    }
}

impl Twin for PenaltyRow {
    fn identity(&self) -> Option<String> {
        let is_told = !self.base_pay_rate_id.is_empty() || !self.classification.is_empty();
        is_told.then(|| {
            format!(
                "{}|{}|{}|{}|{:?}|{}|{}|{}|{}",
                self.is_heading,
                self.penalty_fixed_id,
                self.base_pay_rate_id,
                self.clauses,
                self.classification_level,
                self.employee_rate_type_code,
                matching(&self.parent_classification_name),
                matching(&self.classification),
                matching(&self.penalty_description),
            )
        })
    }
    fn window(&self) -> (Option<Date>, Option<Date>) {
        (self.operative_from, self.operative_to)
    }
    fn has_figures(&self) -> bool {
        self.rate.is_some() || self.penalty_calculated_value.is_some()
    }
    fn figures(&self) -> String {
        let value = self.penalty_calculated_value;
        figures(&[("rate", self.rate), ("penaltyCalculatedValue", value)])
    }
}

impl Twin for WageAllowanceRow {
    fn identity(&self) -> Option<String> {
        let (id, base) = (self.wage_allowance_fixed_id, &self.base_pay_rate_id);
        Some(format!("{id}|{base}|{}", matching(&self.allowance)))
    }
    fn window(&self) -> (Option<Date>, Option<Date>) {
        (self.operative_from, self.operative_to)
    }
    fn has_figures(&self) -> bool {
        self.operative_from.is_some() && self.allowance_amount.is_some()
    }
    fn figures(&self) -> String {
        figures(&[("rate", self.rate), ("allowanceAmount", self.allowance_amount)])
    }
}

impl Twin for ExpenseAllowanceRow {
    fn identity(&self) -> Option<String> {
        Some(format!("{}|{}", self.expense_allowance_fixed_id, matching(&self.allowance)))
    }
    fn window(&self) -> (Option<Date>, Option<Date>) {
        (self.operative_from, self.operative_to)
    }
    fn has_figures(&self) -> bool {
        self.allowance_amount.is_some()
    }
    fn figures(&self) -> String {
        figures(&[("allowanceAmount", self.allowance_amount)])
    }
}

fn figures(named: &[(&str, Option<crate::figure::Figure>)]) -> String {
    let one = |(name, figure): &(&str, Option<crate::figure::Figure>)| match figure {
        Some(figure) => format!("{name} {figure}"),
        None => format!("no {name}"),
    };
    named.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Leaves out repeated rows, and rows that cannot both be true.
pub(super) fn sift(rows: &mut Rows, report: &mut FileReport) {
    sift_list(&mut rows.awards, report);
    sift_list(&mut rows.classifications, report);
    sift_list(&mut rows.penalties, report);
    sift_list(&mut rows.wage_allowances, report);
    sift_list(&mut rows.expense_allowances, report);
}

fn sift_list<T: Twin>(rows: &mut Vec<Located<T>>, report: &mut FileReport) {
    let mut groups: BTreeMap<(u32, u32, String), Vec<usize>> = BTreeMap::new();
    for (at, it) in rows.iter().enumerate() {
        if let Some(identity) = it.row.identity() {
            groups.entry((it.award, it.year, identity)).or_default().push(at);
        }
    }
    let mut out: BTreeMap<usize, (Reason, String)> = BTreeMap::new();
    for group in groups.values().filter(|it| it.len() > 1) {
        for (nth, &one) in group.iter().enumerate() {
            for &other in &group[nth + 1..] {
                compare(rows, one, other, &mut out);
            }
        }
    }
    if out.is_empty() {
        return;
    }
    for (at, (reason, detail)) in &out {
        report.leave_out(rows[*at].line, "", *reason, detail.clone());
    }
    let mut at = 0;
    rows.retain(|_| {
        at += 1;
        !out.contains_key(&(at - 1))
    });
}

fn compare<T: Twin>(
    rows: &[Located<T>],
    one: usize,
    other: usize,
    out: &mut BTreeMap<usize, (Reason, String)>,
) {
    let (a, b) = (&rows[one], &rows[other]);
    if a.row == b.row {
        let detail = format!("the same as row {}", a.line);
        out.entry(other).or_insert((Reason::Duplicate, detail));
        return;
    }
    if !a.row.has_figures() || !b.row.has_figures() {
        return;
    }
    let (window, other_window) = (a.row.window(), b.row.window());
    let ends_before = |one: (_, Option<Date>), other: (Option<Date>, _)| match (one.1, other.0) {
        (Some(to), Some(from)) => to < from,
        _ => false,
    };
    if ends_before(window, other_window) || ends_before(other_window, window) {
        return;
    }
    let same_time = window == other_window;
    if same_time && a.row.figures() == b.row.figures() {
        let detail = format!("the same figures for the same time as row {}", a.line);
        out.entry(other).or_insert((Reason::Duplicate, detail));
        return;
    }
    let reason = if same_time { Reason::Contradiction } else { Reason::Overlap };
    for (at, of, against) in [(one, a, b), (other, b, a)] {
        let detail = format!(
            "this row says {}, row {} says {}{}",
            of.row.figures(),
            against.line,
            against.row.figures(),
            if same_time { "" } else { ", and both are operative at the same time" }
        );
        out.entry(at).or_insert((reason, detail));
    }
}
