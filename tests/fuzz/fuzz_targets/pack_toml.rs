//! Any text is a pack or is refused with a sentence; a pack that is read is spelled out, compiled and
//! run, or refused too. What compiles from a pack compiles again when it is published.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rates::rules::calendar::{Calendar, HolidayTable};
use rates::rules::compile::VersionTables;
use rates::rules::pack::Pack;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let text = include_str!("../../../config/reference/holidays.toml");
    let table: HolidayTable = toml::from_str(text).expect("the shipped table is read");
    Calendar::new(&table).expect("the shipped table is whole")
});

fuzz_target!(|text: &str| {
    match Pack::from_toml("fuzz.toml", text) {
        Err(error) => assert!(error.to_string().starts_with("fuzz.toml: ")),
        Ok(pack) => match pack.check("fuzz.toml", &CALENDAR) {
            Err(error) => assert!(error.to_string().starts_with("fuzz.toml: ")),
            Ok(versions) => {
                assert!(!versions.is_empty());
                assert!(versions.iter().all(|it| VersionTables::compile(it).is_ok()));
            }
        },
    }
});
