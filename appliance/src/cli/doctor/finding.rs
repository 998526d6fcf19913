//! One line of the doctor's report.

use std::fmt::Write;

use serde_json::{Value, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Ok,
    /// It works, more slowly or less safely.
    Warn,
    /// It does not work.
    Fail,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was looked at, what was found and meant, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) subject: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found, and what that means.
    pub(crate) found: String,
    /// Empty when there is nothing to do.
    pub(crate) advice: String,
}

impl Finding {
    pub(crate) fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Ok, found: found.into(), advice: String::new() }
    }

    pub(crate) fn warn(
        subject: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (found, advice) = (found.into(), advice.into());
        Self { subject, verdict: Verdict::Warn, found, advice }
    }

    pub(crate) fn fail(
        subject: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (found, advice) = (found.into(), advice.into());
        Self { subject, verdict: Verdict::Fail, found, advice }
    }
}

pub(crate) fn json(findings: &[Finding], worst: Verdict) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|it| {
            json!({
                "subject": it.subject,
                "verdict": it.verdict.word(),
                "found": it.found,
                "advice": it.advice,
            })
        })
        .collect();
    json!({ "verdict": worst.word(), "findings": findings })
}

pub(crate) fn text(findings: &[Finding], worst: Verdict) -> String {
    let subjects = findings.iter().map(|it| it.subject.len()).max().unwrap_or(0);
    let mut text = String::new();
    for it in findings {
        let word = it.verdict.word();
        writeln!(text, "{word:4}  {:subjects$}  {}", it.subject, it.found).expect("text grows");
        if !it.advice.is_empty() {
            writeln!(text, "{:4}  {:subjects$}  -> {}", "", "", it.advice).expect("text grows");
        }
    }
    let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
    let (warnings, failures) = (count(Verdict::Warn), count(Verdict::Fail));
    let sum = match worst {
        Verdict::Ok => "this machine has all that Quoin uses".to_owned(),
        Verdict::Warn => format!("Quoin runs here; warnings: {warnings}"),
        Verdict::Fail => {
            format!("Quoin does not run here; failures: {failures}, warnings: {warnings}")
        }
    };
    writeln!(text, "\n{sum}").expect("text grows");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_and_advice_stands_below() {
        let findings = [Finding::ok("cores", "4"), Finding::warn("disk", "slow", "buy another")];
        let text = text(&findings, Verdict::Warn);
        assert!(
            text.starts_with("ok    cores  4\nwarn  disk   slow\n             -> buy another\n"),
            "{text}"
        );
        assert!(Verdict::Ok < Verdict::Warn && Verdict::Warn < Verdict::Fail);
        assert_eq!(json(&findings, Verdict::Warn)["findings"][1]["advice"], "buy another");
    }
}
