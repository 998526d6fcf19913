//! The SVG itself.

use std::fmt::Write;

use super::scale::Scale;
use super::{Axis, Layer, Panel, Picture, Tone, escaped};

const WIDTH: f64 = 820.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 680.0;
/// Above the first panel: title, note, the first axis' title.
const HEAD: f64 = 96.0;
/// Between panels: marks below the axis, the next axis' title.
const GAP: f64 = 60.0;
/// Below a panel that has ticks of its own: those and the title.
const FOOT: f64 = 56.0;
/// Labels keep this distance from each other.
const LABEL_GAP: f64 = 16.0;
const TICKS_ACROSS: u32 = 7;
const TICKS_UP: u32 = 5;
/// About the width of a letter.
const LETTER: f64 = 7.0;

const TONES: [Tone; 5] = [Tone::Blue, Tone::Orange, Tone::Purple, Tone::Teal, Tone::Grey];

impl Tone {
    fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Orange => "orange",
            Self::Purple => "purple",
            Self::Teal => "teal",
            Self::Grey => "grey",
        }
    }

    fn light(self) -> &'static str {
        match self {
            Self::Blue => "#0b66a8",
            Self::Orange => "#b8560a",
            Self::Purple => "#7b3f99",
            Self::Teal => "#1f7f76",
            Self::Grey => "#6b7280",
        }
    }

    fn dark(self) -> &'static str {
        match self {
            Self::Blue => "#6cb2f0",
            Self::Orange => "#f0a060",
            Self::Purple => "#c9a0e8",
            Self::Teal => "#5fcabd",
            Self::Grey => "#9aa4b2",
        }
    }
}

const SHAPES: &str = "\
svg.plot text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
svg.plot .title{font-size:17px;font-weight:600}svg.plot .name{font-weight:600}
svg.plot .axis{fill:none}svg.plot .line{fill:none;stroke-width:2.2;stroke-linejoin:round}
svg.plot .mark{stroke-width:1.2;stroke-dasharray:5 4}
svg.plot .halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}
svg.plot .end{text-anchor:end}svg.plot .middle{text-anchor:middle}
";

pub(super) fn style() -> String {
    let light = colours(["#ffffff", "#1f2937", "#5b6472", "#9ca3af", "#e5e7eb"], Tone::light);
    let dark = colours(["#14181f", "#e5e7eb", "#a3acba", "#6b7280", "#2a323e"], Tone::dark);
    // On paper it is light whatever the screen is.
    format!("{SHAPES}{light}@media screen and (prefers-color-scheme:dark){{\n{dark}}}\n")
}

fn colours([page, ink, note, axis, grid]: [&str; 5], of: fn(Tone) -> &'static str) -> String {
    let mut css = format!(
        "svg.plot text{{fill:{ink}}}svg.plot .note{{fill:{note}}}svg.plot .page{{fill:{page}}}\
         svg.plot .halo{{stroke:{page}}}svg.plot .axis,svg.plot .same{{stroke:{axis}}}\
         svg.plot .grid{{stroke:{grid}}}\n"
    );
    for tone in TONES {
        let (name, colour) = (tone.name(), of(tone));
        let _ = writeln!(
            css,
            "svg.plot .line.{name},svg.plot .mark.{name}{{stroke:{colour}}}svg.plot circle.{name},\
             svg.plot rect.{name},svg.plot text.{name}{{fill:{colour}}}"
        );
    }
    css
}

pub(super) fn file(picture: &Picture) -> String {
    // A file needs the name of its format; inside a page it has none.
    draw(picture, " xmlns=\"http://www.w3.org/2000/svg\"", &format!("<style>{}</style>\n", style()))
}

pub(super) fn element(picture: &Picture) -> String {
    draw(picture, "", "")
}

