//! Figures as text with their units, for tables and pictures.

use crate::report::float;

/// `1234567` as `1.23M`.
pub(crate) fn short(figure: f64) -> String {
    let (figure, unit) = match figure.abs() {
        1e9.. => (figure / 1e9, "G"),
        1e6.. => (figure / 1e6, "M"),
        1e3.. => (figure / 1e3, "k"),
        _ => (figure, ""),
    };
    format!("{}{unit}", digits(figure))
}

/// Nanoseconds in the unit that suits them.
pub(crate) fn duration(ns: u64) -> String {
    span(float(ns))
}

/// The same of a place on a scale.
pub(crate) fn span(ns: f64) -> String {
    let (figure, unit) = match ns.abs() {
        1e9.. => (ns / 1e9, "s"),
        1e6.. => (ns / 1e6, "ms"),
        1e3.. => (ns / 1e3, "µs"),
        _ => (ns, "ns"),
    };
    format!("{} {unit}", digits(figure))
}

/// `1610612736` as `1.5 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    size(float(count))
}

/// The same of a place on a scale.
pub(crate) fn size(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    let mut figure = bytes;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if figure.abs() < KIB {
            return format!("{} {unit}", digits(figure));
        }
        figure /= KIB;
    }
    format!("{} TiB", digits(figure))
}

/// Three digits at most, and none that say nothing.
pub(crate) fn digits(figure: f64) -> String {
    let text = match figure.abs() {
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
        for (figure, text) in [
            (0.0, "0"),
            (950.0, "950"),
            (1e3, "1k"),
            (31_250.0, "31.2k"),
            (1.5e6, "1.5M"),
            (-2e3, "-2k"),
        ] {
            assert_eq!(short(figure), text);
        }
    }

    #[test]
    fn units_suit_their_figures() {
        for (ns, text) in [
            (0, "0 ns"),
            (1_000, "1 µs"),
            (2_500_000, "2.5 ms"),
            (50_000_000, "50 ms"),
            (10_000_000_000, "10 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1_610_612_736, "1.5 GiB"),
            (5 << 40, "5 TiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
