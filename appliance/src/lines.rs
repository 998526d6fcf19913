//! Quote lines as rows of a table.

use rates::{QuoteLine, QuoteReply};

use crate::table::{Align, Table};

/// An empty table for lines.
pub(crate) fn lines_table() -> Table {
    Table::new(&[
        ("from", Align::Left),
        ("to", Align::Left),
        ("hours", Align::Right),
        ("rule", Align::Left),
        ("percent", Align::Right),
        ("rate", Align::Right),
        ("amount", Align::Right),
        ("clause", Align::Left),
    ])
}

/// One line.
pub(crate) fn cells(line: &QuoteLine) -> [String; 8] {
    [
        line.from.to_string(),
        line.to.to_string(),
        line.hours.to_string(),
        line.rule.clone(),
        line.percent.to_string(),
        line.rate.to_string(),
        line.amount.to_string(),
        line.clause.clone(),
    ]
}

/// The sum below the lines.
pub(crate) fn total_cells(reply: &QuoteReply) -> [String; 8] {
    let empty = String::new;
    let total = reply.total.to_string();
    let label = "total".to_owned();
    [label, empty(), reply.hours.to_string(), empty(), empty(), empty(), total, empty()]
}
