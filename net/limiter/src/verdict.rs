//! What a check answers.

/// The outcome of a check, from the best to the worst; the worst of several demands decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Every demand was charged.
    Admitted,
    /// Nothing was charged: the table has no room for a subject it does not know. Subjects it knows
    /// are served as before. The box is at its limit, not the caller.
    TableFull,
    /// Nothing was charged: a policy has too little left now.
    Limited,
    /// Nothing was charged: the cost is over the policy's burst (or over the quota of a concurrency
    /// policy), so waiting will not help.
    TooCostly,
    /// Nothing was charged: a demand names a policy that is not in force.
    UnknownPolicy,
}

/// What a check decided, and the numbers of its most constraining policy: of those that refused, the
/// one to wait longest for; when admitted, the one with the fewest units remaining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome of all demands together.
    pub decision: Decision,
    /// The number of the most constraining policy; `None` only for a check without demands.
    pub policy: Option<u16>,
    /// Its quota.
    pub quota: u64,
    /// Units that can be taken at once after this check, at most its burst.
    pub remaining: u64,
    /// Until its whole burst is there again, rounded up. 0 for concurrent requests: that depends on
    /// others.
    pub reset_us: u64,
    /// Until the same demand would be admitted if nothing else were charged, rounded up. 0 when
    /// admitted, when waiting does not help, and when it is unknown (concurrent requests).
    pub retry_after_us: u64,
    /// The demands that refused: bit `i` for the demand at place `i`.
    pub violated: u8,
}

impl Verdict {
    /// The verdict on no demand at all.
    pub(crate) const UNLIMITED: Self = Self {
        decision: Decision::Admitted,
        policy: None,
        quota: u64::MAX,
        remaining: u64::MAX,
        reset_us: 0,
        retry_after_us: 0,
        violated: 0,
    };

    /// Whether the request may go on.
    pub fn is_admitted(&self) -> bool {
        self.decision == Decision::Admitted
    }

    /// Both as one: the worse decides, and its policy is the one that is told.
    pub(crate) fn and(self, other: Self) -> Self {
        let violated = self.violated | other.violated;
        let other_decides = match self.decision.cmp(&other.decision) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => other.constrains_more(&self),
        };
        let told = if other_decides { other } else { self };
        Self { violated, ..told }
    }

    fn constrains_more(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.retry_after_us, std::cmp::Reverse(it.remaining), it.reset_us);
        self.policy.is_some() && (other.policy.is_none() || key(self) > key(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(decision: Decision, policy: u16, remaining: u64, retry_after_us: u64) -> Verdict {
        let violated = u8::from(decision != Decision::Admitted) << policy;
        let policy = Some(policy);
        Verdict { decision, policy, quota: 9, remaining, reset_us: 0, retry_after_us, violated }
    }

    #[test]
    fn the_most_constraining_policy_is_told() {
        use Decision::{Admitted, Limited, TableFull, TooCostly, UnknownPolicy};
        let rows = [
            (verdict(Admitted, 0, 5, 0), verdict(Admitted, 1, 4, 0), 1, 0b00),
            (verdict(Admitted, 0, 4, 0), verdict(Admitted, 1, 4, 0), 0, 0b00),
            (verdict(Admitted, 0, 0, 0), verdict(Limited, 1, 9, 1), 1, 0b10),
            (verdict(Limited, 0, 0, 2), verdict(Limited, 1, 0, 1), 0, 0b11),
            (verdict(Limited, 0, 0, 1), verdict(Limited, 1, 9, 2), 1, 0b11),
            (verdict(TooCostly, 0, 9, 0), verdict(Limited, 1, 0, 9), 0, 0b11),
            (verdict(TableFull, 0, 9, 9), verdict(Limited, 1, 0, 1), 1, 0b11),
            (verdict(UnknownPolicy, 0, 0, 0), verdict(TooCostly, 1, 0, 0), 0, 0b11),
            (Verdict::UNLIMITED, verdict(Admitted, 1, 4, 0), 1, 0),
        ];
        for (a, b, policy, violated) in rows {
            let found = a.and(b);
            assert_eq!((found.policy, found.violated), (Some(policy), violated), "{a:?} {b:?}");
            assert_eq!(found.decision, a.decision.max(b.decision));
        }
    }
}
