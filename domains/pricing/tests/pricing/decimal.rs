//! Texts of decimal numbers, both ways.

use pricing::rules::decimal::{Decimal, Exact, Quantity, Rounded, half_up};
use values::Currency;

use crate::support::currency;

#[test]
fn a_decimal_prints_what_it_needs_and_reads_it_back() {
    for (text, units, printed) in [
        ("0", 0, "0"),
        ("-0", 0, "0"),
        ("7", 7_000_000_000_000, "7"),
        ("7.00", 7_000_000_000_000, "7"),
        ("-6.5", -6_500_000_000_000, "-6.5"),
        ("0.000000000001", 1, "0.000000000001"),
        ("000.10", 100_000_000_000, "0.1"),
        ("1000000000", 1_000_000_000_000_000_000_000, "1000000000"),
    ] {
        let decimal = Decimal::parse(text).unwrap();
        assert_eq!((decimal.units(), decimal.to_string().as_str()), (units, printed));
        assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
    }
    assert_eq!(Quantity::parse("0.000001").unwrap().units(), 1);
    assert_eq!(Quantity::parse("2.50").unwrap().to_string(), "2.5");
    assert_eq!(Exact::parse("-0.000000000000000001").unwrap().units(), -1);
}

#[test]
fn what_is_no_decimal_is_refused_with_the_place() {
    for (text, words) in [
        ("", "is empty, expected a decimal number"),
        ("-", "has an unexpected character at position 1, expected digits and one point"),
        (".5", "has an unexpected character at position 0, expected digits and one point"),
        ("5.", "has an unexpected character at position 2, expected digits and one point"),
        ("-.5", "has an unexpected character at position 1, expected digits and one point"),
        ("1.2.3", "has an unexpected character at position 3, expected digits and one point"),
        ("+1", "has an unexpected character at position 0, expected digits and one point"),
        ("1e3", "has an unexpected character at position 1, expected digits and one point"),
        ("1,5", "has an unexpected character at position 1, expected digits and one point"),
        ("\u{661}", "has an unexpected character at position 0, expected digits and one point"),
        ("0.0000000000001", "has more than 12 digits after the point"),
        ("999999999999999999999999999999", "is too large"),
    ] {
        assert_eq!(Decimal::parse(text).unwrap_err().to_string(), words, "{text}");
    }
    assert_eq!(
        Quantity::parse("0.0000001").unwrap_err().to_string(),
        "has more than 6 digits after the point"
    );
    assert_eq!(Quantity::parse("9999999999999999").unwrap_err().to_string(), "is too large");
}

#[test]
fn money_has_the_digits_of_its_currency() {
    for (code, minor, text) in [
        ("AUD", 15_500, "155.00"),
        ("AUD", -5, "-0.05"),
        ("AUD", 0, "0.00"),
        ("JPY", 155, "155"),
        ("KWD", 155, "0.155"),
        ("CLF", 155, "0.0155"),
    ] {
        let money = Rounded::new(minor, currency(code));
        assert_eq!(money.to_string(), text);
        assert_eq!(Rounded::parse(text), Ok(money));
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(serde_json::from_str::<Rounded>(&json).unwrap(), money);
    }
    assert!(Rounded::parse("1.00000").is_err());
    // The same amount in three currencies.
    let exact = Exact::parse("1234.56785").unwrap();
    for (code, minor) in [("JPY", 1_235), ("AUD", 123_457), ("KWD", 1_234_568), ("CLF", 12_345_679)]
    {
        assert_eq!(exact.minor(currency(code)), minor, "{code}");
    }
    assert_eq!(Exact::from_minor(-7, Currency::AUD).to_string(), "-0.07");
}

#[test]
fn half_goes_away_from_zero() {
    for (numerator, denominator, expected) in [
        (5, 2, 3),
        (-5, 2, -3),
        (4, 3, 1),
        (-4, 3, -1),
        (0, 7, 0),
        (1, 2, 1),
        (49, 100, 0),
        (-50, 100, -1),
        (i128::MAX, i128::MAX, 1),
    ] {
        assert_eq!(half_up(numerator, denominator), expected);
    }
}
