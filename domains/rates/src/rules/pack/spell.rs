//! Spelling a pack out: one complete award version per date.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Hours, Money, Percent, half_up_div};

use super::source::{Apprentices, Juniors};
use super::{Pack, PackClassification, PackProblem, PackVersion, Phase, Rate, RuleSet, ShareOf};
use crate::rules::award::{
    Allowance, AllowanceUnit, AwardVersion, Classification, Scale, ScaleBy, ScaleStep, Step,
};

/// A classification with the later shares of a junior or apprentice.
struct Spelled {
    it: PackClassification,
    phases: Vec<Phase>,
}

impl Spelled {
    /// The share in a version operative from `date`.
    fn percent(&self, date: Date) -> Option<Percent> {
        let phase = self.phases.iter().rev().find(|it| it.from <= date);
        phase.map(|it| it.percent).or(self.it.percent)
    }
}

impl Pack {
    pub(super) fn spell_out(&self) -> Result<Vec<AwardVersion>, PackProblem> {
        let classifications = self.all_classifications()?;
        let scales = self.scales()?;
        let mut names = BTreeSet::new();
        for set in &self.rules {
            if !names.insert(&set.name) {
                return Err(PackProblem::RuleSetTwice { name: set.name.clone() });
            }
        }
        if self.version.is_empty() {
            return Err(PackProblem::Empty { field: "version" });
        }
        for pair in self.version.windows(2) {
            let (before, operative_from) = (pair[0].operative_from, pair[1].operative_from);
            if operative_from <= before {
                return Err(PackProblem::VersionsOutOfOrder { operative_from, before });
            }
        }
        let mut filled: Vec<PackVersion> = Vec::new();
        for version in &self.version {
            let mut version = version.clone();
            if let Some(date) = version.rates_from {
                let operative_from = version.operative_from;
                let Some(former) = filled.iter().find(|it| it.operative_from == date) else {
                    return Err(PackProblem::RatesFromUnknown { operative_from, date });
                };
                for (code, rate) in &former.rates {
                    version.rates.entry(code.clone()).or_insert(*rate);
                }
                for (code, amount) in &former.allowances {
                    version.allowances.entry(code.clone()).or_insert(*amount);
                }
                for (code, max) in &former.week_max {
                    version.week_max.entry(code.clone()).or_insert(*max);
                }
            }
            filled.push(version);
        }
        filled.iter().map(|it| self.spell_out_one(it, &classifications, &scales)).collect()
    }

    fn spell_out_one(
        &self,
        version: &PackVersion,
        classifications: &[Spelled],
        scales: &[Scale],
    ) -> Result<AwardVersion, PackProblem> {
        let operative_from = version.operative_from;
        let set = self.rules.iter().find(|it| it.name == version.rules).ok_or_else(|| {
            PackProblem::RuleSetUnknown { operative_from, name: version.rules.clone() }
        })?;
        for code in version.rates.keys() {
            if !classifications.iter().any(|it| it.it.code == *code) {
                let code = code.clone();
                return Err(PackProblem::RateUnknown { operative_from, code });
            }
        }
        let (mut offered, mut references) = (Vec::new(), Vec::new());
        for it in classifications {
            if let Some(rate) = rate(version, set, it)? {
                let list = if it.it.reference_only { &mut references } else { &mut offered };
                list.push(Classification {
                    code: it.it.code.clone(),
                    title: it.it.title.clone(),
                    clause: it.it.clause.clone(),
                    fwc: it.it.fwc,
                    weekly: rate.weekly,
                    hourly: rate.hourly,
                    annual: rate.annual,
                    all_purpose_weekly: rate.all_purpose_weekly,
                    factor: it.it.factor,
                });
            }
        }
        // What a classification has for good is not claimed on top.
        let named =
            |code: &String| classifications.iter().any(|it| it.it.all_purpose.contains(code));
        let mut claimable = allowances(version, set)?;
        for allowance in claimable.iter_mut().filter(|it| it.all_purpose && named(&it.code)) {
            let has = |it: &&Spelled| {
                let stated = version.rates.get(&it.it.code);
                it.it.all_purpose.contains(&allowance.code)
                    || stated.is_some_and(|it| it.all_purpose_weekly.is_some())
            };
            let offered = |it: &&Spelled| offered.iter().any(|other| other.code == it.it.code);
            let codes = classifications.iter().filter(has).filter(offered);
            let out: Vec<String> = codes.map(|it| format!("!{}", it.it.code)).collect();
            allowance.classifications.extend(out);
        }
        let offers = |code: &str| offered.iter().any(|it| it.code == code);
        let scales = scales.iter().filter_map(|scale| {
            let mut scale = scale.clone();
            scale.steps.retain(|it| offers(&it.classification));
            (!scale.steps.is_empty()).then_some(scale)
        });
        Ok(AwardVersion {
            currency: self.currency,
            source: version.source.clone(),
            casual_loading: set.casual_loading,
            precedence: set.precedence,
            ordinary: set.ordinary.clone(),
            penalties: set.penalty.clone(),
            overtime: set.overtime.clone(),
            overtime_by: set.overtime_by,
            shifts: set.shift.clone(),
            minimums: set.minimum.clone(),
            missed_breaks: set.missed_break.clone(),
            higher_duties: set.higher_duties.clone(),
            allowances: claimable,
            scales: scales.collect(),
            supported_wage: set.supported_wage.clone(),
            classifications: offered,
            references,
            ..AwardVersion::new(self.award.clone(), self.name.clone(), operative_from, set.week)
        })
    }

