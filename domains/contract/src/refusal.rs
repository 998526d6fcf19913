//! Business refusals: a closed, numbered set for each domain, part of the wire contract.

use std::borrow::Cow;

/// What kind of answer a refusal is; the gateway maps it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalClass {
    /// The request contradicts itself or a rule; sending it again cannot help (HTTP 422).
    Invalid,
    /// Nothing has that name (HTTP 404).
    Missing,
    /// The state of the record does not allow it now (HTTP 409).
    Conflict,
    /// The caller may not do it (HTTP 403).
    Forbidden,
}

/// One refusal on its way to the caller: which, where in the request, and why in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The domain's number for it, never reused.
    pub code: u16,
    /// The domain's name for it, such as `AwardUnknown`.
    pub name: &'static str,
    /// What kind of answer it is.
    pub class: RefusalClass,
    /// The field at fault, as a path from the request's root such as `shifts[3].end`; empty when no
    /// single field is.
    pub field: Cow<'static, str>,
    /// One sentence for a person.
    pub detail: Cow<'static, str>,
}

impl Denial {
    /// The same denial, naming the field at fault.
    #[must_use]
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = field.into();
        self
    }

    /// The same denial, with a sentence that names the values in question.
    #[must_use]
    pub fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// Declares a domain's refusals: name, number, class; the doc comment is the default detail.
///
/// ```
/// contract::refusals! {
///     /// No award has that code.
///     AwardUnknown = 1 Missing,
///     /// A shift ends before it starts.
///     ShiftBackwards = 2 Invalid,
/// }
/// let denial = Refusal::ShiftBackwards.at("shifts[0].end");
/// assert_eq!((denial.code, denial.field.as_ref()), (2, "shifts[0].end"));
/// assert_eq!(denial.detail, "A shift ends before it starts.");
/// ```
#[macro_export]
macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $class:ident),+ $(,)?) => {
        /// Why this domain says no. Numbers are part of the wire contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Refusal { $($(#[doc = $doc])+ $name = $code),+ }

        impl Refusal {
            /// Every refusal, for documents and coverage tests.
            pub const SHAPES: &'static [$crate::RefusalShape] = &[$($crate::RefusalShape {
                code: $code,
                name: stringify!($name),
                class: $crate::RefusalClass::$class,
                detail: concat!($($doc),+).trim_ascii(),
            }),+];

            /// The refusal as an answer, without a field.
            pub fn deny(self) -> $crate::Denial {
                let shape = Self::SHAPES
                    .iter()
                    .find(|shape| shape.code == self as u16)
                    .expect("every refusal has a shape");
                $crate::Denial {
                    code: shape.code,
                    name: shape.name,
                    class: shape.class,
                    field: "".into(),
                    detail: shape.detail.into(),
                }
            }

            /// The refusal as an answer, naming the field at fault.
            pub fn at(
                self,
                field: impl Into<::std::borrow::Cow<'static, str>>,
            ) -> $crate::Denial {
                self.deny().at(field)
            }
        }

        impl From<Refusal> for $crate::Denial {
            fn from(it: Refusal) -> Self { it.deny() }
        }
    };
}
