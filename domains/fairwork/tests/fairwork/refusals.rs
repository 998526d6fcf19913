//! Every refusal, by name, field and words.

use contract::Tenant;
use fairwork::{
    CompareYears, ENTRY, ListAwards, ListPayRates, ListPenalties, ListWageAllowances, PublishYear,
    ShowAward, ShowClassification, ShowExpenseAllowance, ShowPage, ShowWageAllowance, ShowYear,
    StagePage,
};
use fixture::Core;
use serde_json::{Value, json};

use crate::domain::stage;
use crate::mirror::filled;
use crate::start::{award, classification, code};

const BOX: Tenant = Tenant::BOX;

fn assert_refused(
    core: &mut Core,
    tenant: Tenant,
    operation: u16,
    request: &Value,
    expected: [&str; 3],
) {
    let (name, field, detail) = core.refusal(tenant, operation, request);
    assert_eq!([name.as_str(), field.as_str()], expected[..2], "{request}");
    assert!(detail.contains(expected[2]), "{detail}");
}

#[test]
fn a_page_that_cannot_be_kept_is_refused() {
    let mut core = Core::new(&ENTRY);
    let rows = [classification(1, "Level 1", "1000", "26.32")];
    let good = stage(1, 0, &rows);
    let operation = code::<StagePage>();
    assert_refused(&mut core, Tenant(5), operation, &good, ["NotTheBox", "", "Only the box"]);
    let mut check = |changes: Value, expected: [&str; 3]| {
        let mut request = good.clone();
        request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert_refused(&mut core, BOX, operation, &request, expected);
    };
    check(json!({"year": 2008}), ["YearInvalid", "year", "year is 2008, expected 2009 to 2200"]);
    check(json!({"year": 2201}), ["YearInvalid", "year", ""]);
    check(json!({"award": 0}), ["AwardInvalid", "award", ""]);
    check(json!({"award": 1_000_000}), ["AwardInvalid", "award", ""]);
    check(
        json!({"sheet": "penalty"}),
        ["PageInvalid", "page", "has 0 rows of the penalty table and 1"],
    );
    check(json!({"page": {}}), ["PageInvalid", "page", "has 0 rows"]);
    check(json!({"part": 256}), ["PageInvalid", "part", "part is 256, expected 0 to 255"]);
    let many: Vec<Value> = (0..4_097).map(|_| json!({})).collect();
    check(json!({"page": {"classifications": many}}), ["PageInvalid", "page", "has 4097 rows"]);
    core.call(BOX, operation, &good).unwrap();
}

#[test]
fn a_year_that_contradicts_itself_is_refused() {
    let mut core = Core::new(&ENTRY);
    let table = |sheet: &str, parts: &[u32]| json!({"sheet": sheet, "import": 1, "parts": parts});
    let good = || award("MA000004", 4, &json!([table("classification", &[1])]));
    let year = |awards: Value| json!({"year": 2025, "awards": awards});
    let operation = code::<PublishYear>();
    let mut check = |tenant, request: Value, expected| {
        assert_refused(&mut core, tenant, operation, &request, expected);
    };
    check(Tenant(5), year(json!([good()])), ["NotTheBox", "", ""]);
    check(BOX, json!({"year": 1999, "awards": [good()]}), ["YearInvalid", "year", ""]);
    check(BOX, year(json!([])), ["ManifestInvalid", "awards", "0 awards"]);
    check(
        BOX,
        year(json!([good(), good()])),
        ["ManifestInvalid", "awards[1]", "MA000004 is there twice"],
    );
    let wrong = award("4", 4, &json!([]));
    check(
        BOX,
        year(json!([wrong])),
        ["AwardInvalid", "awards[0].award.code", "\"4\" is not a code"],
    );
    for sheets in [
        json!([table("award", &[1])]),
        json!([table("penalty", &[1]), table("penalty", &[1])]),
        json!([table("penalty", &[])]),
        json!([table("penalty", &[1, 0])]),
        json!([table("penalty", &[1; 257])]),
    ] {
        let request = year(json!([award("MA000004", 4, &sheets)]));
        check(BOX, request, ["ManifestInvalid", "awards[0].sheets", "MA000004"]);
    }
    let many: Vec<Value> =
        (1..=1_001).map(|n| award(&format!("MA{n:06}"), n, &json!([]))).collect();
    check(BOX, year(json!(many)), ["ManifestInvalid", "awards", "1001 awards"]);
}

