//! The Commission's own interface, answered from imported rows.

use contract::{Request, Tenant};
use fairwork::{
    ClassificationPayRates, CompareYears, ENTRY, ListAwards, ListClassifications,
    ListExpenseAllowances, ListPayRates, ListPenalties, ListWageAllowances, PublishYear, ShowAward,
    ShowClassification, ShowExpenseAllowance, ShowWageAllowance, StagePage,
};
use fixture::Core;
use serde_json::{Value, json};

use crate::start::{award, classification, code};

const BOX: Tenant = Tenant::BOX;

/// MA000004 in 2024 and 2025, and MA000155 in 2025; classifications in pages of 7.
pub(crate) fn filled() -> Core {
    let mut core = Core::new(&ENTRY);
    for year in [2024, 2025] {
        let rate = |n: u32| format!("{}", 1_000 + n + u32::from(year == 2025) * 35);
        let mut rows: Vec<Value> = (1..=25)
            .map(|n| {
                let mut row = classification(n, &format!("Level {n}"), &rate(n), "26.55");
                row["operative_from"] = json!(format!("{year}-07-01"));
                row["operative_to"] = if year == 2024 { json!("2025-06-30") } else { json!(null) };
                row["employee_rate_type_code"] = json!(if n % 5 == 0 { "JN" } else { "AD" });
                row["classification_level"] = json!(n);
                row
            })
            .collect();
        // Another calculated rate of the first.
        let mut casual = rows[0].clone();
        casual["calculated_rate_type"] = json!("Casual hourly");
        casual["calculated_rate"] = json!(33.19);
        rows.push(casual);
        let mut parts = Vec::new();
        for (part, rows) in rows.chunks(7).enumerate() {
            let mut request = crate::domain::stage(7, u32::try_from(part).unwrap(), rows);
            request["year"] = json!(year);
            core.call(BOX, code::<StagePage>(), &request).unwrap();
            parts.push(rows.len());
        }
        let others = [
            (
                "penalty",
                "penalties",
                json!([
                    {"penalty_fixed_id": 5, "penalty_description": "Sunday", "rate": 150, "base_pay_rate_id": "BR1",
                     "penalty_calculated_value": 39.83, "employee_rate_type_code": "AD", "classification_level": 1,
                     "operative_from": format!("{year}-07-01")},
                    {"penalty_fixed_id": 6, "penalty_description": "Saturday", "rate": 125, "base_pay_rate_id": "BR2",
                     "employee_rate_type_code": "JN", "penalty_code": "X"}
                ]),
            ),
            (
                "wage-allowance",
                "wage_allowances",
                json!([
                    {"wage_allowance_fixed_id": 10, "allowance": "First aid", "is_all_purpose": true,
                     "rate": 1.91, "rate_unit": "Percent", "allowance_amount": 20.41 + f64::from(year - 2024)},
                    {"wage_allowance_fixed_id": 11, "allowance": "Cold work", "allowance_type_code": "C"}
                ]),
            ),
            (
                "expense-allowance",
                "expense_allowances",
                json!([
                    {"expense_allowance_fixed_id": 20, "allowance": "Meal", "allowance_amount": 19.77,
                     "last_adjusted_year": 2024}
                ]),
            ),
        ];
        let mut sheets = vec![json!({"sheet": "classification", "import": 7, "parts": parts})];
        for (sheet, list, rows) in others {
            let mut request = crate::domain::stage(8, 0, &[]);
            request["year"] = json!(year);
            request["sheet"] = json!(sheet);
            request["page"] = json!({ list: rows });
            core.call(BOX, code::<StagePage>(), &request).unwrap();
            sheets.push(
                json!({"sheet": sheet, "import": 8, "parts": [rows.as_array().unwrap().len()]}),
            );
        }
        let mut awards = vec![award("MA000004", 4, &json!(sheets))];
        if year == 2025 {
            let mut later = award("MA000155", 154, &json!([]));
            later["award"]["name"] = json!("Mining\u{2014}Black Coal Award 2020");
            later["award"]["award_operative_from"] = json!("2020-01-01");
            awards.push(later);
        }
        let year = json!({"year": year, "awards": awards});
        core.call(BOX, code::<PublishYear>(), &year).unwrap();
    }
    core
}

