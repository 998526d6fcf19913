//! Routes, merged requests and the `OpenAPI` document, as they come out of one domain's declaration.

#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    dead_code,
    missing_debug_implementations,
    reason = "a test's domain is documented by its test"
)]

#[path = "support/shelf.rs"]
mod shelf;

use contract::Method;
use gateway::{Found, Routes, openapi, percent_decoded};
use serde_json::Value;

/// The operation a method and path lead to, and the JSON request that comes of query and body.
fn request(method: Method, path: &str, query: &str, body: &str) -> Result<String, String> {
    let routes = Routes::new(shelf::ENTRIES);
    match routes.find(method, path) {
        Found::Route(route, values) => {
            let json = route
                .request_json(&values, Some(query), body.as_bytes())
                .map_err(|it| format!("{}: {}", it.field, it.detail))?;
            let json = String::from_utf8(json.into_owned()).map_err(|it| it.to_string())?;
            Ok(format!("{} {json}", route.operation.shape.name))
        }
        Found::OtherMethods(methods) => Err(format!("only {methods:?}")),
        Found::Nothing => Err("nothing".to_owned()),
    }
}

#[test]
fn path_query_and_body_make_one_request() {
    for (method, path, query, body, expected) in [
        (Method::Get, "/v1/shelf/items/7", "", "", r#"shelf.find {"id":7}"#),
        (
            Method::Put,
            "/v1/shelf/items/7",
            "",
            r#" { "label":"tea","count":1}"#,
            r#"shelf.put {"id":7, "label":"tea","count":1}"#,
        ),
        (Method::Delete, "/v1/shelf/items/7", "", "{ }", r#"shelf.remove {"id":7 }"#),
        (
            Method::Get,
            "/v1/shelf/echo",
            "text=a+b%26c%22&times=2&loud=true",
            "",
            r#"shelf.echo {"text":"a b&c\"","times":2,"loud":true}"#,
        ),
        (Method::Post, "/v1/shelf/fail", "", r#"{"why":"x"}"#, r#"shelf.fail {"why":"x"}"#),
        (Method::Post, "/v1/shelf/fail", "", "", "shelf.fail {}"),
        // A text field takes digits as text.
        (Method::Get, "/v1/shelf/echo", "text=12", "", r#"shelf.echo {"text":"12"}"#),
    ] {
        assert_eq!(request(method, path, query, body).as_deref(), Ok(expected));
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    for (method, path, query, body, expected) in [
        (Method::Get, "/v1/shelf/items/x", "", "", r#"id: "x" is not a number or a boolean"#),
        (Method::Get, "/v1/shelf/items/%7B%7D", "", "", r#"id: "{}" is not a number or a boolean"#),
        (Method::Get, "/v1/shelf/echo", "tone=low", "", "tone: shelf.echo has no such field"),
        (Method::Get, "/v1/shelf/echo", "text=%4", "", r#": "%4" is not percent-encoded"#),
        (Method::Get, "/v1/shelf/echo", "text=%ff", "", r#": "%ff" is not percent-encoded"#),
        (Method::Put, "/v1/shelf/items/7", "", "[1]", ": the body must be a JSON object, or empty"),
        (Method::Get, "/v1/shelf/echo", "", "[1]", ": the body must be a JSON object, or empty"),
        (Method::Post, "/v1/shelf/items/7", "", "", "only [Put, Delete, Get]"),
        (Method::Get, "/v1/shelf/items/", "", "", "nothing"),
        (Method::Get, "/v1/shelf/items", "", "", "nothing"),
        (Method::Get, "/v1/shelf/items/7/more", "", "", "nothing"),
        (Method::Get, "/", "", "", "nothing"),
    ] {
        assert_eq!(request(method, path, query, body), Err(expected.to_owned()), "{path}?{query}");
    }
}

#[test]
fn percent_decoding_leaves_plain_text_alone() {
    for (raw, query, expected) in [
        ("plain", true, "plain"),
        ("a+b", false, "a+b"),
        ("a+b", true, "a b"),
        ("%e2%82%ac", false, "€"),
    ] {
        assert_eq!(percent_decoded(raw, query).expect("well encoded"), expected);
    }
}

#[test]
fn the_document_describes_every_operation() {
    let document = openapi(shelf::ENTRIES, "1.2.3");
    let at = |pointer: &str| document.pointer(pointer).unwrap_or(&Value::Null);
    assert_eq!(at("/openapi"), "3.1.1");
    assert_eq!(at("/info/version"), "1.2.3");
    let put = "/paths/~1v1~1shelf~1items~1{id}/put";
    assert_eq!(at(&format!("{put}/operationId")), "shelf.put");
    assert_eq!(at(&format!("{put}/parameters/0/in")), "path");
    assert_eq!(at(&format!("{put}/parameters/1/name")), "Idempotency-Key");
    assert_eq!(at(&format!("{put}/x-rpc-operation")), shelf::PUT_ITEM);
    let body = format!("{put}/requestBody/content/application~1json/schema/properties");
    assert_eq!(at(&format!("{body}/label/type")), "string");
    assert!(at(&format!("{body}/id")).is_null());
    let echo = "/paths/~1v1~1shelf~1echo/get";
    let inside: Vec<_> = (0..3).map(|it| at(&format!("{echo}/parameters/{it}/in"))).collect();
    assert_eq!(inside, ["query"; 3]);
    assert!(at(&format!("{echo}/requestBody")).is_null());
    let text = document.to_string();
    assert!(!text.contains("#/$defs/"));
    assert_eq!(text.matches("operationId").count(), shelf::ENTRY.operations.len());
}
