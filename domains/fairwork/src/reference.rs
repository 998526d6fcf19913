//! What every core keeps: which pages each year has.

use std::collections::BTreeMap;

use contract::{Compile, Replicated, Stored, Tenant};

use crate::records::{AwardYear, Year};

/// The published years; their rows stay in the tables.
#[derive(Debug, Default)]
pub struct Years {
    years: BTreeMap<u32, Year>,
}

impl Years {
    /// Every year, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Year> {
        self.years.values().rev()
    }

    /// One year.
    #[must_use]
    pub fn year(&self, year: u32) -> Option<&Year> {
        self.years.get(&year)
    }

    /// An award in every year that has it, newest first.
    pub fn award(&self, number: u32) -> impl Iterator<Item = (u32, &AwardYear)> {
        self.newest_first().filter_map(move |it| Some((it.year, it.award(number)?)))
    }
}

impl Compile for Years {
    fn compile(&mut self, change: &Replicated<'_>) {
        // Only the box publishes years, and none is ever removed.
        if change.tenant == Tenant::BOX
            && let Some(year) = change.of::<Year>()
        {
            let year = Year::revive(year);
            self.years.insert(year.year, year);
        }
    }
}
