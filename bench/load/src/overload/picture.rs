//! Goodput and latency over the offered rate, as one SVG that needs nothing else.

use std::fmt::Write;

use super::{OverloadReport, Step, float};

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 640.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 690.0;
/// Both panels, from top to bottom.
const RATES: (f64, f64) = (92.0, 332.0);
const LATENCIES: (f64, f64) = (392.0, 572.0);
/// Labels at line ends keep this distance from each other.
const LABEL_GAP: f64 = 16.0;

// Told apart by people who do not tell red from green, too.
const BLUE: &str = "#0b66a8";
const ORANGE: &str = "#c4600c";
const PURPLE: &str = "#7b3f99";
const TEAL: &str = "#2a8f86";
const GREY: &str = "#6b7280";

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1f2937}
.title{font-size:17px;font-weight:600}.note{fill:#6b7280}.axis{stroke:#9ca3af;fill:none}
.grid{stroke:#e5e7eb}.line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.mark{stroke-width:1.2;stroke-dasharray:5 4}.end{text-anchor:end}.middle{text-anchor:middle}";

/// From a figure to a place on the page.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn at(&self, figure: f64) -> f64 {
        let part = if self.log {
            (figure.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (figure - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }
}

/// One line of a panel.
struct Curve {
    name: &'static str,
    colour: &'static str,
    of: fn(&Step) -> f64,
}

pub(super) fn draw(report: &OverloadReport) -> String {
    let steps = &report.steps;
    let largest = |of: fn(&Step) -> f64| steps.iter().map(of).fold(0.0, f64::max);
    let right = largest(|it| it.offered_per_s).max(report.peak_per_s);
    let x = Scale { from: LEFT, to: RIGHT, low: 0.0, high: right * 1.03, log: false };
    let mut svg = head(report);
    rates(&mut svg, report, x);
    latencies(&mut svg, report, x);
    for tick in ticks(x.high, 7) {
        let at = x.at(tick);
        text(&mut svg, at, LATENCIES.1 + 20.0, "middle", &short(tick));
    }
    text(
        &mut svg,
        f64::midpoint(LEFT, RIGHT),
        LATENCIES.1 + 44.0,
        "middle",
        "offered requests per second",
    );
    svg.push_str("</svg>\n");
    svg
}

fn head(report: &OverloadReport) -> String {
    let it = &report.settings;
    let title = format!("{} over {}: goodput and latency under overload", it.workload, it.protocol);
    let note = format!(
        "open loop, {} connections, {} × {} s at each rate; latency from the intended start",
        it.connections, it.rounds, it.seconds
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
         <desc>{note}</desc>\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, LEFT, 32.0, "title", &title);
    text(&mut svg, LEFT, 54.0, "note", &note);
    svg
}

fn rates(svg: &mut String, report: &OverloadReport, x: Scale) {
    let curves = [
        Curve { name: "goodput", colour: BLUE, of: |it| it.goodput_per_s },
        Curve { name: "shed", colour: ORANGE, of: |it| it.shed_per_s },
        Curve {
            name: "failed or lost",
            colour: GREY,
            of: |it| it.failed_per_s + it.unanswered_per_s,
        },
    ];
    // What never happened needs no line.
    let drawn = |it: &&Curve| it.name == "goodput" || report.steps.iter().any(|s| 0.5 < (it.of)(s));
    let curves: Vec<&Curve> = curves.iter().filter(drawn).collect();
    let all = curves.iter().flat_map(|curve| report.steps.iter().map(|step| (curve.of)(step)));
    let top = all.fold(report.peak_per_s, f64::max) * 1.1;
    let y = Scale { from: RATES.1, to: RATES.0, low: 0.0, high: top, log: false };
    text(svg, LEFT, RATES.0 - 10.0, "note", "answers per second");
    for tick in ticks(top, 5) {
        across(svg, y.at(tick), "grid", "");
        text(svg, LEFT - 8.0, y.at(tick) + 4.5, "end", &short(tick));
    }
    let peak = y.at(report.peak_per_s);
    across(svg, peak, "mark", &format!(" stroke=\"{GREY}\""));
    let label = format!("peak {}", short(report.peak_per_s));
    text(svg, LEFT + 6.0, peak - 6.0, "note", &label);
    // What all would be if all were answered: as far as the panel is high.
    let most = top.min(x.high);
    let _ = writeln!(
        svg,
        "<line class=\"mark\" stroke=\"#9ca3af\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        x.at(0.0),
        y.at(0.0),
        x.at(most),
        y.at(most)
    );
    let early = most * 0.2;
    text(svg, x.at(early) + 10.0, y.at(early) + 4.0, "note", "all that is offered");
    panel(svg, &report.steps, &curves, x, y);
    for step in &report.steps {
        text(
            svg,
            x.at(step.offered_per_s),
            RATES.1 + 18.0,
            "note middle",
            &format!("{}×", step.part),
        );
    }
}

fn latencies(svg: &mut String, report: &OverloadReport, x: Scale) {
    let curves = [
        Curve { name: "p99.9", colour: PURPLE, of: |it| float(it.latency.p999_ns) },
        Curve { name: "p99", colour: BLUE, of: |it| float(it.latency.p99_ns) },
        Curve { name: "p50", colour: TEAL, of: |it| float(it.latency.p50_ns) },
    ];
    let curves: Vec<&Curve> = curves.iter().collect();
    let objective = float(report.objective_ns);
    let all = || report.steps.iter().flat_map(|it| [it.latency.p50_ns, it.latency.p999_ns]);
    let least = all().map(float).fold(objective, f64::min).max(10.0) * 0.8;
    let most = all().map(float).fold(objective, f64::max);
    let (low, high) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
    let y = Scale {
        from: LATENCIES.1,
        to: LATENCIES.0,
        low: 10_f64.powf(low),
        high: 10_f64.powf(high),
        log: true,
    };
    text(svg, LEFT, LATENCIES.0 - 10.0, "note", "latency, logarithmic");
    let mut decade = y.low;
    while decade <= y.high * 1.001 {
        across(svg, y.at(decade), "grid", "");
        text(svg, LEFT - 8.0, y.at(decade) + 4.5, "end", &duration(decade));
        decade *= 10.0;
    }
    let at = y.at(objective);
    across(svg, at, "mark", &format!(" stroke=\"{ORANGE}\""));
    text(svg, LEFT + 6.0, at - 6.0, "note", &format!("objective {}", duration(objective)));
    panel(svg, &report.steps, &curves, x, y);
}

/// The lines of a panel, their names at their right ends, and the panel's axes.
fn panel(svg: &mut String, steps: &[Step], curves: &[&Curve], x: Scale, y: Scale) {
    let _ = writeln!(svg, "<path class=\"axis\" d=\"M{LEFT} {:.1}V{:.1}H{RIGHT}\"/>", y.to, y.from);
    let mut ends = Vec::new();
    for Curve { name, colour, of } in curves {
        let mut points = steps.iter().map(|it| (x.at(it.offered_per_s), y.at(of(it))));
        let path: Vec<String> = points.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>",
            path.join(" ")
        );
        for (x, y) in points.clone() {
            let _ =
                writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\" fill=\"{colour}\"/>");
        }
        if let Some((x, y)) = points.next_back() {
            ends.push((y, x, *name, *colour));
        }
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lowest = f64::MIN;
    for (y, x, name, colour) in ends {
        // Names of lines that end in the same place stand below each other.
        lowest = y.max(lowest + LABEL_GAP);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" style=\"fill:{colour};font-weight:600\">{name}</text>",
            x + 10.0,
            lowest + 4.5
        );
    }
}

fn across(svg: &mut String, y: f64, class: &str, more: &str) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\"{more} x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
}