fn get<R: Request>(core: &mut Core, request: &Value) -> Value {
    core.call(Tenant(9), code::<R>(), request).unwrap()
}

#[test]
fn a_list_is_paged_like_the_real_one() {
    let mut core = filled();
    let first = get::<ListPayRates>(&mut core, &json!({"id_or_code": "MA000004"}));
    assert_eq!(
        first["_meta"],
        json!({"current_page": 1, "page_count": 6, "limit": 10, "result_count": 52, "first_row_on_page": 1,
               "last_row_on_page": 10, "has_more_results": true, "has_previous_results": false})
    );
    let rels = |reply: &Value| -> Vec<String> {
        let links = reply["_links"].as_array().unwrap();
        links.iter().map(|it| format!("{} {} {}", it["rel"], it["method"], it["href"])).collect()
    };
    assert!(
        rels(&first)[2].contains("/api/v1/awards/MA000004/pay-rates?page=2&limit=10"),
        "{:?}",
        rels(&first)
    );
    // Every page together is the whole list once, newest year first, whatever the limit.
    for limit in [1_u32, 7, 8, 10, 25, 26, 100] {
        let mut all = Vec::new();
        let mut page = 1;
        loop {
            let request = json!({"id_or_code": "4", "page": page, "limit": limit});
            let reply = get::<ListPayRates>(&mut core, &request);
            let results = reply["results"].as_array().unwrap();
            assert!(results.len() <= usize::try_from(limit).unwrap());
            all.extend(
                results.iter().map(|it| {
                    (it["published_year"].clone(), it["classification_fixed_id"].clone())
                }),
            );
            if reply["_meta"]["has_more_results"] == false {
                break;
            }
            page += 1;
        }
        assert_eq!(all.len(), 52, "{limit}");
        assert_eq!((&all[0].0, &all[51].0), (&json!(2025), &json!(2024)), "{limit}");
    }
    let beyond = get::<ListPayRates>(&mut core, &json!({"id_or_code": "4", "page": 99}));
    assert_eq!(
        (beyond["results"].as_array().unwrap().len(), &beyond["_meta"]["first_row_on_page"]),
        (0, &json!(0))
    );
}

#[test]
fn awards_are_named_by_code_or_id_and_found_by_words() {
    let mut core = filled();
    let all = get::<ListAwards>(&mut core, &json!({}));
    assert_eq!(all["_meta"]["result_count"], 2);
    assert_eq!(all["results"][0]["published_year"], 2025);
    for (name, count) in
        [("mining black", 1), ("Mining+BLACK", 1), ("mining-black", 1), ("retail coal", 0), ("", 2)]
    {
        let found = get::<ListAwards>(&mut core, &json!({ "name": name }));
        assert_eq!(found["_meta"]["result_count"], count, "{name}");
    }
    let since =
        get::<ListAwards>(&mut core, &json!({"award_operative_from": "2015-01-01T00:00:00+00:00"}));
    assert_eq!(since["results"][0]["code"], "MA000155");
    let until = get::<ListAwards>(&mut core, &json!({"award_operative_to": "2015-01-01"}));
    assert_eq!(until["_meta"]["result_count"], 0);
    // One result for each published year.
    assert_eq!(
        get::<ShowAward>(&mut core, &json!({"id_or_code": "4"}))["_meta"]["result_count"],
        2
    );
    for name in ["MA000155", "ma000155", "154"] {
        let found = get::<ShowAward>(&mut core, &json!({"id_or_code": name}));
        assert_eq!(found["results"][0]["award_fixed_id"], 154, "{name}");
    }
}

