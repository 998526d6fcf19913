//! Reference packs, statutory tables and the sample roster: those compiled in, or those of a
//! directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rates::rules::award::AwardVersion;
use rates::rules::calendar::{Calendar, HolidayTable};
use rates::rules::pack::Pack;
use rates::rules::statutory::StatutoryTable;
use rates::{PublishAward, PublishHolidays, PublishStatutory, QuoteRoster, roster_file};

/// The packs of `config/reference/packs`, in order of award.
const PACKS: &[(&str, &str)] = &[
    ("MA000002.toml", include_str!("../../config/reference/packs/MA000002.toml")),
    ("MA000003.toml", include_str!("../../config/reference/packs/MA000003.toml")),
    ("MA000004.toml", include_str!("../../config/reference/packs/MA000004.toml")),
    ("MA000005.toml", include_str!("../../config/reference/packs/MA000005.toml")),
    ("MA000009.toml", include_str!("../../config/reference/packs/MA000009.toml")),
    ("MA000010.toml", include_str!("../../config/reference/packs/MA000010.toml")),
    ("MA000012.toml", include_str!("../../config/reference/packs/MA000012.toml")),
    ("MA000016.toml", include_str!("../../config/reference/packs/MA000016.toml")),
    ("MA000018.toml", include_str!("../../config/reference/packs/MA000018.toml")),
    ("MA000020.toml", include_str!("../../config/reference/packs/MA000020.toml")),
    ("MA000022.toml", include_str!("../../config/reference/packs/MA000022.toml")),
    ("MA000025.toml", include_str!("../../config/reference/packs/MA000025.toml")),
    ("MA000034.toml", include_str!("../../config/reference/packs/MA000034.toml")),
    ("MA000038.toml", include_str!("../../config/reference/packs/MA000038.toml")),
    ("MA000100.toml", include_str!("../../config/reference/packs/MA000100.toml")),
    ("MA000104.toml", include_str!("../../config/reference/packs/MA000104.toml")),
    ("MA000119.toml", include_str!("../../config/reference/packs/MA000119.toml")),
];
/// The tables of `config/reference/statutory`, in order of code.
const STATUTORY: &[(&str, &str)] = &[
    (
        "national-minimum-wage.toml",
        include_str!("../../config/reference/statutory/national-minimum-wage.toml"),
    ),
    ("payroll-tax.toml", include_str!("../../config/reference/statutory/payroll-tax.toml")),
    ("super-guarantee.toml", include_str!("../../config/reference/statutory/super-guarantee.toml")),
    (
        "workers-compensation.toml",
        include_str!("../../config/reference/statutory/workers-compensation.toml"),
    ),
];
const HOLIDAYS_NAME: &str = "holidays.toml";
const HOLIDAYS: &str = include_str!("../../config/reference/holidays.toml");
const ROSTER: &str = include_str!("../../config/reference/sample-roster.csv");

/// Everything to publish, checked: it compiles, and the packs' own examples come out to the cent.
#[derive(Debug, Clone)]
pub(crate) struct Packs {
    pub(crate) holidays: HolidayTable,
    /// Statutory rates, in order of code.
    pub(crate) statutory: Vec<StatutoryTable>,
    /// Every version of every award.
    pub(crate) versions: Vec<AwardVersion>,
    /// The awards' names by code.
    pub(crate) names: BTreeMap<String, String>,
}

impl Packs {
    /// Those compiled in.
    pub(crate) fn embedded() -> Result<Self> {
        let files = |files: &[(&str, &str)]| {
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        Self::read(HOLIDAYS, files(STATUTORY), files(PACKS))
    }

    /// Those of `directory`: `holidays.toml`, the packs in `packs/`, and the statutory tables in
    /// `statutory/`, when there is such a folder.
    pub(crate) fn of_directory(directory: &Path) -> Result<Self> {
        let read = |path: &Path| {
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
        };
        let holidays = read(&directory.join(HOLIDAYS_NAME))?;
        let folder = directory.join("packs");
        let listed = |folder: &Path| -> Result<Vec<(String, String)>> {
            let mut files = Vec::new();
            let entries =
                fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.extension().is_some_and(|it| it == "toml") {
                    files.push((path.display().to_string(), read(&path)?));
                }
            }
            files.sort();
            Ok(files)
        };
        let files = listed(&folder)?;
        if files.is_empty() {
            bail!("{} holds no pack (*.toml)", folder.display());
        }
        let tables = directory.join("statutory");
        let statutory = if tables.is_dir() { listed(&tables)? } else { Vec::new() };
        Self::read(&holidays, statutory, files)
    }

