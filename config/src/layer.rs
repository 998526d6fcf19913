//! One layer: a list of settings, each with its place.

use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, Place};
use crate::nearest::nearest;

/// What every variable of ours begins with.
const PREFIX: &str = "QUOIN_";

/// One key with its value and the place that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Section and key, such as `http.listen`.
    pub key: String,
    /// Its value: a boolean, an integer or a string.
    pub value: Value,
    /// Where it comes from.
    pub place: Place,
}

/// The settings of the embedded defaults, in the order of the file.
pub(crate) fn defaults() -> Vec<Setting> {
    let at = |_| Place::Default;
    match settings_of(crate::DEFAULTS, Path::new("default.toml"), at) {
        Ok(settings) => settings,
        Err(error) => panic!("the embedded defaults are tested: {error}"),
    }
}

/// The settings of a file's `text`; each must be one of `known` and of its type.
pub(crate) fn file(
    text: &str,
    path: &Path,
    known: &[Setting],
) -> Result<Vec<Setting>, ConfigError> {
    let at = |line| Place::File { path: path.to_owned(), line };
    let mut settings = settings_of(text, path, at)?;
    // A section of which nothing is set.
    settings.retain(|it| !is_empty_table(&it.value) || !is_section(&it.key, known));
    for setting in &settings {
        let Some(default) = known.iter().find(|it| it.key == setting.key) else {
            let (key, place) = (setting.key.clone(), setting.place.clone());
            let nearest = nearest(&key, known.iter().map(|it| it.key.as_str())).to_owned();
            return Err(ConfigError::UnknownKey { place, key, nearest });
        };
        if !default.value.same_type(&setting.value) {
            return Err(wrong_type(setting, default));
        }
    }
    Ok(settings)
}

fn is_empty_table(value: &Value) -> bool {
    value.as_table().is_some_and(toml::Table::is_empty)
}

fn is_section(name: &str, known: &[Setting]) -> bool {
    known.iter().any(|it| it.key.split_once('.').is_some_and(|(section, _)| section == name))
}

/// The settings of those `variables` that begin with `QUOIN_`.
pub(crate) fn environment(
    variables: &[(String, String)],
    known: &[Setting],
) -> Result<Vec<Setting>, ConfigError> {
    let mut settings = Vec::new();
    for (name, text) in variables.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        let Some(default) = known.iter().find(|it| variable_of(&it.key) == *name) else {
            let names: Vec<String> = known.iter().map(|it| variable_of(&it.key)).collect();
            let nearest = nearest(name, names.iter().map(String::as_str)).to_owned();
            return Err(ConfigError::UnknownVariable { name: name.clone(), nearest });
        };
        settings.push(typed(default, text, Place::Variable(name.clone()))?);
    }
    Ok(settings)
}

/// `text` as a value of the type that `default` has.
pub(crate) fn typed(default: &Setting, text: &str, place: Place) -> Result<Setting, ConfigError> {
    let value = match default.value {
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        _ => Some(Value::String(text.to_owned())),
    };
    let key = default.key.clone();
    if let Some(value) = value {
        return Ok(Setting { key, value, place });
    }
    let value = Value::String(text.to_owned());
    Err(wrong_type(&Setting { key, value, place }, default))
}

/// The variable of a key: `http.listen` is `QUOIN_HTTP__LISTEN`.
pub(crate) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

fn wrong_type(found: &Setting, default: &Setting) -> ConfigError {
    let expected = match default.value {
        Value::Boolean(_) => "true or false",
        Value::Integer(_) => "a whole number",
        _ => "a string in quotes",
    };
    let (place, key) = (found.place.clone(), found.key.clone());
    let found = match &found.value {
        Value::Array(_) | Value::Table(_) => "something else".to_owned(),
        value => value.to_string(),
    };
    ConfigError::WrongType { place, key, expected, found }
}

fn settings_of(
    text: &str,
    path: &Path,
    place: impl Fn(usize) -> Place,
) -> Result<Vec<Setting>, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        detail: error.message().to_owned(),
    })?;
    let mut found = Vec::new();
    walk(table.get_ref(), "", &mut found);
    found.sort_by_key(|(offset, ..)| *offset);
    let setting =
        |(offset, key, value)| Setting { key, value, place: place(line_of(text, offset)) };
    Ok(found.into_iter().map(setting).collect())
}

/// Every leaf below `table` as the offset of its key, its dotted key, and its value.
fn walk(table: &DeTable<'_>, section: &str, found: &mut Vec<(usize, String, Value)>) {
    for (key, value) in table {
        let name = match section {
            "" => key.get_ref().to_string(),
            section => format!("{section}.{}", key.get_ref()),
        };
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => walk(inner, &name, found),
            leaf => found.push((key.span().start, name, value_of(leaf))),
        }
    }
}

/// No key has another type than boolean, integer or string; anything else becomes an array, which is
/// of the wrong type for every key.
fn value_of(leaf: &DeValue<'_>) -> Value {
    match leaf {
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::String(value) => Value::String(value.to_string()),
        DeValue::Integer(value) => match i64::from_str_radix(value.as_str(), value.radix()) {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Array(Vec::new()),
        },
        DeValue::Table(_) => Value::Table(toml::Table::new()),
        _ => Value::Array(Vec::new()),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
