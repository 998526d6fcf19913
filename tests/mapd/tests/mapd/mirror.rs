//! The mirror read by pyfwc, the one public client that knows every list of the interface.

use std::path::PathBuf;
use std::process::Command;

use mapd::{Database, Manners, StandIn};
use serde_json::{Value, json};

use crate::support::{TestBox, python};

#[test]
fn pyfwc_reads_every_list_of_the_mirror() {
    let Some(python) = python("pyfwc") else { return };
    let database = Database::invented(12, 60);
    let real = StandIn::start(database.clone(), Manners::good("key")).unwrap();
    let own = TestBox::start();
    let key = own.file("key.txt", "key");
    let done = own.import(&["fwc", "--api", &real.url(), "--key-file", &key, "--pace-ms", "0"]);
    assert!(done.is_good, "{} {}", done.out, done.error);
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/pyfwc_reads.py");
    let admin = std::fs::read_to_string(own.key_file()).unwrap();
    let output = Command::new(python)
        .arg(script)
        .args([format!("http://{}", own.server.http()), admin.trim().to_owned()])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("pyfwc: {found}");
    assert_eq!(
        found,
        json!({
            "awards": 12, "award": 2, "award_by_id": 2, "classification": "Level 7",
            "classifications": 120, "classifications_of_level": 2, "payrates": 120, "payrates_of_trainees": 0,
            "payrates_of_adults": 2, "current_payrate": 25.95, "penalties": 14,
            "wage_allowances": 14, "wage_allowance": "Cold work", "expense_allowances": 0,
            "unknown_award": "The pay database has no such award."
        })
    );
}
