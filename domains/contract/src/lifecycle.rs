//! Lifecycles: the legal moves of a record's state, as data.

/// Declares the legal moves between the states of an enum; every other move is a refusal.
///
/// ```
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// enum Status { Draft, Active, Archived }
/// contract::lifecycle! {
///     Status {
///         activate: Draft => Active;
///         archive: Draft | Active => Archived;
///     }
/// }
/// assert_eq!(Status::Draft.activate(), Some(Status::Active));
/// assert_eq!(Status::Archived.activate(), None);
/// assert_eq!(Status::MOVES.len(), 3);
/// ```
#[macro_export]
macro_rules! lifecycle {
    ($state:ident { $($event:ident: $($from:ident)|+ => $to:ident;)* }) => {
        impl $state {
            $(
                /// The state after this move, or `None` when it is not legal from here.
                pub fn $event(self) -> Option<Self> {
                    match self { $(Self::$from)|+ => Some(Self::$to), _ => None }
                }
            )*
            /// Every legal move as `(move, from, to)`, for tests and documents.
            pub const MOVES: &'static [(&'static str, &'static str, &'static str)] =
                &[$($((stringify!($event), stringify!($from), stringify!($to)),)+)*];
        }
    };
}
