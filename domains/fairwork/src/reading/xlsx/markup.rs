//! Just enough XML for workbooks: tags, attributes, texts and references, in order.

use std::borrow::Cow;

use super::damaged;
use crate::reading::table::Fault;

/// A cursor over XML text. Declarations and comments are passed over; prefixes of names are dropped.
pub(super) struct Markup<'t> {
    text: &'t str,
    at: usize,
}

/// One piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// `<name ...>`, or `<name .../>`, which is closed.
    Open { name: &'t str, attributes: &'t str, is_closed: bool },
    /// `</name>`.
    Close(&'t str),
    /// What stands between tags.
    Text(Cow<'t, str>),
}

impl<'t> Markup<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.trim_start_matches('\u{feff}'), at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece<'t>>, Fault> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            let Some(tag) = rest.strip_prefix('<') else {
                let length = rest.find('<').unwrap_or(rest.len());
                self.at += length;
                return Ok(Some(Piece::Text(plain(&rest[..length]))));
            };
            let cut = || damaged(format!("a tag at byte {} has no end", self.at));
            if let Some(comment) = tag.strip_prefix("!--") {
                self.at += 4 + comment.find("-->").ok_or_else(cut)? + 3;
                continue;
            }
            if let Some(verbatim) = tag.strip_prefix("![CDATA[") {
                let length = verbatim.find("]]>").ok_or_else(cut)?;
                self.at += 9 + length + 3;
                return Ok(Some(Piece::Text(Cow::Borrowed(&verbatim[..length]))));
            }
            let length = end_of(tag).ok_or_else(cut)?;
            self.at += length + 2;
            let tag = &tag[..length];
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                return Ok(Some(Piece::Close(local(name.trim()))));
            }
            let is_closed = tag.ends_with('/');
            let tag = tag.strip_suffix('/').unwrap_or(tag);
            let split = tag.find(|it: char| it.is_ascii_whitespace()).unwrap_or(tag.len());
            let (name, attributes) = tag.split_at(split);
            return Ok(Some(Piece::Open { name: local(name), attributes, is_closed }));
        }
    }
}

/// Where a tag ends: the first `>` outside quotes.
fn end_of(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| match (quote, byte) {
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), byte) if open == byte => {
            quote = None;
            false
        }
        (None, b'>') => true,
        _ => false,
    })
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

impl<'t> Piece<'t> {
    /// The value of an attribute, whatever its prefix.
    pub(super) fn attribute(&self, wanted: &str) -> Option<Cow<'t, str>> {
        let Self::Open { attributes, .. } = self else { return None };
        let mut rest = *attributes;
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''))?;
            let (value, following) = after[1..].split_once(quote)?;
            if local(name.trim()) == wanted {
                return Some(plain(value));
            }
            rest = following;
        }
        None
    }
}

/// Text with its references resolved; one that is unknown stays as it is. Excel writes characters
/// that XML cannot hold as `_x000D_`.
fn plain(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') && !raw.contains("_x") {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            '&' => reference(rest),
            '_' => escape(rest),
            _ => None,
        };
        let (letter, length) = taken.unwrap_or_else(|| (letter, letter.len_utf8()));
        out.push(letter);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.find(';').filter(|it| *it < 12)?;
    let letter = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((letter, end + 1))
}

fn escape(text: &str) -> Option<(char, usize)> {
    let hex = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    let letter = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    Some((letter, 7))
}
