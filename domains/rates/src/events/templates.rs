//! What happens to charge templates.

use contract::{Batch, Stored};
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

use crate::rules::charge::former::ChargeTemplateOne;
use crate::templates::{self, TemplateVersion, TemplateVersions};

/// A version of a charge template was written.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TemplateDefined {
    /// The version.
    pub version: TemplateVersion,
}

/// What version 1 held: a template that was in use at once.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TemplateDefinedOne {
    /// The template.
    pub template: ChargeTemplateOne,
}

impl TemplateDefined {
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        if version != 1 {
            return None;
        }
        let template = TemplateDefinedOne::decode(payload).ok()?.template.into();
        Some(Self { version: templates::in_force_since_ever(template) })
    }
    pub(crate) fn key(&self) -> String {
        self.version.template.code.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let key = self.key();
        let mut all: TemplateVersions = batch.view().load(&key).unwrap_or_default();
        all.put(self.version.clone());
        batch.put(&key, &all);
    }
}

/// A version of a charge template was approved.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TemplateApproved {
    /// The template's code.
    pub code: String,
    /// Which version.
    pub version: u32,
    /// When, in microseconds since 1970-01-01 UTC.
    pub approved_us: u64,
    /// By whom.
    pub approved_by: u64,
}

impl TemplateApproved {
    pub(crate) fn key(&self) -> String {
        self.code.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        change(batch, &self.code, self.version, |it| {
            it.approved_us = Some(self.approved_us);
            it.approved_by = Some(self.approved_by);
        });
    }
}

/// A version of a charge template was taken out of use.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TemplateRetired {
    /// The template's code.
    pub code: String,
    /// Which version.
    pub version: u32,
    /// When, in microseconds since 1970-01-01 UTC.
    pub retired_us: u64,
    /// By whom.
    pub retired_by: u64,
    /// The first day of work it is no longer used for; none at all when left out.
    pub retired_from: Option<Date>,
}

impl TemplateRetired {
    pub(crate) fn key(&self) -> String {
        self.code.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        change(batch, &self.code, self.version, |it| {
            it.retired_us = Some(self.retired_us);
            it.retired_by = Some(self.retired_by);
            it.retired_from = self.retired_from;
        });
    }
}

/// Changes one version of the template `code`; the decision saw that it is there.
fn change(
    batch: &mut Batch<'_, '_>,
    code: &str,
    version: u32,
    change: impl FnOnce(&mut TemplateVersion),
) {
    let key = code.to_owned();
    let Some(mut all) = batch.view().load::<TemplateVersions>(&key) else { return };
    if let Some(it) = all.versions.iter_mut().find(|it| it.version == version) {
        change(it);
        batch.put(&key, &all);
    }
}
