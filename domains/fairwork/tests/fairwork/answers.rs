//! Pages of the interface's lists, and pay rates with their classifications.

use fairwork::Sheet;
use fairwork::reading::{AnswerError, AnswerList, Expected, read};
use fairwork::rules::base_rates::{Outcome, base_rates};
use serde_json::json;

fn page(current: u32, pages: u32, count: u32, results: &[u32]) -> Vec<u8> {
    json!({
        "_meta": {
            "current_page": current, "page_count": pages, "limit": 2, "result_count": count,
            "has_more_results": current < pages
        },
        "results": results.iter().map(|it| json!({ "id": it })).collect::<Vec<_>>(),
        "_links": []
    })
    .to_string()
    .into_bytes()
}

#[test]
fn pages_are_put_together_and_checked_against_their_own_count() {
    // The pages that are taken one after the other, and what the last of them comes to.
    let moved = AnswerError::Moved { before: 3, now: 4 };
    let short = AnswerError::Count { stated: 3, found: 2 };
    for (pages, expected) in [
        (vec![page(1, 1, 0, &[])], Ok(false)),
        (vec![page(1, 2, 3, &[1, 2])], Ok(true)),
        (vec![page(1, 2, 3, &[1, 2]), page(2, 2, 3, &[3])], Ok(false)),
        (vec![br#"{"_meta":{"result_count":1},"result":{"id":7}}"#.to_vec()], Ok(false)),
        (vec![br#"{"_meta":{},"results":[{"id":7}]}"#.to_vec()], Ok(false)),
        // A server that does not hear the page gives the first for ever.
        (
            vec![page(1, 2, 3, &[1, 2]), page(1, 2, 3, &[1, 2])],
            Err(AnswerError::Page { wanted: 2, got: 1 }),
        ),
        (vec![page(1, 2, 3, &[1, 2]), page(2, 2, 4, &[3, 4])], Err(moved)),
        (vec![page(1, 2, 3, &[1, 2]), page(2, 2, 3, &[])], Err(short.clone())),
        (vec![page(1, 2, 3, &[1, 2]), page(2, 3, 3, &[])], Err(short)),
        (vec![page(1, 9, 400_001, &[1])], Err(AnswerError::TooLong(400_001))),
    ] {
        let mut list = AnswerList::default();
        let mut follows = Ok(true);
        for page in &pages {
            follows = list.take(page);
        }
        assert_eq!(follows, expected);
    }
    for broken in ["", "{", r#"{"_meta":{}}"#, r#"{"results":[]}"#, "[]", "<html>"] {
        let refused = AnswerList::default().take(broken.as_bytes()).unwrap_err();
        assert!(matches!(refused, AnswerError::Form(_)), "{broken}: {refused}");
    }
}

#[test]
fn a_kept_list_is_the_same_list_to_the_last_digit() {
    let text = br#"[{"base_rate":1008.90,"published_year":2025},{"published_year":2024}]"#;
    let mut list = AnswerList::of_json(text).unwrap();
    assert_eq!(list.json(), text);
    list.retain_year(2025).unwrap();
    assert_eq!(list.json(), br#"[{"base_rate":1008.90,"published_year":2025}]"#);
}

/// Both forms of dates, a shadow clause that only the classification tells, and a heading without a
/// rate of its own.
#[test]
fn pay_rates_have_the_clauses_of_their_classifications() {
    let classifications = json!([
        { "classification_fixed_id": 10, "clauses": "15.1", "clause_description": "Adults",
          "operative_from": "2025-07-01T00:00:00+00:00", "published_year": 2025,
          "classification": "Level 1" },
        { "classification_fixed_id": 11, "clauses": "15.1*_OrdHrRate",
          "operative_from": "2025-07-01", "published_year": 2025, "classification": "Level 1" },
        { "classification_fixed_id": 12, "clauses": "15", "operative_from": null,
          "published_year": 2025, "classification": "Adults", "parent_classification_name": null },
    ]);
    let rate = |id: u32, from: &str| {
        json!({
            "classification_fixed_id": id, "base_pay_rate_id": format!("BR{id}"),
            "base_rate_type": "Weekly", "base_rate": 1008.9, "calculated_rate_type": "Hourly",
            "calculated_rate": 26.55, "classification": "Level 1", "operative_from": from,
            "operative_to": null, "published_year": 2025, "employee_rate_type_code": "AD"
        })
    };
    // The second row is dated otherwise than its classification.
    let rates = json!([rate(10, "2025-07-01"), rate(11, "2025-06-01T00:00:00+00:00")]);
    let list =
        |value: &serde_json::Value| AnswerList::of_json(value.to_string().as_bytes()).unwrap();
    let joined = list(&rates).with_classifications(&list(&classifications)).unwrap();
    assert_eq!(joined.len(), 3);
    let expected = Expected {
        file: "MA000004/pay-rates",
        sheet: Sheet::Classification,
        year: None,
        award: Some(4),
    };
    let (rows, report) = read(expected, &joined.json());
    assert!(report.is_clean(), "{:?}", report.findings);
    let rows: Vec<_> = rows.classifications.into_iter().map(|it| it.row).collect();
    let clauses: Vec<&str> = rows.iter().map(|it| it.clauses.as_str()).collect();
    assert_eq!(clauses, ["15.1", "15.1*_OrdHrRate", "15"]);
    let found = base_rates(4, &[(2025, &rows)]);
    let outcomes: Vec<_> = found.outcomes.into_iter().collect();
    assert_eq!(outcomes, [(Outcome::WeeklyAgrees, 1), (Outcome::Heading, 1), (Outcome::Shadow, 1)]);
    let nothing = AnswerList::default().with_classifications(&list(&classifications)).unwrap();
    assert!(nothing.is_empty());
}
