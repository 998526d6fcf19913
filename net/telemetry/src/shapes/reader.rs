//! Reads a file of shapes: line by line, in bounded memory, whatever the file holds.

use std::io::{self, BufRead, Read};

use super::{SHAPES_HEAD, Shape};

/// Longest line that is read, with its end, in bytes: several times what a box writes.
const LINE_BYTES_MAX: usize = 512;

/// Why a file of shapes cannot be read any further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShapesError {
    /// Another file, or an empty one.
    #[error(
        "it does not begin with the line `{SHAPES_HEAD}`: give what a box with the setting \
         telemetry.shapes_file wrote"
    )]
    NotShapes,
    /// A line is no request.
    #[error("line {line}, byte {offset}: {reason}")]
    Line {
        /// From 1 on; the head is the first.
        line: u64,
        /// Where in the file the fault begins, from 0 on.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The system gives no more.
    #[error("byte {offset}: {source}")]
    Read {
        /// So much was read.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
}

/// Gives the requests of a file in its order, which is that of their answers.
#[derive(Debug)]
pub struct ShapeReader<R> {
    from: R,
    /// The line that was read last.
    line: Vec<u8>,
    /// Its number.
    number: u64,
    /// Where it begins.
    offset: u64,
    /// Where it ends.
    end: u64,
    is_cut: bool,
}

impl<R: BufRead> ShapeReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    ///
    /// It is another one, or cannot be read.
    pub fn new(from: R) -> Result<Self, ShapesError> {
        let line = Vec::with_capacity(LINE_BYTES_MAX);
        let mut reader = Self { from, line, number: 0, offset: 0, end: 0, is_cut: false };
        reader.read_line()?;
        if reader.line.strip_suffix(b"\n") != Some(SHAPES_HEAD.as_bytes()) {
            return Err(ShapesError::NotShapes);
        }
        Ok(reader)
    }

    /// The next request; none at the end. A last line without its end was cut short, when the box was
    /// killed or the disk was full, and is none.
    ///
    /// # Errors
    ///
    /// The line is no request, or cannot be read.
    pub fn next_shape(&mut self) -> Result<Option<Shape<'_>>, ShapesError> {
        self.read_line()?;
        let Some(line) = self.line.strip_suffix(b"\n") else {
            self.is_cut = !self.line.is_empty();
            return match self.line.len() {
                LINE_BYTES_MAX => Err(self.fault(0, format!("longer than {LINE_BYTES_MAX} bytes"))),
                _ => Ok(None),
            };
        };
        let text = str::from_utf8(line)
            .map_err(|error| self.fault(error.valid_up_to(), "no text".to_owned()))?;
        // Looked at twice where it is wrong: the borrow of a good one is given away.
        match Shape::parse(text) {
            Ok(_) => Ok(Shape::parse(text).ok()),
            Err(fault) => Err(self.fault(fault.at, fault.to_string())),
        }
    }

    /// Whether the file ended in the middle of a line.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn read_line(&mut self) -> Result<(), ShapesError> {
        self.line.clear();
        self.offset = self.end;
        self.number += 1;
        let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = self.from.by_ref().take(most).read_until(b'\n', &mut self.line);
        let count = read.map_err(|source| ShapesError::Read { offset: self.offset, source })?;
        self.end += u64::try_from(count).unwrap_or(0);
        Ok(())
    }

    fn fault(&self, at: usize, reason: String) -> ShapesError {
        let offset = self.offset + u64::try_from(at).unwrap_or(0);
        ShapesError::Line { line: self.number, offset, reason }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All of a file: its requests as they print, and what ended them.
    fn all(bytes: &[u8]) -> (Vec<String>, Result<bool, ShapesError>) {
        let mut found = Vec::new();
        let mut reader = match ShapeReader::new(bytes) {
            Ok(reader) => reader,
            Err(error) => return (found, Err(error)),
        };
        loop {
            match reader.next_shape() {
                Ok(Some(shape)) => found.push(shape.to_string()),
                Ok(None) => return (found, Ok(reader.is_cut())),
                Err(error) => return (found, Err(error)),
            }
        }
    }

    fn with_head(lines: &[u8]) -> Vec<u8> {
        [SHAPES_HEAD.as_bytes(), b"\n", lines].concat()
    }

    #[test]
    fn what_is_no_recording_is_told_from_one() {
        for bytes in [
            &b""[..],
            b"\n",
            b"quoin-shapes 1",
            b"quoin-shapes 2\n",
            b"quoin-shapes 1\r\n",
            b"{\"scenario\":1}\n",
            b"\x7fELF\0\0",
            &[b'a'; 4 * LINE_BYTES_MAX],
        ] {
            let (found, end) = all(bytes);
            assert!(found.is_empty() && matches!(end, Err(ShapesError::NotShapes)), "{end:?}");
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        let good = "rates.quote rpc 12 222 418 200 -\n";
        let head = SHAPES_HEAD.len() + 1;
        for (line, at, reason) in [
            (&b"nonsense\n"[..], 0, "7 fields, not 1"),
            (b"\n", 0, "7 fields, not 1"),
            (b"rates.quote rpc 12 222 418 200 - more\n", 0, "7 fields, not 8"),
            (b"rates.quote rpc -1 222 418 200 -\n", 16, "`start` is no whole number"),
            (b"rates.quote rpc 12 4294967296 418 200 -\n", 19, "`request bytes`"),
            (b"rates.quote rpc 12 222 418 70000 -\n", 27, "`status`"),
            (b"rates.quote rpc 12 222 418 200 xyz\n", 31, "`tenant`"),
            (b"rates.quote  12 222 418 200 -\n", 12, "`door` is empty"),
            (b"rates.\xffquote rpc 12 222 418 200 -\n", 6, "no text"),
            (&[b'a'; 2 * LINE_BYTES_MAX], 0, "longer than 512 bytes"),
        ] {
            let bytes = with_head(&[good.as_bytes(), line].concat());
            let (found, end) = all(&bytes);
            let error = end.unwrap_err();
            let offset = u64::try_from(head + good.len() + at).unwrap();
            let place = format!("line 3, byte {offset}: ");
            let text = error.to_string();
            assert!(text.starts_with(&place) && text.contains(reason), "{line:?}: {text}");
            assert_eq!(found, [good.trim_end()]);
        }
    }

    #[test]
    fn a_line_that_was_cut_is_left_out_and_told() {
        let whole =
            with_head(b"rates.quote rpc 12 222 418 200 -\nrates.quote rpc 13 222 418 200 -\n");
        let (first, second) = (SHAPES_HEAD.len() + 34, whole.len());
        for cut in SHAPES_HEAD.len() + 1..=second {
            let (found, end) = all(&whole[..cut]);
            let complete = usize::from(first <= cut) + usize::from(second <= cut);
            let at_an_end = [SHAPES_HEAD.len() + 1, first, second].contains(&cut);
            assert_eq!((found.len(), end.unwrap()), (complete, !at_an_end), "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_line_takes_no_more_memory_than_a_line() {
        let head = with_head(b"");
        let endless = io::BufReader::new(head.as_slice().chain(io::repeat(b'a')));
        let mut reader = ShapeReader::new(endless).unwrap();
        assert!(matches!(reader.next_shape(), Err(ShapesError::Line { line: 2, .. })));
        assert!(reader.line.capacity() <= 2 * LINE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_as_it_was_read(
            operation in "[!-~]{1,40}",
            door in "[!-~]{1,10}",
            start_us: u64,
            sizes: (u32, u32),
            status: u16,
            tenant: Option<u64>,
        ) {
            let (request_bytes, reply_bytes) = sizes;
            let shape = Shape {
                operation: &operation, door: &door, start_us, request_bytes, reply_bytes, status, tenant,
            };
            let line = format!("{shape}\n");
            let (found, end) = all(&with_head(line.as_bytes()));
            prop_assert_eq!(found, [line.trim_end()]);
            prop_assert!(!end.unwrap());
        }

        #[test]
        fn bytes_of_anybody_are_read_or_refused_at_a_place_inside_them(
            lines in proptest::collection::vec(
                proptest::string::bytes_regex("([a-z.]{0,3} ?|[0-9-]{0,3} ){0,8}\\n?|(?s-u:.{0,9})").unwrap(),
                0..6,
            ),
        ) {
            let bytes = with_head(&lines.concat());
            if let (_, Err(error)) = all(&bytes) {
                let ShapesError::Line { line, offset, .. } = error else { panic!("{error}") };
                prop_assert!(usize::try_from(offset).unwrap() < bytes.len());
                let before = &bytes[..usize::try_from(offset).unwrap()];
                let lines = before.split(|it| *it == b'\n').count();
                prop_assert_eq!(u64::try_from(lines).unwrap(), line);
            }
        }
    }
}
