//! A pack: one award's versions in one file, written by hand. See `config/reference/README.md`.
//!
//! A pack says each thing once: classifications and rule sets by name, rates by version, juniors
//! and apprentices as shares of other classifications. [`Pack::versions`] spells it out into one
//! complete [`AwardVersion`] per date; [`Pack::check`] compiles them and runs the pack's examples.

mod examine;
mod place;
mod problem;
mod source;
mod spell;

use super::award::AwardVersion;
use super::calendar::Calendar;
use super::compile::VersionTables;
use super::quote::{Particulars, Priced};
use super::reference::Book;

pub use examine::{Examined, Finding, examine};
pub use problem::{PackError, PackProblem};
pub use source::{
    Age, Apprentices, Example, Juniors, Pack, PackClassification, PackVersion, Phase, Rate,
    RuleSet, ShareOf, Stage,
};

/// The largest pack file, in bytes.
pub const PACK_BYTES_MAX: usize = 1 << 20;

/// The JSON schema of the format.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Pack)
}

impl Pack {
    /// Reads a pack from the text of `file`, which only names it in errors.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PackError> {
        let fail = |problem| PackError { file: file.to_owned(), problem };
        if PACK_BYTES_MAX < text.len() {
            return Err(fail(PackProblem::TooLarge { bytes: text.len() }));
        }
        toml::from_str(text).map_err(|error| fail(PackProblem::Toml(error.to_string())))
    }

    /// Spells the pack out, one complete version per date.
    pub fn versions(&self, file: &str) -> Result<Vec<AwardVersion>, PackError> {
        self.spell_out().map_err(|problem| PackError { file: file.to_owned(), problem })
    }

    /// Compiles every version and runs every example.
    pub fn check(&self, file: &str, calendar: &Calendar) -> Result<Vec<AwardVersion>, PackError> {
        let fail = |problem| PackError { file: file.to_owned(), problem };
        let versions = self.versions(file)?;
        let mut book = Book::default();
        for version in &versions {
            let tables = VersionTables::compile(version).map_err(|it| fail(it.into()))?;
            book.insert(tables);
        }
        let mut quote = Priced::default();
        for example in &self.example {
            self.run(example, &book, calendar, &mut quote).map_err(fail)?;
        }
        Ok(versions)
    }

    fn run(
        &self,
        example: &Example,
        book: &Book,
        calendar: &Calendar,
        quote: &mut Priced,
    ) -> Result<(), PackProblem> {
        let refused = |error| {
            let name = example.name.clone();
            PackProblem::ExampleRefused { name, error }
        };
        let (employment, start) = (example.employment, example.pay_period_start);
        let terms =
            book.terms(&self.award, &example.classification, employment, start).map_err(refused)?;
        let particulars = Particulars {
            person: example.person.as_deref(),
            before: example.before.as_deref(),
            claims: &example.claims,
        };
        terms
            .price(calendar, example.state, &example.shifts[..], &particulars, quote)
            .map_err(refused)?;
        if quote.total != example.total {
            let name = example.name.clone();
            let (stated, computed) = (example.total, quote.total);
            return Err(PackProblem::ExampleWrong { name, stated, computed });
        }
        Ok(())
    }
}
