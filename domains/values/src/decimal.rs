//! Decimal text to a scaled integer.

/// Why a text is not a decimal number of the expected precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// There is no text.
    #[error("is empty, expected a decimal number")]
    Empty,
    /// Something other than digits, one point and a leading minus.
    #[error("has an unexpected character at position {position}, expected digits and one point")]
    Character {
        /// Zero-based position of the character.
        position: usize,
    },
    /// More digits after the point than the unit has.
    #[error("has more than {places} digits after the point")]
    TooPrecise {
        /// How many the unit has.
        places: u8,
    },
    /// The number does not fit.
    #[error("is too large")]
    TooLarge,
}

/// Parses `text` into units of `10^-places`.
#[inline]
pub(crate) fn parse(text: &str, places: u8) -> Result<i64, DecimalError> {
    let bytes = text.as_bytes();
    let (negative, first) = match bytes {
        [] => return Err(DecimalError::Empty),
        [b'-', ..] => (true, 1),
        _ => (false, 0),
    };
    let mut value: i64 = 0;
    let mut point: Option<usize> = None;
    for (position, byte) in bytes.iter().enumerate().skip(first) {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value
                .checked_mul(10)
                .and_then(|it| it.checked_add(i64::from(digit)))
                .ok_or(DecimalError::TooLarge)?;
        } else if *byte == b'.' && point.is_none() && first < position {
            point = Some(position);
        } else {
            return Err(DecimalError::Character { position });
        }
    }
    let fraction = point.map_or(0, |at| bytes.len() - at - 1);
    if bytes.len() == first || (point.is_some() && fraction == 0) {
        return Err(DecimalError::Character { position: bytes.len() });
    }
    let Some(missing) = usize::from(places).checked_sub(fraction) else {
        return Err(DecimalError::TooPrecise { places });
    };
    for _ in 0..missing {
        value = value.checked_mul(10).ok_or(DecimalError::TooLarge)?;
    }
    Ok(if negative { -value } else { value })
}
