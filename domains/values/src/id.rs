//! Typed identifiers.

/// How many low bits of an id are its slot.
pub const SLOT_BITS: u32 = 12;
/// How many slots there are; every key belongs to one, and a slot to one core.
pub const SLOTS_COUNT: u16 = 1 << SLOT_BITS;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a plain decimal number without leading zeroes.
    #[error("is not an id, expected a decimal number")]
    Form,
}

/// Parses what [`print_u64`] prints: no sign, no leading zero.
#[doc(hidden)]
pub fn parse_u64(text: &str) -> Result<u64, IdError> {
    let bytes = text.as_bytes();
    if !bytes.iter().all(u8::is_ascii_digit) || (1 < bytes.len() && bytes[0] == b'0') {
        return Err(IdError::Form);
    }
    text.parse().map_err(|_| IdError::Form)
}

/// The decimal text of an id.
#[doc(hidden)]
#[must_use]
pub fn print_u64(value: u64) -> crate::Text<20> {
    let mut text = crate::Text::new();
    text.push_number(value);
    text
}

/// Declares id types: `id! { /// A quote that was accepted. QuoteId }`.
///
/// An id is a `u64` whose low [`SLOT_BITS`](crate::SLOT_BITS) bits are the slot it lives in, so
/// it routes itself. In JSON it is a string, because a JSON number loses digits past 2^53.
#[macro_export]
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::private::rkyv::Archive,
            $crate::private::rkyv::Serialize,
            $crate::private::rkyv::Deserialize,
        )]
        #[rkyv(crate = $crate::private::rkyv, derive(Debug, Clone, Copy, PartialEq, Eq))]
        pub struct $name(u64);

        impl $name {
            /// From its number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Its number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The slot it lives in, from its low bits.
            #[must_use]
            pub const fn slot(self) -> u16 {
                // The mask leaves twelve bits.
                #[allow(clippy::cast_possible_truncation, reason = "masked to twelve bits")]
                let slot = (self.0 & ($crate::SLOTS_COUNT as u64 - 1)) as u16;
                slot
            }

            /// Parses its decimal text.
            pub fn parse(text: &str) -> Result<Self, $crate::IdError> {
                $crate::private::parse_u64(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::private::print_u64(self.0))
            }
        }

        impl $crate::private::serde::Serialize for $name {
            fn serialize<S: $crate::private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$crate::private::print_u64(self.0))
            }
        }

        impl<'de> $crate::private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                struct Reader;
                impl $crate::private::serde::de::Visitor<'_> for Reader {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an id such as \"4097\"")
                    }
                    fn visit_str<E: $crate::private::serde::de::Error>(
                        self,
                        text: &str,
                    ) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Reader)
            }
        }

        impl $crate::private::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(
                _: &mut $crate::private::schemars::SchemaGenerator,
            ) -> $crate::private::schemars::Schema {
                $crate::private::schemars::json_schema!({
                    "type": "string",
                    "pattern": r"^(0|[1-9]\d{0,19})$",
                    "description": "an id; its low twelve bits are the slot it lives in",
                })
            }
        }
    )+};
}
