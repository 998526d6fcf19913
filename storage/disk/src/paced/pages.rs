//! Bytes on their way into a file, in its order.

use std::collections::BTreeMap;
use std::io::IoSlice;

/// Pieces of a file by their offsets. No two overlap.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pieces: BTreeMap<u64, Box<[u8]>>,
    bytes: usize,
}

fn end_of(offset: u64, bytes: usize) -> u64 {
    offset + bytes as u64
}

impl Pages {
    /// Takes a piece in, over what was there before. Returns how many bytes there are now.
    pub(super) fn put(&mut self, bytes: &[u8], offset: u64) -> usize {
        match self.pieces.get_mut(&offset) {
            // A page once more.
            Some(piece) if piece.len() == bytes.len() => piece.copy_from_slice(bytes),
            _ => {
                self.clear(offset, bytes.len());
                self.insert(offset, bytes.into());
            }
        }
        self.bytes
    }

    /// Fills `into` from the piece that has all of it, if there is one.
    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> bool {
        let found = self.pieces.range(..=offset).next_back().and_then(|(start, piece)| {
            let rest = piece.get(usize::try_from(offset - start).ok()?..)?;
            rest.get(..into.len())
        });
        found.map(|bytes| into.copy_from_slice(bytes)).is_some()
    }

    /// Whether there is any of those bytes.
    pub(super) fn overlap(&self, offset: u64, bytes: usize) -> bool {
        self.last_overlapping(offset, bytes).is_some()
    }

    /// Where the last piece ends; 0 when there is none.
    pub(super) fn end(&self) -> u64 {
        self.pieces.last_key_value().map_or(0, |(offset, piece)| end_of(*offset, piece.len()))
    }

    /// The first pieces from `from` on that follow each other without a gap, `bytes_max` together or
    /// one alone. Returns where they begin and how long they are; none when there is no piece.
    pub(super) fn run<'p>(
        &'p self,
        from: u64,
        bytes_max: usize,
        run: &mut Vec<IoSlice<'p>>,
    ) -> Option<(u64, usize)> {
        let mut pieces = self.pieces.range(from..).peekable();
        let begin = *pieces.peek()?.0;
        let mut bytes = 0;
        while let Some((_, piece)) = pieces.next_if(|(offset, piece)| {
            let follows = **offset == end_of(begin, bytes);
            follows && (bytes == 0 || bytes + piece.len() <= bytes_max)
        }) {
            run.push(IoSlice::new(piece));
            bytes += piece.len();
        }
        Some((begin, bytes))
    }

    fn last_overlapping(&self, offset: u64, bytes: usize) -> Option<u64> {
        let (start, piece) = self.pieces.range(..end_of(offset, bytes)).next_back()?;
        (offset < end_of(*start, piece.len())).then_some(*start)
    }

    /// Leaves nothing of those bytes.
    fn clear(&mut self, offset: u64, bytes: usize) {
        let end = end_of(offset, bytes);
        while let Some(start) = self.last_overlapping(offset, bytes) {
            let piece = self.pieces.remove(&start).expect("it was found");
            self.bytes -= piece.len();
            let cut =
                |at: u64| usize::try_from(at - start).map_or(piece.len(), |at| at.min(piece.len()));
            if start < offset {
                self.insert(start, piece[..cut(offset)].into());
            }
            if cut(end) < piece.len() {
                self.insert(end, piece[cut(end)..].into());
            }
        }
    }

    fn insert(&mut self, offset: u64, piece: Box<[u8]>) {
        if !piece.is_empty() {
            self.bytes += piece.len();
            self.pieces.insert(offset, piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to lay one short piece over two others gives what a plain array of bytes gives.
    #[test]
    fn the_last_piece_counts_wherever_it_lies() {
        for first in 0..8 {
            for begin in 0..12_usize {
                for end in begin + 1..14 {
                    let mut pages = Pages::default();
                    let mut plain = [0_u8; 14];
                    for (value, from, to) in [(1, first, first + 3), (2, 11, 13), (3, begin, end)] {
                        plain[from..to].fill(value);
                        pages.put(&plain[from..to], from as u64);
                    }
                    let mut found = [0_u8; 14];
                    let (mut from, mut bytes, mut slices) = (0, 0, Vec::new());
                    while let Some((offset, length)) = pages.run(from, 4, &mut slices) {
                        let run: Vec<u8> = slices.drain(..).flat_map(|it| it.to_vec()).collect();
                        assert_eq!(run.len(), length);
                        let at = usize::try_from(offset).unwrap();
                        assert!(found[at..at + run.len()].iter().all(|byte| *byte == 0));
                        found[at..at + run.len()].copy_from_slice(&run);
                        from = end_of(offset, run.len());
                        bytes += run.len();
                    }
                    assert_eq!(found, plain);
                    assert_eq!(bytes, pages.bytes);
                    let last = plain.iter().rposition(|byte| *byte != 0).unwrap() + 1;
                    assert_eq!(pages.end(), last as u64);
                }
            }
        }
    }

    #[test]
    fn only_a_whole_piece_is_read() {
        let mut pages = Pages::default();
        pages.put(b"abc", 10);
        pages.put(b"def", 13);
        let read = |offset, bytes| {
            let mut into = vec![0; bytes];
            pages.read(&mut into, offset).then_some(into)
        };
        assert_eq!(read(10, 3), Some(b"abc".to_vec()));
        assert_eq!(read(14, 2), Some(b"ef".to_vec()));
        assert_eq!((read(9, 2), read(12, 2), read(15, 2), read(16, 1)), (None, None, None, None));
        let overlap = |offset, bytes| pages.overlap(offset, bytes);
        assert!(overlap(9, 2) && overlap(12, 2) && overlap(15, 9) && overlap(0, 100));
        assert!(!overlap(0, 10) && !overlap(16, 5));
    }

    #[test]
    fn runs_end_at_gaps_and_at_their_limit() {
        let mut pages = Pages::default();
        for offset in [0, 4, 8, 20, 24] {
            pages.put(b"page", offset);
        }
        pages.put(b"a longer page", 40);
        let next = |from| pages.run(from, 8, &mut Vec::new());
        assert_eq!(next(0), Some((0, 8)));
        assert_eq!(next(8), Some((8, 4)));
        assert_eq!(next(12), Some((20, 8)));
        assert_eq!(next(28), Some((40, 13)));
        assert_eq!(next(53), None);
    }
}
