//! Field sections (RFC 9204) without a dynamic table.
//!
//! We announce a table of capacity 0 and no blocked streams, so that a section refers to nothing but
//! the static table: nothing is remembered between sections, and no request waits for another.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::code::Code;
use super::huffman;

mod table;

pub(crate) use table::STATIC;

/// An integer above it is refused: no length or index comes near it.
const INTEGER_MAX: u64 = 1 << 32;

/// The name of a field line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// One of the static table, with its index.
    Static(usize),
    /// As sent, in whatever case.
    Literal(Bytes),
}

impl Name {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Static(index) => STATIC[*index].0.as_bytes(),
            Self::Literal(bytes) => bytes,
        }
    }
}

/// The lines of one section, in the order sent.
#[derive(Debug)]
pub(crate) struct Lines {
    rest: Bytes,
}

impl Lines {
    /// Reads the prefix of `section`.
    pub(crate) fn new(section: Bytes) -> Result<Self, Code> {
        let mut rest = section;
        let (_, inserted) = integer(&mut rest, 8)?;
        let (sign, _) = integer(&mut rest, 7)?;
        // Without insertions there is nothing that a base below them could point to.
        if inserted != 0 || sign & 0x80 != 0 {
            return Err(Code::Decompression);
        }
        Ok(Self { rest })
    }

    /// The next line, or `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(Name, Bytes)>, Code> {
        let Some(first) = self.rest.first() else { return Ok(None) };
        if first & 0x80 != 0 {
            let (bits, index) = integer(&mut self.rest, 6)?;
            let index = fixed(bits & 0x40 != 0, index)?;
            let value = Bytes::from_static(STATIC[index].1.as_bytes());
            return Ok(Some((Name::Static(index), value)));
        }
        let name = if first & 0x40 != 0 {
            let (bits, index) = integer(&mut self.rest, 4)?;
            Name::Static(fixed(bits & 0x10 != 0, index)?)
        } else if first & 0x20 != 0 {
            Name::Literal(string(&mut self.rest, 3)?)
        } else {
            // References to entries that were inserted after the base.
            return Err(Code::Decompression);
        };
        let value = string(&mut self.rest, 7)?;
        Ok(Some((name, value)))
    }
}

/// The index into the static table, if that is what `index` refers to.
fn fixed(is_static: bool, index: u64) -> Result<usize, Code> {
    let index = usize::try_from(index).map_err(|_| Code::Decompression)?;
    if is_static && index < STATIC.len() { Ok(index) } else { Err(Code::Decompression) }
}

/// An integer whose first `bits` bits are in the first byte (RFC 7541, section 5.1), and that byte.
pub(crate) fn integer(input: &mut Bytes, bits: u8) -> Result<(u8, u64), Code> {
    if input.is_empty() {
        return Err(Code::Decompression);
    }
    let first = input.get_u8();
    let mask = u8::MAX >> (8 - bits);
    let mut value = u64::from(first & mask);
    if first & mask != mask {
        return Ok((first, value));
    }
    let mut shift = 0;
    while input.has_remaining() {
        let byte = input.get_u8();
        value += u64::from(byte & 0x7f) << shift;
        if INTEGER_MAX < value {
            break;
        }
        if byte & 0x80 == 0 {
            return Ok((first, value));
        }
        shift += 7;
        if 28 < shift {
            break;
        }
    }
    Err(Code::Decompression)
}

/// A string whose length starts in `bits` bits of the first byte, with the Huffman bit before them.
fn string(input: &mut Bytes, bits: u8) -> Result<Bytes, Code> {
    let (first, length) = integer(input, bits)?;
    let length = usize::try_from(length).map_err(|_| Code::Decompression)?;
    if input.len() < length {
        return Err(Code::Decompression);
    }
    let bytes = input.split_to(length);
    if first & (1 << bits) == 0 {
        return Ok(bytes);
    }
    huffman::decode(&bytes).map(Bytes::from).map_err(|_| Code::Decompression)
}

/// Appends the prefix of a section that refers to the static table only.
pub(crate) fn begin(output: &mut BytesMut) {
    output.put_slice(&[0, 0]);
}

