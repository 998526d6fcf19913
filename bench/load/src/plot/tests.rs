use super::*;
use crate::figure::{short, span};

fn picture(points: &[(f64, f64)]) -> Picture {
    let most = points.iter().map(|it| it.0).fold(0.0, f64::max);
    let upper = Panel {
        x: Axis::linear("", most, short),
        y: Axis::linear("answers per second", most, short),
        layers: vec![
            Layer::Same { label: "all <offered> & more".to_owned() },
            Layer::curve("ok", Tone::Blue, points.to_vec()),
            Layer::Level { at: most / 2.0, tone: Tone::Grey, label: "half".to_owned() },
            Layer::Tags(vec![(most, "1×".to_owned())]),
        ],
        height: 200.0,
    };
    let lower = Panel {
        x: Axis::linear("offered requests per second", most, short),
        y: Axis::log("latency, logarithmic", 2e5, 3e8, span),
        layers: vec![
            Layer::trace("p50", Tone::Teal, points.iter().map(|it| (it.0, 1e6)).collect()),
            Layer::Bars { tone: Tone::Grey, bars: vec![(0.0, most / 2.0, 1e7)] },
            Layer::Upright { at: most, tone: Tone::Orange, label: "knee".to_owned() },
        ],
        height: 120.0,
    };
    Picture {
        title: "a \"title\" of <both>".to_owned(),
        note: "how".to_owned(),
        panels: vec![upper, lower],
    }
}

#[test]
fn every_part_is_there_and_nothing_leaves_the_page() {
    let svg = picture(&[(0.0, 0.0), (10_000.0, 9_000.0), (20_000.0, f64::NAN)]).to_element();
    for part in [
        "all &lt;offered&gt; &amp; more",
        "<title>a &quot;title&quot; of &lt;both&gt;</title>",
        ">1×</text>",
        ">half</text>",
        ">knee</text>",
        ">100 ms</text>",
        ">20k</text>",
        "offered requests per second",
    ] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    // The point that is no number is left out, its neighbours stay.
    assert_eq!((svg.matches("<circle").count(), svg.matches("<polyline").count()), (2, 2));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert!(!svg.contains("<style"), "the page has the style");
    for quoted in svg.split(" x=\"").skip(1).chain(svg.split(" y=\"").skip(1)) {
        let place: f64 = quoted.split('"').next().unwrap().parse().unwrap();
        assert!((0.0..=820.0).contains(&place), "{place}");
    }
}

#[test]
fn nothing_to_draw_is_an_empty_panel() {
    for points in [vec![], vec![(0.0, 0.0)], vec![(f64::INFINITY, 1.0)]] {
        let svg = picture(&points).to_file();
        assert!(svg.contains("<style") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn axes_hold_what_they_are_made_for() {
    let axis = Axis::log("latency", 250_000.0, 31_000_000.0, span);
    assert!((axis.low - 1e5).abs() < 1.0 && (axis.high - 1e8).abs() < 1.0, "{axis:?}");
    let labels: Vec<String> = axis.ticks(5).into_iter().map(|it| it.1).collect();
    assert_eq!(labels, ["100 µs", "1 ms", "10 ms", "100 ms"]);
    let axis = Axis::log("latency", 0.0, f64::NAN, span);
    assert!(0.0 < axis.low && axis.low < axis.high, "{axis:?}");
    let axis = Axis::linear("rate", 0.0, short);
    assert!(axis.low < axis.high, "{axis:?}");
    let axis = Axis::between("difference", 3.0, 3.0, short);
    assert!(axis.low < axis.high, "{axis:?}");
    let axis = Axis::log("latency", 1e5, 1e8, span).cut(2e5, 5e6);
    assert!((axis.low - 2e5).abs() < 1.0 && (axis.high - 5e6).abs() < 1.0, "{axis:?}");
    let named = Axis::named("core", vec![(0.0, "core 0".to_owned())], -0.5, 0.5);
    assert_eq!(named.ticks(7), [(0.0, "core 0".to_owned())]);
}

#[test]
fn both_pages_and_paper_have_every_tone() {
    let style = style();
    assert_eq!(style.matches("line.purple").count(), 2);
    assert!(style.contains("@media screen and (prefers-color-scheme:dark)"));
    assert_eq!(style.matches('{').count(), style.matches('}').count());
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("http"));
}