    /// The classifications with juniors and apprentices spelled out.
    fn all_classifications(&self) -> Result<Vec<Spelled>, PackProblem> {
        let plain = |it: &PackClassification| Spelled { it: it.clone(), phases: Vec::new() };
        let mut all: Vec<Spelled> = self.classification.iter().map(plain).collect();
        for juniors in &self.juniors {
            self.spell_juniors(juniors, &mut all)?;
        }
        for apprentices in &self.apprentices {
            spell_apprentices(apprentices, &mut all);
        }
        let mut codes = BTreeSet::new();
        for Spelled { it, .. } in &all {
            if !codes.insert(&it.code) {
                return Err(PackProblem::ClassificationTwice { code: it.code.clone() });
            }
            let share = |problem| Err(PackProblem::Share { code: it.code.clone(), problem });
            match (&it.of, it.percent) {
                (None, None) => {}
                (Some(of), Some(_)) => match all.iter().find(|other| other.it.code == *of) {
                    None => return share("names no classification of this pack"),
                    Some(adult) if adult.it.of.is_some() => return share("names another share"),
                    Some(_) => {}
                },
                _ => return share("a share needs both `of` and `percent`"),
            }
            if it.reference_only && it.of.is_some() {
                return share("a share cannot be there for reference only");
            }
            if it.share_of == ShareOf::Hourly && it.round != Step::Cent {
                return share("a share of the hourly rate is rounded to the cent");
            }
        }
        Ok(all)
    }

    fn spell_juniors(&self, juniors: &Juniors, all: &mut Vec<Spelled>) -> Result<(), PackProblem> {
        for age in &juniors.age {
            if !age.fwc.is_empty() && age.fwc.len() != juniors.of.len() {
                return Err(PackProblem::JuniorIds {
                    suffix: age.suffix.clone(),
                    count: age.fwc.len(),
                    expected: juniors.of.len(),
                });
            }
        }
        for (at, code) in juniors.of.iter().enumerate() {
            let adult = self.classification.iter().find(|it| it.code == *code);
            if adult.is_some_and(|it| it.reference_only) {
                let problem = "is there for reference only and can have no juniors";
                return Err(PackProblem::Scale { code: code.clone(), problem });
            }
            let title = adult.map_or(code.as_str(), |it| it.title.as_str());
            let all_purpose = adult.map_or_else(Vec::new, |it| it.all_purpose.clone());
            all.extend(juniors.age.iter().map(|age| Spelled {
                it: PackClassification {
                    code: format!("{code}-{}", age.suffix),
                    title: format!("{title}, {}", age.title),
                    clause: juniors.clause.clone(),
                    fwc: age.fwc.get(at).copied(),
                    of: Some(juniors.reference.as_ref().unwrap_or(code).clone()),
                    percent: Some(age.percent),
                    share_of: juniors.share_of,
                    round: juniors.round,
                    all_purpose: all_purpose.clone(),
                    factor: adult.and_then(|it| it.factor),
                    reference_only: false,
                },
                phases: age.phase.clone(),
            }));
        }
        Ok(())
    }

