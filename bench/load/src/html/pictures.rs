//! The pictures of a plan's page.

use crate::figure::{digits, duration, short, span};
use crate::plan::result::{Bucket, PlanResult, Purpose, Step};
use crate::plot::{Axis, Layer, Panel, Picture, Tone};
use crate::report::float;

const OFFERED: &str = "offered requests per second";
/// Up to so many cores have a line each.
const CORE_LINES_MAX: usize = 6;
/// Up to so many bars are named one by one.
const CORE_NAMES_MAX: usize = 16;
/// Bars of a histogram are at least this part of a decade wide.
const BAR_DECADES: f64 = 1.0 / 16.0;
/// The tail above this part of the answers is drawn.
const TAIL: f64 = 1e-5;

/// The rates of the search, ascending, with the steps at each. Other sizes of the box are not among
/// them.
fn by_rate(result: &PlanResult) -> Vec<(f64, Vec<&Step>)> {
    let mut steps: Vec<&Step> =
        result.steps.iter().filter(|it| it.purpose != Purpose::Scale).collect();
    steps.sort_by(|a, b| a.offered_per_s.total_cmp(&b.offered_per_s));
    let mut all: Vec<(f64, Vec<&Step>)> = Vec::new();
    for step in steps {
        match all.last_mut() {
            Some((rate, steps)) if step.offered_per_s - *rate < 1.0 => steps.push(step),
            _ => all.push((step.offered_per_s, vec![step])),
        }
    }
    all
}

/// At every rate the median of its steps; rates at which there is no figure are left out.
fn medians(rates: &[(f64, Vec<&Step>)], of: impl Fn(&Step) -> Option<f64>) -> Vec<(f64, f64)> {
    let median = |steps: &Vec<&Step>| {
        let mut all: Vec<f64> = steps.iter().filter_map(|it| of(it)).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len().saturating_sub(1) / 2).copied()
    };
    rates.iter().filter_map(|(rate, steps)| Some((*rate, median(steps)?))).collect()
}

fn highest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|it| it.1).fold(0.0, f64::max)
}

fn knee(result: &PlanResult) -> Option<Layer> {
    let it = result.knee.as_ref()?;
    let word = if it.of_server { "knee" } else { "at least" };
    let label = format!("{word} {}/s", short(it.sustained_per_s));
    Some(Layer::Upright { at: it.sustained_per_s, tone: Tone::Grey, label })
}

/// Answers and latencies over the offered rate.
pub(super) fn rates(result: &PlanResult) -> Picture {
    let rates = by_rate(result);
    let right = rates.last().map_or(1.0, |it| it.0);
    let achieved = medians(&rates, |it| Some(it.achieved_per_s));
    let errors = medians(&rates, |it| Some(float(it.errors) / it.window_s.max(1e-9)));
    let most = highest(&achieved).max(highest(&errors));
    let mut upper = vec![Layer::Same { label: "all that is offered".to_owned() }];
    upper.extend(knee(result));
    if 0.0 < highest(&errors) {
        upper.push(Layer::curve("refused or lost", Tone::Orange, errors));
    }
    upper.push(Layer::curve("answered", Tone::Blue, achieved));
    let latency = |of: fn(&Step) -> u64| {
        let of = move |it: &Step| Some(float(of(it))).filter(|it| 0.0 < *it);
        medians(&rates, of)
    };
    let (p50, p99) = (latency(|it| it.latency.p50_ns), latency(|it| it.latency.p99_ns));
    let p999 = latency(|it| it.latency.p999_ns);
    let objectives = &result.objectives;
    let objective = float(objectives.p99_ns);
    let least = p50.iter().map(|it| it.1).fold(objective, f64::min);
    let mut lower = vec![Layer::Level {
        at: objective,
        tone: Tone::Blue,
        label: format!("objective of p99: {}", duration(objectives.p99_ns)),
    }];
    lower.extend(objectives.p999_ns.map(|at| Layer::Level {
        at: float(at),
        tone: Tone::Purple,
        label: format!("objective of p99.9: {}", duration(at)),
    }));
    lower.extend(knee(result));
    let y = Axis::log(
        "latency from the intended start, logarithmic",
        least,
        highest(&p999).max(objective),
        span,
    );
    lower.push(Layer::curve("p99.9", Tone::Purple, p999));
    lower.push(Layer::curve("p99", Tone::Blue, p99));
    lower.push(Layer::curve("p50", Tone::Teal, p50));
    Picture {
        title: format!("{}: answers and latency over the offered rate", result.scenario.name),
        note: "open loop; where a rate was offered more than once, the median".to_owned(),
        panels: vec![
            Panel {
                x: Axis::linear("", right, short),
                y: Axis::linear("answers per second", most, short),
                layers: upper,
                height: 220.0,
            },
            Panel { x: Axis::linear(OFFERED, right, short), y, layers: lower, height: 240.0 },
        ],
    }
}

