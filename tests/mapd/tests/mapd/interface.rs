//! Our client against the stand-in.

use mapd::{Database, Fault, Manners, StandIn, YEARS};
use serde_json::{Value, json};

use crate::support::{TestBox, plain};

const KEY: &str = "a-subscription-key";

fn names(name: &str) -> [String; 5] {
    ["classifications", "pay-rates", "wage-allowances", "expense-allowances", "penalties"]
        .map(|it| format!("awards/{name}/{it}"))
}

/// Whether the mirror has what the stand-in has, newest year first.
fn assert_mirrored(own: &TestBox, database: &Database) {
    for (number, fixed_id) in &database.awards {
        let code = format!("MA{number:06}");
        for (list, by_id) in names(&code).iter().zip(names(&fixed_id.to_string())) {
            let mut expected: Vec<Value> = database.rows(list).iter().map(plain).collect();
            expected.sort_by_key(|it| std::cmp::Reverse(it["published_year"].as_u64()));
            let found = own.mirror(list);
            assert_eq!(found.len(), expected.len(), "{list}");
            for (found, expected) in found.iter().zip(&expected) {
                for (name, value) in expected.as_object().unwrap() {
                    assert_eq!(&found[name], value, "{list} {name}: {found}");
                }
            }
            assert_eq!(own.mirror(&by_id), found, "{by_id}");
        }
    }
}

#[test]
fn pages_faults_and_both_forms_of_dates_come_to_the_same_rows() {
    let database = Database::invented(3, 130);
    // Of eight requests four are answered; a soon and a past time to come back are both heard.
    let faults = vec![
        Fault::None,
        Fault::Throttled("0"),
        Fault::None,
        Fault::Failed(503),
        Fault::Cut,
        Fault::None,
        Fault::Garbled,
        Fault::None,
        Fault::Dropped,
        Fault::None,
        Fault::Throttled("Sun, 06 Nov 1994 08:49:37 GMT"),
        Fault::None,
        Fault::Failed(500),
    ];
    let manners = Manners { faults, changes_dates: true, ..Manners::good(KEY) };
    let real = StandIn::start(database.clone(), manners).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", format!("{KEY}\n"));
    let url = real.url();
    let arguments = ["fwc", "--api", &url, "--key-file", &key, "--pace-ms", "0", "--json"];
    let first = own.import(&arguments);
    assert!(first.is_good, "{} {}", first.out, first.error);
    let report = first.report();
    let rows: u64 =
        report["files"].as_array().unwrap().iter().map(|it| it["rows"].as_u64().unwrap()).sum();
    // Of each year an award, 130 pay rates joined with their classifications, 7 and 7 and none.
    assert_eq!(rows, 3 * 2 * (1 + 130 + 7 + 7));
    assert!(first.error.contains("answered 503") && first.error.contains("answered 429"));
    assert!(
        first.error.contains("is not whole") && first.error.contains("broke off"),
        "{}",
        first.error
    );
    // Two years of three awards, each year a version.
    assert_eq!(report["base_rates"]["changed"], 6);
    assert_mirrored(&own, &database);
    // Level 7 of 2025: 25.00 and 7 and 88 cents.
    assert_eq!(own.hour("MA000901", "fwc:801007", "full-time"), "25.95");
    println!("{rows} rows read with {} requests", real.requests());

    // The same again, with dates in the other form where they were in the one: nothing changes.
    let again = StandIn::start(database, Manners::good(KEY)).unwrap();
    let url = again.url();
    let second =
        own.import(&["fwc", "--api", &url, "--key-file", &key, "--pace-ms", "0", "--json"]);
    assert!(second.is_good, "{}", second.error);
    assert_eq!(second.report()["base_rates"]["changed"], 0);
    for year in YEARS {
        assert!(second.error.contains(&format!("{year}: 3 awards published already")));
    }
}

#[test]
fn an_award_is_asked_for_by_its_id_where_codes_are_not_known() {
    let database = Database::invented(2, 3);
    let manners = Manners { knows_codes: false, ..Manners::good(KEY) };
    let real = StandIn::start(database.clone(), manners).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", KEY);
    let done = own.import(&["fwc", "--api", &real.url(), "--key-file", &key, "--pace-ms", "0"]);
    assert!(done.is_good, "{} {}", done.out, done.error);
    assert_mirrored(&own, &database);
}

#[test]
fn one_award_and_one_year_alone_can_be_read() {
    let real = StandIn::start(Database::invented(3, 12), Manners::good(KEY)).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", KEY);
    let url = real.url();
    let mut arguments =
        vec!["fwc", "--api", &url, "--key-file", &key, "--pace-ms", "0", "--no-penalties"];
    arguments.extend(["--of-award", "MA000902", "--year", "2024"]);
    let done = own.import(&arguments);
    assert!(done.is_good, "{} {}", done.out, done.error);
    assert_eq!(own.mirror("awards").len(), 1);
    let rates = own.mirror("awards/MA000902/pay-rates");
    assert_eq!(rates.len(), 12);
    assert!(rates.iter().all(|it| it["published_year"] == 2024));
    assert!(own.mirror("awards/MA000902/penalties").is_empty());
    assert!(real.answered().keys().all(|it| it == "awards" || it.contains("MA000902")));
}

