//! Pricing a quote that was built, not read in place: under any award or agreement.

use contract::Tenant;

use super::quote::Quote;
use crate::reference::Reference;
use crate::rules::calendar::Calendar;
use crate::rules::quote::{Priced, Terms};
use crate::rules::shift::QuoteError;

impl Quote {
    /// The moment whose knowledge prices it: its own, or else `otherwise_us`.
    pub(crate) fn known_us(&self, otherwise_us: u64) -> u64 {
        self.as_known_at_us.unwrap_or(otherwise_us)
    }

    /// Prices the shifts under `terms`, whatever award or agreement these are of.
    pub(crate) fn price_under(
        &self,
        terms: &Terms<'_>,
        calendar: &Calendar,
        priced: &mut Priced,
    ) -> Result<(), QuoteError> {
        terms.price(calendar, self.state, &self.shifts[..], &self.particulars(), priced)
    }

    /// Prices the shifts under the award they name, as `known_us` knew it.
    pub(crate) fn price_known<'r>(
        &self,
        reference: &'r Reference,
        tenant: Tenant,
        known_us: u64,
        priced: &mut Priced,
    ) -> Result<Terms<'r>, QuoteError> {
        let terms = reference.terms_known(tenant, self, known_us)?;
        let calendar = reference.calendar_known(tenant, known_us)?;
        self.price_under(&terms, calendar, priced)?;
        Ok(terms)
    }
}
