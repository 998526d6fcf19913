//! A box that dies while it is imported into.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use mapd::Database;
use process::{Server, binary};

use crate::support::TestBox;

const AWARDS: u32 = 300;

/// SIGKILL after the first awards were stored: afterwards the year is seen whole or not at all, and the
/// same import completes it.
#[test]
fn a_killed_box_has_nothing_half_imported_and_the_import_is_repeated() {
    let own = TestBox::start();
    let csv = Database::invented(AWARDS, 6).classifications_csv(2025);
    let file = own.file("classification.csv", csv);
    let arguments = ["fwc", "--year", "2025", "--classification", &file];
    let mut import = Command::new(binary())
        .arg("import")
        .args(arguments)
        .args(["--rpc", &own.server.rpc()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(import.stderr.take().unwrap()).lines();
    let mut seen = lines.map_while(Result::ok);
    assert!(seen.any(|it| it.starts_with("2025: 25 of 300 awards stored")));
    let TestBox { server, folder } = own;
    server.kill();
    assert!(!import.wait().unwrap().success(), "the import tells that it did not end");
    let server = Server::start(&folder.path().join("data"), 2, &[]).unwrap();
    let own = TestBox { server, folder };
    let awards = own.mirror("awards").len();
    println!("{awards} of {AWARDS} awards are seen after the crash");
    assert!(awards == 0 || awards == 300, "{awards}");
    let done = own.import(&arguments);
    assert!(done.is_good, "{}", done.error);
    assert_eq!(own.mirror("awards").len(), 300);
    assert_eq!(own.mirror("awards/MA001200/pay-rates").len(), 6);
    assert_eq!(own.hour("MA001200", "fwc:1100001", "full-time"), "25.89");
}