fn draw(picture: &Picture, format: &str, style: &str) -> String {
    let mut body = String::new();
    let mut top = HEAD;
    for panel in &picture.panels {
        panel_at(&mut body, panel, top);
        top += panel.height + if panel.x.title.is_empty() { GAP } else { FOOT + GAP };
    }
    let height = top - GAP + LABEL_GAP / 2.0;
    let (title, note) = (escaped(&picture.title), escaped(&picture.note));
    let mut svg = format!(
        "<svg class=\"plot\"{format} viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n<title>{title}</title>\n\
         <desc>{note}</desc>\n{style}<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    text(&mut svg, LEFT, 32.0, "title", &picture.title);
    text(&mut svg, LEFT, 54.0, "note", &picture.note);
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

/// A panel's two scales.
#[derive(Clone, Copy)]
struct Scales {
    x: Scale,
    y: Scale,
}

impl Scales {
    /// The places of what can be drawn.
    fn places(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let real = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        real.map(|(x, y)| (self.x.at(*x), self.y.at(*y))).collect()
    }
}

fn scale(axis: &Axis, from: f64, to: f64) -> Scale {
    Scale { from, to, low: axis.low, high: axis.high, log: axis.log }
}

fn panel_at(svg: &mut String, panel: &Panel, top: f64) {
    let bottom = top + panel.height;
    let to = Scales { x: scale(&panel.x, LEFT, RIGHT), y: scale(&panel.y, bottom, top) };
    text(svg, LEFT, top - 12.0, "note", &panel.y.title);
    for (at, label) in panel.y.ticks(TICKS_UP) {
        line(svg, "grid", (LEFT, to.y.at(at)), (RIGHT, to.y.at(at)));
        text(svg, LEFT - 8.0, to.y.at(at) + 4.5, "end", &label);
    }
    if !panel.x.title.is_empty() {
        for (at, label) in panel.x.ticks(TICKS_ACROSS) {
            line(svg, "axis", (to.x.at(at), bottom), (to.x.at(at), bottom + 5.0));
            text(svg, to.x.at(at), bottom + 20.0, "middle", &label);
        }
        text(svg, f64::midpoint(LEFT, RIGHT), bottom + 44.0, "middle", &panel.x.title);
    }
    let mut names = Vec::new();
    let mut uprights = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Curve { name, tone, points, dots } => {
                let places = to.places(points);
                curve(svg, *tone, &places, *dots);
                if let Some((x, y)) = places.last().filter(|_| !name.is_empty()) {
                    names.push((*y, *x, name.as_str(), *tone));
                }
            }
            Layer::Bars { tone, bars } => self::bars(svg, to, *tone, bars),
            Layer::Point { tone, at, label } => point(svg, *tone, &to.places(&[*at]), label),
            Layer::Level { at, tone, label } => {
                let y = to.y.at(*at);
                line(svg, &format!("mark {}", tone.name()), (LEFT, y), (RIGHT, y));
                text(svg, LEFT + 6.0, y - 6.0, "note halo", label);
            }
            Layer::Upright { at, tone, label } => uprights.push((to.x.at(*at), *tone, label)),
            Layer::Same { label } => same(svg, panel, to, label),
            Layer::Tags(tags) => {
                for (at, label) in tags {
                    text(svg, to.x.at(*at), bottom + 18.0, "note middle", label);
                }
            }
        }
    }
    upright(svg, &mut uprights, (top, bottom));
    let _ = writeln!(svg, "<path class=\"axis\" d=\"M{LEFT} {top:.1}V{bottom:.1}H{RIGHT}\"/>");
    self::names(svg, &mut names);
}

fn curve(svg: &mut String, tone: Tone, places: &[(f64, f64)], dots: bool) {
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let (tone, path) = (tone.name(), path.join(" "));
    let _ = writeln!(svg, "<polyline class=\"line {tone}\" points=\"{path}\"/>");
    if dots {
        for (x, y) in places {
            let _ =
                writeln!(svg, "<circle class=\"{tone}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>");
        }
    }
}

fn point(svg: &mut String, tone: Tone, places: &[(f64, f64)], label: &str) {
    for (x, y) in places {
        let _ = writeln!(
            svg,
            "<circle class=\"{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>",
            tone.name()
        );
        text(svg, *x, y - 8.0, &format!("name halo middle {}", tone.name()), label);
    }
}

fn bars(svg: &mut String, to: Scales, tone: Tone, bars: &[(f64, f64, f64)]) {
    for (from, until, height) in bars {
        let (left, right) = (to.x.at(*from), to.x.at(*until));
        let top = to.y.at(*height);
        let high = to.y.from - top;
        // A hair of the page stays between neighbours.
        let wide = (right - left - 1.0).max(0.5);
        let _ = writeln!(
            svg,
            "<rect class=\"{}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\"/>",
            tone.name()
        );
    }
}

fn same(svg: &mut String, panel: &Panel, to: Scales, label: &str) {
    let most = panel.y.high.min(panel.x.high);
    let place = |it: f64| (to.x.at(it), to.y.at(it));
    line(svg, "mark same", place(0.0), place(most));
    let (x, y) = place(most * 0.2);
    text(svg, x + 12.0, y + 16.0, "note halo", label);
}

/// Lines upwards, and their labels on steps, so that neighbours do not write over each other.
fn upright(svg: &mut String, uprights: &mut [(f64, Tone, &String)], (top, bottom): (f64, f64)) {
    uprights.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ends: Vec<f64> = Vec::new();
    for (x, tone, label) in uprights.iter() {
        line(svg, &format!("mark {}", tone.name()), (*x, top), (*x, bottom));
        let wide = width(label);
        // At the right end of the panel a label stands before its line.
        let (from, class, at) = if *x + wide < RIGHT + 40.0 {
            (*x, "name halo", *x + 6.0)
        } else {
            (*x - wide, "name halo end", *x - 6.0)
        };
        let step = ends.iter().position(|end| *end < from).unwrap_or(ends.len());
        if step == ends.len() {
            ends.push(0.0);
        }
        ends[step] = from + wide + LETTER;
        let down = f64::from(u16::try_from(step).unwrap_or(0)) * LABEL_GAP;
        text(svg, at, top + 12.0 + down, &format!("{class} {}", tone.name()), label);
    }
}

fn width(label: &str) -> f64 {
    f64::from(u16::try_from(label.chars().count()).unwrap_or(u16::MAX)) * LETTER
}

/// Names at the ends of lines; of lines that end in the same place they stand below each other.
fn names(svg: &mut String, names: &mut [(f64, f64, &str, Tone)]) {
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lowest = f64::MIN;
    for (y, x, name, tone) in names.iter() {
        lowest = y.max(lowest + LABEL_GAP);
        text(svg, x + 10.0, lowest + 4.5, &format!("name halo {}", tone.name()), name);
    }
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
}