    fn scales(&self) -> Result<Vec<Scale>, PackProblem> {
        let mut scales = Vec::new();
        for juniors in &self.juniors {
            let stated = juniors.age.iter().filter(|it| it.from.is_some()).count();
            if stated == 0 {
                continue;
            }
            if stated < juniors.age.len() {
                let code = juniors.of.first().cloned().unwrap_or_default();
                let problem = "some ages state `from` and some do not";
                return Err(PackProblem::Scale { code, problem });
            }
            for code in &juniors.of {
                let step = |age: &super::Age| ScaleStep {
                    classification: format!("{code}-{}", age.suffix),
                    from: age.from.unwrap_or_default(),
                    service_months: age.service_months,
                };
                scales.push(Scale {
                    code: code.clone(),
                    clause: juniors.clause.clone(),
                    by: ScaleBy::Age,
                    until: juniors.adult_from,
                    steps: juniors.age.iter().map(step).collect(),
                });
            }
        }
        for it in &self.apprentices {
            let step = |stage: &super::Stage| ScaleStep {
                classification: format!("{}-{}", it.code, stage.suffix),
                from: stage.from,
                service_months: 0,
            };
            scales.push(Scale {
                code: it.code.clone(),
                clause: it.clause.clone(),
                by: it.by,
                until: 0,
                steps: it.stage.iter().map(step).collect(),
            });
        }
        Ok(scales)
    }
}

fn spell_apprentices(scale: &Apprentices, all: &mut Vec<Spelled>) {
    for stage in &scale.stage {
        let of = stage.of.as_ref().or(scale.of.as_ref());
        all.push(Spelled {
            it: PackClassification {
                code: format!("{}-{}", scale.code, stage.suffix),
                title: format!("{}, {}", scale.title, stage.title),
                clause: scale.clause.clone(),
                fwc: stage.fwc,
                // A stage without a share has its rate in each version.
                of: of.filter(|_| stage.percent.is_some()).cloned(),
                percent: stage.percent,
                share_of: scale.share_of,
                round: scale.round,
                all_purpose: scale.all_purpose.clone(),
                factor: None,
                reference_only: false,
            },
            phases: stage.phase.clone(),
        });
    }
}

/// The allowances that `version` offers.
fn allowances(version: &PackVersion, set: &RuleSet) -> Result<Vec<Allowance>, PackProblem> {
    let operative_from = version.operative_from;
    let unknown = |code: &String| !set.allowance.iter().any(|it| it.code == *code);
    let mut codes = version.allowances.keys().chain(version.week_max.keys());
    if let Some(code) = codes.find(|code| unknown(code)) {
        // A version of another rule set may have handed the dollars on.
        if version.rates_from.is_none() {
            return Err(PackProblem::AllowanceUnknown { operative_from, code: code.clone() });
        }
    }
    let priced = set.allowance.iter().filter_map(|it| {
        let mut it = it.clone();
        it.amount = version.allowances.get(&it.code).copied().or(it.amount);
        it.week_max = version.week_max.get(&it.code).copied().or(it.week_max);
        (it.amount.is_some() || it.of.is_some()).then_some(it)
    });
    Ok(priced.collect())
}

/// `weekly` x `percent`, rounded to the step.
fn share(weekly: Money, percent: Percent, step: Step) -> Money {
    let cents = match step {
        Step::Cent | Step::None => 1,
        Step::TenCents => 10,
        Step::Dollar => 100,
    };
    let whole = Percent::WHOLE.hundredths() * cents;
    Money::from_cents(half_up_div(weekly.cents() * percent.hundredths(), whole) * cents)
}

/// `weekly` x `percent` / `week`, rounded once.
fn hourly_share(weekly: Money, percent: Percent, week: Hours) -> Money {
    let minutes = i64::from(week.minutes());
    let dividend = weekly.cents() * percent.hundredths() * 60;
    Money::from_cents(half_up_div(dividend, Percent::WHOLE.hundredths() * minutes))
}

