//! HPACK (RFC 7541): requests are written as a client with a header table writes them, and of
//! responses the status is read.

use std::collections::VecDeque;

use super::super::fields::{read_integer, read_string, write_integer, write_string};
use super::super::{Head, KEY_BLANK, TENANT_BLANK};

/// Entries that a table of 4,096 bytes has room for: each counts for 32 bytes and its text
/// (section 4.1).
const ENTRIES_MAX: usize = 4096 / 32;
/// The statuses of the static table, from 200 (number 8) to 500 (number 14) (appendix A).
const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
const FIRST_STATUS: u64 = 8;
const STATIC_COUNT: u64 = 61;
/// The static names: authority, method, path, content-length, content-type.
const AUTHORITY: usize = 1;
const METHOD: usize = 2;
const PATH: usize = 4;
const CONTENT_LENGTH: usize = 28;
const CONTENT_TYPE: usize = 31;

/// Whether a request teaches the server its fields or refers to what it was taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The first of a connection.
    Teach,
    /// All others.
    Refer,
    /// Of requests that differ: what is the same for all is taught by the first.
    Mixed { teach: bool, tenanted: bool },
}

/// What is filled in, from the start of the block.
pub(super) struct Places {
    /// The digits of the idempotency key.
    pub(super) key_at: usize,
    /// The digits of the tenant.
    pub(super) tenant_at: Option<usize>,
}

/// Writes the header block of a request.
pub(super) fn write(head: &Head<'_>, form: Form, out: &mut Vec<u8>) -> Places {
    let Head { workload, authority, secure, api_key, keyed } = *head;
    match workload.method {
        "GET" => write_integer(out, 0x80, 7, METHOD),
        "POST" => write_integer(out, 0x80, 7, METHOD + 1),
        // Without indexing (section 6.2.2).
        other => {
            write_integer(out, 0x00, 4, METHOD);
            write_string(out, 0x00, 7, other.as_bytes());
        }
    }
    // http is 6 and https 7.
    write_integer(out, 0x80, 7, if secure { 7 } else { 6 });
    let length = workload.json.len().to_string();
    let mut fields: Vec<(usize, &str, &str)> =
        vec![(PATH, ":path", &workload.path), (AUTHORITY, ":authority", authority)];
    if let Some(api_key) = api_key {
        fields.push((0, "x-api-key", api_key));
    }
    if !workload.json.is_empty() {
        fields.push((CONTENT_TYPE, "content-type", "application/json"));
        fields.push((CONTENT_LENGTH, "content-length", &length));
    }
    // Of requests that differ these are the same.
    let is_kept = |number| !matches!(form, Form::Mixed { .. }) || matches!(number, 0 | AUTHORITY);
    let mut kept = fields.iter().filter(|(number, ..)| is_kept(*number)).count();
    for (number, name, value) in fields {
        if !is_kept(number) {
            // Without indexing (section 6.2.2).
            write_integer(out, 0x00, 4, number);
            write_string(out, 0x00, 7, value.as_bytes());
            continue;
        }
        kept -= 1;
        match form {
            // With indexing (section 6.2.1): the last one taught is the first of the table.
            Form::Teach | Form::Mixed { teach: true, .. } => {
                write_integer(out, 0x40, 6, number);
                if number == 0 {
                    write_string(out, 0x00, 7, name.as_bytes());
                }
                write_string(out, 0x00, 7, value.as_bytes());
            }
            Form::Refer | Form::Mixed { teach: false, .. } => {
                let first = usize::try_from(STATIC_COUNT + 1).expect("a small number");
                write_integer(out, 0x80, 7, first + kept);
            }
        }
    }
    let mut tenant_at = None;
    if let Form::Mixed { tenanted: true, .. } = form {
        write_integer(out, 0x00, 4, 0);
        write_string(out, 0x00, 7, b"x-tenant");
        write_string(out, 0x00, 7, TENANT_BLANK);
        tenant_at = Some(out.len() - TENANT_BLANK.len());
    }
    if keyed {
        write_integer(out, 0x00, 4, 0);
        write_string(out, 0x00, 7, b"idempotency-key");
        write_string(out, 0x00, 7, &[b"\"", KEY_BLANK, b"\""].concat());
    }
    // The digits and a quotation mark are the last.
    Places { key_at: out.len().saturating_sub(KEY_BLANK.len() + 1), tenant_at }
}

/// What the server has taught: of each entry whether its name is `:status`, and the status. A server
/// refers to nothing that it has let go of, so entries need not be measured.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(VecDeque<Option<u16>>);