/// How long answers took, and how long the slowest of them.
pub(super) fn histogram(result: &PlanResult, step: &Step) -> Picture {
    let bars = bars(&step.histogram);
    let latency = &step.latency;
    let objective = float(result.objectives.p99_ns);
    let least = bars.first().map_or(1e5, |it| it.0);
    let most = bars.last().map_or(1e6, |it| it.1);
    let x = Axis::log("latency from the intended start, logarithmic", least, most, span);
    let x = x.cut(least / 1.3, most * 1.3);
    let mut layers = vec![Layer::Bars { tone: Tone::Blue, bars: bars.clone() }];
    for (label, at, tone) in [
        ("p50", latency.p50_ns, Tone::Teal),
        ("p99", latency.p99_ns, Tone::Orange),
        ("p99.9", latency.p999_ns, Tone::Purple),
    ] {
        let label = format!("{label} {}", duration(at));
        layers.push(Layer::Upright { at: float(at), tone, label });
    }
    // Room above the bars for what is written there.
    let tallest = bars.iter().map(|it| it.2).fold(0.0, f64::max) * 1.25;
    let tail = slower(&step.histogram);
    let farthest = tail.last().map_or(10.0, |it| it.0);
    Picture {
        title: "How long answers took".to_owned(),
        note: format!(
            "{} answers at {} requests per second; the area of a bar is its share",
            short(float(latency.count)),
            short(step.offered_per_s)
        ),
        panels: vec![
            Panel {
                x,
                y: Axis::linear("% of answers in each tenth of a decade", tallest, digits),
                layers,
                height: 200.0,
            },
            Panel {
                x: Axis::log("share of answers that were faster", 1.0, farthest, faster)
                    .cut(1.0, farthest * 1.5),
                y: Axis::log("latency, logarithmic", least, most.max(objective), span),
                layers: vec![
                    Layer::Level {
                        at: objective,
                        tone: Tone::Grey,
                        label: format!("objective of p99: {}", duration(result.objectives.p99_ns)),
                    },
                    Layer::trace("latency", Tone::Blue, tail),
                ],
                height: 180.0,
            },
        ],
    }
}

/// From, to and height of each bar: neighbours that are too narrow become one.
fn bars(histogram: &[Bucket]) -> Vec<(f64, f64, f64)> {
    let all = float(histogram.iter().map(|it| it.count).sum()).max(1.0);
    let first = histogram.iter().position(|it| it.count != 0).unwrap_or(0);
    let before = first.checked_sub(1).and_then(|it| histogram.get(it)).map(|it| float(it.to_ns));
    let start = histogram.get(first).map_or(1.0, |it| float(it.to_ns));
    let mut from = before.filter(|it| start / 1.5 < *it).unwrap_or(start / 1.1).max(1.0);
    let (mut bars, mut count) = (Vec::new(), 0);
    let last = histogram.iter().rposition(|it| it.count != 0).unwrap_or(0);
    for (index, bucket) in histogram.iter().enumerate().take(last + 1).skip(first) {
        count += bucket.count;
        let to = float(bucket.to_ns).max(from * 1.000_001);
        let wide = (to / from).log10();
        if BAR_DECADES <= wide || index == last {
            bars.push((
                from,
                to,
                100.0 * float(count) / all / (wide.max(BAR_DECADES / 4.0) * 10.0),
            ));
            (from, count) = (to, 0);
        }
    }
    bars
}

/// Of which part of the answers one is slower, as one in so many, and the latency there.
fn slower(histogram: &[Bucket]) -> Vec<(f64, f64)> {
    let all = float(histogram.iter().map(|it| it.count).sum());
    let mut seen = 0;
    let mut points = Vec::new();
    for bucket in histogram.iter().filter(|it| it.count != 0) {
        // At its beginning so many were faster, at its end those of the bucket, too.
        let part = 1.0 - float(seen) / all.max(1.0);
        if TAIL <= part {
            points.push((1.0 / part, float(bucket.to_ns)));
        }
        seen += bucket.count;
    }
    points
}

