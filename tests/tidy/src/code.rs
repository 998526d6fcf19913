//! Code without what only looks like code.

/// The lines of a source without comments, text literals and the tests at its end, so that a word in
/// a sentence is no violation. Good for house rules, not a parser: a raw text over many lines is
/// taken for code.
pub(crate) fn lines(source: &str) -> Vec<(usize, String)> {
    let code = source.lines().take_while(|line| line.trim_start() != "#[cfg(test)]");
    code.enumerate().map(|(index, line)| (index + 1, without_text(line))).collect()
}

fn without_text(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => break,
            '"' => {
                out.push_str("\"\"");
                while let Some(char) = chars.next() {
                    match char {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '\'' if is_quote(&chars) => {
                out.push_str("' '");
                for char in chars.by_ref() {
                    if char == '\'' {
                        break;
                    }
                }
            }
            char => out.push(char),
        }
    }
    out
}

/// Whether this is the literal of a quote, which would begin a text otherwise.
fn is_quote(rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    rest.clone().take(2).eq("\"'".chars())
}

/// Every `use` of a source as full paths, groups taken apart: `use a::{b, c::d};` is `a::b`, `a::c::d`.
pub(crate) fn imports(lines: &[(usize, String)]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = lines.iter();
    while let Some((number, line)) = rest.next() {
        let Some(start) = statement(line) else { continue };
        let mut text = start.to_owned();
        while !text.contains(';') {
            let Some((_, line)) = rest.next() else { break };
            text.push_str(line.trim());
        }
        let text = text.split(';').next().unwrap_or_default();
        expand("", text, &mut |path| found.push((*number, path)));
    }
    found
}

fn statement(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) => rest.trim_start_matches(|char: char| char != ' ').trim_start(),
        None => line,
    };
    line.strip_prefix("use ")
}

fn expand(prefix: &str, text: &str, emit: &mut dyn FnMut(String)) {
    let text = text.trim();
    match text.split_once('{') {
        None => emit(format!("{prefix}{}", text.split(" as ").next().unwrap_or(text).trim())),
        Some((head, group)) => {
            let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
            let prefix = format!("{prefix}{}", head.trim());
            let mut depth = 0;
            let mut start = 0;
            for (index, char) in group.char_indices().chain([(group.len(), ',')]) {
                match char {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        if !group[start..index].trim().is_empty() {
                            expand(&prefix, &group[start..index], emit);
                        }
                        start = index + 1;
                    }
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_comments_are_no_code() {
        let source =
            "let a = \"// unsafe \\\" x\"; // unsafe\nlet q = '\"'; b\n#[cfg(test)]\nunsafe";
        let lines = lines(source);
        assert_eq!(lines[0].1, "let a = \"\"; ");
        assert_eq!(lines[1].1, "let q = ' '; b");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn groups_are_taken_apart() {
        let source =
            "use std::{\n    fs, io::{self, Read},\n    time::Duration as D,\n};\npub use a::*;";
        let paths: Vec<_> = imports(&lines(source)).into_iter().map(|(_, path)| path).collect();
        assert_eq!(
            paths,
            ["std::fs", "std::io::self", "std::io::Read", "std::time::Duration", "a::*"]
        );
    }
}
