//! The `Date` field (RFC 9110, section 5.6.7), written once a second.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

const DAY_S: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The current second, as a field's value.
#[derive(Debug)]
pub(crate) struct Date {
    value: HeaderValue,
    second: u64,
    /// When the clock was last looked at.
    looked: Instant,
}

impl Date {
    pub(crate) fn new(now: Instant) -> Self {
        let second = second();
        Self { value: text(second), second, looked: now }
    }

    /// The value at `now`, at most a tenth of a second behind.
    pub(crate) fn value(&mut self, now: Instant) -> &HeaderValue {
        if 100 <= now.saturating_duration_since(self.looked).as_millis() {
            self.looked = now;
            let second = second();
            if second != self.second {
                (self.value, self.second) = (text(second), second);
            }
        }
        &self.value
    }
}

fn second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

fn text(second: u64) -> HeaderValue {
    let (days, rest) = (second / DAY_S, second % DAY_S);
    let (year, month, day) = civil(days);
    let weekday = WEEKDAYS[usize::try_from(days % 7).expect("less than seven")];
    let month = MONTHS[usize::try_from(month - 1).expect("less than twelve")];
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let text =
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    HeaderValue::try_from(text).expect("letters, digits and punctuation")
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted in years that begin in March, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let (year, month) = (era * 400 + year, if month < 10 { month + 3 } else { month - 9 });
    (year + u64::from(month <= 2), month, day - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        // The second row is the example of RFC 9110, section 5.6.7.
        let rows = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ];
        for (second, expected) in rows {
            assert_eq!(text(second), expected);
        }
    }
}
