//! The text forms, at their edges and under random input, and the rounding rule against rationals.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use values::{
    Amount, ClockError, Currency, CurrencyError, Date, DateError, DecimalError, Hours, HoursError,
    LocalTime, Moment, Money, Percent, TimeOfDay, Weekday, half_up_div,
};

values::id! {
    /// An id for these tests.
    SampleId
}

#[test]
fn money_reads_and_prints() {
    use DecimalError::{Character, Empty, TooLarge, TooPrecise};
    for (text, expected) in [
        ("26.55", Ok(2655)),
        ("26.5", Ok(2650)),
        ("26", Ok(2600)),
        ("0.00", Ok(0)),
        ("-0.05", Ok(-5)),
        ("92233720368547758.07", Ok(i64::MAX)),
        ("92233720368547758.08", Err(TooLarge)),
        ("", Err(Empty)),
        ("-", Err(Character { position: 1 })),
        (".5", Err(Character { position: 0 })),
        ("-.5", Err(Character { position: 1 })),
        ("5.", Err(Character { position: 2 })),
        ("1.2.3", Err(Character { position: 3 })),
        ("+1", Err(Character { position: 0 })),
        ("1e3", Err(Character { position: 1 })),
        (" 1", Err(Character { position: 0 })),
        ("26.555", Err(TooPrecise { places: 2 })),
    ] {
        assert_eq!(Money::parse(text).map(Money::cents), expected, "{text:?}");
    }
    assert_eq!(Money::from_cents(-5).to_string(), "-0.05");
    assert_eq!(format!("{:>8}|", Money::from_cents(2655)), "   26.55|");
}

#[test]
fn amounts_follow_their_currency() {
    for (text, code, minor) in [("1000", "JPY", 1000), ("1.234", "BHD", 1234), ("2.00", "AUD", 200)]
    {
        let currency = Currency::parse(code).unwrap();
        let amount = Amount::parse(text, currency).unwrap();
        assert_eq!(amount.money.cents(), minor);
        assert_eq!(amount.text().as_str(), text);
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, format!(r#"{{"amount":"{text}","currency":"{code}"}}"#));
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
    }
    assert_eq!(Currency::parse("AUD"), Ok(Currency::AUD));
    for unknown in ["", "AU", "aud", "XXX", "D A", "ED ", "AUDX"] {
        assert_eq!(Currency::parse(unknown), Err(CurrencyError::Unknown), "{unknown:?}");
    }
}

#[test]
fn hours_are_exact_minutes() {
    for (text, minutes, printed) in [
        ("5.00", 300, "5.00"),
        ("7.6", 456, "7.60"),
        ("0.25", 15, "0.25"),
        ("0.3333", 20, "0.3333"),
        ("0.0167", 1, "0.0167"),
        ("38", 2280, "38.00"),
    ] {
        let hours = Hours::parse(text).unwrap();
        assert_eq!((hours.minutes(), hours.to_string().as_str()), (minutes, printed));
    }
    assert_eq!(Hours::parse("0.33"), Err(HoursError::NotMinutes));
    assert_eq!(Hours::parse("0.3334"), Err(HoursError::NotMinutes));
    assert_eq!(Hours::parse("-1"), Err(HoursError::Negative));
}

#[test]
fn dates_at_their_edges() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-02-29", 11_016),
        ("2025-07-07", 20_276),
        ("0000-01-01", -719_528),
        ("9999-12-31", 2_932_896),
    ] {
        let date = Date::parse(text).unwrap();
        assert_eq!((date.days(), date.to_string().as_str()), (days, text));
    }
    for (text, expected) in [
        ("2025-02-29", DateError::Day { day: 29, last: 28 }),
        ("1900-02-29", DateError::Day { day: 29, last: 28 }),
        ("2025-00-01", DateError::Month { month: 0 }),
        ("2025-13-01", DateError::Month { month: 13 }),
        ("2025-04-31", DateError::Day { day: 31, last: 30 }),
        ("2025-04-00", DateError::Day { day: 0, last: 30 }),
        ("2025-4-01", DateError::Form),
        ("2025/04/01", DateError::Form),
        ("2025-04-01 ", DateError::Form),
        ("+025-04-01", DateError::Form),
    ] {
        assert_eq!(Date::parse(text), Err(expected), "{text:?}");
    }
    assert_eq!(Date::from_days(i32::MAX).to_string(), "9999-12-31");
    assert_eq!(Date::from_days(i32::MIN).to_string(), "0000-01-01");
    assert_eq!(LocalTime::from_minutes(i32::MIN).to_string(), "0000-01-01T21:52");
    assert_eq!(Date::parse("2025-07-07").unwrap().weekday(), Weekday::Monday);
    assert_eq!(Date::parse("1969-12-28").unwrap().weekday(), Weekday::Sunday);
}

