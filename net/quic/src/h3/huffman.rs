//! The Huffman code of header strings (RFC 7541, section 5.2 and appendix B), which QPACK shares.
//!
//! Decoding walks a table by half bytes: a state is an inner node of the code's tree. No code is
//! shorter than five bits, so half a byte ends at most one symbol.

/// Code, right-aligned, and its bits, by symbol; the last is the end of the string.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "written as in the RFC, to compare with it")]
const CODES: [(u32, u8); 257] = [
    (0x1ff8, 13), (0x7fffd8, 23), (0xfffffe2, 28), (0xfffffe3, 28),
    (0xfffffe4, 28), (0xfffffe5, 28), (0xfffffe6, 28), (0xfffffe7, 28),
    (0xfffffe8, 28), (0xffffea, 24), (0x3ffffffc, 30), (0xfffffe9, 28),
    (0xfffffea, 28), (0x3ffffffd, 30), (0xfffffeb, 28), (0xfffffec, 28),
    (0xfffffed, 28), (0xfffffee, 28), (0xfffffef, 28), (0xffffff0, 28),
    (0xffffff1, 28), (0xffffff2, 28), (0x3ffffffe, 30), (0xffffff3, 28),
    (0xffffff4, 28), (0xffffff5, 28), (0xffffff6, 28), (0xffffff7, 28),
    (0xffffff8, 28), (0xffffff9, 28), (0xffffffa, 28), (0xffffffb, 28),
    (0x14, 6), (0x3f8, 10), (0x3f9, 10), (0xffa, 12),
    (0x1ff9, 13), (0x15, 6), (0xf8, 8), (0x7fa, 11),
    (0x3fa, 10), (0x3fb, 10), (0xf9, 8), (0x7fb, 11),
    (0xfa, 8), (0x16, 6), (0x17, 6), (0x18, 6),
    (0x0, 5), (0x1, 5), (0x2, 5), (0x19, 6),
    (0x1a, 6), (0x1b, 6), (0x1c, 6), (0x1d, 6),
    (0x1e, 6), (0x1f, 6), (0x5c, 7), (0xfb, 8),
    (0x7ffc, 15), (0x20, 6), (0xffb, 12), (0x3fc, 10),
    (0x1ffa, 13), (0x21, 6), (0x5d, 7), (0x5e, 7),
    (0x5f, 7), (0x60, 7), (0x61, 7), (0x62, 7),
    (0x63, 7), (0x64, 7), (0x65, 7), (0x66, 7),
    (0x67, 7), (0x68, 7), (0x69, 7), (0x6a, 7),
    (0x6b, 7), (0x6c, 7), (0x6d, 7), (0x6e, 7),
    (0x6f, 7), (0x70, 7), (0x71, 7), (0x72, 7),
    (0xfc, 8), (0x73, 7), (0xfd, 8), (0x1ffb, 13),
    (0x7fff0, 19), (0x1ffc, 13), (0x3ffc, 14), (0x22, 6),
    (0x7ffd, 15), (0x3, 5), (0x23, 6), (0x4, 5),
    (0x24, 6), (0x5, 5), (0x25, 6), (0x26, 6),
    (0x27, 6), (0x6, 5), (0x74, 7), (0x75, 7),
    (0x28, 6), (0x29, 6), (0x2a, 6), (0x7, 5),
    (0x2b, 6), (0x76, 7), (0x2c, 6), (0x8, 5),
    (0x9, 5), (0x2d, 6), (0x77, 7), (0x78, 7),
    (0x79, 7), (0x7a, 7), (0x7b, 7), (0x7ffe, 15),
    (0x7fc, 11), (0x3ffd, 14), (0x1ffd, 13), (0xffffffc, 28),
    (0xfffe6, 20), (0x3fffd2, 22), (0xfffe7, 20), (0xfffe8, 20),
    (0x3fffd3, 22), (0x3fffd4, 22), (0x3fffd5, 22), (0x7fffd9, 23),
    (0x3fffd6, 22), (0x7fffda, 23), (0x7fffdb, 23), (0x7fffdc, 23),
    (0x7fffdd, 23), (0x7fffde, 23), (0xffffeb, 24), (0x7fffdf, 23),
    (0xffffec, 24), (0xffffed, 24), (0x3fffd7, 22), (0x7fffe0, 23),
    (0xffffee, 24), (0x7fffe1, 23), (0x7fffe2, 23), (0x7fffe3, 23),
    (0x7fffe4, 23), (0x1fffdc, 21), (0x3fffd8, 22), (0x7fffe5, 23),
    (0x3fffd9, 22), (0x7fffe6, 23), (0x7fffe7, 23), (0xffffef, 24),
    (0x3fffda, 22), (0x1fffdd, 21), (0xfffe9, 20), (0x3fffdb, 22),
    (0x3fffdc, 22), (0x7fffe8, 23), (0x7fffe9, 23), (0x1fffde, 21),
    (0x7fffea, 23), (0x3fffdd, 22), (0x3fffde, 22), (0xfffff0, 24),
    (0x1fffdf, 21), (0x3fffdf, 22), (0x7fffeb, 23), (0x7fffec, 23),
    (0x1fffe0, 21), (0x1fffe1, 21), (0x3fffe0, 22), (0x1fffe2, 21),
    (0x7fffed, 23), (0x3fffe1, 22), (0x7fffee, 23), (0x7fffef, 23),
    (0xfffea, 20), (0x3fffe2, 22), (0x3fffe3, 22), (0x3fffe4, 22),
    (0x7ffff0, 23), (0x3fffe5, 22), (0x3fffe6, 22), (0x7ffff1, 23),
    (0x3ffffe0, 26), (0x3ffffe1, 26), (0xfffeb, 20), (0x7fff1, 19),
    (0x3fffe7, 22), (0x7ffff2, 23), (0x3fffe8, 22), (0x1ffffec, 25),
    (0x3ffffe2, 26), (0x3ffffe3, 26), (0x3ffffe4, 26), (0x7ffffde, 27),
    (0x7ffffdf, 27), (0x3ffffe5, 26), (0xfffff1, 24), (0x1ffffed, 25),
    (0x7fff2, 19), (0x1fffe3, 21), (0x3ffffe6, 26), (0x7ffffe0, 27),
    (0x7ffffe1, 27), (0x3ffffe7, 26), (0x7ffffe2, 27), (0xfffff2, 24),
    (0x1fffe4, 21), (0x1fffe5, 21), (0x3ffffe8, 26), (0x3ffffe9, 26),
    (0xffffffd, 28), (0x7ffffe3, 27), (0x7ffffe4, 27), (0x7ffffe5, 27),
    (0xfffec, 20), (0xfffff3, 24), (0xfffed, 20), (0x1fffe6, 21),
    (0x3fffe9, 22), (0x1fffe7, 21), (0x1fffe8, 21), (0x7ffff3, 23),
    (0x3fffea, 22), (0x3fffeb, 22), (0x1ffffee, 25), (0x1ffffef, 25),
    (0xfffff4, 24), (0xfffff5, 24), (0x3ffffea, 26), (0x7ffff4, 23),
    (0x3ffffeb, 26), (0x7ffffe6, 27), (0x3ffffec, 26), (0x3ffffed, 26),
    (0x7ffffe7, 27), (0x7ffffe8, 27), (0x7ffffe9, 27), (0x7ffffea, 27),
    (0x7ffffeb, 27), (0xffffffe, 28), (0x7ffffec, 27), (0x7ffffed, 27),
    (0x7ffffee, 27), (0x7ffffef, 27), (0x7fffff0, 27), (0x3ffffee, 26),
    (0x3fffffff, 30),
];
const END: u16 = 256;
const NODES: usize = 256;

