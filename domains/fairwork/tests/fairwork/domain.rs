//! What the commands leave behind.

use contract::Tenant;
use fairwork::{ENTRY, PublishYear, ShowPage, ShowYear, StagePage};
use fixture::Core;
use serde_json::{Value, json};

use crate::start::{award, classification, code};

const BOX: Tenant = Tenant::BOX;

pub(crate) fn stage(import: u64, part: u32, rows: &[Value]) -> Value {
    json!({
        "award": 4, "year": 2025, "sheet": "classification", "import": import, "part": part,
        "page": { "classifications": rows }
    })
}

fn sheets(import: u64, parts: &[u32]) -> Value {
    json!([{ "sheet": "classification", "import": import, "parts": parts }])
}

#[test]
fn staged_rows_are_seen_when_their_year_is_published_and_not_before() {
    let mut core = Core::new(&ENTRY);
    let rows = [classification(112, "Level 1", "1008.9", "26.55")];
    let staged = core.call(BOX, code::<StagePage>(), &stage(7, 0, &rows)).unwrap();
    assert_eq!(staged, json!({"rows": 1, "changed": true}));
    let list = core.refusal(BOX, code::<fairwork::ListPayRates>(), &json!({"id_or_code": "4"}));
    assert_eq!(list.0, "AwardUnknown");
    let year = json!({"year": 2025, "awards": [award("MA000004", 4, &sheets(7, &[1]))]});
    let published = core.call(BOX, code::<PublishYear>(), &year).unwrap();
    assert_eq!(published, json!({"year": 2025, "awards": 1, "changed": true}));
    // Any tenant reads it.
    let list = core.call(Tenant(5), code::<fairwork::ListPayRates>(), &json!({"id_or_code": "4"}));
    assert_eq!(list.unwrap()["results"][0]["base_rate"], json!(1008.9));
    // The same import again is no event.
    core.call(BOX, code::<StagePage>(), &stage(7, 0, &rows)).unwrap();
    let again = core.call(BOX, code::<PublishYear>(), &year).unwrap();
    assert_eq!((again["changed"].clone(), core.events.len()), (json!(false), 2));
    let request =
        json!({"award": 4, "year": 2025, "sheet": "classification", "import": 7, "part": 0});
    let page = core.call(Tenant(5), code::<ShowPage>(), &request).unwrap();
    assert_eq!(page["classifications"][0]["classification_fixed_id"], 112);
}

#[test]
fn a_year_keeps_what_an_import_does_not_name_unless_it_is_whole() {
    let mut core = Core::new(&ENTRY);
    let publish = code::<PublishYear>();
    let both = json!([
        { "sheet": "penalty", "import": 2, "parts": [4] },
        { "sheet": "classification", "import": 1, "parts": [3] }
    ]);
    let first = json!({"year": 2025, "awards": [award("MA000155", 154, &json!([])), award("MA000004", 4, &both)]});
    core.call(BOX, publish, &first).unwrap();
    let mut changed = award("MA000004", 4, &sheets(9, &[5, 5]));
    changed["award"]["name"] = json!("MA000004");
    core.call(BOX, publish, &json!({"year": 2025, "awards": [changed]})).unwrap();
    let year = core.call(BOX, code::<ShowYear>(), &json!({"year": 2025})).unwrap();
    let award4 = &year["awards"][0];
    assert_eq!(award4["award"]["name"], "General Retail Industry Award 2020");
    assert_eq!(
        award4["sheets"][0],
        json!({"sheet": "classification", "import": 9, "parts": [5, 5]})
    );
    assert_eq!(award4["sheets"][1], json!({"sheet": "penalty", "import": 2, "parts": [4]}));
    assert_eq!(year["awards"][1]["award"]["code"], "MA000155");
    let whole =
        json!({"year": 2025, "whole": true, "awards": [award("MA000004", 4, &sheets(9, &[5]))]});
    core.call(BOX, publish, &whole).unwrap();
    let year = core.call(BOX, code::<ShowYear>(), &json!({"year": 2025})).unwrap();
    assert_eq!(year["awards"].as_array().unwrap().len(), 1);
    assert_eq!(year["awards"][0]["sheets"].as_array().unwrap().len(), 1);
    let years = core.call(BOX, code::<fairwork::ListYears>(), &json!({})).unwrap();
    assert_eq!(
        (&years["years"][0]["year"], &years["years"][0]["classifications"]),
        (&json!(2025), &json!(5))
    );
}

#[test]
fn replaying_the_events_gives_the_same_rows() {
    let mut core = Core::new(&ENTRY);
    let rows = [classification(112, "Level 1", "1008.9", "26.55")];
    core.call(BOX, code::<StagePage>(), &stage(7, 0, &rows)).unwrap();
    let year = json!({"year": 2025, "awards": [award("MA000004", 4, &sheets(7, &[1]))]});
    core.call(BOX, code::<PublishYear>(), &year).unwrap();
    assert_eq!(core.replayed().memory.rows, core.memory.rows);
}
