//! Policies and verdicts as HTTP fields (draft-ietf-httpapi-ratelimit-headers, RFC 9651 lists,
//! RFC 9110 section 10.2.3).

use crate::{
    policy::{Policy, Unit},
    verdict::{Decision, Verdict},
};

const SECOND_US: u64 = 1_000_000;

/// Appends the value of `RateLimit-Policy`: `"burst";q=100;w=60, "jobs";q=4;qu="concurrent-requests"`.
///
/// The unit is left out where it is requests, the default. A window is told in whole seconds, so one
/// that is none is left out.
pub fn write_policies<'a>(out: &mut Vec<u8>, policies: impl IntoIterator<Item = &'a Policy>) {
    for (at, policy) in policies.into_iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        write_string(out, &policy.name);
        write_parameter(out, b";q=", u64::from(policy.quota));
        if policy.unit != Unit::Requests {
            out.extend_from_slice(b";qu=");
            write_string(out, policy.unit.as_str());
        }
        if policy.window_us > 0 && policy.window_us.is_multiple_of(SECOND_US) {
            write_parameter(out, b";w=", policy.window_us / SECOND_US);
        }
    }
}

/// Appends the value of `RateLimit` for the policy that the verdict tells of: `"default";r=50;t=30`.
///
/// `t` is the time until the whole burst is there again, in seconds and rounded up; it is left out
/// for concurrent requests, where nobody knows it.
pub fn write_limit(out: &mut Vec<u8>, policy: &Policy, verdict: &Verdict) {
    write_string(out, &policy.name);
    write_parameter(out, b";r=", verdict.remaining);
    if policy.unit != Unit::ConcurrentRequests {
        write_parameter(out, b";t=", verdict.reset_us.div_ceil(SECOND_US));
    }
}

/// The value of `Retry-After` in seconds, rounded up and at least 1, for a refusal that waiting can
/// cure; otherwise `None`.
pub fn retry_after_s(verdict: &Verdict) -> Option<u64> {
    match verdict.decision {
        Decision::Limited | Decision::TableFull => {
            Some(verdict.retry_after_us.div_ceil(SECOND_US).max(1))
        }
        Decision::Admitted | Decision::TooCostly | Decision::UnknownPolicy => None,
    }
}

/// A string of RFC 9651, section 4.1.6. The validation of policies has refused what is not printable.
fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' || byte == b'\\' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn write_parameter(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, unit: Unit, quota: u32, window_us: u64) -> Policy {
        let burst = if unit == Unit::ConcurrentRequests { 0 } else { quota };
        Policy { name: name.into(), unit, quota, window_us, burst }
    }

    fn verdict(decision: Decision, remaining: u64, reset_us: u64, retry_after_us: u64) -> Verdict {
        let violated = 0;
        Verdict {
            decision,
            policy: Some(0),
            quota: 100,
            remaining,
            reset_us,
            retry_after_us,
            violated,
        }
    }

    #[test]
    fn policies_are_a_list_of_strings_with_parameters() {
        let second = 1_000_000;
        let all = [
            policy("burst", Unit::Requests, 100, 60 * second),
            policy("daily", Unit::ContentBytes, u32::MAX, 86_400 * second),
            policy("jobs", Unit::ConcurrentRequests, 4, 0),
            policy("a \"b\" \\", Unit::Requests, 1, second / 2),
        ];
        let rows: [(&[Policy], &str); 5] = [
            (&[], ""),
            (&all[..1], r#""burst";q=100;w=60"#),
            (&all[..2], r#""burst";q=100;w=60, "daily";q=4294967295;qu="content-bytes";w=86400"#),
            (&all[2..3], r#""jobs";q=4;qu="concurrent-requests""#),
            (&all[3..], r#""a \"b\" \\";q=1"#),
        ];
        for (policies, expected) in rows {
            let mut out = Vec::new();
            write_policies(&mut out, policies);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_limit_is_told_in_seconds_rounded_up() {
        use Decision::Admitted;
        let default = policy("default", Unit::Requests, 100, 60_000_000);
        let jobs = policy("jobs", Unit::ConcurrentRequests, 4, 0);
        let rows = [
            (&default, verdict(Admitted, 50, 30_000_000, 0), r#""default";r=50;t=30"#),
            (&default, verdict(Admitted, 99, 1, 0), r#""default";r=99;t=1"#),
            (&default, verdict(Admitted, 100, 0, 0), r#""default";r=100;t=0"#),
            (&jobs, verdict(Admitted, 3, 0, 0), r#""jobs";r=3"#),
        ];
        for (policy, verdict, expected) in rows {
            let mut out = Vec::new();
            write_limit(&mut out, policy, &verdict);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn retry_after_is_never_too_early_and_never_without_hope() {
        let rows = [
            (Decision::Limited, 1, Some(1)),
            (Decision::Limited, 1_000_000, Some(1)),
            (Decision::Limited, 1_000_001, Some(2)),
            (Decision::Limited, 0, Some(1)),
            (Decision::TableFull, 1_000_000, Some(1)),
            (Decision::Admitted, 0, None),
            (Decision::TooCostly, 0, None),
            (Decision::UnknownPolicy, 0, None),
        ];
        for (decision, retry_after_us, expected) in rows {
            let verdict = verdict(decision, 0, 0, retry_after_us);
            assert_eq!(retry_after_s(&verdict), expected, "{decision:?} {retry_after_us}");
        }
    }
}