/// Where half a byte leads.
#[derive(Clone, Copy)]
struct Step {
    node: u8,
    /// Whether a string may end here: on the root, or in padding of at most seven ones.
    accepting: bool,
    symbol: Option<u8>,
    /// The end-of-string symbol may not be written out.
    invalid: bool,
}

/// The string ends amid a code, is padded with something else than ones, or holds the end symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid;

/// Decodes `input`; the result is at most 8/5 of its length, as the shortest code has five bits.
pub(crate) fn decode(input: &[u8]) -> Result<Vec<u8>, Invalid> {
    let mut output = Vec::with_capacity(input.len() * 8 / 5);
    let mut node = 0_u8;
    let mut accepting = true;
    for byte in input {
        for half in [byte >> 4, byte & 0x0f] {
            let step = STEPS[usize::from(node)][usize::from(half)];
            if step.invalid {
                return Err(Invalid);
            }
            if let Some(symbol) = step.symbol {
                output.push(symbol);
            }
            node = step.node;
            accepting = step.accepting;
        }
    }
    if accepting { Ok(output) } else { Err(Invalid) }
}

static STEPS: [[Step; 16]; NODES] = steps();

/// A child of a node: none yet, another node, or a symbol.
#[derive(Clone, Copy)]
enum Child {
    None,
    Node(u8),
    Symbol(u16),
}

