//! The values every domain speaks in: money, percentages, hours, dates, clock times and ids.
//!
//! Each is one integer with a unit, so arithmetic is exact and a record stays small. Each has
//! one text form, which is also its JSON form, parsed and printed without allocation because it
//! lies on the path of every HTTP request.
//!
//! Invariants:
//! - no value holds or passes through a float;
//! - `parse` accepts exactly what `Display` prints (and, for decimals, fewer digits);
//! - rounding happens in [`half_up_div`] and nowhere else.

mod clock;
mod currency;
mod date;
mod decimal;
mod hours;
mod id;
mod money;
mod percent;
mod round;
mod text;

pub use clock::{ArchivedLocalTime, ArchivedMoment, ArchivedTimeOfDay};
pub use clock::{ClockError, LocalTime, Moment, TimeOfDay};
pub use currency::{ArchivedCurrency, Currency, CurrencyError};
pub use date::{ArchivedDate, Date, DateError, Weekday};
pub use decimal::DecimalError;
pub use hours::{ArchivedHours, Hours, HoursError};
pub use id::{IdError, SLOT_BITS, SLOTS_COUNT};
pub use money::{Amount, ArchivedAmount, ArchivedMoney, Money};
pub use percent::{ArchivedPercent, Percent};
pub use round::half_up_div;
pub use text::Text;

/// What the `id!` macro expands to; not for direct use.
#[doc(hidden)]
pub mod private {
    pub use crate::id::{parse_u64, print_u64};
    pub use {rkyv, schemars, serde};
}