impl Table {
    /// The status in a header block; `None` for a block that cannot be read, 0 for one without it.
    pub(super) fn status(&mut self, mut block: &[u8]) -> Option<u16> {
        let mut status = 0;
        while let Some(first) = block.first() {
            // The representations of section 6, by their leading bits.
            let (bits, literal, kept) = match first {
                0x80.. => (7, false, false),
                0x40.. => (6, true, true),
                0x20.. => {
                    let (_, taken) = read_integer(block, 5)?;
                    block = &block[taken..];
                    continue;
                }
                _ => (4, true, false),
            };
            let (number, taken) = read_integer(block, bits)?;
            block = &block[taken..];
            let named = match number {
                0 if literal => {
                    let (_, taken) = read_string(block, 7)?;
                    block = &block[taken..];
                    None
                }
                0 => return None,
                1..=STATIC_COUNT => {
                    let index = usize::try_from(number.wrapping_sub(FIRST_STATUS)).ok()?;
                    STATUSES.get(index).copied()
                }
                _ => {
                    let index = usize::try_from(number - STATIC_COUNT - 1).ok()?;
                    *self.0.get(index)?
                }
            };
            let mut found = named;
            if literal {
                let (value, taken) = read_string(block, 7)?;
                block = &block[taken..];
                found = named.and_then(|_| value.status());
            }
            if kept {
                self.0.push_front(found);
                self.0.truncate(ENTRIES_MAX);
            }
            if let (0, Some(found)) = (status, found) {
                status = found;
            }
        }
        Some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    /// The numbers of a block's fields, and those that were taught by their values.
    fn fields(mut block: &[u8], taught: &mut Vec<Vec<u8>>) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(first) = block.first().copied() {
            let bits = if first & 0x80 != 0 {
                7
            } else if first & 0x40 != 0 {
                6
            } else {
                4
            };
            let (number, taken) = read_integer(block, bits).unwrap();
            block = &block[taken..];
            if STATIC_COUNT < number {
                let place = usize::try_from(number - STATIC_COUNT - 1).unwrap();
                found.push(format!("={}", String::from_utf8_lossy(&taught[place])));
                continue;
            }
            if bits == 7 {
                found.push(number.to_string());
                continue;
            }
            let mut name = number.to_string();
            if number == 0 {
                let (text, taken) = read_string(block, 7).unwrap();
                name = String::from_utf8_lossy(text.bytes).into_owned();
                block = &block[taken..];
            }
            let (value, taken) = read_string(block, 7).unwrap();
            if bits == 6 {
                taught.insert(0, value.bytes.to_vec());
            }
            found.push(format!("{name}={}", String::from_utf8_lossy(value.bytes)));
            block = &block[taken..];
        }
        found
    }

    #[test]
    fn requests_that_differ_share_what_is_the_same_and_keep_their_order() {
        let workload = Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"") };
        let head = Head {
            workload: &workload,
            authority: "box:1",
            secure: true,
            api_key: Some("secret"),
            keyed: false,
        };
        let mut taught = Vec::new();
        for (teach, authority, api_key) in
            [(true, "1=box:1", "x-api-key=secret"), (false, "=box:1", "=secret")]
        {
            let mut block = Vec::new();
            let places = write(&head, Form::Mixed { teach, tenanted: true }, &mut block);
            // POST, https, path, authority: pseudo-header fields go first (RFC 9113, section 8.3).
            let expected = [
                "3",
                "7",
                "4=/",
                authority,
                api_key,
                "31=application/json",
                "28=2",
                "x-tenant=000000",
            ];
            assert_eq!(fields(&block, &mut taught), expected);
            assert_eq!(block[places.tenant_at.unwrap()..], *TENANT_BLANK);
        }
    }

    #[test]
    fn the_responses_of_the_rfc_are_read() {
        // RFC 7541, C.6: Huffman coding and a table, one connection.
        let responses: [(&[u8], u16); 3] = [
            (
                b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\
                  \x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff\x6e\x91\x9d\x29\xad\
                  \x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3",
                302,
            ),
            (b"\x48\x83\x64\x0e\xff\xc1\xc0\xbf", 307),
            (b"\x88\xc1", 200),
        ];
        let mut table = Table::default();
        for (block, status) in responses {
            assert_eq!(table.status(block), Some(status));
        }
        // The second response is the youngest with a status in the table, the first the eldest.
        assert_eq!(table.status(b"\xbe"), Some(307));
        assert_eq!(table.status(b"\xc2"), Some(302));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for block in [&b"\x80"[..], b"\xff", b"\xc0", b"\x48\x85\x64", b"\x00\x03ab"] {
            assert_eq!(Table::default().status(block), None, "{block:x?}");
        }
        assert_eq!(Table::default().status(b"\x20\x3f\xe1\x1f\x88"), Some(200), "table sizes");
        assert_eq!(Table::default().status(b"\x8e"), Some(500));
        assert_eq!(Table::default().status(b"\x8f"), Some(0), "accept-charset is no status");
    }
}
