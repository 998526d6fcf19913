//! What the generator has to know of the packs: names, dates, flags. Read from the files as plain
//! TOML, so that nothing of the engine decides what is asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use values::Date;

/// The folder of the reference data.
pub fn reference() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("two folders above this crate").join("config/reference")
}

/// An allowance that can be claimed.
#[derive(Debug, Clone)]
pub struct Claimable {
    /// Its code.
    pub code: String,
    /// What it is counted by.
    pub per: String,
    /// Whether it is inside the rate.
    pub all_purpose: bool,
    /// For whom; empty for all.
    pub employment: Vec<String>,
}

/// One award.
#[derive(Debug, Clone)]
pub struct Award {
    /// Its code.
    pub code: String,
    /// The days on which versions begin.
    pub versions: Vec<Date>,
    /// Classifications with a rate of their own.
    pub adults: Vec<String>,
    /// Classifications that are shares of others, named outright.
    pub shares: Vec<String>,
    /// Classifications whose rate depends on age.
    pub by_age: Vec<String>,
    /// Apprenticeships, whose rate depends on when they began.
    pub by_stage: Vec<String>,
    /// Flags that some rule asks for.
    pub flags: Vec<String>,
    /// Allowances.
    pub allowances: Vec<Claimable>,
    /// Whether a supported wage may be stated.
    pub supported_wage: bool,
    /// Names of every rule that pays.
    pub rules: BTreeSet<String>,
}

/// All packs, and the days that are holidays somewhere.
#[derive(Debug, Clone)]
pub struct Facts {
    /// In the order of their codes.
    pub awards: Vec<Award>,
    /// In order.
    pub holidays: Vec<Date>,
}

impl Facts {
    /// Reads the folder.
    pub fn read() -> Self {
        let awards = pack_files().iter().map(|it| award(&table(it))).collect();
        let holidays = table(&reference().join("holidays.toml"));
        let mut dates: Vec<Date> =
            rows(&holidays, "holiday").map(|it| date(text(it, "date"))).collect();
        dates.sort();
        Self { awards, holidays: dates }
    }
}

/// The packs, in the order of their names.
pub fn pack_files() -> Vec<PathBuf> {
    let folder = fs::read_dir(reference().join("packs")).expect("the folder of the packs");
    let mut files: Vec<PathBuf> = folder.map(|it| it.expect("a readable folder").path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "toml"));
    files.sort();
    files
}

fn table(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    text.parse().unwrap_or_else(|it| panic!("{}: {it}", path.display()))
}

fn rows<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> + use<'a> {
    let rows = table.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    rows.iter().filter_map(Value::as_table)
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{key} of {table}"))
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    let rows = table.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    rows.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap_or_else(|it| panic!("{text}: {it}"))
}

fn award(pack: &Table) -> Award {
    let mut award = Award {
        code: text(pack, "award").to_owned(),
        versions: rows(pack, "version").map(|it| date(text(it, "operative_from"))).collect(),
        adults: Vec::new(),
        shares: Vec::new(),
        by_age: Vec::new(),
        by_stage: Vec::new(),
        flags: Vec::new(),
        allowances: Vec::new(),
        supported_wage: false,
        rules: BTreeSet::new(),
    };
    for it in rows(pack, "classification") {
        let into = if it.contains_key("of") { &mut award.shares } else { &mut award.adults };
        into.push(text(it, "code").to_owned());
    }
    for juniors in rows(pack, "juniors") {
        let ages: Vec<&Table> = rows(juniors, "age").collect();
        for of in texts(juniors, "of") {
            award.shares.extend(ages.iter().map(|it| format!("{of}-{}", text(it, "suffix"))));
            if ages.iter().all(|it| it.contains_key("from")) {
                award.by_age.push(of);
            }
        }
    }
    for it in rows(pack, "apprentices") {
        let code = text(it, "code");
        award.by_stage.push(code.to_owned());
        let stages = rows(it, "stage").map(|stage| format!("{code}-{}", text(stage, "suffix")));
        award.shares.extend(stages);
    }
    let mut flags = BTreeSet::new();
    for rules in rows(pack, "rules") {
        award.supported_wage |= rules.contains_key("supported_wage");
        for list in ["penalty", "overtime", "missed_break"] {
            award.rules.extend(rows(rules, list).map(|it| text(it, "rule").to_owned()));
        }
        for list in ["shift", "minimum", "missed_break", "allowance"] {
            for it in rows(rules, list) {
                flags.extend(texts(it, "flags"));
                flags.extend(texts(it, "without"));
            }
        }
        for it in rows(rules, "allowance") {
            let is_automatic = it.get("automatic").and_then(Value::as_bool) == Some(true);
            if !is_automatic && award.allowances.iter().all(|known| known.code != text(it, "code"))
            {
                award.allowances.push(Claimable {
                    code: text(it, "code").to_owned(),
                    per: it.get("per").and_then(Value::as_str).unwrap_or("shift").to_owned(),
                    all_purpose: it.get("all_purpose").and_then(Value::as_bool) == Some(true),
                    employment: texts(it, "employment"),
                });
            }
        }
    }
    award.flags = flags.into_iter().collect();
    award
}
