//! Whose request a request belongs to (W3C Trace Context, the header `traceparent`).

/// Length of a `traceparent` of the version that is written here.
pub const TRACEPARENT_BYTES: usize = 55;

/// Flag: the caller may have recorded its span.
const SAMPLED: u8 = 0x01;
/// Flag of level 2: the low 56 bits of the trace id are random.
const RANDOM: u8 = 0x02;
/// Flags that mean something; all others are written as 0 (level 2, 3.2.2.5).
const KNOWN: u8 = SAMPLED | RANDOM;

/// One request's place in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    /// 0 for none.
    parent_id: u64,
    flags: u8,
}

impl TraceContext {
    /// A trace that begins here. Neither id may be 0.
    pub(crate) const fn root(trace_id: u128, span_id: u64, is_sampled: bool) -> Self {
        let flags = if is_sampled { SAMPLED | RANDOM } else { RANDOM };
        Self { trace_id, span_id, parent_id: 0, flags }
    }

    /// The caller's context, of all values of the header `traceparent`: there must be exactly one, and
    /// it must be valid (see [`TraceContext::parse`]).
    pub fn from_headers<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Option<Self> {
        let mut values = values.into_iter();
        let value = values.next()?;
        if values.next().is_some() { None } else { Self::parse(value) }
    }

    /// Reads a `traceparent` (level 2, 3.2). `None` for every value that has to be ignored: another
    /// length, a digit that is not lower-case hexadecimal, an id of zeroes, the version `ff`. A
    /// version above 00 may go on after the flags.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let (fixed, rest) = value.split_at_checked(TRACEPARENT_BYTES)?;
        let dashes = [2, 35, 52].iter().all(|at| fixed[*at] == b'-');
        let version = hex(&fixed[..2])?;
        let goes_on = rest.first().is_some_and(|it| version != 0 && *it == b'-');
        if !dashes || version == 0xff || !(rest.is_empty() || goes_on) {
            return None;
        }
        let trace_id = hex(&fixed[3..35])?;
        let span_id = u64::try_from(hex(&fixed[36..52])?).ok()?;
        let flags = u8::try_from(hex(&fixed[53..])?).ok()? & KNOWN;
        let is_valid = trace_id != 0 && span_id != 0;
        is_valid.then_some(Self { trace_id, span_id, parent_id: 0, flags })
    }

    /// What happens below this span, under an id of its own.
    #[must_use]
    pub const fn child(&self, span_id: u64) -> Self {
        Self { span_id, parent_id: self.span_id, ..*self }
    }

    /// The whole trace's id, never 0.
    pub const fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The request's own id, never 0.
    pub const fn span_id(&self) -> u64 {
        self.span_id
    }

    /// The caller's span; `None` where the trace begins.
    pub fn parent_id(&self) -> Option<u64> {
        (self.parent_id != 0).then_some(self.parent_id)
    }

    /// The flags, as far as they mean something.
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the trace is recorded.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The header's value, version 00.
    pub fn header_value(&self) -> [u8; TRACEPARENT_BYTES] {
        let mut value = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&self.trace_id.to_be_bytes(), &mut value[3..35]);
        write_hex(&self.span_id.to_be_bytes(), &mut value[36..52]);
        write_hex(&[self.flags], &mut value[53..]);
        value
    }
}

/// At most 32 lower-case digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number: u128, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

/// Two digits for each byte.
pub(crate) fn write_hex(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const NUMBER: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

    #[test]
    fn what_is_valid_is_read_and_all_else_ignored() {
        let zeroes = "0".repeat(32);
        for (value, flags) in [
            (format!("00-{TRACE}-00f067aa0ba902b7-01"), Some(1)),
            (format!("00-{TRACE}-00f067aa0ba902b7-00"), Some(0)),
            (format!("00-{TRACE}-00f067aa0ba902b7-ff"), Some(3)),
            (format!(" 00-{TRACE}-00f067aa0ba902b7-01\t"), Some(1)),
            (format!("01-{TRACE}-00f067aa0ba902b7-01"), Some(1)),
            (format!("cc-{TRACE}-00f067aa0ba902b7-01-what-the-future"), Some(1)),
            (format!("cc-{TRACE}-00f067aa0ba902b7-01-"), Some(1)),
            (format!("cc-{TRACE}-00f067aa0ba902b7-01.what"), None),
            (format!("00-{TRACE}-00f067aa0ba902b7-01-"), None),
            (format!("00-{TRACE}-00f067aa0ba902b7-01-more"), None),
            (format!("ff-{TRACE}-00f067aa0ba902b7-01"), None),
            (format!("0-{TRACE}-00f067aa0ba902b7-01"), None),
            (format!("0g-{TRACE}-00f067aa0ba902b7-01"), None),
            (format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-00F067aa0ba902b7-01"), None),
            (format!("00-{TRACE}-00f067aa0ba902b7-0A"), None),
            (format!("00-{zeroes}-00f067aa0ba902b7-01"), None),
            (format!("00-{TRACE}-0000000000000000-01"), None),
            (format!("00-{TRACE}-00f067aa0ba902b7-1"), None),
            (format!("00-{TRACE}-00f067aa-01"), None),
            (format!("00_{TRACE}-00f067aa0ba902b7-01"), None),
            (format!("00-{TRACE}_00f067aa0ba902b7-01"), None),
            (format!("00-{TRACE}-00f067aa0ba902b7_01"), None),
            (String::new(), None),
            ("garbage".to_owned(), None),
        ] {
            let found = TraceContext::parse(value.as_bytes());
            assert_eq!(found.map(|it| it.flags()), flags, "{value}");
            if let Some(found) = found {
                assert_eq!((found.trace_id(), found.span_id()), (NUMBER, 0xf0_67aa_0ba9_02b7));
                assert_eq!(found.parent_id(), None);
            }
        }
    }

    #[test]
    fn two_headers_are_none() {
        let value = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let value = value.as_bytes();
        assert!(TraceContext::from_headers([value]).is_some());
        assert!(TraceContext::from_headers([value, value]).is_none());
        assert!(TraceContext::from_headers([]).is_none());
    }

    #[test]
    fn a_child_stays_in_the_trace() {
        let value = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let child = TraceContext::parse(value.as_bytes()).unwrap().child(0xab);
        assert_eq!(child.parent_id(), Some(0xf0_67aa_0ba9_02b7));
        assert_eq!(child.header_value(), format!("00-{TRACE}-00000000000000ab-01").as_bytes());
        let root = TraceContext::root(NUMBER, 1, false);
        assert_eq!(root.header_value(), format!("00-{TRACE}-0000000000000001-02").as_bytes());
    }

    proptest! {
        #[test]
        fn whatever_comes_it_is_ignored_or_says_the_same_again(value: Vec<u8>) {
            if let Some(found) = TraceContext::parse(&value) {
                prop_assert_eq!(TraceContext::parse(&found.header_value()), Some(found));
            }
        }

        #[test]
        fn what_is_written_is_read(trace in 1_u128.., span in 1_u64.., sampled in any::<bool>()) {
            let root = TraceContext::root(trace, span, sampled);
            prop_assert_eq!(TraceContext::parse(&root.header_value()), Some(root));
        }

        #[test]
        fn one_wrong_byte_is_never_taken_for_another_trace(at in 0_usize..55, byte: u8) {
            let right = TraceContext::root(NUMBER, 7, true);
            let mut value = right.header_value();
            value[at] = byte;
            if let Some(found) = TraceContext::parse(&value) {
                prop_assert_eq!(&found.header_value()[3..53], &value[3..53]);
            }
        }
    }
}
