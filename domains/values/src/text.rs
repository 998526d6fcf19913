//! A short piece of text on the stack.

use std::fmt;
use std::ops::Deref;

/// Up to `N` bytes of ASCII, built without allocation; what a value prints into.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

const DIGIT_PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

impl<const N: usize> Text<N> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// The text so far.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("only ASCII is pushed")
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        debug_assert!(byte.is_ascii());
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// Two digits, `value` below 100.
    #[inline]
    pub(crate) fn push_pair(&mut self, value: u64) {
        let at = usize::try_from(value * 2).expect("below 200");
        self.push(DIGIT_PAIRS[at]);
        self.push(DIGIT_PAIRS[at + 1]);
    }

    #[inline]
    pub(crate) fn push_number(&mut self, mut value: u64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(value % 10).expect("one digit");
            value /= 10;
            if value == 0 {
                break;
            }
        }
        for digit in &digits[at..] {
            self.push(*digit);
        }
    }

    /// `value` units of `10^-places`, printed as a decimal with exactly `places` digits.
    #[inline]
    pub(crate) fn push_decimal(&mut self, value: i64, places: u8) {
        if value < 0 {
            self.push(b'-');
        }
        let magnitude = value.unsigned_abs();
        let scale = 10u64.pow(u32::from(places));
        self.push_number(magnitude / scale);
        if places == 0 {
            return;
        }
        self.push(b'.');
        let fraction = magnitude % scale;
        if places == 2 {
            self.push_pair(fraction);
            return;
        }
        let mut unit = scale / 10;
        while 0 < unit {
            self.push(b'0' + u8::try_from(fraction / unit % 10).expect("one digit"));
            unit /= 10;
        }
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Gives a value its text form in every direction: `Display`, `FromStr`, serde and JSON schema.
/// Deserialising borrows the text, so nothing is allocated.
macro_rules! textual {
    ($type:ident, $error:ty, $pattern:expr, $description:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.text().as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text().as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                struct Reader;
                impl serde::de::Visitor<'_> for Reader {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($description)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Reader)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}
pub(crate) use textual;

/// Reads `count` digits at `at`; `None` when a byte is missing or not a digit.
#[inline]
pub(crate) fn digits(text: &[u8], at: usize, count: usize) -> Option<u32> {
    let mut value = 0;
    for byte in text.get(at..at + count)? {
        let digit = byte.wrapping_sub(b'0');
        if 9 < digit {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    Some(value)
}