/// The rate of a classification in `version`: stated, or a share of a stated one.
fn rate(
    version: &PackVersion,
    set: &RuleSet,
    spelled: &Spelled,
) -> Result<Option<Rate>, PackProblem> {
    let it = &spelled.it;
    let stated = version.rates.get(&it.code);
    let mut rate = match (&it.of, spelled.percent(version.operative_from)) {
        (Some(of), Some(percent)) => {
            let Some(adult) = version.rates.get(of) else {
                return Ok(None);
            };
            let rate = share_of(adult, set.week, it, percent)?;
            if let Some(stated) = stated {
                agrees(version, set.week, it, (stated, &rate), percent)?;
            }
            rate
        }
        _ => match stated {
            Some(stated) => *stated,
            None => return Ok(None),
        },
    };
    rate.all_purpose_weekly = all_purpose(version, set, it, stated)?;
    Ok(Some(rate))
}

fn share_of(
    adult: &Rate,
    week: Hours,
    it: &PackClassification,
    percent: Percent,
) -> Result<Rate, PackProblem> {
    let mut rate = Rate { weekly: None, hourly: None, annual: None, all_purpose_weekly: None };
    match (it.share_of, adult.weekly, adult.hourly) {
        (ShareOf::Weekly, Some(weekly), _) if it.round == Step::None => {
            rate.hourly = Some(hourly_share(weekly, percent, week));
        }
        (ShareOf::Weekly, Some(weekly), _) => rate.weekly = Some(share(weekly, percent, it.round)),
        (ShareOf::Hourly, Some(weekly), _) => {
            rate.hourly = Some(weekly.per_hour_of(week).percent(percent));
        }
        (ShareOf::Hourly, None, Some(hourly)) => rate.hourly = Some(hourly.percent(percent)),
        _ => {
            let problem = "the classification it names has no such rate";
            return Err(PackProblem::Share { code: it.code.clone(), problem });
        }
    }
    Ok(rate)
}

/// Refuses a stated rate that its share contradicts.
fn agrees(
    version: &PackVersion,
    week: Hours,
    it: &PackClassification,
    (stated, rate): (&Rate, &Rate),
    percent: Percent,
) -> Result<(), PackProblem> {
    let factor = Classification { factor: it.factor, ..Classification::default() };
    let hourly = rate.hourly.or_else(|| rate.weekly.map(|it| factor.hourly_of(it, week)));
    let pairs = [("weekly", stated.weekly, rate.weekly), ("hourly", stated.hourly, hourly)];
    for (field, stated, computed) in pairs {
        if let (Some(stated), Some(computed)) = (stated, computed)
            && stated != computed
        {
            return Err(PackProblem::ShareContradicts {
                operative_from: version.operative_from,
                code: it.code.clone(),
                field,
                stated,
                percent,
                of: it.of.clone().unwrap_or_default(),
                computed,
            });
        }
    }
    Ok(())
}

/// The weekly all-purpose allowances of a classification: stated in dollars, or by name.
fn all_purpose(
    version: &PackVersion,
    set: &RuleSet,
    it: &PackClassification,
    stated: Option<&Rate>,
) -> Result<Option<Money>, PackProblem> {
    if let Some(amount) = stated.and_then(|it| it.all_purpose_weekly) {
        return Ok(Some(amount));
    }
    if it.all_purpose.is_empty() {
        return Ok(None);
    }
    let known: BTreeMap<&str, &Allowance> =
        set.allowance.iter().map(|it| (it.code.as_str(), it)).collect();
    let mut sum = Money::ZERO;
    for code in &it.all_purpose {
        let fail = |problem| PackProblem::AllPurpose {
            code: it.code.clone(),
            allowance: code.clone(),
            problem,
        };
        let allowance = known.get(code.as_str()).ok_or_else(|| fail("is no allowance"))?;
        if !allowance.all_purpose || allowance.per != AllowanceUnit::Week {
            return Err(fail("is not all-purpose and per week"));
        }
        let amount = version.allowances.get(code).copied().or(allowance.amount);
        sum += amount.ok_or_else(|| fail("has no dollars in this version"))?;
    }
    Ok(Some(sum))
}
