//! From what the rules found wrong to the domain's numbered refusals.

use contract::Denial;

use crate::rules::calendar::HolidayError;
use crate::rules::charge::ChargeError;
use crate::rules::compile::VersionError;
use crate::rules::floor::FloorError;
use crate::rules::shift::{QuoteError, QuoteProblem};

contract::refusals! {
    /// No award with that code is published.
    AwardUnknown = 1 Missing,
    /// The award version has no such classification.
    ClassificationUnknown = 2 Missing,
    /// The pay period starts before the award's first version.
    BeforeFirstVersion = 3 Missing,
    /// The award version does not offer that kind of employment.
    EmploymentNotOffered = 4 Invalid,
    /// The classification is paid an annual salary.
    AnnualSalary = 5 Invalid,
    /// No holiday table is published.
    HolidaysUnknown = 6 Conflict,
    /// There is nothing to price.
    Empty = 7 Invalid,
    /// A list is longer than its limit.
    TooMany = 8 Invalid,
    /// A shift or break does not end after it starts.
    Backwards = 9 Invalid,
    /// A shift is longer than 24 hours.
    ShiftTooLong = 10 Invalid,
    /// Two shifts share time.
    ShiftsOverlap = 11 Invalid,
    /// A break is not inside its shift.
    BreakOutside = 12 Invalid,
    /// Two breaks share time.
    BreaksOverlap = 13 Invalid,
    /// The clock shows that time twice that day.
    TimeAmbiguous = 14 Invalid,
    /// The clock never shows that time that day.
    TimeSkipped = 15 Invalid,
    /// The stated offset is not in force at that time.
    OffsetWrong = 16 Invalid,
    /// A shift is not in the pay period.
    OutsidePeriod = 17 Invalid,
    /// A date is not in the published holiday table.
    OutsideHolidays = 18 Invalid,
    /// The award version contradicts itself or leaves something open.
    VersionInvalid = 19 Invalid,
    /// Another version of that award with that date is published.
    VersionExists = 20 Conflict,
    /// The holiday table contradicts itself.
    HolidaysInvalid = 21 Invalid,
    /// No template has that code.
    TemplateUnknown = 22 Missing,
    /// The template contradicts itself or leaves something open.
    TemplateInvalid = 23 Invalid,
    /// That pay cannot be charged from with that template.
    ChargeInvalid = 24 Invalid,
    /// No accepted quote has that id.
    QuoteUnknown = 25 Missing,
    /// The quote does not come to the total that was agreed.
    TotalDiffers = 26 Conflict,
    /// A text is longer than its limit.
    TextTooLong = 27 Invalid,
    /// Workers of one roster are paid in different currencies.
    CurrenciesDiffer = 28 Invalid,
    /// The award version has no rate for a time that is asked about.
    RateMissing = 29 Missing,
    /// The award version does not ask for that flag.
    FlagUnknown = 30 Invalid,
    /// A date that decides the rate is missing.
    DateNeeded = 31 Invalid,
    /// What is said about the person or the time before does not fit the shifts.
    PersonInvalid = 32 Invalid,
    /// The award version does not offer that to this person.
    NotOffered = 33 Invalid,
    /// The award version has no such allowance.
    AllowanceUnknown = 34 Missing,
    /// An allowance cannot be claimed like that.
    ClaimInvalid = 35 Invalid,
    /// The template has no such version.
    VersionUnknown = 60 Missing,
    /// That version stands where this is not possible.
    TemplateStatus = 61 Conflict,
    /// No approved version of the template is in force that day.
    TemplateNotInForce = 62 Conflict,
    /// A pay rate is below the award's.
    BelowAward = 63 Invalid,
    /// The award version has no such rule for that employee.
    RuleUnknown = 64 Missing,
    /// The statutory table contradicts itself or leaves something open.
    StatutoryInvalid = 65 Invalid,
    /// No statutory table has that code.
    StatutoryUnknown = 66 Missing,
    /// The statutory table has no rate for that day, state and class.
    StatutoryMissing = 67 Missing,
    /// The instrument contradicts itself or leaves something open.
    InstrumentInvalid = 68 Invalid,
    /// No instrument of that kind is in force under that code.
    InstrumentUnknown = 69 Missing,
    /// An amount that was paid is beyond what anybody is paid.
    PaidOutOfRange = 70 Invalid,
}

