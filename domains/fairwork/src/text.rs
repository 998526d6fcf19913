//! Texts as published, and the form in which they are compared.

/// The form in which names are compared: dashes, quotes and blanks of every kind are one kind each,
/// letters are small, and characters that were decoded wrongly once are repaired.
#[must_use]
pub fn matching(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = repaired(text);
    rest.make_ascii_lowercase();
    for letter in rest.chars().flat_map(char::to_lowercase) {
        let letter = match letter {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '`' | '\u{b4}' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
            it if it.is_whitespace() || it == '\u{feff}' => ' ',
            it => it,
        };
        match letter {
            ' ' if out.is_empty() || out.ends_with([' ', '-']) => {}
            '-' => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('-');
            }
            it => out.push(it),
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// Pieces of UTF-8 that were read as Windows-1252 on their way, and what they were.
const MANGLED: [(&str, &str); 6] = [
    ("\u{e2}\u{20ac}\u{201d}", "\u{2014}"),
    ("\u{e2}\u{20ac}\u{201c}", "\u{2013}"),
    ("\u{e2}\u{20ac}\u{2122}", "\u{2019}"),
    // The first of the three was lost as well.
    ("\u{20ac}\u{201d}", "\u{2014}"),
    ("\u{20ac}\u{201c}", "\u{2013}"),
    ("\u{20ac}\u{2122}", "\u{2019}"),
];

/// Whether some of the text was decoded wrongly before it was exported.
#[must_use]
pub fn is_mangled(text: &str) -> bool {
    text.contains('\u{20ac}') && MANGLED.iter().any(|(from, _)| text.contains(from))
}

fn repaired(text: &str) -> String {
    if !is_mangled(text) {
        return text.to_owned();
    }
    MANGLED.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The part before a shadow clause's mark, and the mark: `15.1(a)*_OrdHrRate` is a second form of
/// what clause 15.1(a) sets, not another classification.
#[must_use]
pub fn shadow(clauses: &str) -> Option<(&str, &str)> {
    let at = clauses.find('_')?;
    let (clause, mark) = clauses.split_at(at);
    Some((clause.trim_end_matches(['*', ' ']), mark[1..].trim()))
}
