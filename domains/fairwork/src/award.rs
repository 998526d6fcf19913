//! Award codes and numbers: `MA000004` is award 4.
//!
//! The pay database has a fixed id for each award besides. Up to 153 it is the code's number; from
//! there on it is not: MA000155 has the id 154.

/// The highest number of an award.
pub const AWARD_NUMBER_MAX: u32 = 999_999;

/// The code of an award's number.
#[must_use]
pub fn award_code(number: u32) -> String {
    format!("MA{number:06}")
}

/// Whether the text is a code, and not a bare number.
#[must_use]
pub fn is_award_code(text: &str) -> bool {
    !text.trim().bytes().all(|it| it.is_ascii_digit())
}

/// Below this, an award's number and its fixed id are the same.
const NUMBER_MAX_SAME: u32 = 150;

/// Which awards live together: each on its own, and all those whose number is not their fixed id on
/// one core, so that either leads there.
#[must_use]
pub(crate) const fn award_family(number_or_id: u32) -> u32 {
    if number_or_id < NUMBER_MAX_SAME { number_or_id } else { NUMBER_MAX_SAME }
}

/// The number that a code or a number names: `MA000004`, `ma000004` and `4` are 4.
#[must_use]
pub fn award_number(text: &str) -> Option<u32> {
    let text = text.trim();
    let is_code = text.len() == 8 && text.is_char_boundary(2);
    let digits = match text.split_at_checked(2) {
        Some((letters, digits)) if is_code && letters.eq_ignore_ascii_case("MA") => digits,
        _ => text,
    };
    if digits.is_empty() || 6 < digits.len() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|it| *it != 0)
}
