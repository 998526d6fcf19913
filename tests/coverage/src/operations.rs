//! What every operation declares.

use std::collections::BTreeSet;

use contract::Operation;
use serde_json::Value;

/// What the operations of all domains lack, each given with its domain's name.
pub fn complaints<'a>(operations: impl Iterator<Item = (&'a str, &'a Operation)>) -> Vec<String> {
    let mut found = Vec::new();
    let (mut names, mut routes) = (BTreeSet::new(), BTreeSet::new());
    for (domain, operation) in operations {
        let shape = &operation.shape;
        let name = shape.name;
        let mut complain =
            |text: String| found.push(format!("domains/{domain}, the SHAPE of `{name}`: {text}"));
        if !names.insert(name) {
            complain("another operation has this name; names are unique in the box".into());
        }
        if !routes.insert((format!("{:?}", shape.method), shape.path)) {
            complain(format!("another operation has {:?} {}", shape.method, shape.path));
        }
        if !name.starts_with(&format!("{domain}.")) {
            complain(format!("a name begins with its domain: `{domain}.…`"));
        }
        if shape.summary.trim().is_empty() {
            complain("`summary` is empty; write the one line that the documents show".into());
        }
        if !is_dotted(shape.permission) {
            let text = format!("`permission` is `{}`; write `{domain}.<what>`", shape.permission);
            complain(text);
        }
        // Below /api/ are mirrors: the paths of somebody else's interface.
        if !["/v1/", "/api/"].iter().any(|it| shape.path.starts_with(it)) {
            complain(format!("`path` is `{}`; routes begin with /v1/", shape.path));
        }
        if let Err(error) = (operation.from_json)(shape.example.as_bytes(), &mut Vec::new()) {
            complain(format!("`example` is not a request: {error} (field `{}`)", error.field));
        }
        schema_complaints(operation, &mut complain);
    }
    found
}

fn schema_complaints(operation: &Operation, complain: &mut impl FnMut(String)) {
    let request = (operation.request_schema)();
    let request = request.as_value();
    for parameter in parameters(operation.shape.path) {
        if request["properties"].get(parameter).is_none() {
            complain(format!("`path` names {{{parameter}}}, the request has no such field"));
        }
    }
    let mut objects = vec![("the request".to_owned(), request)];
    let definitions = request["$defs"].as_object().into_iter().flatten();
    objects.extend(definitions.map(|(name, schema)| (format!("`{name}`"), schema)));
    for (name, schema) in objects {
        let has_fields = schema["properties"].is_object();
        if has_fields && schema["additionalProperties"] != Value::Bool(false) {
            complain(format!("{name} takes unknown fields; add #[serde(deny_unknown_fields)]"));
        }
    }
    let reply = (operation.reply_schema)();
    let described = ["type", "$ref", "oneOf", "anyOf", "properties"];
    if !described.iter().any(|key| reply.as_value().get(key).is_some()) {
        complain("the reply has an empty schema; derive JsonSchema on its type".into());
    }
}

fn is_dotted(permission: &str) -> bool {
    let word = |part: &str| {
        let letter = |char: char| char.is_ascii_lowercase() || char == '-' || char == '_';
        !part.is_empty() && part.chars().all(letter)
    };
    permission.contains('.') && permission.split('.').all(word)
}

fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

#[cfg(test)]
mod tests {
    use contract::{DomainId, Shape};

    use super::*;

    fn check(change: impl FnOnce(&mut Shape)) -> Vec<String> {
        let mut operation = *publish_award();
        change(&mut operation.shape);
        complaints([("rates", &operation)].into_iter())
    }

    fn publish_award() -> &'static Operation {
        &registry::find(DomainId(2)).expect("rates is listed").operations[0]
    }

    fn assert_one(found: &[String], expected: &str) {
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }

    #[test]
    fn a_complete_operation_passes() {
        assert_eq!(check(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn each_rule_can_fail() {
        assert_one(&check(|it| it.summary = " "), "`summary` is empty");
        assert_one(&check(|it| it.permission = "write"), "write `rates.<what>`");
        assert_one(&check(|it| it.path = "/rates"), "begin with /v1/");
        assert_one(&check(|it| it.path = "/v1/x/{no-such}"), "no such field");
        assert_one(&check(|it| it.name = "orders.place"), "begins with its domain");
        assert_one(&check(|it| it.example = "{\"colour\":1}"), "`example` is not a request");
        let operation = publish_award();
        let twice = complaints([("rates", operation), ("rates", operation)].into_iter());
        assert_eq!(twice.len(), 2, "{twice:?}");
    }
}
