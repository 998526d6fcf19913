//! The one rounding rule.

/// Divides `numerator` by `denominator` and rounds to the nearest integer, a half going away
/// from zero ("0.5 cents upwards", GST Act s.9-90; the Fair Work Commission's published penalty
/// dollars follow the same rule).
///
/// `denominator` must be positive.
///
/// ```
/// assert_eq!(values::half_up_div(5, 2), 3);
/// assert_eq!(values::half_up_div(-5, 2), -3);
/// assert_eq!(values::half_up_div(4, 3), 1);
/// ```
#[inline]
#[must_use]
pub const fn half_up_div(numerator: i64, denominator: i64) -> i64 {
    debug_assert!(0 < denominator);
    let quotient = numerator / denominator;
    let remainder = numerator % denominator;
    // Comparing against the complement cannot overflow, doubling the remainder could.
    if remainder.unsigned_abs() >= denominator.unsigned_abs() - remainder.unsigned_abs() {
        quotient + numerator.signum()
    } else {
        quotient
    }
}