    /// The embedded ones, or those of a directory when one is given.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self> {
        directory.map_or_else(Self::embedded, Self::of_directory)
    }

    fn read(
        holidays: &str,
        tables: Vec<(String, String)>,
        files: Vec<(String, String)>,
    ) -> Result<Self> {
        let holidays = holiday_table(HOLIDAYS_NAME, holidays)?;
        let calendar = Calendar::new(&holidays).context(HOLIDAYS_NAME)?;
        let mut statutory = Vec::new();
        for (file, text) in tables {
            let table: StatutoryTable = toml::from_str(&text).with_context(|| file.clone())?;
            table.check().with_context(|| file)?;
            statutory.push(table);
        }
        let mut packs = Self { holidays, statutory, versions: Vec::new(), names: BTreeMap::new() };
        for (file, text) in files {
            let pack = Pack::from_toml(&file, &text)?;
            packs.versions.extend(pack.check(&file, &calendar)?);
            packs.names.insert(pack.award, pack.name);
        }
        Ok(packs)
    }

    /// The requests that publish them: holidays first, since nothing can be priced without.
    pub(crate) fn requests(&self) -> Vec<Publication> {
        let mut requests = vec![Publication::of(
            "public holidays".to_owned(),
            &PublishHolidays { table: self.holidays.clone() },
        )];
        for table in &self.statutory {
            let name = format!("statutory rates, {}", table.code);
            requests.push(Publication::of(name, &PublishStatutory { table: table.clone() }));
        }
        for version in &self.versions {
            let name = format!("{} from {}", version.award, version.operative_from);
            let request = PublishAward { version: version.clone(), replace: false };
            requests.push(Publication::of(name, &request));
        }
        requests
    }
}

/// The public holidays of `file`, or those compiled in.
pub(crate) fn holidays(file: Option<&Path>) -> Result<HolidayTable> {
    let Some(file) = file else { return holiday_table(HOLIDAYS_NAME, HOLIDAYS) };
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("reading {name}"))?;
    holiday_table(&name, &text)
}

fn holiday_table(file: &str, text: &str) -> Result<HolidayTable> {
    toml::from_str(text).with_context(|| file.to_owned())
}

/// One command that publishes something.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    /// For people.
    pub(crate) name: String,
    /// The operation on the wire.
    pub(crate) operation: u32,
    /// The archived request.
    pub(crate) payload: Vec<u8>,
}

impl Publication {
    fn of<R: contract::Request>(name: String, request: &R) -> Self {
        let mut payload = Vec::new();
        request.encode(&mut payload);
        Self { name, operation: crate::operations::number::<R>(), payload }
    }
}

/// The sample roster: one week under the packs of retail, hospitality and manufacturing.
pub(crate) fn sample_roster() -> Result<QuoteRoster> {
    roster_file::read(ROSTER).context("sample-roster.csv")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pack_of_the_folder_is_embedded_and_good() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/reference");
        let (embedded, read) = (Packs::embedded().unwrap(), Packs::of_directory(&folder).unwrap());
        assert_eq!(embedded.versions, read.versions);
        assert_eq!(embedded.holidays, read.holidays);
        assert_eq!(embedded.names.len(), PACKS.len());
        assert_eq!(embedded.statutory, read.statutory);
        assert_eq!(embedded.statutory.len(), STATUTORY.len());
        let others = 1 + STATUTORY.len();
        assert_eq!(embedded.requests().len(), embedded.versions.len() + others);
    }

    #[test]
    fn the_sample_roster_is_a_thousand_shifts_under_three_packs() {
        let roster = sample_roster().unwrap();
        let shifts: usize = roster.workers.iter().map(|it| it.quote.shifts.len()).sum();
        assert!(shifts >= 1_000, "{shifts}");
        let awards: BTreeSet<&str> =
            roster.workers.iter().map(|it| it.quote.award.as_str()).collect();
        assert_eq!(awards, BTreeSet::from(["MA000004", "MA000009", "MA000010"]));
    }

    #[test]
    fn a_directory_without_packs_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let error = format!("{:#}", Packs::of_directory(directory.path()).unwrap_err());
        assert!(error.contains("holidays.toml"), "{error}");
        fs::write(directory.path().join(HOLIDAYS_NAME), HOLIDAYS).unwrap();
        fs::create_dir(directory.path().join("packs")).unwrap();
        let error = format!("{:#}", Packs::of_directory(directory.path()).unwrap_err());
        assert!(error.contains("holds no pack"), "{error}");
    }
}
