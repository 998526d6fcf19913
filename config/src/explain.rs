//! Every value with its origin.

use std::fmt::Write;

use crate::layer::{Setting, variable_of};
use crate::load::Loaded;

/// A table of key, value and origin, one line each.
pub fn explain_text(loaded: &Loaded) -> String {
    let rows: Vec<[String; 3]> = loaded
        .settings
        .iter()
        .map(|it| [it.key.clone(), it.value.to_string(), it.place.to_string()])
        .collect();
    let width = |column: usize, head: &str| {
        rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(head.len())
    };
    let (keys, values) = (width(0, "key"), width(1, "value"));
    let mut text = String::new();
    let head = [String::from("key"), String::from("value"), String::from("from")];
    for [key, value, place] in std::iter::once(&head).chain(&rows) {
        writeln!(text, "{key:keys$}  {value:values$}  {place}").expect("text grows");
    }
    text
}

/// The same as a JSON array of objects: key, value, origin, the variable that would set it.
pub fn explain_json(loaded: &Loaded) -> String {
    let row = |it: &Setting| {
        serde_json::json!({
            "key": it.key,
            "value": it.value,
            "from": it.place.to_string(),
            "variable": variable_of(&it.key),
        })
    };
    let rows: Vec<serde_json::Value> = loaded.settings.iter().map(row).collect();
    serde_json::to_string_pretty(&rows).expect("strings, numbers and booleans are JSON")
}
