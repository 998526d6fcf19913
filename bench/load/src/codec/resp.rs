//! The protocol of Redis (RESP2), with one command said over and over.

use std::collections::VecDeque;
use std::str::from_utf8;

use super::{Answer, KEY_BLANK, KEY_DIGITS, Keys, REFUSED};
use crate::tally::Statuses;

/// Largest reply taken, in bytes.
pub(crate) const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest line taken: a status, an error, or the length of what follows. In bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Most elements of a reply, arrays in arrays counted with what they hold.
const ELEMENTS_MAX: usize = 1024 * 1024;
/// How replies begin: statuses, errors, numbers, strings, arrays.
const KINDS: &[u8] = b"+-:$*";
/// Most words of a command.
const WORDS_MAX: usize = 1024;

/// Stands for a number that no other request has: 32 hexadecimal digits.
const NUMBER: &str = "{n}";
/// Stands for the number of the connection.
const CONNECTION: &str = "{c}";
/// Stands for the payload.
const PAYLOAD: &str = "{payload}";
/// Stands for the name under which the server keeps the script.
const SCRIPT: &str = "{script}";

/// What is asked, before it is known by which connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    words: Vec<String>,
    payload: Vec<u8>,
    /// A Lua script that every connection loads first.
    script: Option<String>,
}

impl Command {
    /// Reads words parted by blanks, in which `{n}`, `{c}`, `{payload}` and `{script}` stand for what
    /// differs.
    pub(crate) fn read(
        text: &str,
        payload: Vec<u8>,
        script: Option<String>,
    ) -> Result<Self, String> {
        let words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        if words.is_empty() || WORDS_MAX < words.len() {
            return Err(format!("give 1 to {WORDS_MAX} words, like SET key:{{n}} {{payload}}"));
        }
        if script.is_none() && words.iter().any(|it| it.contains(SCRIPT)) {
            return Err(format!("{SCRIPT} stands for a script: give --peer-script FILE"));
        }
        Ok(Self { words, payload, script })
    }

    /// What a connection says first, and whose reply [`loaded`] reads; `None` without a script.
    pub(crate) fn opening(&self) -> Option<Vec<u8>> {
        let script = self.script.as_ref()?;
        let mut out = Vec::new();
        write_words(&mut out, &[b"SCRIPT", b"LOAD", script.as_bytes()]);
        Some(out)
    }
}

/// Reads the name of the script off the front of `bytes`, and says how many bytes that took.
pub(crate) fn loaded(bytes: &[u8]) -> Result<Option<(usize, String)>, String> {
    let Some(reply) = Reply::parse(bytes)? else { return Ok(None) };
    let whole = &bytes[..reply.bytes];
    if reply.refused {
        return Err(explain(whole));
    }
    let text = from_utf8(whole).ok().and_then(|it| it.split("\r\n").nth(1));
    let digest = text.filter(|it| {
        it.len() == DIGEST_DIGITS && it.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    let digest = digest.ok_or("it did not say under which name it keeps the script")?;
    Ok(Some((reply.bytes, digest.to_owned())))
}

/// Hexadecimal digits of a script's name.
const DIGEST_DIGITS: usize = 40;

/// One connection's commands. Replies come in their order.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    template: Vec<u8>,
    /// Where the digits of the request's number stand.
    numbers_at: Vec<usize>,
    keys: Keys,
    order: VecDeque<u32>,
}

impl Codec {
    /// `digest` is what [`loaded`] gave, if there is a script.
    pub(crate) fn new(command: &Command, connection: u32, keys: Keys, digest: &str) -> Self {
        let (blank, payload) =
            (String::from_utf8_lossy(KEY_BLANK), String::from_utf8_lossy(&command.payload));
        let connection = connection.to_string();
        let mut template = format!("*{}\r\n", command.words.len()).into_bytes();
        let mut numbers_at = Vec::new();
        for word in &command.words {
            let word = word.replace(SCRIPT, digest).replace(CONNECTION, &connection);
            // Whatever stands in front of a number has its length from here on.
            let parts: Vec<String> =
                word.split(NUMBER).map(|part| part.replace(PAYLOAD, &payload)).collect();
            let word_bytes: usize =
                parts.iter().map(String::len).sum::<usize>() + (parts.len() - 1) * KEY_DIGITS;
            template.extend_from_slice(format!("${word_bytes}\r\n").as_bytes());
            for (index, part) in parts.iter().enumerate() {
                if index != 0 {
                    numbers_at.push(template.len());
                    template.extend_from_slice(blank.as_bytes());
                }
                template.extend_from_slice(part.as_bytes());
            }
            template.extend_from_slice(b"\r\n");
        }
        Self { template, numbers_at, keys, order: VecDeque::new() }
    }

    pub(super) fn append(&mut self, out: &mut Vec<u8>, slot: u32) {
        if let Some((first, others)) = self.numbers_at.split_first() {
            self.keys.write_next(&mut self.template[*first..][..KEY_DIGITS]);
            for at in others {
                self.template.copy_within(*first..*first + KEY_DIGITS, *at);
            }
        }
        out.extend_from_slice(&self.template);
        self.order.push_back(slot);
    }

    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        statuses: &mut Statuses,
    ) -> Result<Option<Answer>, String> {
        let Some(Reply { bytes, refused }) = Reply::parse(bytes)? else { return Ok(None) };
        let slot = self.order.pop_front().ok_or("a reply that nobody asked for")?;
        statuses.add(if refused { REFUSED } else { 0 });
        Ok(Some(Answer { bytes, body_bytes: bytes, slot, ok: !refused }))
    }
}