#[test]
fn filters_leave_what_they_name() {
    let mut core = filled();
    let count = |core: &mut Core, operation: u16, filters: Value| -> u64 {
        let mut request = filters;
        request["id_or_code"] = json!("MA000004");
        core.call(BOX, operation, &request).unwrap()["_meta"]["result_count"].as_u64().unwrap()
    };
    let (rates, classes) = (code::<ListPayRates>(), code::<ListClassifications>());
    let (penalties, wages) = (code::<ListPenalties>(), code::<ListWageAllowances>());
    let expenses = code::<ListExpenseAllowances>();
    for (operation, filters, expected) in [
        (rates, json!({"classification_fixed_id": 1}), 4),
        (rates, json!({"classification_level": 2}), 2),
        (rates, json!({"employee_rate_type_code": "JN"}), 10),
        (rates, json!({"employee_rate_type_code": "ad, TN"}), 42),
        (rates, json!({"operative_from": "2025-01-01"}), 26),
        (rates, json!({"operative_to": "2025-06-30"}), 26),
        (rates, json!({"operative_to": ""}), 52),
        (classes, json!({}), 50),
        (classes, json!({"classification_fixed_id": 1, "classification_level": 1}), 2),
        (penalties, json!({}), 4),
        (penalties, json!({"penalty_fixed_id": 5}), 2),
        (penalties, json!({"base_pay_rate_id": "br2"}), 2),
        (penalties, json!({"base_pay_rate_Id": "BR1", "classification_level": 1}), 2),
        (penalties, json!({"penalty_code": "X"}), 2),
        (penalties, json!({"employee_rate_type_code": "AD", "operative_from": "2025-07-01"}), 1),
        (wages, json!({}), 4),
        (wages, json!({"is_all_purpose": "true"}), 2),
        (wages, json!({"is_all_purpose": "0", "allowance_type_code": "C"}), 2),
        (expenses, json!({}), 2),
        (expenses, json!({"is_all_purpose": "1"}), 0),
    ] {
        assert_eq!(count(&mut core, operation, filters.clone()), expected, "{operation} {filters}");
    }
}

#[test]
fn single_results_are_the_newest() {
    let mut core = filled();
    let one = get::<ShowClassification>(
        &mut core,
        &json!({"id_or_code": "4", "classification_fixed_id": 3}),
    );
    assert_eq!(
        (&one["result"]["published_year"], &one["result"]["classification"]),
        (&json!(2025), &json!("Level 3"))
    );
    assert!(one["_meta"].get("page_count").is_none());
    let rates = get::<ClassificationPayRates>(
        &mut core,
        &json!({"id_or_code": "4", "classification_fixed_id": 1}),
    );
    let kinds: Vec<&Value> =
        rates["results"].as_array().unwrap().iter().map(|it| &it["calculated_rate_type"]).collect();
    assert_eq!(kinds, ["Casual hourly", "Hourly"]);
    let wage = get::<ShowWageAllowance>(
        &mut core,
        &json!({"id_or_code": "4", "wage_allowance_fixed_id": 10}),
    );
    assert_eq!(
        (&wage["result"]["allowance_amount"], &wage["result"]["rate"]),
        (&json!(21.41), &json!(1.91))
    );
    let expense = json!({"id_or_code": "4", "expense_allowance_fixed_id": 20, "limit": 100});
    let expense = get::<ShowExpenseAllowance>(&mut core, &expense);
    assert_eq!(expense["result"]["last_adjusted_year"], 2024);
}

#[test]
fn figures_are_written_as_numbers_to_their_last_digit() {
    let mut core = filled();
    let operation = ENTRY.operation(code::<ListPenalties>()).unwrap();
    let mut payload = Vec::new();
    (operation.from_json)(br#"{"id_or_code":"4","limit":1}"#, &mut payload).unwrap();
    let reply = core.archived(BOX, code::<ListPenalties>(), &payload).unwrap();
    let mut text = Vec::new();
    (operation.to_json)(&reply, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(r#""rate":150.0,"#), "{text}");
    assert!(text.contains(r#""penalty_calculated_value":39.83,"#), "{text}");
}

#[test]
fn what_changed_between_two_years_is_told() {
    let mut core = filled();
    let request = json!({"award": "MA000004", "from": 2024, "to": 2025});
    let reply = get::<CompareYears>(&mut core, &request);
    let changes = reply["changes"].as_array().unwrap();
    // Every base rate once for each of its rows, and one allowance.
    assert_eq!(changes.len(), 27, "{reply:#}");
    assert_eq!(
        changes[0],
        json!({"sheet": "classification", "kind": "changed", "fixed_id": 1, "clause": "17.1", "title": "Level 1",
               "field": "base_rate", "before": "1001", "after": "1036", "operative_from": "2025-07-01"})
    );
    assert_eq!(
        (&changes[26]["field"], &changes[26]["after"]),
        (&json!("allowance_amount"), &json!("21.41"))
    );
    let gone =
        get::<CompareYears>(&mut core, &json!({"award": "MA000155", "from": 2024, "to": 2025}));
    assert_eq!(gone["changes"], json!([]));
}
