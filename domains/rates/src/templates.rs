//! Charge templates with all their versions: drafted, approved, retired, none forgotten.

use contract::Stored;
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

use crate::rules::charge::ChargeTemplate;
use crate::rules::charge::former::ChargeTemplateOne;

/// The most versions of one template.
pub(crate) const VERSIONS_COUNT_MAX: usize = 128;

contract::message! {
    /// Where a version stands.
    #[serde(rename_all = "kebab-case")]
    pub enum TemplateStatus {
        /// Written, not yet used.
        Draft,
        /// In use for the days it is effective.
        Approved,
        /// No longer in use.
        Retired,
    }

    /// One version of a template and what became of it.
    pub open struct TemplateVersion {
        /// 1 for the first.
        pub version: u32,
        /// The template.
        pub template: ChargeTemplate,
        /// When it was last written, in microseconds since 1970-01-01 UTC.
        pub defined_us: u64,
        /// By whom; 0 is the box itself.
        pub defined_by: u64,
        /// When it was approved.
        pub approved_us: Option<u64>,
        /// By whom.
        pub approved_by: Option<u64>,
        /// When it was retired.
        pub retired_us: Option<u64>,
        /// By whom.
        pub retired_by: Option<u64>,
        /// The first day of work it is no longer used for; none at all when left out.
        pub retired_from: Option<Date>,
    }
}

contract::lifecycle! {
    TemplateStatus {
        approve: Draft => Approved;
        retire: Draft | Approved => Retired;
    }
}

impl TemplateStatus {
    /// The text that JSON uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Retired => "retired",
        }
    }
}

impl TemplateVersion {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> TemplateStatus {
        self.status_at(u64::MAX)
    }

    /// Where it stood at `known_us`.
    #[must_use]
    pub fn status_at(&self, known_us: u64) -> TemplateStatus {
        let by_then = |it: Option<u64>| it.is_some_and(|at| at <= known_us);
        match (by_then(self.approved_us), by_then(self.retired_us)) {
            (_, true) => TemplateStatus::Retired,
            (true, false) => TemplateStatus::Approved,
            (false, false) => TemplateStatus::Draft,
        }
    }

    /// The version as `known_us` knew it; none before it was last written.
    pub(crate) fn as_known(&self, known_us: u64) -> Option<Self> {
        if known_us < self.defined_us {
            return None;
        }
        let mut it = self.clone();
        if it.approved_us.is_some_and(|at| known_us < at) {
            (it.approved_us, it.approved_by) = (None, None);
        }
        if it.retired_us.is_some_and(|at| known_us < at) {
            (it.retired_us, it.retired_by, it.retired_from) = (None, None, None);
        }
        Some(it)
    }

    /// Whether it is what `known_us` would have charged work on `date` by.
    #[must_use]
    pub fn is_in_force(&self, date: Date, known_us: u64) -> bool {
        let approved = self.approved_us.is_some_and(|it| it <= known_us);
        let retired = self.retired_us.is_some_and(|it| it <= known_us)
            && self.retired_from.is_none_or(|it| it <= date);
        approved && !retired && self.template.covers(date)
    }
}

/// All versions of the template with one code, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Archive, Serialize, Deserialize)]
pub struct TemplateVersions {
    /// The versions.
    pub versions: Vec<TemplateVersion>,
}

impl TemplateVersions {
    /// Reads a row of the first schema version: one template, in force since ever.
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        if version != 1 {
            return None;
        }
        let template = ChargeTemplateOne::decode(payload).ok()?.into();
        Some(Self { versions: vec![in_force_since_ever(template)] })
    }

    /// The version with this number.
    #[must_use]
    pub fn version(&self, version: u32) -> Option<&TemplateVersion> {
        self.versions.iter().find(|it| it.version == version)
    }

    /// What `known_us` would have charged work on `date` by: of the versions in force the one that
    /// became effective last, and of those the newest.
    #[must_use]
    pub fn in_force(&self, date: Date, known_us: u64) -> Option<&TemplateVersion> {
        self.versions
            .iter()
            .filter(|it| it.is_in_force(date, known_us))
            .max_by_key(|it| (it.template.effective_from, it.version))
    }

    /// Takes a version in, in place of one with its number.
    pub(crate) fn put(&mut self, version: TemplateVersion) {
        match self.versions.binary_search_by_key(&version.version, |it| it.version) {
            Ok(at) => self.versions[at] = version,
            Err(at) => self.versions.insert(at, version),
        }
    }
}

/// How a template counts that was defined before templates had versions.
pub(crate) fn in_force_since_ever(template: ChargeTemplate) -> TemplateVersion {
    TemplateVersion {
        version: 1,
        template,
        defined_us: 0,
        defined_by: 0,
        approved_us: Some(0),
        approved_by: Some(0),
        retired_us: None,
        retired_by: None,
        retired_from: None,
    }
}

/// The day of a moment, in Universal Time: what "today" is where a request does not say.
pub(crate) fn date_of(us: u64) -> Date {
    const DAY_US: u64 = 24 * 3_600 * 1_000_000;
    Date::from_days(i32::try_from(us / DAY_US).unwrap_or(i32::MAX))
}
