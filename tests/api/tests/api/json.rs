//! What is no request at all: malformed JSON, with the field and the place in it.

use crate::support::http::{ask, post, request};
use crate::support::{TestBox, quote};

#[test]
fn json_that_is_no_quote_is_refused_by_field_and_place() {
    let quoin = TestBox::quiet();
    let good = quote().to_string();
    let check = |what: &str, body: &str, field: &str, says: &str| {
        let answer = post(&quoin.http(), "/v1/rates/quote", body);
        let problem = answer.assert_problem(what, 400, field, "");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{what}: {detail}");
        assert!(detail.contains(" at line "), "{what}: {detail}");
    };
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        good.replacen(from, to, 1)
    };

    check("an unknown field", &replaced("{", "{\"bonus\":1,"), "bonus", "unknown field `bonus`");
    let body = replaced("\"unpaid_breaks\"", "\"breaks\"");
    check("an unknown field of a shift", &body, "shifts[0].breaks", "unknown field `breaks`");
    let body = replaced("\"unpaid_breaks\":[]", "\"unpaid_breaks\":[{\"from\":1}]");
    check("and of a break", &body, "shifts[0].unpaid_breaks[0].from", "unknown field `from`");
    check("a field twice", &replaced("{", "{\"award\":\"X\","), "award", "duplicate field `award`");
    check("a field missing", &replaced(",\"state\":\"NSW\"", ""), "state", "missing field `state`");
    check("an empty body", "{}", "award", "missing field `award`");
    check("an unknown state", &replaced("NSW", "NZ"), "state", "NZ");
    check("an unknown employment", &replaced("casual", "temp"), "employment", "temp");
    check("a number for a text", &replaced("\"MA000004\"", "4"), "award", "expected a string");
    check("null for a text", &replaced("\"MA000004\"", "null"), "award", "null");
    check("no such day", &replaced("2025-07-07", "2025-02-30"), "pay_period_start", "day 30");
    check("an empty day", &replaced("2025-07-07", ""), "pay_period_start", "");
    for (time, says) in [
        ("2025-07-13", "YYYY-MM-DDTHH:MM"),
        ("2025-07-13T1O:00", "YYYY-MM-DDTHH:MM"),
        ("soon", "YYYY-MM-DDTHH:MM"),
        ("2025-13-13T10:00", ""),
        ("2025-07-13T24:01", ""),
        ("2025-07-13T10:60", ""),
    ] {
        check("no such time", &replaced("2025-07-13T10:00", time), "shifts[0].start", says);
    }
    check("cut off", &good[..good.len() - 1], "", "EOF");
    check("more after it", &format!("{good} x"), "", "trailing characters");
    check(
        "too deep inside",
        &replaced("[]", &"[".repeat(100_000)),
        "shifts[0].unpaid_breaks[0][0]",
        "",
    );
    check("a later line", &replaced("\"state\":\"NSW\"", "\n\n\"state\":7"), "state", "line 3");

    for body in ["[]", "\"quote\"", "null", "award=MA000004", &"[".repeat(100_000), "\u{feff}{}"] {
        let answer = post(&quoin.http(), "/v1/rates/quote", body);
        let problem = answer.assert_problem("no object", 400, "", "");
        assert_eq!(problem["detail"], "the body must be a JSON object, or empty");
    }

    let mut bytes =
        request("POST", "/v1/rates/quote", &[("content-type", "application/json")], &good);
    let at = bytes.windows(3).position(|it| it == b"NSW").unwrap();
    bytes[at] = 0xff;
    ask(&quoin.http(), &bytes).assert_problem("not UTF-8", 400, "state", "");
    quoin.assert_untouched();
}