/// Appends a line that is entry `index` of the static table, name and value.
pub(crate) fn indexed(index: usize, output: &mut BytesMut) {
    debug_assert!(index < STATIC.len());
    write_integer(0xc0, 6, index, output);
}

/// Appends a line with the name of entry `index`.
pub(crate) fn with_name_of(index: usize, value: &[u8], output: &mut BytesMut) {
    debug_assert!(index < STATIC.len());
    write_integer(0x50, 4, index, output);
    write_integer(0, 7, value.len(), output);
    output.put_slice(value);
}

/// Appends a line with a name of its own, which is in lower case.
pub(crate) fn literal(name: &[u8], value: &[u8], output: &mut BytesMut) {
    write_integer(0x20, 3, name.len(), output);
    output.put_slice(name);
    write_integer(0, 7, value.len(), output);
    output.put_slice(value);
}

fn write_integer(flags: u8, bits: u8, value: usize, output: &mut BytesMut) {
    let mask = u8::MAX >> (8 - bits);
    let low = |value: usize| u8::try_from(value & 0xff).expect("masked to eight bits");
    if value < usize::from(mask) {
        output.put_u8(flags | low(value));
        return;
    }
    output.put_u8(flags | mask);
    let mut rest = value - usize::from(mask);
    while 0x80 <= rest {
        output.put_u8(low(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    output.put_u8(low(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(section: &[u8]) -> Result<Vec<(String, String)>, Code> {
        let mut lines = Lines::new(Bytes::copy_from_slice(section))?;
        let mut all = Vec::new();
        while let Some((name, value)) = lines.next()? {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            all.push((text(name.bytes()), text(&value)));
        }
        Ok(all)
    }

    #[test]
    fn the_example_of_rfc_9204_appendix_b_1() {
        let section = b"\x00\x00\x51\x0b/index.html";
        assert_eq!(lines(section).unwrap(), [(":path".to_owned(), "/index.html".to_owned())]);
    }

    #[test]
    fn the_integers_of_rfc_7541_appendix_c_1() {
        let rows: [(&[u8], u8, u64); 3] =
            [(&[0x0a], 5, 10), (&[0x1f, 0x9a, 0x0a], 5, 1337), (&[0x2a], 8, 42)];
        for (bytes, bits, value) in rows {
            let mut input = Bytes::copy_from_slice(bytes);
            assert_eq!(integer(&mut input, bits).unwrap().1, value);
            assert!(input.is_empty());
            let mut output = BytesMut::new();
            write_integer(0, bits, usize::try_from(value).unwrap(), &mut output);
            assert_eq!(output, bytes);
        }
    }

    #[test]
    fn every_entry_of_the_static_table_is_reached_both_ways() {
        for (index, (name, value)) in STATIC.iter().enumerate() {
            let mut section = BytesMut::new();
            begin(&mut section);
            indexed(index, &mut section);
            with_name_of(index, b"v", &mut section);
            literal(name.as_bytes(), &[b'x'; 300], &mut section);
            let expected = [
                ((*name).to_owned(), (*value).to_owned()),
                ((*name).to_owned(), "v".to_owned()),
                ((*name).to_owned(), "x".repeat(300)),
            ];
            assert_eq!(lines(&section).unwrap(), expected);
        }
    }

    #[test]
    fn what_needs_a_dynamic_table_or_is_cut_short_is_refused() {
        let rows: [&[u8]; 14] = [
            // The prefix is missing, cut short, or asks for inserted entries.
            b"",
            b"\x00",
            b"\x02\x00",
            b"\x00\x80",
            // An indexed line of the dynamic table, one after the base, beyond the static table.
            b"\x00\x00\x80",
            b"\x00\x00\x10",
            b"\x00\x00\xff\x24",
            // Names by reference: dynamic, after the base, beyond the static table.
            b"\x00\x00\x40\x00",
            b"\x00\x00\x00\x00",
            b"\x00\x00\x5f\x54\x00",
            // Strings longer than what is there; an integer without an end; Huffman without an end.
            b"\x00\x00\x51\x0b/index.htm",
            b"\x00\x00\x23abc\x05ab",
            b"\x00\x00\x27\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x00\x00\x51\x82\xff\xff",
        ];
        for section in rows {
            assert_eq!(lines(section), Err(Code::Decompression), "{section:x?}");
        }
    }
}
