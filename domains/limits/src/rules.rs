//! What a policy may say, and what it covers: arithmetic without records.

use contract::{Denial, RateClass};

use crate::Refusal;
use crate::records::{Class, Policy, Unit};

/// The longest name of a policy, in bytes: with its end it fits into a key.
pub const NAME_BYTES_MAX: usize = 32;
/// The longest pattern of operations, in bytes.
pub const OPERATIONS_BYTES_MAX: usize = 64;
/// The most policies of one tenant.
pub const POLICIES_MAX: u32 = 64;
/// The highest quota, in units.
pub const QUOTA_MAX: u64 = 1_000_000_000;
/// The highest burst, in units.
pub const BURST_MAX: u64 = 1_000_000_000;
/// The longest window: one day.
pub const WINDOW_S_MAX: u32 = 86_400;
/// The longest time from an exhausted to a full burst: 100 years of 366 days. Whoever counts can hold
/// the time of a full burst in 64 bits of microseconds.
pub const REFILL_S_MAX: u64 = 100 * 366 * 86_400;
/// The highest cost of one request, in units.
pub const COST_MAX: u32 = 1_000;

// Neither side of the comparison of refill times can overflow.
const _: () = assert!(REFILL_S_MAX.checked_mul(QUOTA_MAX).is_some());
const _: () = assert!(BURST_MAX.checked_mul(WINDOW_S_MAX as u64).is_some());

impl Policy {
    /// The most units that a subject may take at once: the burst, or the quota where there is none.
    pub const fn at_once(&self) -> u64 {
        match self.unit {
            Unit::Requests if self.burst != 0 => self.burst,
            Unit::Requests | Unit::Concurrent => self.quota,
        }
    }

    /// How many units one call of an operation of this class takes.
    pub fn cost_of(&self, rate: RateClass) -> u32 {
        self.cost.of(rate.into())
    }

    /// Whether it limits calls of this operation, such as `rates.quote`, that declares this class.
    /// Never while it is disabled. Whose calls they are is not asked: that is the tenant beside the
    /// policy.
    pub fn covers(&self, operation: &str, rate: RateClass) -> bool {
        self.enabled && self.counts(rate.into()) && matches(&self.operations, operation)
    }

    fn counts(&self, class: Class) -> bool {
        self.rate_class.is_none_or(|only| only == class)
    }

    /// The policy as it is kept: every field checked, and those that its unit has no use for cleared.
    pub(crate) fn checked(mut self) -> Result<Self, Denial> {
        if !is_name(&self.name) {
            return Err(Refusal::NameInvalid.at("name"));
        }
        if !is_pattern(&self.operations) {
            return Err(Refusal::OperationsInvalid.at("operations"));
        }
        if self.quota == 0 || QUOTA_MAX < self.quota {
            let detail = format!("quota is {}, expected 1 to {QUOTA_MAX}", self.quota);
            return Err(Refusal::QuotaInvalid.at("quota").because(detail));
        }
        match self.unit {
            Unit::Requests => self.check_rate()?,
            Unit::Concurrent => (self.window_s, self.burst) = (0, 0),
        }
        self.check_cost()?;
        Ok(self)
    }

    fn check_rate(&self) -> Result<(), Denial> {
        let Self { window_s, burst, .. } = self;
        if *window_s == 0 || WINDOW_S_MAX < *window_s {
            let detail = format!("window_s is {window_s}, expected 1 to {WINDOW_S_MAX}");
            return Err(Refusal::WindowInvalid.at("window_s").because(detail));
        }
        if BURST_MAX < *burst {
            let detail = format!("burst is {burst}, expected 0 to {BURST_MAX}");
            return Err(Refusal::BurstInvalid.at("burst").because(detail));
        }
        if REFILL_S_MAX * self.quota < burst * u64::from(*window_s) {
            let detail = format!(
                "burst is {burst}, at {} in {window_s} s it takes over 100 years to fill again",
                self.quota
            );
            return Err(Refusal::RefillTooLong.at("burst").because(detail));
        }
        Ok(())
    }

    fn check_cost(&self) -> Result<(), Denial> {
        for class in Class::ALL {
            let (field, cost) = (cost_field(class), self.cost.of(class));
            if cost == 0 || COST_MAX < cost {
                let detail = format!("{field} is {cost}, expected 1 to {COST_MAX}");
                return Err(Refusal::CostInvalid.at(field).because(detail));
            }
            // Such a request would be refused for ever, and told to come back later each time.
            if self.counts(class) && self.at_once() < u64::from(cost) {
                let at_once = self.at_once();
                let detail =
                    format!("{field} is {cost}, but at most {at_once} can be taken at once");
                return Err(Refusal::CostTooHigh.at(field).because(detail));
            }
        }
        Ok(())
    }
}

/// Whether a text can name a policy: 1 to 32 characters of `a` to `z`, `0` to `9` and `-`.
pub fn is_name(text: &str) -> bool {
    let letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.bytes().all(letter)
}

/// Whether a text is `*`, `domain.*` or `domain.operation`. Whether there is such a domain or
/// operation is not asked: a policy may be there before what it limits.
pub fn is_pattern(text: &str) -> bool {
    let letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it);
    let word = |it: &str| !it.is_empty() && it.bytes().all(letter);
    let dotted = |(domain, name): (&str, &str)| word(domain) && (name == "*" || word(name));
    text.len() <= OPERATIONS_BYTES_MAX && (text == "*" || text.split_once('.').is_some_and(dotted))
}

fn matches(pattern: &str, operation: &str) -> bool {
    if pattern == "*" || pattern == operation {
        return true;
    }
    let under = pattern.strip_suffix(".*").and_then(|domain| operation.strip_prefix(domain));
    under.is_some_and(|rest| rest.starts_with('.'))
}

const fn cost_field(class: Class) -> &'static str {
    match class {
        Class::Read => "cost.read",
        Class::Write => "cost.write",
        Class::Bulk => "cost.bulk",
    }
}
