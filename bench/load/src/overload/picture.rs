//! Goodput and latency over the offered rate, as one SVG that needs nothing else.

use super::{OverloadReport, Step, float};
use crate::figure::{duration, short, span};
use crate::plot::{Axis, Layer, Panel, Picture, Tone};

pub(super) fn draw(report: &OverloadReport) -> String {
    let it = &report.settings;
    let picture = Picture {
        title: format!("{} over {}: goodput and latency under overload", it.workload, it.protocol),
        note: format!(
            "open loop, {} connections, {} × {} s at each rate; latency from the intended start",
            it.connections, it.rounds, it.seconds
        ),
        panels: vec![rates(report), latencies(report)],
    };
    picture.to_file()
}

fn offered(report: &OverloadReport, title: &str) -> Axis {
    let most = report.steps.iter().map(|it| it.offered_per_s).fold(report.peak_per_s, f64::max);
    Axis::linear(title, most, short)
}

fn points(report: &OverloadReport, of: impl Fn(&Step) -> f64) -> Vec<(f64, f64)> {
    report.steps.iter().map(|it| (it.offered_per_s, of(it))).collect()
}

fn rates(report: &OverloadReport) -> Panel {
    let lost = |it: &Step| it.failed_per_s + it.unanswered_per_s;
    let mut curves = vec![("goodput", Tone::Blue, points(report, |it| it.goodput_per_s))];
    // What never happened needs no line.
    for (name, tone, points) in [
        ("shed", Tone::Orange, points(report, |it| it.shed_per_s)),
        ("failed or lost", Tone::Grey, points(report, lost)),
    ] {
        if points.iter().any(|it| 0.5 < it.1) {
            curves.push((name, tone, points));
        }
    }
    let all = curves.iter().flat_map(|it| it.2.iter().map(|point| point.1));
    let y = Axis::linear("answers per second", all.fold(report.peak_per_s, f64::max), short);
    let mut layers = vec![
        Layer::Level {
            at: report.peak_per_s,
            tone: Tone::Grey,
            label: format!("peak {}", short(report.peak_per_s)),
        },
        Layer::Same { label: "all that is offered".to_owned() },
    ];
    layers.extend(curves.into_iter().map(|(name, tone, points)| Layer::curve(name, tone, points)));
    let parts = report.steps.iter().map(|it| (it.offered_per_s, format!("{}×", it.part)));
    layers.push(Layer::Tags(parts.collect()));
    Panel { x: offered(report, ""), y, layers, height: 240.0 }
}

fn latencies(report: &OverloadReport) -> Panel {
    let objective = float(report.objective_ns);
    let all = || report.steps.iter().flat_map(|it| [it.latency.p50_ns, it.latency.p999_ns]);
    let least = all().map(float).fold(objective, f64::min).max(10.0) * 0.8;
    let most = all().map(float).fold(objective, f64::max);
    let layers = vec![
        Layer::Level {
            at: objective,
            tone: Tone::Orange,
            label: format!("objective {}", duration(report.objective_ns)),
        },
        Layer::curve("p99.9", Tone::Purple, points(report, |it| float(it.latency.p999_ns))),
        Layer::curve("p99", Tone::Blue, points(report, |it| float(it.latency.p99_ns))),
        Layer::curve("p50", Tone::Teal, points(report, |it| float(it.latency.p50_ns))),
    ];
    Panel {
        x: offered(report, "offered requests per second"),
        y: Axis::log("latency, logarithmic", least, most, span),
        layers,
        height: 180.0,
    }
}