#[test]
fn lists_that_were_kept_are_not_asked_for_again() {
    let real = StandIn::start(Database::invented(2, 5), Manners::good(KEY)).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", KEY);
    let (url, keep) = (real.url(), own.folder.path().join("lists"));
    let keep = keep.to_str().unwrap();
    let arguments = ["fwc", "--api", &url, "--key-file", &key, "--pace-ms", "0", "--keep", keep];
    assert!(own.import(&arguments).is_good);
    let asked = real.requests();
    assert!(own.import(&arguments).is_good);
    assert_eq!(real.requests(), asked);
    // One that is damaged is told of, and one that is gone is asked for alone.
    std::fs::write(format!("{keep}/MA000901.pay-rates.json"), "[{").unwrap();
    let damaged = own.import(&arguments);
    assert!(!damaged.is_good && damaged.error.contains("delete it"), "{}", damaged.error);
    std::fs::remove_file(format!("{keep}/MA000901.pay-rates.json")).unwrap();
    assert!(own.import(&arguments).is_good);
    assert_eq!(real.requests(), asked + 1);
}

#[test]
fn a_list_that_grows_while_it_is_read_is_read_anew() {
    let database = Database::invented(1, 80);
    // Requests: awards, the award, classifications (2 pages), pay rates page 1, and then it grows.
    let manners = Manners { grows_at: Some(6), ..Manners::good(KEY) };
    let real = StandIn::start(database.clone(), manners).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", KEY);
    let done = own.import(&["fwc", "--api", &real.url(), "--key-file", &key, "--pace-ms", "0"]);
    assert!(done.is_good, "{} {}", done.out, done.error);
    assert!(done.error.contains("161") && done.error.contains("read anew"), "{}", done.error);
    assert_mirrored(&own, &database);
}

/// What cannot be read is said, and nothing of it is seen.
#[test]
fn a_server_that_cannot_be_read_leaves_nothing_behind() {
    let own = TestBox::start();
    let key = own.file("key.txt", KEY);
    let wrong = own.file("wrong.txt", "another key");
    let throttled = Manners { faults: vec![Fault::Throttled("86400")], ..Manners::good(KEY) };
    let deaf = Manners { is_deaf: true, ..Manners::good(KEY) };
    let refused = Manners { faults: vec![Fault::Failed(400)], ..Manners::good(KEY) };
    for (manners, key, said) in [
        (Manners::good(KEY), &wrong, "--key-file"),
        (throttled, &key, "86400 s of patience"),
        (deaf, &key, "page 2 was asked for and page 1 came"),
        (refused, &key, "answered 400"),
    ] {
        let real = StandIn::start(Database::invented(1, 30), manners).unwrap();
        let done = own.import(&["fwc", "--api", &real.url(), "--key-file", key, "--pace-ms", "0"]);
        assert!(!done.is_good);
        assert!(done.error.contains(said), "{said}: {}", done.error);
        assert!(!done.error.contains("another key") && !done.error.contains(KEY));
    }
    assert_eq!(own.mirror("awards"), Vec::<Value>::new());
}

/// Rows that cannot be taken are told with their list and place, and the good ones offered.
#[test]
fn good_rows_of_bad_lists_are_offered() {
    let real = TestBox::start();
    // A mirror is an interface too: our client reads it with an API key of that box.
    let database = Database::invented(1, 4);
    let classifications = real.file("c.csv", database.classifications_csv(2025));
    assert!(real.import(&["fwc", "--year", "2025", "--classification", &classifications]).is_good);
    let own = TestBox::start();
    let url = format!("http://{}", real.server.http());
    let key = real.key_file();
    let keep = own.folder.path().join("lists");
    let arguments = [
        "fwc",
        "--api",
        &url,
        "--key-file",
        key.to_str().unwrap(),
        "--pace-ms",
        "0",
        "--keep",
        keep.to_str().unwrap(),
        "--check",
    ];
    assert!(own.import(&arguments).is_good);
    let file = keep.join("MA000901.pay-rates.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    rows[2]["base_rate"] = json!("about 900");
    std::fs::write(&file, serde_json::to_string(&rows).unwrap()).unwrap();
    let arguments = &arguments[..arguments.len() - 1];
    let refused = own.import(arguments);
    assert!(!refused.is_good && refused.error.contains("--accept-good"), "{}", refused.error);
    assert!(
        refused.out.contains("MA000901 classification, row 4, column base_rate"),
        "{}",
        refused.out
    );
    assert_eq!(own.mirror("awards"), Vec::<Value>::new());
    let mut taken = arguments.to_vec();
    taken.push("--accept-good");
    assert!(own.import(&taken).is_good);
    assert_eq!(own.mirror("awards/MA000901/pay-rates").len(), 3);
}

/// Over TLS, whom it does not trust it does not tell the key.
#[test]
fn a_server_is_trusted_by_its_authority_alone() {
    let real = TestBox::start();
    let csv = real.file("c.csv", Database::invented(1, 4).classifications_csv(2025));
    assert!(real.import(&["fwc", "--year", "2025", "--classification", &csv]).is_good);
    let own = TestBox::start();
    let url = format!("https://localhost:{}", real.server.https_port());
    let key = real.key_file();
    let authority = |of: &TestBox| {
        let file = of.folder.path().join("data/tls/development-authority.pem");
        file.to_str().unwrap().to_owned()
    };
    for (of, is_good) in [(&own, false), (&real, true)] {
        let trusted = authority(of);
        let done = own.import(&[
            "fwc",
            "--api",
            &url,
            "--key-file",
            key.to_str().unwrap(),
            "--pace-ms",
            "0",
            "--authorities",
            &trusted,
        ]);
        assert_eq!(done.is_good, is_good, "{} {}", done.out, done.error);
        assert_eq!(done.error.contains("--authorities names whom to trust"), !is_good);
        assert!(!done.error.contains("again in"), "{}", done.error);
    }
    assert_eq!(own.mirror("awards/MA000901/pay-rates").len(), 4);
}
