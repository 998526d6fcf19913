//! What changed between two published years.

use std::collections::BTreeMap;

use ::values::Date;

use crate::figure::Figure;
use crate::records::Page;
use crate::rows::{ClassificationRow, ExpenseAllowanceRow, PenaltyRow, Sheet, WageAllowanceRow};
use crate::text::matching;

contract::message! {
    /// How a row changed.
    #[serde(rename_all = "lowercase")]
    pub enum Kind {
        /// The later year has it alone.
        Added,
        /// The earlier year has it alone.
        Removed,
        /// One of its values is another.
        Changed,
    }

    /// One change.
    pub open struct Change {
        /// The table.
        pub sheet: Sheet,
        /// How.
        pub kind: Kind,
        /// The fixed id of the classification, penalty or allowance.
        pub fixed_id: u32,
        /// The clause as printed.
        pub clause: String,
        /// The name, after its group's.
        pub title: String,
        /// What changed, such as `base_rate`; for a row that was added or removed, what it says.
        pub field: String,
        /// Before; empty when there was none.
        pub before: String,
        /// After; empty when there is none.
        pub after: String,
        /// Since when what is said after is operative.
        pub operative_from: Option<Date>,
    }
}

/// A row as it is compared.
struct Compared {
    fixed_id: u32,
    /// Tells it from others with its fixed id.
    identity: String,
    clause: String,
    title: String,
    operative_from: Option<Date>,
    /// Names and values, in a fixed order; names are compared in their matching form.
    fields: Vec<(&'static str, String)>,
}

fn figure(figure: Option<Figure>) -> String {
    figure.map(Figure::text).unwrap_or_default()
}

fn title(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}: {name}") }
}

fn classification(row: &ClassificationRow) -> Compared {
    Compared {
        fixed_id: row.classification_fixed_id,
        identity: row.calculated_rate_type.to_lowercase(),
        clause: row.clauses.clone(),
        title: title(&row.parent_classification_name, &row.classification),
        operative_from: row.operative_from,
        fields: vec![
            ("classification", row.classification.clone()),
            ("base_rate_type", row.base_rate_type.clone()),
            ("base_rate", figure(row.base_rate)),
            ("calculated_rate", figure(row.calculated_rate)),
        ],
    }
}

fn penalty(row: &PenaltyRow) -> Compared {
    // Base rates have an id since 2021 only; before, rows are told by name.
    let whom = if row.base_pay_rate_id.is_empty() {
        let group = matching(&row.parent_classification_name);
        format!("{group}|{}|{:?}", matching(&row.classification), row.classification_level)
    } else {
        row.base_pay_rate_id.clone()
    };
    Compared {
        fixed_id: row.penalty_fixed_id,
        identity: format!("{whom}|{}|{}", row.clauses, matching(&row.penalty_description)),
        clause: row.clauses.clone(),
        title: title(&row.classification, &row.penalty_description),
        operative_from: row.operative_from,
        fields: vec![
            ("rate", figure(row.rate)),
            ("penalty_calculated_value", figure(row.penalty_calculated_value)),
        ],
    }
}

fn wage_allowance(row: &WageAllowanceRow) -> Compared {
    Compared {
        fixed_id: row.wage_allowance_fixed_id,
        identity: String::new(),
        clause: row.clauses.clone(),
        title: title(&row.parent_allowance, &row.allowance),
        operative_from: row.operative_from,
        fields: vec![
            ("allowance", row.allowance.clone()),
            ("rate", figure(row.rate)),
            ("allowance_amount", figure(row.allowance_amount)),
            ("payment_frequency", row.payment_frequency.clone()),
        ],
    }
}

fn expense_allowance(row: &ExpenseAllowanceRow) -> Compared {
    Compared {
        fixed_id: row.expense_allowance_fixed_id,
        identity: String::new(),
        clause: row.clauses.clone(),
        title: title(&row.parent_allowance, &row.allowance),
        operative_from: row.operative_from,
        fields: vec![
            ("allowance", row.allowance.clone()),
            ("allowance_amount", figure(row.allowance_amount)),
            ("payment_frequency", row.payment_frequency.clone()),
        ],
    }
}

/// Every change of one award from one year's pages to another's, table by table, in the order of
/// fixed ids. Where a row changed more than once inside the later year, each change is there.
#[must_use]
pub fn compare(before: &Page, after: &Page) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut table = |sheet, before: Vec<Compared>, after: Vec<Compared>| {
        table(sheet, before, after, &mut changes);
    };
    table(
        Sheet::Classification,
        before.classifications.iter().map(classification).collect(),
        after.classifications.iter().map(classification).collect(),
    );
    table(
        Sheet::Penalty,
        before.penalties.iter().map(penalty).collect(),
        after.penalties.iter().map(penalty).collect(),
    );
    table(
        Sheet::WageAllowance,
        before.wage_allowances.iter().map(wage_allowance).collect(),
        after.wage_allowances.iter().map(wage_allowance).collect(),
    );
    table(
        Sheet::ExpenseAllowance,
        before.expense_allowances.iter().map(expense_allowance).collect(),
        after.expense_allowances.iter().map(expense_allowance).collect(),
    );
    changes
}

fn table(sheet: Sheet, before: Vec<Compared>, after: Vec<Compared>, changes: &mut Vec<Change>) {
    // An import may leave a table out; then nothing is known to have changed.
    if before.is_empty() || after.is_empty() {
        return;
    }
    let mut old = grouped(before);
    for (key, rows) in grouped(after) {
        match old.remove(&key) {
            None => changes.extend(rows.iter().map(|it| alone(sheet, Kind::Added, it))),
            Some(former) => {
                let mut previous = former.last().expect("no group is empty");
                for row in &rows {
                    differences(sheet, previous, row, changes);
                    previous = row;
                }
            }
        }
    }
    let gone = old.values().filter_map(|it| it.last());
    changes.extend(gone.map(|it| alone(sheet, Kind::Removed, it)));
    changes.sort_by_key(|it| (it.sheet, it.fixed_id));
}

fn grouped(rows: Vec<Compared>) -> BTreeMap<(u32, String), Vec<Compared>> {
    let mut groups: BTreeMap<(u32, String), Vec<Compared>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.fixed_id, row.identity.clone())).or_default().push(row);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|it| it.operative_from);
    }
    groups
}

fn alone(sheet: Sheet, kind: Kind, row: &Compared) -> Change {
    let said = row.fields.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said.map(|(name, value)| format!("{name} {value}")).collect();
    let said = said.join(", ");
    let (before, after) =
        if kind == Kind::Added { (String::new(), said) } else { (said, String::new()) };
    change(sheet, kind, row, "", before, after)
}

fn differences(sheet: Sheet, before: &Compared, after: &Compared, changes: &mut Vec<Change>) {
    for ((name, old), (_, new)) in before.fields.iter().zip(&after.fields) {
        if old != new && matching(old) != matching(new) {
            changes.push(change(sheet, Kind::Changed, after, name, old.clone(), new.clone()));
        }
    }
}

fn change(
    sheet: Sheet,
    kind: Kind,
    row: &Compared,
    field: &str,
    before: String,
    after: String,
) -> Change {
    Change {
        sheet,
        kind,
        fixed_id: row.fixed_id,
        clause: row.clause.clone(),
        title: row.title.clone(),
        field: field.to_owned(),
        before,
        after,
        operative_from: row.operative_from,
    }
}
