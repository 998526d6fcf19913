//! The elements of a page.

use std::fmt::Write;

use super::style;
use crate::plot::escaped;

/// Both schemes of a screen, and paper.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--page:#fff;--ink:#1f2937;--note:#5b6472;--rule:#d5d9e0;--soft:#f3f5f8;
--accent:#0b66a8;--alarm:#9c3a00;--alarm-soft:#fff1e6}
@media screen and (prefers-color-scheme:dark){:root{--page:#14181f;--ink:#e5e7eb;--note:#a3acba;
--rule:#323b48;--soft:#1c222b;--accent:#6cb2f0;--alarm:#ffb27a;--alarm-soft:#3a2413}}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
main{max-width:980px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:26px;line-height:1.2;margin:8px 0 4px}h2{font-size:19px;margin:40px 0 8px}
p{margin:6px 0}.note{color:var(--note)}
.verdict{font-size:17px;border-left:4px solid var(--accent);background:var(--soft);padding:10px 14px}
.incomplete{font-weight:600;color:var(--alarm);border-left:4px solid var(--alarm);
background:var(--alarm-soft);padding:10px 14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:10px;margin:16px 0}
.tiles div{border:1px solid var(--rule);border-radius:6px;padding:8px 12px}
.tiles b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
.tiles span{color:var(--note);font-size:13px}
.wide{overflow-x:auto;margin:4px 0 16px}
table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;
white-space:nowrap}
th{font-weight:600;white-space:normal;vertical-align:bottom}th:first-child,td:first-child,td.words,th.words{text-align:left}
td.words{white-space:normal}td.words:last-child{min-width:8em}tr.missed td{color:var(--note)}
svg.plot{display:block;box-sizing:border-box;width:100%;height:auto;margin:12px 0;border:1px solid var(--rule);
border-radius:6px}
@media print{body{font-size:12px}main{max-width:none;padding:0}h2{break-after:avoid}
svg.plot,table,.tiles,.verdict{break-inside:avoid}.wide{overflow:visible}
table{font-size:10px}th,td{padding-right:7px}}
";

/// Nothing may be asked for, whoever wrote the text that the page shows.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A page, from its head on.
#[derive(Debug)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        let (title, style) = (escaped(title), style());
        Self(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n\
             <h1>{title}</h1>\n"
        ))
    }

    /// Markup that was made here.
    pub(crate) fn push(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    pub(crate) fn heading(&mut self, words: &str) {
        let _ = writeln!(self.0, "<h2>{}</h2>", escaped(words));
    }

    pub(crate) fn paragraph(&mut self, class: &str, words: &str) {
        let _ = writeln!(self.0, "<p class=\"{class}\">{}</p>", escaped(words));
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</main>\n</body>\n</html>\n");
        self.0
    }
}

/// A column's title; words stand at the left and may be broken, figures at the right.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    Figure(&'static str),
    Words(&'static str),
}

/// A row; `true` when it is one that missed what was asked for.
pub(crate) type Row = (bool, Vec<String>);

pub(crate) fn table(caption: &str, columns: &[Column], rows: &[Row]) -> String {
    let mut markup = String::new();
    if !caption.is_empty() {
        let _ = writeln!(markup, "<p class=\"note\">{}</p>", escaped(caption));
    }
    markup.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for column in columns {
        let (class, title) = match column {
            Column::Figure(title) => ("", title),
            Column::Words(title) => (" class=\"words\"", title),
        };
        let _ = write!(markup, "<th{class}>{}</th>", escaped(title));
    }
    markup.push_str("</tr></thead>\n<tbody>\n");
    for (missed, cells) in rows {
        markup.push_str(if *missed { "<tr class=\"missed\">" } else { "<tr>" });
        for (cell, column) in cells.iter().zip(columns) {
            let class = if matches!(column, Column::Words(_)) { " class=\"words\"" } else { "" };
            let _ = write!(markup, "<td{class}>{}</td>", escaped(cell));
        }
        markup.push_str("</tr>\n");
    }
    markup.push_str("</tbody></table></div>\n");
    markup
}

pub(super) fn tiles(figures: &[(String, String)]) -> String {
    let mut markup = String::from("<div class=\"tiles\">\n");
    for (figure, title) in figures {
        let (figure, title) = (escaped(figure), escaped(title));
        let _ = writeln!(markup, "<div><b>{figure}</b><span>{title}</span></div>");
    }
    markup.push_str("</div>\n");
    markup
}

pub(crate) fn list(all: &[String]) -> String {
    let items: Vec<String> = all.iter().map(|it| format!("<li>{}</li>\n", escaped(it))).collect();
    format!("<ul>\n{}</ul>\n", items.concat())
}
