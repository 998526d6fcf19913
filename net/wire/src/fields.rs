//! Reads fixed-width fields one after the other and knows where it is.

/// A read position in a byte string. Every read past the end is `None` and moves nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Fields<'a> {
    /// Starts at `offset` of `bytes`, or at its end when that is nearer.
    pub(crate) fn at(bytes: &'a [u8], offset: usize) -> Self {
        let offset = offset.min(bytes.len());
        Self { rest: &bytes[offset..], offset }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        self.offset += N;
        Some(*field)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        self.offset += count;
        Some(field)
    }

    /// Bytes read so far, counted from the start of the whole string.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The longest prefix of `text` that has at most `bytes_max` bytes and ends between characters.
pub(crate) fn clipped(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_past_the_end_moves_nothing() {
        let mut fields = Fields::at(&[1, 2, 3], 0);
        assert_eq!(fields.u32(), None);
        assert_eq!(fields.u16(), Some(0x0201));
        assert_eq!(fields.bytes(2), None);
        assert_eq!(fields.offset(), 2);
        assert_eq!(fields.u8(), Some(3));
        assert_eq!(fields.rest(), &[] as &[u8]);
    }

    #[test]
    fn text_is_clipped_between_characters() {
        for (text, bytes_max, expected) in
            [("abc", 5, "abc"), ("abc", 2, "ab"), ("aéb", 2, "a"), ("aéb", 3, "aé"), ("é", 0, "")]
        {
            assert_eq!(clipped(text, bytes_max), expected);
        }
    }
}
