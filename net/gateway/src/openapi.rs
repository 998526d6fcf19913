//! The `OpenAPI` 3.1 document of every operation.

use contract::{Entry, Kind, Method, Operation, Placement};
use serde_json::{Map, Value, json};

/// The `OpenAPI` 3.1 document of every operation, from their declarations alone.
///
/// Schemas that the request and reply types share under one name stand once under
/// `components/schemas`, prefixed with the domain's name.
pub fn openapi(entries: &'static [Entry], version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Problem".to_owned(), problem_schema());
    for entry in entries {
        for operation in entry.operations {
            let item = described(entry, operation, &mut schemas);
            let path = paths.entry(operation.shape.path).or_insert_with(|| json!({}));
            path[method_name(operation.shape.method)] = item;
        }
    }
    let tags: Vec<_> =
        entries.iter().map(|it| json!({ "name": it.name, "description": it.summary })).collect();
    json!({
        "openapi": "3.1.1",
        "info": { "title": "Quoin", "version": version },
        "tags": tags,
        // Nothing at all is enough on the plain door, for whoever is on this machine.
        "security": [{ "bearer": [] }, { "apiKey": [] }, {}],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key or an access token. The doors with encryption demand one.",
        },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-Api-Key" },
    })
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Delete => "delete",
    }
}

fn described(
    entry: &'static Entry,
    operation: &'static Operation,
    schemas: &mut Map<String, Value>,
) -> Value {
    let shape = &operation.shape;
    let request = hoisted(entry.name, (operation.request_schema)().to_value(), schemas);
    let reply = hoisted(entry.name, (operation.reply_schema)().to_value(), schemas);
    let fields = request.get("properties").and_then(Value::as_object);
    let is_required = |name: &str| {
        let required = request.get("required").and_then(Value::as_array);
        required.is_some_and(|it| it.iter().any(|it| it == name))
    };
    let has_body = shape.method != Method::Get && shape.method != Method::Delete;
    let mut parameters = Vec::new();
    for (name, schema) in fields.into_iter().flatten() {
        let in_path = shape.path.contains(&format!("{{{name}}}"));
        if in_path {
            parameters
                .push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        } else if !has_body {
            let required = is_required(name);
            parameters.push(
                json!({ "name": name, "in": "query", "required": required, "schema": schema }),
            );
        }
    }
    if operation.kind() == Kind::Command {
        let key = json!({
            "type": "string",
            "pattern": "^[ -~]+$",
            "minLength": 1,
            "maxLength": wire::KEY_BYTES_MAX,
        });
        parameters.push(json!({ "name": "Idempotency-Key", "in": "header", "schema": key }));
        if is_tagged(entry, operation) {
            let tags = json!({ "type": "string" });
            parameters.push(json!({
                "name": "If-Match",
                "in": "header",
                "description": "Entity tags, or `*`. Not together with If-None-Match.",
                "schema": tags,
            }));
            let only = json!({ "type": "string", "enum": ["*"] });
            parameters.push(json!({ "name": "If-None-Match", "in": "header", "schema": only }));
        }
    }
    let tenant = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    parameters.push(json!({ "name": "X-Tenant", "in": "header", "schema": tenant }));
    let position = json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX });
    parameters
        .push(json!({ "name": "X-Log-Position-At-Least", "in": "header", "schema": position }));
    let headers = json!({ "X-Log-Position": { "schema": position } });
    let problem = json!({ "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" },
    } });
    let mut item = json!({
        "operationId": shape.name,
        "summary": shape.summary,
        "tags": [entry.name],
        "x-rpc-operation": operation.number(entry.id),
        "x-permission": shape.permission,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done",
                "headers": headers,
                "content": { "application/json": { "schema": reply } },
            },
            "400": { "description": "Malformed: `field` says where", "content": problem },
            "401": { "description": "Who asks is unknown", "content": problem },
            "403": { "description": "The caller lacks the permission", "content": problem },
            "412": {
                "description": "The log is not that far, or what would change is not as it was seen",
                "content": problem,
            },
            "422": { "description": "Refused: `code` says why", "content": problem },
            "429": { "description": "Over quota: Retry-After says when", "content": problem },
            "default": { "description": "Not done", "headers": headers, "content": problem },
        },
    });
    if operation.deprecation.is_some() {
        item["deprecated"] = Value::Bool(true);
    }
    if has_body {
        let body = body_schema(request, shape.path);
        let required = body.get("required").and_then(Value::as_array);
        let is_needed = required.is_some_and(|it| !it.is_empty());
        let mut content = json!({ "schema": body });
        if let Ok(example) = serde_json::from_str::<Value>(shape.example) {
            content["example"] = example;
        }
        item["requestBody"] =
            json!({ "required": is_needed, "content": { "application/json": content } });
    }
    item
}

/// Whether what a command changes can be read at the same path, and so has an entity tag. What cannot
/// be read without a query string has none: a condition says nothing but the path.
fn is_tagged(entry: &Entry, operation: &Operation) -> bool {
    let path = operation.shape.path;
    let is_whole = |reading: &Operation| {
        let request = (reading.request_schema)().to_value();
        let required = request.get("required").and_then(Value::as_array);
        let mut names = required.into_iter().flatten().filter_map(Value::as_str);
        names.all(|it| path.contains(&format!("{{{it}}}")))
    };
    entry.operations.iter().any(|it| {
        it.shape.method == Method::Get
            && it.shape.placement == Placement::Owner
            && it.shape.path == path
            && is_whole(it)
    })
}

/// The request without the fields that travel in the path.
fn body_schema(mut request: Value, path: &str) -> Value {
    let in_path = |name: &str| path.contains(&format!("{{{name}}}"));
    if let Some(fields) = request.get_mut("properties").and_then(Value::as_object_mut) {
        fields.retain(|name, _| !in_path(name));
    }
    if let Some(required) = request.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !name.as_str().is_some_and(in_path));
    }
    request
}

/// Moves a schema's own definitions to the document's, and points its references there.
fn hoisted(domain: &str, mut schema: Value, schemas: &mut Map<String, Value>) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        if let Some(Value::Object(definitions)) = object.remove("$defs") {
            for (name, mut definition) in definitions {
                redirect(domain, &mut definition);
                schemas.insert(format!("{domain}.{name}"), definition);
            }
        }
    }
    redirect(domain, &mut schema);
    schema
}

fn redirect(domain: &str, value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(pointer)) = object.get_mut("$ref")
                && let Some(name) = pointer.strip_prefix("#/$defs/")
            {
                *pointer = format!("#/components/schemas/{domain}.{name}");
            }
            object.values_mut().for_each(|it| redirect(domain, it));
        }
        Value::Array(values) => values.iter_mut().for_each(|it| redirect(domain, it)),
        _ => {}
    }
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why there is no ordinary answer (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "field": { "type": "string", "description": "The field at fault, such as shifts[3].end." },
            "code": { "type": "string", "description": "The domain's name for the refusal." },
        },
    })
}