#[test]
fn a_question_about_nothing_is_refused() {
    let mut core = filled();
    let mut check = |operation, request: Value, expected| {
        assert_refused(&mut core, BOX, operation, &request, expected);
    };
    let rates = code::<ListPayRates>();
    check(rates, json!({"id_or_code": "retail"}), ["AwardInvalid", "id_or_code", ""]);
    check(rates, json!({"id_or_code": "MA000005"}), ["AwardUnknown", "id_or_code", ""]);
    check(rates, json!({"id_or_code": "153"}), ["AwardUnknown", "id_or_code", ""].map(|it| it));
    check(
        rates,
        json!({"id_or_code": "4", "page": 0}),
        ["PagingInvalid", "page", "the first is 1"],
    );
    check(rates, json!({"id_or_code": "4", "limit": 0}), ["PagingInvalid", "limit", ""]);
    check(
        rates,
        json!({"id_or_code": "4", "limit": 101}),
        ["PagingInvalid", "limit", "limit is 101, expected 1 to 100"],
    );
    let date = json!({"id_or_code": "4", "operative_from": "1/7/2025"});
    check(rates, date, ["DateInvalid", "operative_from", "expected YYYY-MM-DD"]);
    check(
        code::<ListPenalties>(),
        json!({"id_or_code": "4", "operative_to": "2025-07-01x"}),
        ["DateInvalid", "operative_to", ""],
    );
    check(
        code::<ListAwards>(),
        json!({"award_operative_from": "x"}),
        ["DateInvalid", "award_operative_from", ""],
    );
    check(code::<ShowAward>(), json!({"id_or_code": "9"}), ["AwardUnknown", "id_or_code", ""]);
    let flag = json!({"id_or_code": "4", "is_all_purpose": "perhaps"});
    check(
        code::<ListWageAllowances>(),
        flag,
        ["FilterInvalid", "is_all_purpose", "expected true or false"],
    );
    let class = json!({"id_or_code": "4", "classification_fixed_id": 99});
    check(
        code::<ShowClassification>(),
        class.clone(),
        ["ClassificationUnknown", "classification_fixed_id", ""],
    );
    check(
        code::<fairwork::ClassificationPayRates>(),
        class,
        ["ClassificationUnknown", "classification_fixed_id", ""],
    );
    let wage = json!({"id_or_code": "4", "wage_allowance_fixed_id": 99});
    check(code::<ShowWageAllowance>(), wage, ["AllowanceUnknown", "wage_allowance_fixed_id", ""]);
    let expense = json!({"id_or_code": "4", "expense_allowance_fixed_id": 99});
    check(
        code::<ShowExpenseAllowance>(),
        expense,
        ["AllowanceUnknown", "expense_allowance_fixed_id", ""],
    );
    check(code::<ShowYear>(), json!({"year": 2019}), ["YearUnknown", "year", ""]);
    let page = json!({"award": 4, "year": 2025, "sheet": "penalty", "import": 1, "part": 0});
    check(code::<ShowPage>(), page, ["PageUnknown", "part", "of MA000004 in 2025"]);
    check(
        code::<CompareYears>(),
        json!({"award": "4", "from": 2019, "to": 2025}),
        ["YearUnknown", "from", ""],
    );
    check(
        code::<CompareYears>(),
        json!({"award": "4", "from": 2024, "to": 2030}),
        ["YearUnknown", "to", ""],
    );
    check(
        code::<CompareYears>(),
        json!({"award": "9", "from": 2024, "to": 2025}),
        ["AwardUnknown", "award", ""],
    );
    check(
        code::<CompareYears>(),
        json!({"award": "x", "from": 2024, "to": 2025}),
        ["AwardInvalid", "award", ""],
    );
}

/// A year may be published before its pages by mistake: then what is missing is named.
#[test]
fn a_published_page_that_was_never_staged_is_told() {
    let mut core = Core::new(&ENTRY);
    let sheets = json!([{"sheet": "classification", "import": 3, "parts": [5]}]);
    let year = json!({"year": 2025, "awards": [award("MA000004", 4, &sheets)]});
    core.call(BOX, code::<PublishYear>(), &year).unwrap();
    let request = json!({"id_or_code": "4"});
    let expected = ["PageUnknown", "", "import the year again"];
    assert_refused(&mut core, BOX, code::<ListPayRates>(), &request, expected);
}