/// A complete reply at the front of the received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reply {
    bytes: usize,
    /// Whether it, or anything in it, is an error.
    refused: bool,
}

impl Reply {
    /// `Ok(None)` when the reply is not complete yet.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        let (mut at, mut refused) = (0, false);
        let (mut left, mut elements) = (1_usize, 0_usize);
        while left != 0 {
            left -= 1;
            elements += 1;
            let Some((kind, line, after)) = line(&bytes[at..])? else { return Ok(None) };
            at += after;
            match kind {
                b'+' => {}
                b'-' => refused = true,
                b':' => drop(number(line)?),
                b'$' => {
                    let Some(length) = length(line, REPLY_BYTES_MAX)? else { continue };
                    let Some(end) = bytes.get(at + length..at + length + 2) else {
                        return if REPLY_BYTES_MAX < at + length {
                            Err(format!("a reply of more than {REPLY_BYTES_MAX} bytes"))
                        } else {
                            Ok(None)
                        };
                    };
                    if end != b"\r\n" {
                        return Err("a string that is not as long as it says".to_owned());
                    }
                    at += length + 2;
                }
                _ => {
                    left += length(line, ELEMENTS_MAX)?.unwrap_or(0);
                    if ELEMENTS_MAX < left + elements {
                        return Err(format!("a reply of more than {ELEMENTS_MAX} elements"));
                    }
                }
            }
            if REPLY_BYTES_MAX < at {
                return Err(format!("a reply of more than {REPLY_BYTES_MAX} bytes"));
            }
        }
        Ok(Some(Self { bytes: at, refused }))
    }
}

/// The first byte of a line, the rest of it, and how long it is with its end.
type Line<'a> = (u8, &'a [u8], usize);

/// The line that `bytes` begin with; none while its end is not here.
fn line(bytes: &[u8]) -> Result<Option<Line<'_>>, String> {
    let Some((kind, rest)) = bytes.split_first() else { return Ok(None) };
    // Before the end of the line: somebody who speaks otherwise may never end one.
    if !KINDS.contains(kind) {
        return Err(format!("a reply that begins with byte {kind:#04x}"));
    }
    let searched = &rest[..rest.len().min(LINE_BYTES_MAX)];
    match searched.windows(2).position(|it| it == b"\r\n") {
        Some(end) => Ok(Some((*kind, &rest[..end], end + 3))),
        None if searched.len() < LINE_BYTES_MAX => Ok(None),
        None => Err(format!("a line of more than {LINE_BYTES_MAX} bytes")),
    }
}

fn number(line: &[u8]) -> Result<i64, String> {
    let number = from_utf8(line).ok().and_then(|it| it.parse().ok());
    number.ok_or_else(|| format!("{:?} where a number should be", String::from_utf8_lossy(line)))
}

/// `None` for the null of old.
fn length(line: &[u8], most: usize) -> Result<Option<usize>, String> {
    match number(line)? {
        -1 => Ok(None),
        length => match usize::try_from(length) {
            Ok(length) if length <= most => Ok(Some(length)),
            _ => Err(format!("a length of {length}, above {most} or below nothing")),
        },
    }
}

/// What a reply says, for a person.
pub(crate) fn explain(reply: &[u8]) -> String {
    String::from_utf8_lossy(reply).trim_end().trim_start_matches('-').to_owned()
}

fn write_words(out: &mut Vec<u8>, words: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
#[path = "resp/tests.rs"]
mod tests;