/// The code's tree. A full binary tree with 257 leaves has 256 inner nodes.
const fn tree() -> [[Child; 2]; NODES] {
    let mut tree = [[Child::None; 2]; NODES];
    let mut used = 1_u8;
    let mut symbol = 0_u16;
    while symbol <= END {
        let (code, bits) = CODES[symbol as usize];
        let mut node = 0_u8;
        let mut left = bits;
        while 0 < left {
            left -= 1;
            let bit = (code >> left) as usize & 1;
            if left == 0 {
                tree[node as usize][bit] = Child::Symbol(symbol);
            } else if let Child::Node(next) = tree[node as usize][bit] {
                node = next;
            } else {
                tree[node as usize][bit] = Child::Node(used);
                node = used;
                // The last node is number 255; nothing is added after it.
                used = used.wrapping_add(1);
            }
        }
        symbol += 1;
    }
    tree
}

/// Which nodes a string may end on: the root, and up to seven ones from it.
const fn accepting() -> [bool; NODES] {
    let tree = tree();
    let mut accepting = [false; NODES];
    accepting[0] = true;
    let mut node = 0_u8;
    let mut ones = 0;
    while ones < 7 {
        if let Child::Node(next) = tree[node as usize][1] {
            accepting[next as usize] = true;
            node = next;
        }
        ones += 1;
    }
    accepting
}

#[expect(clippy::large_stack_arrays, reason = "evaluated by the compiler only")]
const fn steps() -> [[Step; 16]; NODES] {
    let tree = tree();
    let accepting = accepting();
    let blank = Step { node: 0, accepting: false, symbol: None, invalid: false };
    let mut steps = [[blank; 16]; NODES];
    let mut start = 0;
    while start < NODES {
        let mut half = 0;
        while half < 16 {
            let mut step = blank;
            let mut node = start;
            let mut left = 4;
            while 0 < left {
                left -= 1;
                match tree[node][(half >> left) & 1] {
                    Child::Node(next) => node = next as usize,
                    Child::Symbol(END) | Child::None => {
                        step.invalid = true;
                        node = 0;
                    }
                    Child::Symbol(symbol) => {
                        step.symbol = Some(symbol.to_le_bytes()[0]);
                        node = 0;
                    }
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a node is less than 256")]
            let to = node as u8;
            step.node = to;
            step.accepting = accepting[node];
            steps[start][half] = step;
            half += 1;
        }
        start += 1;
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// Appends the code of `text`, padded with ones.
    fn encode(text: &[u8]) -> Vec<u8> {
        let mut bits = String::new();
        for byte in text {
            let (code, length) = CODES[usize::from(*byte)];
            write!(bits, "{code:0width$b}", width = usize::from(length)).unwrap();
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        bits.as_bytes()
            .chunks(8)
            .map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 2).unwrap())
            .collect()
    }

    #[test]
    fn the_examples_of_rfc_7541_appendix_c() {
        let rows: [(&[u8], &str); 5] = [
            (b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", "www.example.com"),
            (b"\xa8\xeb\x10\x64\x9c\xbf", "no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f", "custom-key"),
            (b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", "custom-value"),
            (b"\x64\x0e\xff", "307"),
        ];
        for (input, expected) in rows {
            assert_eq!(decode(input).unwrap(), expected.as_bytes(), "{expected}");
        }
    }

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        let input = encode(&all);
        assert_eq!(decode(&input).unwrap(), all);
        for byte in all {
            assert_eq!(decode(&encode(&[byte])).unwrap(), [byte]);
        }
    }

    #[test]
    fn bad_padding_is_refused() {
        let rows: [&[u8]; 5] = [
            // A whole byte of padding; the end symbol; zeroes as padding; a code cut short.
            b"\x64\x0e\xff\xff",
            b"\xff\xff\xff\xff",
            b"\x64\x0e\xfe",
            b"\xff",
            b"\x1f\xff",
        ];
        for input in rows {
            assert_eq!(decode(input), Err(Invalid), "{input:x?}");
        }
        assert_eq!(decode(b"").unwrap(), b"");
    }
}
