//! Messages: what requests, replies and their parts have in common, said once.

/// Declares types that stand on the wire, in the log or in a table, and in JSON. Each gets its
/// archive, its JSON form and its schema; docs and further attributes pass through.
///
/// - a `struct` refuses JSON fields that it does not have, so that a caller's typing error is told;
/// - an `open struct` ignores them: a reply that may grow, or one with a form of its own;
/// - an `enum` is a set of names, and `Copy`.
///
/// The crate that uses it depends on `rkyv`, `serde` and `schemars`: derived code names them.
///
/// ```
/// contract::message! {
///     /// Puts tea on the shelf.
///     pub struct PutTea {
///         /// In grams.
///         #[serde(default)]
///         pub mass: u32,
///         /// Which.
///         pub leaf: Leaf,
///     }
///
///     /// A kind of tea.
///     #[serde(rename_all = "lowercase")]
///     pub enum Leaf {
///         /// Fermented.
///         Black,
///         /// Not.
///         Green,
///     }
///
///     /// What stands there now.
///     pub open struct TeaPut {
///         /// In grams.
///         pub mass: u32,
///     }
/// }
///
/// let read = serde_json::from_str::<PutTea>;
/// assert_eq!(read(r#"{"leaf":"black"}"#).ok(), Some(PutTea { mass: 0, leaf: Leaf::Black }));
/// assert!(read(r#"{"leaf":"black","sugar":2}"#).is_err());
/// assert!(serde_json::from_str::<TeaPut>(r#"{"mass":5,"sugar":2}"#).is_ok());
/// ```
#[macro_export]
macro_rules! message {
    () => {};
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        $crate::message! {
            #[serde(deny_unknown_fields)]
            $(#[$meta])*
            $vis open struct $name { $($fields)* }
        }
        $crate::message! { $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis open struct $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[derive(::rkyv::Archive, ::rkyv::Serialize, ::rkyv::Deserialize)]
        #[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $(#[$meta])*
        $vis struct $name { $($fields)* }
        $crate::message! { $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variants:tt)* } $($rest:tt)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[derive(::rkyv::Archive, ::rkyv::Serialize, ::rkyv::Deserialize)]
        #[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $(#[$meta])*
        $vis enum $name { $($variants)* }
        $crate::message! { $($rest)* }
    };
}