impl From<&QuoteProblem> for Refusal {
    fn from(problem: &QuoteProblem) -> Self {
        use QuoteProblem as P;
        match problem {
            P::AwardUnknown(_) => Self::AwardUnknown,
            P::ClassificationUnknown(_) => Self::ClassificationUnknown,
            P::BeforeFirstVersion { .. } => Self::BeforeFirstVersion,
            P::EmploymentNotOffered | P::ClassificationNotOffered => Self::EmploymentNotOffered,
            P::AnnualSalary => Self::AnnualSalary,
            P::HolidaysUnknown => Self::HolidaysUnknown,
            P::ShiftsEmpty => Self::Empty,
            P::TooManyShifts { .. } | P::TooManyBreaks { .. } => Self::TooMany,
            P::Backwards { .. } => Self::Backwards,
            P::TooLong { .. } => Self::ShiftTooLong,
            P::ShiftsOverlap { .. } => Self::ShiftsOverlap,
            P::BreakOutside { .. } => Self::BreakOutside,
            P::BreaksOverlap { .. } => Self::BreaksOverlap,
            P::Ambiguous { .. } => Self::TimeAmbiguous,
            P::Skipped { .. } => Self::TimeSkipped,
            P::WrongOffset { .. } => Self::OffsetWrong,
            P::OutsidePeriod { .. } => Self::OutsidePeriod,
            P::OutsideHolidays { .. } => Self::OutsideHolidays,
            P::NoRate { .. } | P::KindNotOffered { .. } => Self::RateMissing,
            P::FlagUnknown(_) => Self::FlagUnknown,
            P::TooManyFlags { .. } | P::TooManyDuties { .. } | P::TooManyClaims { .. } => {
                Self::TooMany
            }
            P::DateNeeded { .. } => Self::DateNeeded,
            P::DateLater { .. }
            | P::BeyondScale { .. }
            | P::CapacityOutOfRange { .. }
            | P::EndsLater { .. }
            | P::DutiesOutside => Self::PersonInvalid,
            P::SupportedWageNotOffered | P::AllowanceNotOffered => Self::NotOffered,
            P::AllowanceUnknown(_) => Self::AllowanceUnknown,
            P::AllowanceAutomatic
            | P::AllPurposeCounted
            | P::QuantityMissing
            | P::QuantityOutOfRange
            | P::ShiftMissing { .. } => Self::ClaimInvalid,
        }
    }
}

/// The denial of a quote whose fields stand under `prefix` in the request, such as `quote.`.
#[cold]
pub(crate) fn quote(prefix: &str, error: &QuoteError) -> Denial {
    let field = format!("{prefix}{}", error.field);
    let detail = format!("{field} {}", error.problem);
    Refusal::from(&error.problem).at(field).because(detail)
}

#[cold]
pub(crate) fn version(error: &VersionError) -> Denial {
    Refusal::VersionInvalid.at(format!("version.{}", error.field)).because(error.to_string())
}

#[cold]
pub(crate) fn holidays(error: &HolidayError) -> Denial {
    let text = error.to_string();
    let field = text.split(' ').next().unwrap_or_default().to_owned();
    Refusal::HolidaysInvalid.at(field).because(text)
}

#[cold]
pub(crate) fn charge(refusal: Refusal, error: &ChargeError) -> Denial {
    refusal.at(error.field.clone()).because(error.to_string())
}

#[cold]
pub(crate) fn no_version(code: &str, version: u32) -> Denial {
    let detail = format!("template `{code}` has no version {version}");
    Refusal::VersionUnknown.at("version").because(detail)
}

/// The denial of a comparison whose pay rate stands at `place` in the request.
#[cold]
pub(crate) fn floor(place: &str, error: &FloorError) -> Denial {
    match error {
        FloorError::Award(error) => quote(&format!("{place}."), error),
        FloorError::RuleUnknown(_) => {
            let detail = format!("{place}.{error}");
            Refusal::RuleUnknown.at(format!("{place}.rule")).because(detail)
        }
    }
}
