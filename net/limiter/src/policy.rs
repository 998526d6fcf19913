//! What is allowed: policies as an operator states them.

use crate::rate::ticks;

/// How many policies one limiter holds at most.
pub const POLICIES_MAX: usize = 4096;
/// The longest name of a policy.
pub const NAME_BYTES_MAX: usize = 64;
/// The longest window: 366 days.
pub const WINDOW_US_MAX: u64 = 366 * 24 * 3600 * 1_000_000;
/// The most that `burst * window_us / gcd(quota, window_us)` may be. It keeps every sum of times inside
/// 64 bits, exactly. With round numbers it is out of reach (one unit per 366 days may have a burst of
/// 145,000, a million per day one of 4 billion); a large quota without a common factor with its window
/// is refused.
pub const TICKS_MAX: u64 = 1 << 62;

/// What a policy counts. The texts are the quota units of draft-ietf-httpapi-ratelimit-headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Requests, or whatever weight the operation gives a request.
    Requests,
    /// Bytes of request content.
    ContentBytes,
    /// Requests under way at the same time: taken by a check, given back by a release.
    ConcurrentRequests,
}

impl Unit {
    /// The value of the `qu` parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::ContentBytes => "content-bytes",
            Self::ConcurrentRequests => "concurrent-requests",
        }
    }
}

/// One limit. Its number is its place in the list given to
/// [`Limiter::set_policies`](crate::Limiter::set_policies).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What clients see: 1 to [`NAME_BYTES_MAX`] printable ASCII characters.
    pub name: Box<str>,
    /// What is counted.
    pub unit: Unit,
    /// Units per window, at least 1; for concurrent requests how many at the same time.
    pub quota: u32,
    /// The window, 1 to [`WINDOW_US_MAX`]; 0 for concurrent requests.
    pub window_us: u64,
    /// Units that a rested subject may take at once, at least 1; 0 for concurrent requests.
    /// With a burst equal to the quota a client may spend its whole window at once.
    pub burst: u32,
}

/// Why a policy cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// More than [`POLICIES_MAX`].
    #[error("policies: {count} given, at most {POLICIES_MAX} can be held")]
    TooMany {
        /// How many were given.
        count: usize,
    },
    /// The name is empty, too long or not printable ASCII.
    #[error("policy {number}: its name must be 1 to {NAME_BYTES_MAX} printable ASCII characters")]
    Name {
        /// Its place in the list.
        number: usize,
    },
    /// A quota of zero would admit nothing, ever.
    #[error("policy {number}: quota must be at least 1")]
    Quota {
        /// Its place in the list.
        number: usize,
    },
    /// The burst does not fit the unit.
    #[error("policy {number}: burst must be at least 1, and 0 for concurrent requests")]
    Burst {
        /// Its place in the list.
        number: usize,
    },
    /// The window does not fit the unit or is too long.
    #[error(
        "policy {number}: window_us must be 1 to {WINDOW_US_MAX}, and 0 for concurrent requests"
    )]
    Window {
        /// Its place in the list.
        number: usize,
    },
    /// Its arithmetic would need more than 64 bits: over [`TICKS_MAX`].
    #[error(
        "policy {number}: too long a burst of too fine a rate; round quota to share more factors with \
         window_us, or lower burst"
    )]
    Ticks {
        /// Its place in the list.
        number: usize,
    },
}

impl Policy {
    /// Checks every field; `number` only names the policy in the error.
    pub(crate) fn validate(&self, number: usize) -> Result<(), PolicyError> {
        let printable = self.name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX || !printable {
            return Err(PolicyError::Name { number });
        }
        if self.quota == 0 {
            return Err(PolicyError::Quota { number });
        }
        let concurrent = self.unit == Unit::ConcurrentRequests;
        if concurrent != (self.burst == 0) {
            return Err(PolicyError::Burst { number });
        }
        if concurrent != (self.window_us == 0) || self.window_us > WINDOW_US_MAX {
            return Err(PolicyError::Window { number });
        }
        let (_, unit) = ticks(self);
        if u128::from(unit) * u128::from(self.burst) > u128::from(TICKS_MAX) {
            return Err(PolicyError::Ticks { number });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, unit: Unit, quota: u32, window_us: u64, burst: u32) -> Policy {
        Policy { name: name.into(), unit, quota, window_us, burst }
    }

    #[test]
    fn every_field_is_checked_at_its_bounds() {
        use Unit::{ConcurrentRequests as Concurrent, Requests};
        let long = "x".repeat(NAME_BYTES_MAX);
        let longer = "x".repeat(NAME_BYTES_MAX + 1);
        let number = 3;
        let most = u32::try_from(TICKS_MAX / WINDOW_US_MAX).unwrap();
        let rows = [
            (policy("a", Requests, 1, 1, 1), Ok(())),
            (policy(&long, Requests, 1_000_000, 86_400_000_000, u32::MAX), Ok(())),
            (policy("a", Requests, u32::MAX, 1, u32::MAX), Ok(())),
            (policy("\"\\ ~", Requests, 1, 1, 1), Ok(())),
            (policy("a", Concurrent, 1, 0, 0), Ok(())),
            (policy("", Requests, 1, 1, 1), Err(PolicyError::Name { number })),
            (policy(&longer, Requests, 1, 1, 1), Err(PolicyError::Name { number })),
            (policy("a\n", Requests, 1, 1, 1), Err(PolicyError::Name { number })),
            (policy("\u{e9}", Requests, 1, 1, 1), Err(PolicyError::Name { number })),
            (policy("a", Requests, 0, 1, 1), Err(PolicyError::Quota { number })),
            (policy("a", Concurrent, 0, 0, 0), Err(PolicyError::Quota { number })),
            (policy("a", Requests, 1, 1, 0), Err(PolicyError::Burst { number })),
            (policy("a", Concurrent, 1, 0, 1), Err(PolicyError::Burst { number })),
            (policy("a", Requests, 1, 0, 1), Err(PolicyError::Window { number })),
            (policy("a", Concurrent, 1, 1, 0), Err(PolicyError::Window { number })),
            (policy("a", Requests, 1, WINDOW_US_MAX + 1, 1), Err(PolicyError::Window { number })),
            (policy("a", Requests, 1, WINDOW_US_MAX, most), Ok(())),
            (policy("a", Requests, 1, WINDOW_US_MAX, most + 1), Err(PolicyError::Ticks { number })),
            (policy("a", Requests, 2, WINDOW_US_MAX, most + 1), Ok(())),
        ];
        for (policy, expected) in rows {
            assert_eq!(policy.validate(number), expected, "{policy:?}");
        }
    }

    #[test]
    fn an_error_names_the_policy_and_the_remedy() {
        let error = policy("a", Unit::Requests, 0, 1, 1).validate(7).unwrap_err();
        assert_eq!(error.to_string(), "policy 7: quota must be at least 1");
    }
}
