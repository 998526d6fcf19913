//! Pictures of figures as SVG that needs nothing else: panels below each other, lines named at their
//! ends, units on every axis. The one way to draw here, in files of their own and inside a page.

mod paint;
mod scale;

use scale::{log_ticks, ticks};

/// Told apart by people who do not tell red from green, too; each has a twin for a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Blue,
    Orange,
    Purple,
    Teal,
    Grey,
}

/// One drawing.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) title: String,
    /// How it came about, in one line.
    pub(crate) note: String,
    /// From top to bottom.
    pub(crate) panels: Vec<Panel>,
}

/// One pair of axes and what is between them.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// In the order they are painted.
    pub(crate) layers: Vec<Layer>,
    /// Of the inside, in pixels.
    pub(crate) height: f64,
}

/// What an axis shows.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// With its unit where the figures do not carry it. A lower axis without a title shares the ticks
    /// of the panel below.
    pub(crate) title: String,
    low: f64,
    high: f64,
    log: bool,
    unit: fn(f64) -> String,
    /// Names instead of figures, each at its place.
    names: Vec<(f64, String)>,
}

/// What a panel shows.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    /// Points joined, the name at the last of them.
    Curve { name: String, tone: Tone, points: Vec<(f64, f64)>, dots: bool },
    /// From, to, height.
    Bars { tone: Tone, bars: Vec<(f64, f64, f64)> },
    /// One mark with what is written above it.
    Point { tone: Tone, at: (f64, f64), label: String },
    /// A dashed line across.
    Level { at: f64, tone: Tone, label: String },
    /// A dashed line upwards.
    Upright { at: f64, tone: Tone, label: String },
    /// Where what is asked for and what is got are the same.
    Same { label: String },
    /// Marks below the axis.
    Tags(Vec<(f64, String)>),
}

impl Axis {
    /// From nothing to a little above `most`.
    pub(crate) fn linear(title: &str, most: f64, unit: fn(f64) -> String) -> Self {
        let high = if most.is_finite() && 0.0 < most { most * 1.05 } else { 1.0 };
        Self { title: title.to_owned(), low: 0.0, high, log: false, unit, names: Vec::new() }
    }

    /// From a figure to another, as they are.
    pub(crate) fn between(title: &str, low: f64, high: f64, unit: fn(f64) -> String) -> Self {
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, low + 0.5) };
        Self { title: title.to_owned(), low, high, log: false, unit, names: Vec::new() }
    }

    /// Whole decades that hold both figures, which are above nothing.
    pub(crate) fn log(title: &str, least: f64, most: f64, unit: fn(f64) -> String) -> Self {
        let least = if least.is_finite() { least.max(1e-9) } else { 1.0 };
        let most = if most.is_finite() { most.max(least) } else { least };
        let low = least.log10().floor();
        let high = most.log10().ceil().max(low + 1.0);
        let (low, high) = (10_f64.powf(low), 10_f64.powf(high));
        Self { title: title.to_owned(), low, high, log: true, unit, names: Vec::new() }
    }

    /// Cuts the ends of a logarithmic axis to what is between these figures.
    pub(crate) fn cut(mut self, least: f64, most: f64) -> Self {
        if least < most && least.is_finite() && most.is_finite() {
            (self.low, self.high) = (self.low.max(least), self.high.min(most));
        }
        self
    }

    /// Names at places instead of figures.
    pub(crate) fn named(title: &str, names: Vec<(f64, String)>, low: f64, high: f64) -> Self {
        Self { names, ..Self::between(title, low, high, |_| String::new()) }
    }

    fn ticks(&self, count: u32) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        let places = if self.log {
            log_ticks(self.low, self.high)
        } else {
            ticks(self.low, self.high, count)
        };
        places.into_iter().map(|at| (at, (self.unit)(at))).collect()
    }
}

impl Layer {
    pub(crate) fn curve(name: &str, tone: Tone, points: Vec<(f64, f64)>) -> Self {
        Self::Curve { name: name.to_owned(), tone, points, dots: true }
    }

    /// Without dots: of many points.
    pub(crate) fn trace(name: &str, tone: Tone, points: Vec<(f64, f64)>) -> Self {
        Self::Curve { name: name.to_owned(), tone, points, dots: false }
    }
}

impl Picture {
    /// As a file of its own, with its style inside.
    pub(crate) fn to_file(&self) -> String {
        paint::file(self)
    }

    /// As an element of a page that has [`style`] in its head.
    pub(crate) fn to_element(&self) -> String {
        paint::element(self)
    }
}

/// What pictures look like, on a light page, on a dark one and in print.
pub(crate) fn style() -> String {
    paint::style()
}

/// Text where markup is expected.
pub(crate) fn escaped(words: &str) -> String {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    words.replace('"', "&quot;")
}

#[cfg(test)]
#[path = "plot/tests.rs"]
mod tests;
