//! A comparison for a person: as a table, and as a page.

use std::fmt::{self, Display, Formatter};

use super::{Comparison, Difference, Verdict};
use crate::figure::digits;
use crate::html::{Column, Page, Row, list, table};
use crate::plot::{Axis, Layer, Panel, Picture, Tone};
use crate::report::PerSecond;

/// The picture shows changes up to this, in percent: a figure that grew tenfold would hide all others.
const SHOWN_PERCENT: f64 = 100.0;
const ROW_HEIGHT: f64 = 28.0;

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "WORSE",
            Self::NotTold => "not told from chance",
            Self::TooFew => "too few samples: give at least 4 rounds each",
        }
    }
}

fn amount(figure: f64) -> String {
    if figure < 1_000.0 { digits(figure) } else { PerSecond(figure).to_string() }
}

impl Difference {
    fn cells(&self) -> [String; 7] {
        let interval = self.change.map_or_else(
            || "-".to_owned(),
            |it| format!("{:+.1} to {:+.1} %", it.low_percent, it.high_percent),
        );
        let confidence = match (self.chance, self.change) {
            (Some(..0.001), _) => "> 99.9 %".to_owned(),
            (Some(chance), _) => format!("{} %", digits(100.0 * (1.0 - chance))),
            (None, Some(_)) => "bracket".to_owned(),
            (None, None) => "-".to_owned(),
        };
        [
            self.figure.clone(),
            amount(self.before),
            amount(self.after),
            self.change.map_or_else(|| "-".to_owned(), |it| format!("{:+.1} %", it.percent)),
            interval,
            confidence,
            format!("{} + {}", self.samples[0], self.samples[1]),
        ]
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.of)?;
        writeln!(f, "# {}", self.method)?;
        for remark in &self.remarks {
            writeln!(f, "remark: {remark}")?;
        }
        writeln!(
            f,
            "\n{:<24}{:>12}{:>12}{:>10}{:>20}{:>12}{:>10}",
            "", "before", "after", "change", "95 % interval", "confidence", "samples"
        )?;
        for it in &self.differences {
            let [figure, before, after, change, interval, confidence, samples] = it.cells();
            writeln!(
                f,
                "{figure:<24}{before:>12}{after:>12}{change:>10}{interval:>20}{confidence:>12}{samples:>10}  {}",
                it.verdict.words()
            )?;
        }
        writeln!(f, "\n{}", self.chances())
    }
}

impl Comparison {
    /// The same figures as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a comparison is plain data")
    }

    /// Whether any figure is worse, beyond chance.
    pub fn is_worse(&self) -> bool {
        self.differences.iter().any(|it| it.verdict == Verdict::Worse)
    }

    /// Whether there were samples enough to tell anything at all.
    pub fn tells(&self) -> bool {
        self.differences.iter().any(|it| it.verdict != Verdict::TooFew)
    }

    /// The same as one page that asks for nothing else.
    pub fn to_html(&self) -> String {
        let mut page = Page::new(&format!("Before and after: {}", self.of));
        page.paragraph("note", &format!("{}.", self.method));
        if !self.remarks.is_empty() {
            page.heading("Read before the figures");
            page.push(&list(&self.remarks));
        }
        page.heading("Changes");
        page.push(&self.picture().to_element());
        let columns = [
            Column::Words("figure"),
            Column::Figure("before"),
            Column::Figure("after"),
            Column::Figure("change"),
            Column::Figure("95 % interval"),
            Column::Figure("confidence"),
            Column::Figure("samples"),
            Column::Words("verdict"),
        ];
        let row = |it: &Difference| -> Row {
            let mut cells = it.cells().to_vec();
            cells.push(it.verdict.words().to_owned());
            (false, cells)
        };
        page.push(&table("", &columns, &self.differences.iter().map(row).collect::<Vec<_>>()));
        page.paragraph("note", &self.chances());
        page.finish()
    }

    /// What many figures mean for each of them.
    fn chances(&self) -> String {
        format!(
            "Confidence is of each figure by itself: of {} figures at 95 %, {} would differ by chance alone \
             if nothing had changed.",
            self.differences.len(),
            digits(0.05 * f64::from(u32::try_from(self.differences.len()).unwrap_or(u32::MAX)))
        )
    }

    /// A row for each figure: its change, and what the interval holds.
    fn picture(&self) -> Picture {
        let shown: Vec<_> =
            self.differences.iter().filter_map(|it| Some((it, it.change?))).collect();
        let count = f64::from(u32::try_from(shown.len()).unwrap_or(u32::MAX));
        let within = |it: f64| it.clamp(-SHOWN_PERCENT, SHOWN_PERCENT);
        let mut layers =
            vec![Layer::Upright { at: 0.0, tone: Tone::Grey, label: "no change".to_owned() }];
        let (mut names, mut low, mut high) = (Vec::new(), -5.0_f64, 5.0_f64);
        for (index, (it, change)) in (0_u32..).zip(&shown) {
            // The first stands on top.
            let at = count - f64::from(index) - 0.5;
            names.push((at, it.figure.clone()));
            let tone = match it.verdict {
                Verdict::Better => Tone::Teal,
                Verdict::Worse => Tone::Orange,
                Verdict::NotTold | Verdict::TooFew => Tone::Grey,
            };
            let (from, to) = (within(change.low_percent), within(change.high_percent));
            (low, high) = (low.min(from), high.max(to));
            layers.push(Layer::trace("", tone, vec![(from, at), (to, at)]));
            let label = format!("{:+.1} %", change.percent);
            layers.push(Layer::Point { tone, at: (within(change.percent), at), label });
        }
        let room = (high - low) * 0.08;
        let percent = |it: f64| format!("{} %", digits(it));
        Picture {
            title: "Change of each figure with its 95 % interval".to_owned(),
            note: "blue-green: better; orange: worse; grey: not told from chance".to_owned(),
            panels: vec![Panel {
                x: Axis::between("change in percent of before", low - room, high + room, percent),
                // Room on top for what the upright says.
                y: Axis::named("", names, 0.0, count + 1.0),
                layers,
                height: ROW_HEIGHT * (count + 1.0),
            }],
        }
    }
}
