//! Taxes on a year's wages: a deduction that may fade, bands, and rates that glide between bands.

use values::Money;

use super::{StatutoryError, StatutoryProblem, refuse, share};
use crate::rules::fine::FinePercent;
use crate::rules::ratio::Ratio;

/// The most bands in one scale.
const BANDS_COUNT_MAX: usize = 16;

contract::message! {
    /// From a year's wages on, a rate.
    #[derive(Copy)]
    pub struct TaxBand {
        /// For wages above this much a year.
        pub above: Money,
        /// The rate.
        pub percent: FinePercent,
        /// The rate rises evenly to that of the next band where that band begins.
        #[serde(default, skip_serializing_if = "is_false")]
        pub glides: bool,
    }

    /// Where a deduction shrinks evenly to nothing.
    #[derive(Copy)]
    pub struct Fade {
        /// Whole up to this much a year.
        pub from: Money,
        /// Nothing from this much a year on.
        pub to: Money,
    }

    /// A tax on a year's wages.
    pub struct TaxScale {
        /// What is taken off the wages before they are taxed.
        #[serde(default)]
        pub deduction: Money,
        /// Where the deduction fades.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fades: Option<Fade>,
        /// The rates, lowest first. Wages not above the first are not taxed.
        pub bands: Vec<TaxBand>,
        /// Each band's rate is for the wages inside the band; else the rate of the band that the
        /// wages reach is for all of them.
        #[serde(default, skip_serializing_if = "is_false")]
        pub marginal: bool,
        /// Levies in addition, each on the wages from its amount up to the next one's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub surcharges: Vec<TaxBand>,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl TaxScale {
    pub(super) fn check(&self, place: &str) -> Result<(), StatutoryError> {
        if self.bands.is_empty() {
            return Err(refuse(format!("{place}.bands"), StatutoryProblem::Empty));
        }
        if self.deduction < Money::ZERO {
            return Err(refuse(format!("{place}.deduction"), StatutoryProblem::Negative));
        }
        if let Some(Fade { from, to }) = self.fades
            && to <= from
        {
            let problem = StatutoryProblem::FadeBackwards { from, to };
            return Err(refuse(format!("{place}.fades.to"), problem));
        }
        for (list, bands) in [("bands", &self.bands), ("surcharges", &self.surcharges)] {
            if BANDS_COUNT_MAX < bands.len() {
                let (count, max) = (bands.len(), BANDS_COUNT_MAX);
                let problem = StatutoryProblem::TooMany { count, max };
                return Err(refuse(format!("{place}.{list}"), problem));
            }
            for (at, band) in bands.iter().enumerate() {
                let field = |name: &str| format!("{place}.{list}[{at}].{name}");
                share(field("percent"), band.percent)?;
                let above = band.above;
                if above < Money::ZERO {
                    return Err(refuse(field("above"), StatutoryProblem::Negative));
                }
                if let Some(before) = at.checked_sub(1).map(|it| bands[it].above)
                    && above <= before
                {
                    let problem = StatutoryProblem::BandsOutOfOrder { above, before };
                    return Err(refuse(field("above"), problem));
                }
                if band.glides && at + 1 == bands.len() {
                    return Err(refuse(field("glides"), StatutoryProblem::GlidesNowhere));
                }
                if band.glides && (self.marginal || list == "surcharges") {
                    return Err(refuse(field("glides"), StatutoryProblem::GlidesMarginal));
                }
            }
        }
        Ok(())
    }

    /// The tax on a year's `wages`, unrounded; `None` when it has no short exact form.
    #[must_use]
    pub fn tax(&self, wages: Money) -> Option<Ratio> {
        let taxed = Ratio::from(wages).minus(self.deducted(wages)?)?;
        let tax = match self.reached(wages) {
            None => Ratio::ZERO,
            Some(_) if self.marginal => marginal(&self.bands, wages)?,
            Some(at) => {
                let rate = self.rate(at, wages)?;
                let tax = taxed.times(rate)?;
                if tax.is_negative() { Ratio::ZERO } else { tax }
            }
        };
        tax.plus(marginal(&self.surcharges, wages)?)
    }

    /// The tax as a share of `wages`. Without them the headline rate: the first that is not zero,
    /// which is what another dollar of wages costs an employer just above the threshold.
    pub(super) fn share(&self, wages: Option<Money>) -> Option<Ratio> {
        match wages {
            Some(wages) if Money::ZERO < wages => self.tax(wages)?.over(wages.into()),
            Some(_) => Some(Ratio::ZERO),
            None => {
                let taxed = self.bands.iter().find(|it| FinePercent::ZERO < it.percent);
                Some(taxed.map_or(Ratio::ZERO, |it| it.percent.into()))
            }
        }
    }

    fn deducted(&self, wages: Money) -> Option<Ratio> {
        let whole = Ratio::from(self.deduction);
        let Some(Fade { from, to }) = self.fades else { return Some(whole) };
        if wages <= from {
            return Some(whole);
        }
        if to <= wages {
            return Some(Ratio::ZERO);
        }
        whole.times(Ratio::from(to - wages).over((to - from).into())?)
    }

    fn reached(&self, wages: Money) -> Option<usize> {
        self.bands.iter().rposition(|it| it.above < wages)
    }

    fn rate(&self, at: usize, wages: Money) -> Option<Ratio> {
        let band = self.bands[at];
        let rate = Ratio::from(band.percent);
        match self.bands.get(at + 1).filter(|_| band.glides) {
            None => Some(rate),
            Some(next) => {
                let way = Ratio::from(wages - band.above).over((next.above - band.above).into())?;
                rate.plus(Ratio::from(next.percent).minus(rate)?.times(way)?)
            }
        }
    }
}

/// The sum over `bands` of each one's rate on the wages between it and the next.
fn marginal(bands: &[TaxBand], wages: Money) -> Option<Ratio> {
    let mut tax = Ratio::ZERO;
    for (at, band) in bands.iter().enumerate() {
        let top = bands.get(at + 1).map_or(wages, |it| it.above.min(wages));
        if band.above < top {
            tax = tax.plus(Ratio::from(top - band.above).times(band.percent.into())?)?;
        }
    }
    Some(tax)
}