/// Round figures from zero up to `most`, about `count` of them: steps of 1, 2 or 5.
fn ticks(most: f64, count: u32) -> Vec<f64> {
    let rough = most / f64::from(count);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * power).into_iter().find(|it| rough <= *it);
    let step = step.unwrap_or(most);
    let mut ticks = Vec::new();
    let mut tick = 0.0;
    while tick <= most * 1.000_001 {
        ticks.push(tick);
        tick += step;
    }
    ticks
}

/// `1234567` as `1.23M`.
fn short(figure: f64) -> String {
    let (figure, unit) = match figure {
        1e6.. => (figure / 1e6, "M"),
        1e3.. => (figure / 1e3, "k"),
        _ => (figure, ""),
    };
    format!("{}{unit}", digits(figure))
}

fn duration(ns: f64) -> String {
    let (figure, unit) = match ns {
        1e9.. => (ns / 1e9, "s"),
        1e6.. => (ns / 1e6, "ms"),
        1e3.. => (ns / 1e3, "µs"),
        _ => (ns, "ns"),
    };
    format!("{} {unit}", digits(figure))
}

/// Three digits at most, and none that say nothing.
fn digits(figure: f64) -> String {
    let text = match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (figure, text) in
            [(0.0, "0"), (950.0, "950"), (1e3, "1k"), (31_250.0, "31.2k"), (1.5e6, "1.5M")]
        {
            assert_eq!(short(figure), text);
        }
        for (ns, text) in [(1e3, "1 µs"), (2.5e6, "2.5 ms"), (5e7, "50 ms"), (1e10, "10 s")] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (most, expected) in [
            (10.0, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
            (64_000.0, vec![0.0, 20_000.0, 40_000.0, 60_000.0]),
            (0.9, vec![0.0, 0.2, 0.4, 0.6, 0.8]),
        ] {
            let found = ticks(most, 5);
            assert_eq!(found.len(), expected.len(), "{most}: {found:?}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-9, "{most}: {found}");
            }
        }
    }

    #[test]
    fn scales_reach_from_end_to_end() {
        let linear = Scale { from: 10.0, to: 110.0, low: 0.0, high: 50.0, log: false };
        assert!((linear.at(25.0) - 60.0).abs() < 1e-9);
        let log = Scale { from: 300.0, to: 100.0, low: 1e3, high: 1e7, log: true };
        for (figure, at) in [(1e3, 300.0), (1e5, 200.0), (1e7, 100.0), (0.0, 300.0)] {
            assert!((log.at(figure) - at).abs() < 1e-9, "{figure}");
        }
    }
}