fn faster(one_in: f64) -> String {
    let part = 100.0 * (1.0 - 1.0 / one_in.max(1.0));
    let text = format!("{part:.4}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The window, second by second.
pub(super) fn seconds(result: &PlanResult, step: &Step) -> Picture {
    let of = |figure: fn(&crate::plan::result::Second) -> u64| -> Vec<(f64, f64)> {
        let all = step.seconds.iter();
        all.map(|it| (f64::from(it.second) + 0.5, float(figure(it)))).collect()
    };
    let timed =
        |figure| -> Vec<(f64, f64)> { of(figure).into_iter().filter(|it| 0.0 < it.1).collect() };
    let (ok, other) = (of(|it| it.ok), of(|it| it.other));
    let (p50, p99, max) = (timed(|it| it.p50_ns), timed(|it| it.p99_ns), timed(|it| it.max_ns));
    let objective = float(result.objectives.p99_ns);
    let end = step.seconds.iter().map(|it| f64::from(it.second) + 1.0).fold(1.0, f64::max);
    let least = p50.iter().map(|it| it.1).fold(objective, f64::min);
    let most = highest(&max).max(objective);
    let mut upper = Vec::new();
    let highest = highest(&ok).max(highest(&other));
    if other.iter().any(|it| 0.0 < it.1) {
        upper.push(Layer::trace("refused or lost", Tone::Orange, other));
    }
    upper.push(Layer::trace("answered", Tone::Blue, ok));
    Picture {
        title: "Second by second".to_owned(),
        note: format!(
            "the window at {} requests per second, by intended start",
            short(step.offered_per_s)
        ),
        panels: vec![
            Panel {
                x: Axis::between("", 0.0, end, digits),
                y: Axis::linear("requests per second", highest, short),
                layers: upper,
                height: 130.0,
            },
            Panel {
                x: Axis::between("seconds from the start of the window", 0.0, end, digits),
                y: Axis::log("latency, logarithmic", least, most, span),
                layers: vec![
                    Layer::Level {
                        at: objective,
                        tone: Tone::Grey,
                        label: format!("objective of p99: {}", duration(result.objectives.p99_ns)),
                    },
                    Layer::trace("slowest", Tone::Purple, max),
                    Layer::trace("p99", Tone::Blue, p99),
                    Layer::trace("p50", Tone::Teal, p50),
                ],
                height: 170.0,
            },
        ],
    }
}

/// How busy every core was, over the offered rate and at the knee.
pub(super) fn cores(result: &PlanResult) -> Picture {
    const TONES: [Tone; 3] = [Tone::Blue, Tone::Orange, Tone::Teal];
    let rates = by_rate(result);
    let right = rates.last().map_or(1.0, |it| it.0);
    let count = result.steps.iter().map(|it| it.core_busy_percent.len()).max().unwrap_or(0);
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    if count <= CORE_LINES_MAX {
        for core in 0..count {
            let busy = medians(&rates, |it| it.core_busy_percent.get(core).copied());
            lines.push((format!("core {core}"), busy));
        }
    } else {
        let busy = |it: &Step| Some(it.core_busy_percent.clone()).filter(|it| !it.is_empty());
        let most = |it: &Step| Some(busy(it)?.into_iter().fold(0.0, f64::max));
        let least = |it: &Step| Some(busy(it)?.into_iter().fold(100.0, f64::min));
        lines.push(("busiest core".to_owned(), medians(&rates, most)));
        lines.push(("idlest core".to_owned(), medians(&rates, least)));
    }
    let percent = |it: f64| format!("{} %", digits(it));
    let mut layers: Vec<Layer> = knee(result).into_iter().collect();
    for ((name, points), tone) in lines.into_iter().zip(TONES.into_iter().cycle()) {
        layers.push(Layer::trace(&name, tone, points));
    }
    let server = medians(&rates, |it| it.server_busy_percent);
    if !server.is_empty() {
        layers.push(Layer::curve("server's thread", Tone::Purple, server));
    }
    let generator = medians(&rates, |it| Some(it.generator_busy_percent));
    layers.push(Layer::curve("generator", Tone::Grey, generator));
    let mut panels = vec![Panel {
        x: Axis::linear(OFFERED, right, short),
        y: Axis::between("time at work", 0.0, 105.0, percent),
        layers,
        height: 200.0,
    }];
    if let Some(step) = super::knee_step(result).filter(|it| !it.core_busy_percent.is_empty()) {
        panels.push(at_the_knee(step));
    }
    Picture {
        title: "How busy the cores were".to_owned(),
        note: "each core of the machine, whoever ran there; the busiest thread of server and generator".to_owned(),
        panels,
    }
}

fn at_the_knee(step: &Step) -> Panel {
    let busy = &step.core_busy_percent;
    let places = || (0_u32..).zip(busy).map(|(core, busy)| (core, f64::from(core), *busy));
    let every = u32::try_from(busy.len().div_ceil(CORE_NAMES_MAX)).unwrap_or(1);
    let shown = places().filter(|it| it.0.is_multiple_of(every));
    let names = shown.map(|(core, at, _)| (at, format!("core {core}"))).collect();
    let bars = places().map(|(_, at, busy)| (at - 0.35, at + 0.35, busy)).collect();
    let end = float(u64::try_from(busy.len()).unwrap_or(u64::MAX));
    let title = format!("at {} requests per second", short(step.offered_per_s));
    Panel {
        x: Axis::named(&title, names, -0.5, end - 0.5),
        y: Axis::between("time at work", 0.0, 105.0, |it| format!("{} %", digits(it))),
        layers: vec![Layer::Bars { tone: Tone::Blue, bars }],
        height: 130.0,
    }
}
