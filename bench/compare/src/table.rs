//! The comparison, for a person, for a README and for a program.

use std::fmt::{self, Display, Formatter};

use load::{Figures, Ratio, Report};
use serde::Serialize;

use crate::run::{Outcome, Row};

/// All rows of one comparison. Prints as a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// To either side, one request in flight on each.
    pub connections: u32,
    /// In the order they were measured.
    pub rows: Vec<Row>,
}

const LEGEND: &str = "\
# each row is one run in which rounds of both sides took turns, on one machine with their generator
# ratio   ordinary answers per second of the box over those of the peer: of the medians (least..greatest
#         of neighbouring rounds)
# p50 p99 microseconds, closed loop; cpu us: CPU time per answer, of all processes of the side";

impl Comparison {
    /// Whether any row was measured.
    pub fn is_measured(&self) -> bool {
        self.rows.iter().any(|it| matches!(it.outcome, Outcome::Measured { .. }))
    }

    /// The same, with every figure of every row, as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a comparison is plain data")
    }

    /// The rows as a table in Markdown, and below it what makes any of them doubtful.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from(
            "| Quoin | beside it | ratio of answers/s | answers/s | p50 us | p99 us | CPU us per answer |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let (ours, theirs) = (row.ours, row.theirs);
            let line = match Measured::of(&row.outcome) {
                Err(why) => {
                    format!("| {ours} | {theirs} | not measured: {} | | | | |\n", cell(why))
                }
                Ok(it) => {
                    let Ratio { median, min, max } = it.ratio;
                    let pair =
                        |of: fn(&Figures) -> String| format!("{} : {}", of(it.ours), of(it.theirs));
                    format!(
                        "| {ours} | {theirs} ({}) | **{median:.2}x** ({min:.2} to {max:.2}) | {} | {} | \
                         {} | {} |\n",
                        it.version,
                        pair(per_second),
                        pair(p50),
                        pair(p99),
                        pair(cpu)
                    )
                }
            };
            text.push_str(&line);
        }
        let doubts: Vec<String> = self.rows.iter().flat_map(Row::doubts).collect();
        if !doubts.is_empty() {
            text.push('\n');
            text.push_str(&doubts.concat());
        }
        text
    }
}

impl Row {
    /// The warnings of its run, as points of a list.
    fn doubts(&self) -> Vec<String> {
        let warnings = Measured::of(&self.outcome).map_or(&[][..], |it| it.warnings);
        warnings.iter().map(|it| format!("- {}: {}\n", self.theirs, cell(it))).collect()
    }
}

/// What a program said, as one cell of a table.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

/// What of a row is printed.
struct Measured<'a> {
    version: &'a str,
    ours: &'a Figures,
    theirs: &'a Figures,
    ratio: Ratio,
    warnings: &'a [String],
}

impl<'a> Measured<'a> {
    /// The error is why there is nothing.
    fn of(outcome: &'a Outcome) -> Result<Self, &'a str> {
        match outcome {
            Outcome::Skipped { why } => Err(why),
            Outcome::Measured { version, report } => {
                let Report { target, peer, peer_ratio, warnings, .. } = report.as_ref();
                let (peer, ratio) =
                    peer.as_ref().zip(peer_ratio.as_ref()).ok_or("the run had no peer")?;
                let (ours, theirs) = (&target.median, &peer.median);
                Ok(Self { version, ours, theirs, ratio: ratio.ok_per_s, warnings })
            }
        }
    }
}

fn per_second(figures: &Figures) -> String {
    let thousands = figures.ok_per_s / 1e3;
    if thousands < 10.0 { format!("{thousands:.1}k") } else { format!("{thousands:.0}k") }
}

fn micros(ns: u64) -> String {
    let tenths = ns.div_ceil(100);
    if tenths < 1_000 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        (ns / 1_000).to_string()
    }
}

fn p50(figures: &Figures) -> String {
    micros(figures.p50_ns)
}

fn p99(figures: &Figures) -> String {
    micros(figures.p99_ns)
}

fn cpu(figures: &Figures) -> String {
    figures.server_cpu_us.map_or_else(|| "-".to_owned(), |it| format!("{it:.1}"))
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} connections to either side\n{LEGEND}", self.connections)?;
        for row in &self.rows {
            writeln!(f, "\n{}\n  beside {}", row.ours, row.theirs)?;
            let it = match Measured::of(&row.outcome) {
                Ok(it) => it,
                Err(why) => {
                    writeln!(f, "  skipped: {why}")?;
                    continue;
                }
            };
            let Ratio { median, min, max } = it.ratio;
            writeln!(f, "  ratio {median:.2} ({min:.2}..{max:.2})")?;
            writeln!(f, "  {:<44}{:>9}{:>9}{:>9}{:>9}", "", "ok/s", "p50", "p99", "cpu us")?;
            for (name, figures) in [("quoin", it.ours), (it.version, it.theirs)] {
                writeln!(
                    f,
                    "  {name:<44}{:>9}{:>9}{:>9}{:>9}",
                    per_second(figures),
                    p50(figures),
                    p99(figures),
                    cpu(figures)
                )?;
            }
            writeln!(f, "  {}", row.note)?;
            for warning in it.warnings {
                writeln!(f, "  warning: {warning}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::RowName;

    #[test]
    fn a_row_that_was_skipped_says_why_in_every_form() {
        let name = RowName::Nginx;
        let outcome = Outcome::Skipped { why: "nginx is not installed".to_owned() };
        let (ours, theirs, note) = (name.ours(), name.theirs(), name.note());
        let rows = vec![Row { name, ours, theirs, note, outcome }];
        let comparison = Comparison { connections: 64, rows };
        for text in [comparison.to_string(), comparison.to_markdown(), comparison.to_json()] {
            assert!(text.contains("nginx is not installed"), "{text}");
            assert!(text.contains(theirs), "{text}");
        }
        assert!(comparison.to_json().contains(r#""name": "nginx""#));
    }

    #[test]
    fn what_a_server_said_stays_in_its_cell() {
        let name = RowName::Postgres;
        let why = "it ended with 1:\nFATAL:  a | b\r\n\tHINT: c".to_owned();
        let (ours, theirs, note) = (name.ours(), name.theirs(), name.note());
        let outcome = Outcome::Skipped { why };
        let rows = vec![Row { name, ours, theirs, note, outcome }];
        let text = Comparison { connections: 1, rows }.to_markdown();
        assert!(text.contains(r"not measured: it ended with 1: FATAL: a \| b HINT: c |"), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn figures_keep_the_digits_that_mean_something() {
        for (ns, text) in [(0, "0.0"), (1_250, "1.3"), (99_899, "99.9"), (123_456, "123")] {
            assert_eq!(micros(ns), text);
        }
        let figures = |ok_per_s| Figures {
            ok_per_s,
            p50_ns: 0,
            p90_ns: 0,
            p99_ns: 0,
            p999_ns: 0,
            server_cpu_us: None,
        };
        assert_eq!(per_second(&figures(4_210.0)), "4.2k");
        assert_eq!(per_second(&figures(204_000.0)), "204k");
        assert_eq!(cpu(&figures(1.0)), "-");
    }
}