#[test]
fn clock_times_at_their_edges() {
    let local = LocalTime::parse("2025-07-13T10:00").unwrap();
    assert_eq!(local.minute_of_day(), 600);
    assert_eq!(local.date().to_string(), "2025-07-13");
    assert!(matches!(LocalTime::parse("2025-07-13 10:00"), Err(ClockError::Form { .. })));
    assert!(matches!(LocalTime::parse("2025-07-13T10:00:00"), Err(ClockError::Form { .. })));
    assert_eq!(LocalTime::parse("2025-07-13T24:00"), Err(ClockError::Time { hour: 24, minute: 0 }));
    assert_eq!(LocalTime::parse("6000-01-01T00:00"), Err(ClockError::Year));
    assert_eq!(LocalTime::parse("5999-12-31T23:59").unwrap().to_string(), "5999-12-31T23:59");
    assert_eq!(TimeOfDay::parse("24:00"), Ok(TimeOfDay::END));
    assert_eq!(TimeOfDay::parse("24:01"), Err(ClockError::Time { hour: 24, minute: 1 }));
    for (text, offset) in [
        ("2025-04-06T02:30", None),
        ("2025-04-06T02:30+11:00", Some(660)),
        ("2025-04-06T02:30-03:30", Some(-210)),
    ] {
        let moment = Moment::parse(text).unwrap();
        assert_eq!(moment.offset_minutes(), offset);
        assert_eq!(moment.to_string(), text);
    }
    assert_eq!(Moment::parse("2025-04-06T02:30Z").unwrap().offset_minutes(), Some(0));
    for text in ["2025-04-06T02:30+15:00", "2025-04-06T02:30+10:60", "2025-04-06T02:30+99:00"] {
        assert_eq!(Moment::parse(text), Err(ClockError::Offset), "{text}");
    }
    for text in ["2025-04-06T02:30+1100", "2025-04-06T02:30 ", "2025-04-06T02:30+11:0a", "2025"] {
        assert!(matches!(Moment::parse(text), Err(ClockError::Form { .. })), "{text}");
    }
}

#[test]
fn percents_of_percents_are_exact_or_nothing() {
    let percent = |text| Percent::parse(text).unwrap();
    assert_eq!(percent("150").of(percent("125")), Some(percent("187.5")));
    assert_eq!(percent("0.01").of(percent("50")), None);
    assert_eq!(Money::from_cents(2574).percent(percent("187.50")).cents(), 4826);
}

#[test]
fn ids_route_themselves_and_travel_as_text() {
    let id = SampleId::new((7 << 12) | 4095);
    assert_eq!(id.slot(), 4095);
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"32767\"");
    assert_eq!(SampleId::parse("18446744073709551615").unwrap().get(), u64::MAX);
    for text in ["", "01", "-1", "+1", "18446744073709551616", "1.0"] {
        assert!(SampleId::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn values_archive_and_come_back() {
    let moment = Moment::parse("2025-04-06T02:30+11:00").unwrap();
    let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&moment).unwrap();
    let archived = rkyv::access::<values::ArchivedMoment, rkyv::rancor::Error>(&bytes).unwrap();
    assert_eq!((bytes.len(), archived.to_native()), (6, moment));
}

proptest! {
    #[test]
    fn half_up_agrees_with_rationals(numerator in any::<i64>(), denominator in 1..i64::MAX) {
        let (n, d) = (i128::from(numerator), i128::from(denominator));
        // floor(|n|/d + 1/2) with the sign put back.
        let expected = (2 * n.abs() + d) / (2 * d) * n.signum();
        prop_assert_eq!(i128::from(half_up_div(numerator, denominator)), expected);
    }

    #[test]
    fn money_round_trips(cents in -i64::MAX..=i64::MAX) {
        let money = Money::from_cents(cents);
        prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn percents_round_trip(hundredths in -i32::MAX..=i32::MAX) {
        let percent = Percent::from_hundredths(hundredths);
        prop_assert_eq!(Percent::parse(&percent.to_string()), Ok(percent));
    }

    #[test]
    fn hours_round_trip(minutes in 0u32..10_000_000) {
        let hours = Hours::from_minutes(minutes);
        prop_assert_eq!(Hours::parse(&hours.to_string()), Ok(hours));
    }

    #[test]
    fn dates_round_trip(days in -719_528i32..=2_932_896) {
        let date = Date::from_days(days);
        prop_assert_eq!(Date::parse(&date.to_string()), Ok(date));
        let (year, month, day) = date.year_month_day();
        prop_assert_eq!(Date::new(year, month, day), Ok(date));
        let next = (date.weekday().index() + 1) % 7;
        prop_assert_eq!(date.plus_days(1).weekday().index(), next);
    }

    #[test]
    fn moments_round_trip(minutes in -1_000_000_000i32..1_000_000_000, offset in -840i16..=840) {
        let local = LocalTime::from_minutes(minutes);
        prop_assert_eq!(LocalTime::parse(&local.to_string()), Ok(local));
        let moment = Moment::with_offset(local, offset).unwrap();
        prop_assert_eq!(Moment::parse(&moment.to_string()), Ok(moment));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = (Money::parse(&text), Percent::parse(&text), Hours::parse(&text));
        let _ = (Date::parse(&text), Moment::parse(&text), TimeOfDay::parse(&text));
        let _ = (SampleId::parse(&text), Currency::parse(&text));
    }
}
